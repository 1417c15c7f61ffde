"""How fast the nodes of a zone are given up: the rules by themselves.

One node of each zone every ten seconds; where 55 % of a zone, but not all of it, is not ready, one
in a hundred seconds, and none at all in a zone of 50 nodes or fewer. Where no node of any zone is
ready, the fault is rather with the controller's own network: nothing is given up.
Source: `pkg/controller/nodelifecycle` (`handleDisruption`, `ComputeZoneState`,
`scheduler/rate_limited_queue.go`); the flags are those of kube-controller-manager.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from course_lib.objects.kinds.node import REGION, ZONE, Node

INITIAL, NORMAL, PARTIAL, FULL = "Initial", "Normal", "PartialDisruption", "FullDisruption"
EXCLUDED = "node.kubernetes.io/exclude-disruption"  # a label: the node does not count
NEVER = float("inf")
ALIKE = 1e-9  # s, within which two instants are one

Counts = Mapping[str, tuple[int, int]]  # by zone, how many nodes are ready and how many are not


class EvictionRates(msgspec.Struct, frozen=True):
    """The flags, with their defaults; rates are nodes a second."""

    normal: float = 0.1  # --node-eviction-rate
    secondary: float = 0.01  # --secondary-node-eviction-rate
    unhealthy: float = 0.55  # --unhealthy-zone-threshold
    large: int = 50  # --large-cluster-size-threshold

    def state(self, ready: int, not_ready: int) -> str:
        """The state of a zone with so many nodes.

        >>> [EvictionRates().state(*counts) for counts in ((0, 1), (1, 2), (2, 3), (3, 3))]
        ['FullDisruption', 'Normal', 'PartialDisruption', 'Normal']
        """
        if not_ready and not ready:
            return FULL
        share = not_ready / max(1, ready + not_ready)
        return PARTIAL if not_ready > 2 and share >= self.unhealthy else NORMAL

    def rate(self, state: str, size: int) -> float:
        """Nodes a second in a zone of a state; a zone that is down by itself is given up."""
        if state != PARTIAL:
            return self.normal
        return self.secondary if size > self.large else 0.0


def zone_of(node: Node) -> str:
    """The zone in which a node counts (`GetZoneKey` in component-helpers)."""
    return f"{node.labels.get(REGION, '')}:{node.labels.get(ZONE, '')}"


class ZoneQueue:
    """The nodes of a zone that wait for their taint; at a `rate` (nodes a second), none saved up.

    >>> queue = ZoneQueue(rate=0.1, now=0.0)
    >>> queue.add("a"), queue.add("b"), queue.add("a")
    (True, True, False)
    >>> queue.take(0.0), queue.take(5.0), queue.due, queue.take(10.0)
    ('a', '', 10.0, 'b')
    """

    def __init__(self, rate: float, now: float) -> None:
        self.rate = rate
        self._token = now  # the time from which one node may be taken
        self._waiting: dict[str, None] = {}
        self._known: dict[str, None] = {}  # those that wait, and those that were taken

    def add(self, node: str) -> bool:
        """Let a node wait, unless it does already, or was taken since it was removed."""
        if node in self._known:
            return False
        self._waiting[node] = self._known[node] = None
        return True

    def remove(self, node: str) -> None:
        """A node is well again, or gone, or needs another taint."""
        self._waiting.pop(node, None)
        self._known.pop(node, None)

    @property
    def due(self) -> float:
        """When the next node may be taken."""
        return self._token if self._waiting and self.rate else NEVER

    def take(self, now: float) -> str:
        """The node whose turn it is; empty where none is."""
        if self.due > now + ALIKE:
            return ""
        node = next(iter(self._waiting))
        del self._waiting[node]
        self._token = now + 1 / self.rate
        return node

    def put_back(self, node: str) -> None:
        """A node that was taken could not be tainted."""
        self._waiting[node] = None

    def swap(self, rate: float, now: float) -> None:
        """Go on at another rate; a token that is there stays."""
        if rate == self.rate:
            return
        spare = self.rate and self._token <= now + ALIKE
        self.rate = rate
        self._token = now if spare or not rate else now + 1 / rate


class Zones:
    """The zones of a cluster: their states, and the nodes in each that wait for their taint."""

    def __init__(self, rates: EvictionRates | None = None) -> None:
        self.rates = rates or EvictionRates()
        self.states: dict[str, str] = {}
        self.queues: dict[str, ZoneQueue] = {}

    def queue(self, zone: str, now: float) -> ZoneQueue:
        """The queue of a zone; a new one where the zone is new."""
        if zone not in self.queues:
            self.states[zone] = INITIAL
            self.queues[zone] = ZoneQueue(self.rates.normal, now)
        return self.queues[zone]

    def update(self, counts: Counts, now: float) -> str:
        """Note how many nodes are well, and set the rates.

        Returns `stop` when no zone has a ready node any more, `resume` when one has again, and else
        nothing.
        """
        states = {zone: self.rates.state(*both) for zone, both in counts.items()}
        for zone in states:
            self.queue(zone, now)
        for zone in [zone for zone in self.states if zone not in states]:
            del self.states[zone], self.queues[zone]
        are_down = all(state == FULL for state in states.values())
        were_down = all(state == FULL for state in self.states.values())
        if are_down and were_down:
            return ""
        for zone, state in states.items():
            if are_down:
                self.queues[zone].swap(0.0, now)
            elif were_down or state != self.states[zone]:
                self.queues[zone].swap(self.rates.rate(state, sum(counts[zone])), now)
        self.states = states
        return "stop" if are_down else "resume" if were_down else ""
