"""A cluster of thousands of nodes, to look at: nodes in groups, Pods counted as they change.

The nodes of a group have the same zone and state. Where all nodes have, a group consists of
neighbours by name. A group is opened to see what is in it, which may be groups again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import msgspec

from course_lib.apiserver import WatchEvent
from course_lib.apiserver.watch_events import DELETED
from course_lib.client import Client
from course_lib.objects.kinds.node import ZONE, Node
from course_lib.objects.kinds.pod import Pod
from course_lib.widgets.looks import look_of, state_of

MOST_BOXES = 40  # that are drawn at once
MOST_WAITING = 200  # Pods without a node that are drawn one by one


class OpenGroup(msgspec.Struct, frozen=True):
    """A group that is open, with the names of the nodes that were in it when it was opened."""

    title: str
    names: frozenset[str]


def grouped(nodes: Sequence[Node]) -> dict[str, list[Node]]:
    """Nodes by the title of their group; empty where there are few enough to be drawn.

    >>> from course_lib import Cluster
    >>> cluster = Cluster(nodes=50, zones=["zone-a", "zone-b"])
    >>> {title: len(nodes) for title, nodes in grouped(cluster.api.list("Node")).items()}
    {'zone-a: Ready': 25, 'zone-b: Ready': 25}
    """
    if len(nodes) <= MOST_BOXES:
        return {}
    groups: dict[str, list[Node]] = {}
    for node in nodes:
        zone = node.labels.get(ZONE, "")
        title = f"{zone}: {state_of(node)[0]}" if zone else state_of(node)[0]
        groups.setdefault(title, []).append(node)
    if 1 < len(groups) <= MOST_BOXES:
        return dict(sorted(groups.items()))
    inline = in_line(nodes)
    size = max(MOST_BOXES, -(-len(inline) // MOST_BOXES))
    pieces = [inline[start : start + size] for start in range(0, len(inline), size)]
    return {_from_to(piece): piece for piece in pieces}


def _from_to(nodes: Sequence[Node]) -> str:
    first, last = nodes[0].name, nodes[-1].name
    return first if first == last else f"{first} … {last}"


def opened(nodes: Sequence[Node], path: Sequence[OpenGroup]) -> tuple[list[Node], list[OpenGroup]]:
    """The nodes of the innermost open group, and the path without the groups that are gone.

    A node stays in a group that is open, whatever becomes of its state: whoever cordons it or cuts
    its power sees what follows. A group is gone when none of its nodes exists.
    """
    for depth in range(len(path), 0, -1):
        if here := [node for node in nodes if node.name in path[depth - 1].names]:
            return here, list(path[:depth])
    return list(nodes), []


def number_of(nodes: Sequence[Node]) -> str:
    """How many nodes, in words.

    >>> from course_lib import Cluster
    >>> number_of(Cluster(nodes=1).api.list("Node"))
    '1 node'
    """
    return f"{len(nodes):,} node{'' if len(nodes) == 1 else 's'}"


def in_line(nodes: Sequence[Node]) -> list[Node]:
    """Nodes by name, with the numbers in it as numbers."""
    return sorted(nodes, key=lambda node: _natural(node.name))


def _natural(name: str) -> list[tuple[int, str]]:
    """A key that puts `node-2` before `node-10`."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name)]


class PodsByNode:
    """The Pods of a namespace by their node, and how many there are of each look.

    They are kept up to date by a watch: a look at the cluster costs what has changed since the last
    one. `api` has the Pods; `namespace` is empty for all of them.
    """

    def __init__(self, api: Client, namespace: str = "") -> None:
        self._pods: dict[str, dict[str, Pod]] = {}  # by node and name
        self._looks: dict[str, Counter[str]] = {}  # by node
        self._known: dict[str, tuple[str, str]] = {}  # node and look of each Pod
        self._watch = api.watch("Pod", self._on_event, namespace, initial=True)

    def receive(self) -> None:
        """Take in what has changed."""
        self._watch.receive()

    def stop(self) -> None:
        """Follow no further changes."""
        self._watch.stop()

    def on(self, node: str) -> list[Pod]:
        """The Pods of a node, by name; of none, those that wait for one."""
        return sorted(self._pods.get(node, {}).values(), key=lambda pod: (pod.namespace, pod.name))

    def looks(self, nodes: Sequence[str]) -> Counter[str]:
        """How many Pods of these nodes have each look."""
        total: Counter[str] = Counter()
        for node in nodes:
            total.update(self._looks.get(node, {}))
        return +total

    @property
    def all_looks(self) -> Counter[str]:
        """How many Pods of all nodes, and without a node, have each look."""
        return self.looks(list(self._looks))

    def _on_event(self, event: WatchEvent) -> None:
        pod = event.object
        assert isinstance(pod, Pod)
        key = f"{pod.namespace}/{pod.name}"
        if (before := self._known.pop(key, None)) is not None:
            node, look = before
            self._looks[node][look] -= 1
            del self._pods[node][key]
        if event.type != DELETED:
            node, look = pod.spec.node_name or "", look_of(pod)
            self._known[key] = node, look
            self._pods.setdefault(node, {})[key] = pod
            self._looks.setdefault(node, Counter())[look] += 1
