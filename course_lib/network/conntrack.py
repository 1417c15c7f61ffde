"""Connection tracking: what the kernel remembers of each connection that passed it.

A connection is NEW until an answer was seen, then ESTABLISHED. Address translation is decided
once, by the first packet; all others, in both directions, are translated as this memory says.
Source: `net/netfilter/nf_conntrack_core.c`, `nf_nat_core.c` of the Linux kernel; kube-proxy's
`--conntrack-tcp-timeout-established` (86,400 s).
"""

from __future__ import annotations

from typing import Protocol

from course_lib.errors import CourseError
from course_lib.network.packet import Key

ESTABLISHED_SECONDS = {"tcp": 86400.0, "udp": 120.0}
NEW_SECONDS = {"tcp": 120.0, "udp": 30.0}


class Counted(Protocol):
    """A real server of IPVS, which counts its connections."""

    def end(self, at: float) -> None:
        """A connection ends."""


class TrackedConnection:
    """One connection: its flow as it came, and the flow that its answers will have."""

    __slots__ = ("confirmed", "dnat", "original", "replied", "reply", "seen_at", "snat", "through")

    def __init__(self, original: Key, now: float) -> None:
        self.original = original
        self.reply: Key = (original[0], original[3], original[4], original[1], original[2])
        self.dnat = self.snat = self.replied = self.confirmed = False
        self.through: Counted | None = None  # IPVS: the real server that it counts for
        self.seen_at = now

    @property
    def state(self) -> str:
        """NEW or ESTABLISHED."""
        return "ESTABLISHED" if self.replied else "NEW"

    def to(self, address: str, port: int) -> None:
        """Its destination becomes another (DNAT): answers come from there."""
        self.dnat = True
        protocol, _, old, back, back_port = self.reply
        self.reply = (protocol, address, port or old, back, back_port)

    def from_(self, address: str, port: int) -> None:
        """Its source becomes another (SNAT): answers go there."""
        self.snat = True
        self.reply = (self.reply[0], self.reply[1], self.reply[2], address, port)

    def __str__(self) -> str:
        """As `conntrack -L` prints it."""
        return f"{self.original[0]} {self.state} {_words(self.original)} {_words(self.reply)}"


def _words(key: Key) -> str:
    return f"src={key[1]} dst={key[3]} sport={key[2]} dport={key[4]}"


class Conntrack:
    """The connections of one network namespace; `limit` of them (`nf_conntrack_max`)."""

    def __init__(self, limit: int = 131072) -> None:
        self.limit = limit
        self._connections: dict[Key, tuple[TrackedConnection, bool]] = {}

    def find(self, key: Key, now: float) -> tuple[TrackedConnection, bool]:
        """The connection of a flow, and whether the flow is that of its answers; made if new."""
        found = self._connections.get(key)
        if found is not None:
            connection, is_reply = found
            if now - connection.seen_at <= self._seconds(connection):
                connection.seen_at = now
                if is_reply:
                    connection.replied = True
                return found
            self.forget(connection)
        return TrackedConnection(key, now), False

    def _seconds(self, connection: TrackedConnection) -> float:
        seconds = ESTABLISHED_SECONDS if connection.replied else NEW_SECONDS
        return seconds.get(connection.original[0], 30.0)

    def confirm(self, connection: TrackedConnection) -> None:
        """The first packet got through: remember it; raises `CourseError` if the table is full."""
        if len(self._connections) >= 2 * self.limit:
            raise CourseError(
                "the connection table is full",
                expected=f"at most {self.limit} connections",
                do="let time pass, or forget finished connections",
            )
        connection.confirmed = True
        self._connections[connection.original] = connection, False
        self._connections[connection.reply] = connection, True

    def free(self, reply: Key) -> bool:
        """Whether no other connection expects such answers."""
        return reply not in self._connections

    def forget(self, connection: TrackedConnection) -> None:
        """A connection is over."""
        if connection.through is not None:
            connection.through.end(connection.seen_at)
            connection.through = None
        self._connections.pop(connection.original, None)
        self._connections.pop(connection.reply, None)

    def forget_to(self, protocol: str, address: str, port: int) -> None:
        """Delete entries answered by an `address`, `port` and `protocol` (`conntrack -D`)."""
        for connection, is_reply in list(self._connections.values()):
            if not is_reply and connection.reply[:3] == (protocol, address, port):
                self.forget(connection)

    def clear(self) -> None:
        """Forget all (`conntrack -F`)."""
        for connection, _ in list(self._connections.values()):
            self.forget(connection)

    def __len__(self) -> int:
        return sum(1 for _, is_reply in self._connections.values() if not is_reply)

    def __str__(self) -> str:
        return "\n".join(str(c) for c, is_reply in self._connections.values() if not is_reply)
