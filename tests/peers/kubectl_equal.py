"""The real kubectl and ours, told the same on two clusters of one history: do they say the same?

A story is a list of steps on a world: a line of kubectl, `{line:, stdin:}`, `{run: seconds}`, or
`{given: manifests}`.
Stories stand in `kubectl_stories/*.yaml`. Both clusters have the same seed, so that what is made
in one by the real kubectl is made in the other by ours, name for name.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from course_lib import Cluster
from course_lib.cluster.served import Served
from course_lib.command_line import Result
from course_lib.engine.timestamps import EPOCH
from course_lib.kubectl import Kubectl
from course_lib.kubectl.kubeconfig import Kubeconfig
from course_lib.kubectl.local import LocalConnection, SimulatedTime
from tests.peers.kubectl_peer import KUBECTL, ROOT

STORIES = Path(__file__).with_name("kubectl_stories")
MANIFESTS = Path(__file__).with_name("kubectl_worlds")
WIDGETS = """
apiVersion: example.com/v1
kind: Widget
metadata: {name: one, labels: {a: b}, annotations: {c: d}}
spec:
  podIPs: [10.0.0.1, 10.0.0.2]
  apiURL: http://example.com
  lists: [[1, 2], [a, {b: c}]]
  ratio: 0.25
  large: 123456789012
  none: null
  on: true
  parts: [{name: a, size: 1}, {name: b, items: []}]
  empty: {}
  dotted.name/with-slash: x
  kebab-name: y
  HTTPProxyURL: z
  clusterUID: u
status: {observedGeneration: 1}
"""
READING = ("get", "describe", "events", "explain", "top", "rollout history", "logs")
TRIES = 4  # of a line that only reads: a second may pass between the two


class Step(NamedTuple):
    """One thing that happens: a line of kubectl with what it reads, or seconds that pass.

    Or manifests that both clusters are `given`.
    """

    line: str = ""
    stdin: str = ""
    seconds: float = 0.0
    given: str = ""


class Story(NamedTuple):
    """Steps on one world, which is a fresh pair of clusters."""

    name: str
    world: str
    steps: list[Step]


class Said(NamedTuple):
    """What both printed for a line."""

    line: str
    theirs: Result
    ours: Result

    @property
    def equal(self) -> bool:
        """Whether it is the same, to the letter."""
        return _parts(self.theirs) == _parts(self.ours)


def _parts(result: Result) -> tuple[str, str, int]:
    return _comparable(result.stdout), _comparable(result.stderr), result.code


def _comparable(text: str) -> str:
    """A text without what need not be equal.

    Help is in words of our own. How the real program was built (`version -o`) is its own affair.
    """
    if USAGE in text:
        return "help\n" + text[text.rindex("\n\n") :].partition("\nerror: ")[1]
    return BUILT.sub("", text)


USAGE = "Usage:\n  kubectl"
BUILT = re.compile(r'\n *"?(gitCommit|gitTreeState|buildDate|goVersion|compiler|platform)"?:.*')


def web() -> Cluster:
    """Three nodes with a Deployment and a Service."""
    cluster = Cluster(nodes=3, start=time.time() - EPOCH.timestamp() - 40, name="course")
    cluster.apply("data/web.yaml")
    cluster.run(40)
    return cluster


def empty() -> Cluster:
    """Three nodes and nothing else."""
    return Cluster(nodes=3, start=time.time() - EPOCH.timestamp(), name="course")


def described() -> Cluster:
    """Every kind, in order and in trouble (`kubectl_worlds`)."""
    cluster = Cluster(nodes=3, start=time.time() - EPOCH.timestamp() - 100, name="course")
    for name in ("configuration", "pods", "workloads", "network", "storage"):
        cluster.apply(MANIFESTS / f"{name}.yaml")
    cluster.apply(WIDGETS)
    cluster.run(60)
    broken = cluster.document("deployment", "shop")
    broken["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.invalid/missing:1"
    cluster.apply(broken)
    cluster.delete("pod", "held")
    cluster.delete("namespace", "blocked")
    cluster.run(40)
    return cluster


WORLDS: dict[str, Callable[[], Cluster]] = {"web": web, "empty": empty, "described": described}


def stories() -> list[Story]:
    """All stories, by file and place."""
    found = []
    for path in sorted(STORIES.glob("*.yaml")):
        for story in yaml.safe_load(path.read_text()):
            steps = [_step(each) for each in story["steps"]]
            found.append(Story(f"{path.stem}: {story['name']}", story["world"], steps))
    return found


def _step(written: Any) -> Step:
    if isinstance(written, str):
        return Step(written)
    if "given" in written:
        return Step(given=written["given"])
    if "run" in written:
        return Step(seconds=float(written["run"]))
    return Step(written["line"], written.get("stdin", ""))


class _Elsewhere(Kubeconfig):
    """A kubeconfig that messages call by the path of another."""

    @classmethod
    def read(cls, path: str | Path, called: str = "") -> Kubeconfig:
        made = cls(Kubeconfig.read(path).document, Path(path))
        made.called = called
        return made

    @property
    def place(self) -> str:
        return self.called


class WallTime(SimulatedTime):
    """Simulated time for waiting; but what time it is, the wall says, as to the real kubectl."""

    def now(self) -> float:
        return time.time() - EPOCH.timestamp()


class Pair:
    """Two clusters of one history: the real kubectl speaks to the one, ours to the other."""

    def __init__(self, make: Callable[[], Cluster], home: Path) -> None:
        before = time.time
        moment = time.time()
        try:
            time.time = lambda: moment  # both are made at one moment
            self.theirs, self.ours = make(), make()
        finally:
            time.time = before
        self.served = Served(self.theirs)
        self.home = home

    def __enter__(self) -> Pair:
        self.served.__enter__()
        self.config = self.served.kubeconfig(self.home / "kubeconfig")
        own = self.home / "own-kubeconfig"
        shutil.copy(self.config, own)
        route = LocalConnection(self.ours.api, self.served.server, self.ours.containers)
        passing = WallTime(self.ours.sim)
        # Messages that name the file name one and the same.
        self.kubectl = Kubectl(_Elsewhere.read(own, self.config), lambda context: (route, passing))
        return self

    def __exit__(self, *problem: object) -> None:
        self.served.__exit__(*problem)

    def tell(self, story: Story) -> list[Said]:
        """Tell a story to both; what they said."""
        said = []
        for step in story.steps:
            if step.given:
                self.theirs.apply(step.given)
                self.ours.apply(step.given)
            elif step.seconds:
                self.served.run(step.seconds)
                self.ours.run(step.seconds)
            else:
                said.append(self._said(step))
        return said

    def _said(self, step: Step) -> Said:
        said = self._once(step)
        for _ in range(TRIES - 1):
            if said.equal or not step.line.startswith(READING):
                break
            time.sleep(1 - time.time() % 1)  # ages change with the second: begin with a new one
            said = self._once(step)
        return said

    def _once(self, step: Step) -> Said:
        return Said(step.line, self._real(step), self.kubectl(step.line, step.stdin))

    def _real(self, step: Step) -> Result:
        import shlex

        done = subprocess.run(
            [str(KUBECTL), *shlex.split(step.line)],
            input=step.stdin,
            capture_output=True,
            text=True,
            timeout=60,
            cwd=ROOT,
            env={
                **os.environ,
                "HOME": str(self.home),
                "KUBECONFIG": self.config,
                "PATH": os.defpath,  # where no plugins are looked for in vain
            },
        )
        return Result(done.stdout, done.stderr, done.returncode)
