"""The real kubectl and ours, told the same on two clusters of one history: do they say the same?

A story is a list of steps on a world: a line of kubectl, `{line:, stdin:}`, `{run: seconds}`, or
`{given: manifests}`.
A line that waits has a `speed`, at which the served cluster's time passes while the real one waits;
afterwards both clusters are at the same moment again.
Stories stand in `kubectl_stories/*.yaml`. Both clusters have the same seed, so that what is made
in one by the real kubectl is made in the other by ours, name for name.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import yaml

from course_lib import Cluster
from course_lib.cluster import layout
from course_lib.cluster.served import Served
from course_lib.command_line import Result
from course_lib.engine.timestamps import EPOCH
from course_lib.kubectl import Kubectl
from course_lib.kubectl.kubeconfig import Kubeconfig
from course_lib.kubectl.local import LocalConnection, SimulatedTime
from tests.peers.kubectl_peer import KUBECTL, ROOT

STORIES = Path(__file__).with_name("kubectl_stories")
MANIFESTS = Path(__file__).with_name("kubectl_worlds")
READING = ("get", "describe", "events", "explain", "top", "rollout history", "logs")
TRIES = 4  # of a line that only reads: a second may pass between the two
# What the real one does not say twice in the same way: a line of its log begins with the moment and
# the number of its process; `drain` tells of Pods in the order in which its threads come to them,
# and its warnings, like `--list` of labels and annotations, go through a map of Go without order.
LOGGED = re.compile(r"(?m)^W\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+")
UNORDERED = ("drain",)
SETTLING = 0.5  # real s until the real kubectl watches what it waits for
LONGEST = 60  # real s that a line may take
TICK = 0.02  # real s between two steps of the served cluster, while the real one waits


class Step(NamedTuple):
    """One thing that happens: a line of kubectl with what it reads, or seconds that pass.

    Or manifests that both clusters are `given`. `env` has variables of the environment; with
    a `speed`, time passes while the real kubectl waits.
    """

    line: str = ""
    stdin: str = ""
    seconds: float = 0.0
    given: str = ""
    speed: float = 0.0
    env: dict[str, str] | None = None


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
        return _parts(self.line, self.theirs) == _parts(self.line, self.ours)


# What the real one prints or does not, as its threads are faster or slower.
RACES = {
    "kubectl cp may have ended when tar says this, after its archive": re.compile(
        r"tar: (error exit delayed from|Exiting with failure status due to) previous errors\n"
    ),
    "a command may have ended before its input was sent": re.compile(
        r'E\d{4} [\d:.]+ +\d+ v2\.go:\d+\] "Copying stdin failed" err="websocket: close sent"\n'
    ),
}
# What cannot be the same, and why.
RULES = (
    (r"/tmp/(LIVE|MERGED|kubectl-edit)-\w+", r"/tmp/\1", "names of temporary files are random"),
    (r"(?m)^((?:---|\+\+\+) /tmp/\S+)\t.*$", r"\1", "files are written at two moments"),
)

RANDOM_NAME = re.compile(r"(debugger(?:-node-\d)?-)[b-z2-9]{5}\b")  # kubectl draws it itself


def _parts(line: str, result: Result) -> tuple[str, str, int]:
    stdout, stderr = _comparable(result.stdout), _comparable(LOGGED.sub("W", result.stderr))
    if line.startswith("debug "):
        stdout, stderr = RANDOM_NAME.sub(r"\1xxxxx", stdout), RANDOM_NAME.sub(r"\1xxxxx", stderr)
    if line.startswith(("cp ", "exec ")):
        for race in RACES.values():
            stdout, stderr = race.sub("", stdout), race.sub("", stderr)
    if line.startswith(UNORDERED) or " --list" in line:
        stdout, stderr = _sorted(stdout), _sorted(stderr)
    return stdout, stderr, result.code


def _sorted(text: str) -> str:
    """A text's lines, and what each of them lists, in one order."""
    lines = [", ".join(sorted(re.split(r"[][:;,] *", line))) for line in text.split("\n")]
    return "\n".join(sorted(lines))


def _comparable(text: str) -> str:
    """A text without what need not be equal.

    Help is in words of our own. How the real program was built (`version -o`) is its own affair.
    """
    if USAGE in text:
        return "help\n" + text[text.rindex("\n\n") :].partition("\nerror: ")[1]
    for pattern, instead, _ in RULES:
        text = re.sub(pattern, instead, text)
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
    for name in ("configuration", "pods", "workloads", "network", "storage", "certificates"):
        cluster.apply(MANIFESTS / f"{name}.yaml")
    for name in ("definitions", "stand-ins"):
        cluster.apply(MANIFESTS / f"{name}.yaml")
    cluster.run(60)
    broken = cluster.document("deployment", "shop")
    broken["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.invalid/missing:1"
    cluster.apply(broken)
    debugger = {"name": "debugger", "image": "busybox:1.37", "targetContainerName": "web"}
    added = {"spec": {"ephemeralContainers": [debugger]}}
    cluster.api.patch("Pod", "rich", "default", added, "ephemeralcontainers")
    cluster.kubectl("certificate approve node-1")
    cluster.kubectl("certificate deny denied")
    cluster.delete("pod", "held")
    cluster.delete("namespace", "blocked")
    cluster.run(40)
    return cluster


def daemons() -> Cluster:
    """Three nodes with a DaemonSet, a Deployment, a Pod by itself, and one with an emptyDir."""
    cluster = web()
    cluster.apply(MANIFESTS / "daemons.yaml")
    cluster.run(20)
    return cluster


def guarded() -> Cluster:
    """A node with one Pod, of which a budget lets none go."""
    cluster = Cluster(nodes=1, start=time.time() - EPOCH.timestamp() - 40, name="course")
    cluster.apply(MANIFESTS / "guarded.yaml")
    cluster.run(40)
    return cluster


def outage() -> Cluster:
    """A node without power, a cordoned one, and Pods that no node has room for."""
    cluster = Cluster(nodes=3, start=time.time() - EPOCH.timestamp() - 500, name="course")
    cluster.apply("data/web.yaml")
    cluster.apply(MANIFESTS / "outage.yaml")
    cluster.run(20)
    cluster.faults.cut_power("node-1")
    cluster.kubectl("cordon node-2")
    cluster.run(480)
    return cluster


def kubeadm() -> Cluster:
    """A control plane of static Pods."""
    start = time.time() - EPOCH.timestamp() - 60
    cluster = Cluster(layout=layout.single_master(1), start=start, name="course")
    cluster.run(60)
    return cluster


WORLDS: dict[str, Callable[[], Cluster]] = {
    "web": web,
    "empty": empty,
    "described": described,
    "daemons": daemons,
    "guarded": guarded,
    "outage": outage,
    "kubeadm": kubeadm,
}


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
    speed = float(written.get("speed", 0))
    return Step(written["line"], written.get("stdin", ""), speed=speed, env=written.get("env"))


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
        route = LocalConnection(self.ours.api, self.served.server, self.ours.containers.kubelets)
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
            if said.equal or step.speed or not step.line.startswith(READING):
                break
            time.sleep(1 - time.time() % 1)  # ages change with the second: begin with a new one
            said = self._once(step)
        self._meet()
        return said

    def _once(self, step: Step) -> Said:
        with mock.patch.dict(os.environ, step.env or {}):
            return Said(step.line, self._real(step), self.kubectl(step.line, step.stdin))

    def _real(self, step: Step) -> Result:
        running = subprocess.Popen(
            [str(KUBECTL), *shlex.split(step.line)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={
                **os.environ,
                "HOME": str(self.home),
                "KUBECONFIG": self.config,
                "PATH": os.defpath,  # where no plugins are looked for in vain
            },
        )
        with ThreadPoolExecutor() as pool:
            talk = pool.submit(running.communicate, step.stdin, LONGEST)
            if step.speed:
                self._pace(running, step.speed)
            stdout, stderr = talk.result()
        return Result(stdout, stderr, running.returncode)

    def _pace(self, running: subprocess.Popen[str], speed: float) -> None:
        """Let the served cluster's time pass while the real kubectl waits."""
        time.sleep(SETTLING)
        while running.poll() is None:
            time.sleep(TICK)
            self.served.run(TICK * speed)

    def _meet(self) -> None:
        """Let time pass in the cluster that is behind, after one of them has waited longer."""
        behind = self.theirs.now - self.ours.now
        if behind > 0:
            self.ours.run(behind)
        elif behind < 0:
            self.served.run(-behind)
