"""Leases: keys that last as long as somebody renews them.

The log knows which leases there are; when one ends only the leader knows, by its own clock, and
has the end put into the log. A new leader gives every lease its whole time again.
Source: etcd `server/lease/lessor.go` (`Promote`, `expireExists`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from course_lib.etcd.requests import NO_LEASE, EtcdError, Revoke

if TYPE_CHECKING:
    from course_lib.etcd.member import Member

PERIOD = 0.5  # s between two looks


class Lessor:
    """A member's clock for leases; it counts while the member leads."""

    def __init__(self, member: Member) -> None:
        self.member = member
        self._ends: dict[int, float] = {}

    def look(self) -> None:
        """End what has not been renewed in time."""
        member = self.member
        leases: dict[int, float] = getattr(member.machine, "leases", {})
        if not member.leads:
            self._ends.clear()
            return
        now = member.sim.now
        self._ends = {id: self._ends.get(id, now + leases[id]) for id in leases}
        for id, end in self._ends.items():
            if now >= end:
                member.propose(Revoke(id), lambda _: None)

    def renew(self, id: int) -> float | EtcdError:
        """Renew a lease; returns its seconds."""
        leases: dict[int, Any] = getattr(self.member.machine, "leases", {})
        if id not in leases:
            return EtcdError(NO_LEASE)
        self._ends[id] = self.member.sim.now + leases[id]
        return float(leases[id])
