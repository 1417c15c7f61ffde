"""The live cluster: nodes to cordon, drain, kill and restore; time to run, step and go back in.

The drawing and its keys are in `live.js`; here is what the clicks do. A cluster cannot be copied,
but it can be built again: to go back, `build` is called again and everything that was done is done
once more, at the same simulated times. One seed, one history.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import msgspec
import traitlets

from course_lib.cluster import Cluster
from course_lib.cluster.acts import drain
from course_lib.cluster.contexts import CONTEXTS
from course_lib.engine.log import LogEntry
from course_lib.errors import CourseError
from course_lib.objects.kinds.node import Node
from course_lib.objects.kinds.pod.columns import pod_row
from course_lib.widgets.drawing import draw, with_still
from course_lib.widgets.groups import (
    MOST_WAITING,
    OpenGroup,
    PodsByNode,
    grouped,
    in_line,
    number_of,
    opened,
)
from course_lib.widgets.looks import LOOKS, look_of, state_of, told_of
from course_lib.widgets.player import Runner

HERE = Path(__file__).parent
STEP, BACK = 5.0, 30.0  # simulated s of a step, and of a step back
SLICE = 0.25  # simulated s that run without a look at the clock
RECENT = 5  # lines of the log that are shown
BUSY = 0.05  # s of real time after which the notebook gets its turn


class Action(msgspec.Struct, frozen=True):
    """Something that was done to the cluster, and when (simulated s)."""

    at: float
    do: Callable[[Cluster], object]


class LiveCluster(Runner, anywidget.AnyWidget):
    """A cluster to click on, by mouse or by keyboard: Tab, arrows and letters.

    `start` is a cluster, or a function that builds one: then one can go back, too. Time runs only
    while it is asked to, and the notebook stays free meanwhile. Many nodes are drawn in groups, by
    zone and state; `open_group` shows what is in one.

    >>> from course_lib import Cluster
    >>> view = LiveCluster(lambda: Cluster(nodes=2))
    >>> view.step()
    >>> view.kill("node-1")
    >>> view.step(60)
    >>> view.scene["nodes"][0]["state"]
    'NotReady'
    >>> view.back(62)
    >>> view.cluster.now, view.scene["nodes"][0]["state"]
    (3.0, 'Ready')
    """

    _esm = HERE / "live.js"
    _css = HERE / "live.css"
    scene = traitlets.Dict().tag(sync=True)
    looks = traitlets.Dict(LOOKS).tag(sync=True)  # of Pods: background, text, mark

    def __init__(self, start: Cluster | Callable[[], Cluster], namespace: str = "default") -> None:
        super().__init__()
        self.build = None if isinstance(start, Cluster) else start
        self.cluster = start if isinstance(start, Cluster) else self._built(start)
        self.namespace, self.speed = namespace, 10.0
        self.began = self.cluster.now
        self.done: list[Action] = []
        self.path: list[OpenGroup] = []  # from the outermost on
        self._groups: list[str] = []  # the titles of those that are drawn
        self._pods = PodsByNode(self.cluster.api, namespace)
        self.on_msg(lambda _, wanted, buffers: self.hear(wanted))
        self.refresh()

    @staticmethod
    def _built(start: Callable[[], Cluster]) -> Cluster:
        """A cluster that is new; `%kubectl` goes on with the one that it speaks to."""
        with CONTEXTS.aside():
            return start()

    # Time

    def toggle(self) -> None:
        """Run, or pause."""
        super().toggle()
        self.refresh()

    async def advance(self) -> None:
        """One frame; what takes long is cut into slices, between which others get a turn."""
        until = self.cluster.now + self.frame * self.speed
        busy_since = time.perf_counter()
        while self.cluster.now < until:
            self.cluster.run(min(SLICE, until - self.cluster.now))
            if time.perf_counter() - busy_since > BUSY:
                self.refresh()
                await asyncio.sleep(0)
                busy_since = time.perf_counter()
        self.refresh()

    def step(self, seconds: float = STEP) -> None:
        """Let simulated time pass, and draw."""
        self.cluster.run(seconds)
        self.refresh()

    def back(self, seconds: float = BACK) -> None:
        """Build the cluster again, and do again what was done until so long ago.

        `seconds` are simulated. Raises `CourseError` for a cluster that was given ready-made.
        """
        if self.build is None:
            raise CourseError(
                "this cluster cannot be built again",
                do="give LiveCluster a function that builds it",
            )
        if self.running:
            self.toggle()
        until = max(self.began, self.cluster.now - seconds)
        self.cluster = self._built(self.build)
        self._pods = PodsByNode(self.cluster.api, self.namespace)
        self.done = [action for action in self.done if action.at < until]
        for action in self.done:
            self.cluster.sim.go_to(action.at, instant_over=False)
            action.do(self.cluster)
        self.cluster.sim.go_to(until, instant_over=False)
        self.refresh()

    # Groups

    def open_group(self, group: str) -> None:
        """Show what is in a group of nodes; raises `CourseError` where none has this title."""
        here, self.path = opened(self.cluster.api.list("Node"), self.path)
        groups = grouped(here)
        if group not in groups:
            raise CourseError("there is no such group of nodes", found=repr(group))
        self.path.append(OpenGroup(group, frozenset(node.name for node in groups[group])))
        self.refresh()

    def close_group(self) -> None:
        """Go back to the groups around."""
        self.path = self.path[:-1]
        self.refresh()

    # What is done to the cluster

    def cordon(self, node: str) -> None:
        """Cordon a node; uncordon one that is cordoned."""

        def act(cluster: Cluster) -> None:
            cordoned = cluster.document("node", node)["spec"].get("unschedulable")
            cluster.kubectl(f"{'uncordon' if cordoned else 'cordon'} {node}").checked()

        self._do(act)

    def drain(self, node: str) -> None:
        """Cordon a node, and evict its Pods."""
        self._do(lambda cluster: drain(cluster, node))

    def kill(self, node: str) -> None:
        """Cut a node's power."""
        self._do(lambda cluster: cluster.kill_node(node))

    def restore(self, node: str) -> None:
        """Give a node its power back."""
        self._do(lambda cluster: cluster.restore_node(node))

    def delete(self, pod: str) -> None:
        """Delete a Pod."""
        self._do(lambda cluster: cluster.delete("pod", pod, self.namespace))

    def scale(self, workload: str, replicas: int) -> None:
        """Change the number of replicas of `deployment/...` or `statefulset/...`."""
        line = f"scale {workload} --replicas={max(0, replicas)} -n {self.namespace}"
        self._do(lambda cluster: cluster.kubectl(line).checked())

    def _do(self, act: Callable[[Cluster], object]) -> None:
        at = self.cluster.now
        act(self.cluster)
        self.done.append(Action(at, act))
        self.refresh()

    def hear(self, wanted: dict[str, Any]) -> None:
        """Do what a click or a key asks for, `do` in what is `wanted`; what is refused is shown."""
        on_node = {"cordon": self.cordon, "drain": self.drain, "kill": self.kill,
                   "restore": self.restore}  # fmt: skip
        what = wanted["do"]
        try:
            if what == "open":
                self.open_group(wanted["node"])
            elif what in on_node and wanted["node"] in self._groups:
                raise CourseError("this is a group of nodes: open it first, by o or Enter")
            elif what in on_node:
                on_node[what](wanted["node"])
            elif what == "delete" and wanted["pod"]:
                self.delete(wanted["pod"])
            elif what == "delete":
                raise CourseError("no Pod is chosen: click one, or press n on a node")
            elif what == "scale":
                self.scale(wanted["workload"], wanted["replicas"])
            elif what == "speed":
                self.speed = float(wanted["speed"])
                self.refresh()
            else:
                {
                    "toggle": self.toggle,
                    "step": self.step,
                    "back": self.back,
                    "close": self.close_group,
                }[what]()
        except CourseError as problem:
            self.refresh(problem.what)

    # What is drawn

    def refresh(self, said: str = "") -> None:
        """Describe the cluster as it is, for the drawing."""
        api = self.cluster.api
        try:
            nodes = api.list("Node")
        except CourseError as problem:  # a control plane that is silent: the last picture stays
            self.scene = self.scene | {"said": problem.what, "now": self.cluster.now}
            return
        self._pods.receive()
        here, self.path = opened(nodes, self.path)
        groups = grouped(here)
        self._groups = list(groups)
        boxes = [self._group(title, each) for title, each in groups.items()]
        boxes += [] if groups else [self._box(node) for node in in_line(here)]
        if waiting := self._tiles(""):
            boxes.append(_waiting(waiting))
        *earlier, last = ["", *map(_line, self.cluster.sim.log.entries[-RECENT:])]
        self.scene = {
            "now": self.cluster.now,
            "running": self.running,
            "speed": self.speed,
            "can_go_back": self.build is not None and self.cluster.now > self.began,
            "said": said or last,
            "recent": [line for line in reversed(earlier) if line],
            "told": told_of(self._pods.all_looks, len(nodes), self.cluster.now),
            "opened": [group.title for group in self.path],
            "nodes": boxes,
            "workloads": self._workloads(),
        }

    def _tiles(self, node: str) -> list[list[object]]:
        tiles: list[list[object]] = []
        for pod in self._pods.on(node):
            name, ready, status, restarts = pod_row(pod, self.cluster.now)
            tiles.append([name, look_of(pod), status, ready, int(restarts)])
        return tiles

    def _box(self, node: Node) -> dict[str, object]:
        state, up = state_of(node)
        return {"name": node.name, "state": state, "down": not up, "pods": self._tiles(node.name)}

    def _group(self, title: str, nodes: list[Node]) -> dict[str, object]:
        down = not all(state_of(node)[1] for node in nodes)
        counts = [[*each] for each in self._pods.looks([node.name for node in nodes]).items()]
        state = number_of(nodes)
        return {"name": title, "state": state, "down": down, "pods": [], "counts": counts}

    def _workloads(self) -> list[list[object]]:
        return [
            [f"{found.kind.lower()}/{found.name}", found.spec.replicas]
            for kind in ("Deployment", "StatefulSet")
            for found in self.cluster.api.list(kind, self.namespace)
        ]

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The widget where there is a kernel; on a static page, a still picture."""
        said = f"LiveCluster at {self.cluster.now:.0f} s"
        still = draw(self.cluster, self.namespace)
        return with_still(super()._repr_mimebundle_(**kwargs), still, said)


def _waiting(tiles: list[list[object]]) -> dict[str, object]:
    more = f", {MOST_WAITING} of them here" if len(tiles) > MOST_WAITING else ""
    state = f"{len(tiles):,} Pod{'' if len(tiles) == 1 else 's'}{more}"
    drawn = tiles[:MOST_WAITING]
    return {
        "name": "waiting for a node", "state": state, "down": True, "pods": drawn, "waiting": True
    }  # fmt: skip


def _line(entry: LogEntry) -> str:
    whose = "" if entry.object.partition("/")[2] in entry.message else f" ({entry.object})"
    return f"{entry.time:.0f} s {entry.component}: {entry.message}{whose}"
