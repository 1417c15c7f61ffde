"""What a DaemonSet has on each node, kept by node: a change of one costs that one.

Source: `pkg/controller/daemon` (`daemon_controller.go`, `update.go`), which look at all nodes each
time.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable

import msgspec

from course_lib.controllers.revisions import revision_of
from course_lib.objects.kinds.daemon_set import DaemonSet
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.pods import available_in, is_ready, resolve


class NodeState(msgspec.Struct, frozen=True):
    """What a DaemonSet should have on a node, and has.

    `ready`, `available` and `updated` are those of the Pod that the status counts: the oldest. All
    others are about Pods that are not being deleted.
    """

    desired: bool = False
    scheduled: bool = False  # there is a Pod on the node, or meant for it
    ready: bool = False
    available: bool = False
    updated: bool = False
    hindering: bool = False  # counts as unavailable, so that fewer others are replaced
    surging: bool = False  # has a new Pod beside the old one that is not available yet
    serving: bool = False  # the old Pod, or else the new one, is available
    old: bool = False  # has an old Pod alone
    replaced: bool = False  # has an old Pod beside a new one that is available

    @property
    def replaceable(self) -> bool:
        """Whether an update replaces the Pod when enough others serve."""
        return self.serving and self.old and self.desired

    @property
    def misplaced(self) -> bool:
        """Whether the old Pod serves where none should be: with a surge it goes last."""
        return self.serving and self.old and not self.desired


NOTHING = NodeState()  # neither desired nor there


class DaemonNodes:
    """The states of all nodes for one DaemonSet, counted; and the nodes to look at.

    `version` says which template the states are about.
    """

    def __init__(self, version: tuple[int, str]) -> None:
        self.version = version
        # Whether a node should have a Pod, and may keep one; where that is known.
        self.suits: dict[str, tuple[bool, bool]] = {}
        self.replaceable: list[str] = []  # names of nodes with an old Pod that serves, sorted
        self.misplaced: list[str] = []  # the same, of nodes that should have none
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
        _keep(self.replaceable, name, before.replaceable, state.replaceable)
        _keep(self.misplaced, name, before.misplaced, state.misplaced)

    def count(self, holds: Callable[[NodeState], bool]) -> int:
        """How many nodes are in a state of which something holds; not of `NOTHING`."""
        return sum(count for state, count in self._counts.items() if holds(state))

    def status(self) -> dict[str, int]:
        """The numbers of the DaemonSet's status."""
        desired = self.count(lambda node: node.desired)
        available = self.count(lambda node: node.available)
        return {
            "desiredNumberScheduled": desired,
            "currentNumberScheduled": self.count(lambda node: node.desired and node.scheduled),
            "numberMisscheduled": self.count(lambda node: node.scheduled and not node.desired),
            "numberReady": self.count(lambda node: node.ready),
            "numberAvailable": available,
            "numberUnavailable": desired - available,
            "updatedNumberScheduled": self.count(lambda node: node.updated),
        }


def _keep(names: list[str], name: str, before: bool, after: bool) -> None:
    """Put a name into a sorted list, or take it out, where that changed."""
    if before and not after:
        del names[bisect_left(names, name)]
    elif after and not before:
        insort(names, name)


def allows_surge(owner: DaemonSet) -> bool:
    """Whether an update makes a new Pod before it deletes the old one."""
    rolling = owner.spec.update_strategy.rolling_update
    rolls = owner.spec.update_strategy.type == "RollingUpdate" and rolling is not None
    return rolls and rolling is not None and resolve(rolling.max_surge, of=1, up=True) > 0


def by_age(pod: Pod) -> tuple[bool, str, str]:
    """Where a Pod stands on its node: first those that have a node, then by age."""
    return not pod.spec.node_name, pod.metadata.creation_timestamp or "", pod.name


def alive(pods: list[Pod]) -> list[Pod]:
    """The Pods that are not being deleted."""
    return [pod for pod in pods if not pod.terminating]


def surplus_in_surge(owner: DaemonSet, running: list[Pod], hash: str, now: float) -> list[Pod]:
    """The Pods of a node that are too many where a new one may be beside the old one.

    `running` are those that have not ended, the oldest first; `hash` is that of the present
    template of the `owner`, `now` in simulated s.
    """
    new = [pod for pod in running if revision_of(pod) == hash]
    old = [pod for pod in running if revision_of(pod) != hash]
    surplus = [*new[1:], *old[1:]]
    if new and old:
        replaced = available_in(new[0], owner.spec.min_ready_seconds, now) == 0
        surplus += old[:1] if replaced or not is_ready(old[0]) else []
    return surplus


def pair(pods: list[Pod], hash: str) -> tuple[Pod | None, Pod | None] | None:
    """The new Pod and the old one of a node; None where there are several of one.

    `pods` are those of the node, `hash` that of the present template (`findUpdatedPodsOnNode`).
    """
    found: dict[bool, Pod] = {}
    for pod in alive(pods):
        new = revision_of(pod) == hash
        if new in found:
            return None
        found[new] = pod
    return found.get(True), found.get(False)


def state_of(
    owner: DaemonSet, pods: list[Pod], desired: bool, hash: str, now: float
) -> tuple[NodeState, float]:
    """The state of a node, and the seconds until one of its Pods becomes available (0: none).

    `owner` is the DaemonSet with its template's `hash`, `pods` are those of the node, which is
    `desired` to have one; `now` is in simulated s.
    """
    least = owner.spec.min_ready_seconds
    waits = [available_in(pod, least, now) for pod in pods]
    available = {pod.uid for pod, wait in zip(pods, waits, strict=True) if wait == 0}
    first = min(pods, key=by_age, default=None)
    both = pair(pods, hash)
    new, old = both or (None, None)
    serving = old or new
    return NodeState(
        desired=desired,
        scheduled=first is not None,
        ready=desired and first is not None and is_ready(first),
        available=desired and first is not None and first.uid in available,
        updated=desired and first is not None and revision_of(first) == hash,
        hindering=(desired or first is not None) and _hinders(new, old, available),
        surging=both is None or (new is not None and old is not None and new.uid not in available),
        serving=serving is not None and serving.uid in available,
        old=old is not None and new is None,
        replaced=old is not None and new is not None and new.uid in available,
    ), min((wait for wait in waits if wait), default=0.0)


def _hinders(new: Pod | None, old: Pod | None, available: set[str]) -> bool:
    """Whether a node does not have one Pod alone that is available."""
    only = new or old
    return only is None or (new is not None and old is not None) or only.uid not in available
