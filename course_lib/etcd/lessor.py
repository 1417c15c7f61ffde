"""Leases: keys that last as long as somebody renews them.

The log knows which leases there are; when one ends only the leader knows, by its own clock, and
has the end put into the log. A new leader gives every lease its whole time again.
Source: etcd `server/lease/lessor.go` (`Promote`, `expireExists`).
"""

from __future__ import annotations

from collections.abc import Callable

from course_lib.engine import Simulation
from course_lib.etcd.mvcc import MVCCStore
from course_lib.etcd.requests import NO_LEASE, EtcdError

PERIOD = 0.5  # s between two looks


class Lessor:
    """A member's clock (of `sim`) for the leases of its store; it counts while the member leads,
    and calls `revoke` with the ID of a lease that ends.
    """

    def __init__(self, sim: Simulation, store: MVCCStore, revoke: Callable[[int], None]) -> None:
        self.sim, self.store, self._revoke = sim, store, revoke
        self._ends: dict[int, float] = {}

    def look(self, leads: bool) -> None:
        """End what has not been renewed in time."""
        if not leads:
            self._ends.clear()
            return
        now, leases = self.sim.now, self.store.leases
        self._ends = {id: self._ends.get(id, now + leases[id]) for id in leases}
        for id, end in self._ends.items():
            if now >= end:
                self._revoke(id)

    def remaining(self, id: int) -> float:
        """The seconds that a lease still has, as this member counts them."""
        return self._ends.get(id, self.sim.now + self.store.leases[id]) - self.sim.now

    def renew(self, id: int) -> float | EtcdError:
        """Renew a lease; returns its seconds."""
        seconds = self.store.leases.get(id)
        if seconds is None:
            return EtcdError(NO_LEASE)
        self._ends[id] = self.sim.now + seconds
        return float(seconds)
