"""What a DaemonSet has on each node, kept by node: a change of one costs that one.

Source: `pkg/controller/daemon/daemon_controller.go`, which looks at all nodes each time.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable

import msgspec


class NodeState(msgspec.Struct, frozen=True):
    """What a DaemonSet should have on a node, and has.

    `ready`, `available` and `updated` are those of the Pod that the status counts, `serving` and
    `outdated` those of the Pod that an update may replace: one that is not being deleted.
    """

    desired: bool = False
    scheduled: bool = False  # there is a Pod on the node, or meant for it
    ready: bool = False
    available: bool = False
    updated: bool = False
    serving: bool = False  # available
    outdated: bool = False  # of an old revision

    @property
    def replaceable(self) -> bool:
        """Whether an update replaces the Pod when enough others serve."""
        return self.serving and self.outdated


NOTHING = NodeState()  # neither desired nor there


class DaemonNodes:
    """The states of all nodes for one DaemonSet, counted; and the nodes to look at.

    `version` says which template the states are about.
    """

    def __init__(self, version: tuple[int, str]) -> None:
        self.version = version
        self.suits: dict[str, bool] = {}  # whether a node should have a Pod, where that is known
        self.replaceable: list[str] = []  # names of nodes with an old Pod that serves, sorted
        self._states: dict[str, NodeState] = {}
        self._counts: Counter[NodeState] = Counter()
        self._noted: dict[str, None] = {}

    def note(self, name: str, node_changed: bool = False) -> None:
        """Look at a node, also at whether it should have a Pod if the node itself has changed."""
        self._noted[name] = None
        if node_changed:
            self.suits.pop(name, None)

    def take(self) -> list[str]:
        """The names of the nodes to look at, sorted; they are noted no longer."""
        names, self._noted = sorted(self._noted), {}
        return names

    def __getitem__(self, name: str) -> NodeState:
        return self._states.get(name, NOTHING)

    def put(self, name: str, state: NodeState) -> None:
        """Keep the state of a node."""
        before = self._states.pop(name, NOTHING)
        if state != NOTHING:
            self._states[name] = state
        self._counts[before] -= 1
        self._counts[state] += 1
        if before.replaceable and not state.replaceable:
            del self.replaceable[bisect_left(self.replaceable, name)]
        elif state.replaceable and not before.replaceable:
            insort(self.replaceable, name)

    def count(self, holds: Callable[[NodeState], bool]) -> int:
        """How many nodes are in a state of which something holds; not of `NOTHING`."""
        return sum(count for state, count in self._counts.items() if holds(state))
