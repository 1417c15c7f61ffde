"""IPVS: the kernel's own load balancer; virtual servers, each with its real servers.

It stands where packets for this machine arrive (INPUT), which is why its virtual addresses are
addresses of a device of the machine. A table lookup finds the virtual server, its scheduler
chooses the real one. Source: ipvsadm(8); `net/netfilter/ipvs` of the Linux kernel.
"""

from __future__ import annotations

import zlib
from collections import deque

from course_lib.errors import CourseError
from course_lib.network.chains import Look
from course_lib.network.iptables_words import split_port
from course_lib.network.packet import Packet
from course_lib.network.trace import Journey

SCHEDULERS = {
    "rr": "round robin",
    "wrr": "weighted round robin",
    "lc": "least connection",
    "sh": "source hashing",
}
TIME_WAIT = 120.0  # s
_PROTOCOLS = {"-t": "tcp", "-u": "udp"}


class RealServer:
    """Where connections go: address, port, weight, and how many are open now."""

    def __init__(self, address: str, port: int, weight: int = 1) -> None:
        self.address, self.port, self.weight = address, port, weight
        self.connections = 0
        self.ended: deque[float] = deque()  # when connections that ended are forgotten
        self.current = 0  # smooth weighted round robin

    def end(self, at: float) -> None:
        """A connection has ended; for two minutes it still counts a little (TIME_WAIT)."""
        self.connections -= 1
        self.ended.append(at + TIME_WAIT)

    def load(self, now: float) -> int:
        """256 for each open connection, 1 for each ended lately (`ip_vs_dest_conn_overhead`)."""
        while self.ended and self.ended[0] <= now:
            self.ended.popleft()
        return 256 * self.connections + len(self.ended)

    def __str__(self) -> str:
        shown = f"[{self.address}]" if ":" in self.address else self.address
        return f"{shown}:{self.port}"


class VirtualServer:
    """An address and port that stand for several real servers.

    `scheduler` is its name in IPVS (`rr`, `lc`, ...), `sticky` how long a client stays at its
    server (s). Raises `CourseError` for another scheduler.
    """

    def __init__(self, scheduler: str, sticky: float = 0.0) -> None:
        if scheduler not in SCHEDULERS:
            known = ", ".join(SCHEDULERS)
            raise CourseError("IPVS has no such scheduler", expected=known, found=scheduler)
        self.scheduler, self.sticky = scheduler, sticky
        self.servers: dict[str, RealServer] = {}
        self.clients: dict[str, tuple[RealServer, float]] = {}  # with affinity
        self._turn = 0

    def choose(self, source: str, now: float) -> RealServer | None:
        """The real server for a new connection; None when there is none.

        >>> server = VirtualServer("rr")
        >>> for number in (2, 3):
        ...     server.servers[f"10.0.0.{number}:80"] = RealServer(f"10.0.0.{number}", 80)
        >>> [str(server.choose("10.9.9.9", 0.0)) for _ in range(3)]
        ['10.0.0.2:80', '10.0.0.3:80', '10.0.0.2:80']
        """
        known = self.clients.get(source)
        if known is not None and now < known[1] and known[0] in self.servers.values():
            found: RealServer | None = known[0]
        else:
            found = self._schedule(source, now)
        if found is not None and self.sticky:
            self.clients[source] = found, now + self.sticky
        return found

    def _schedule(self, source: str, now: float) -> RealServer | None:
        usable = [server for server in self.servers.values() if server.weight > 0]
        if not usable:
            return None
        if self.scheduler == "lc":
            return min(usable, key=lambda server: server.load(now))
        if self.scheduler == "sh":
            return usable[zlib.crc32(source.encode()) % len(usable)]
        if self.scheduler == "wrr":
            total = sum(server.weight for server in usable)
            for server in usable:
                server.current += server.weight
            chosen = max(usable, key=lambda server: server.current)
            chosen.current -= total
            return chosen
        self._turn += 1
        return usable[(self._turn - 1) % len(usable)]


class IPVS:
    """The virtual servers of one machine.

    >>> ipvs = IPVS()
    >>> ipvs.restore("-A -t 10.96.0.10:53 -s rr\\n-a -t 10.96.0.10:53 -r 10.244.0.2:53 -m -w 1")
    >>> print(ipvs.save())
    -A -t 10.96.0.10:53 -s rr
    -a -t 10.96.0.10:53 -r 10.244.0.2:53 -m -w 1
    """

    def __init__(self) -> None:
        self.servers: dict[tuple[str, str, int], VirtualServer] = {}

    def restore(self, text: str) -> None:
        """Have just the servers of a text (`ipvsadm-restore`); those that stay keep their state.

        Raises `CourseError` for a line that it cannot read.
        """
        made: dict[tuple[str, str, int], VirtualServer] = {}
        for line in text.splitlines():
            match line.split():
                case ["-A", kind, place, "-s", scheduler, *rest] if kind in _PROTOCOLS:
                    key = (_PROTOCOLS[kind], *split_port(place))
                    old = self.servers.get(key)
                    sticky = float(rest[1]) if rest[:1] == ["-p"] else 0.0
                    made[key] = VirtualServer(scheduler, sticky)
                    if old is not None and old.scheduler == scheduler:
                        made[key].clients, made[key]._turn = old.clients, old._turn
                case ["-a", kind, place, "-r", real, "-m", "-w", weight] if kind in _PROTOCOLS:
                    key = (_PROTOCOLS[kind], *split_port(place))
                    before = self.servers[key].servers.get(real) if key in self.servers else None
                    server = before or RealServer(*split_port(real))
                    server.weight = int(weight)
                    made[key].servers[real] = server
                case []:
                    pass
                case _:
                    raise CourseError(
                        "ipvsadm-restore does not understand this line",
                        found=line,
                        expected="-A or -a with -t or -u",
                    )
        self.servers = made

    def save(self) -> str:
        """All servers, as `ipvsadm-save -n` prints them."""
        lines = []
        for (protocol, address, port), server in self.servers.items():
            shown = f"[{address}]" if ":" in address else address
            place = f"-{protocol[0]} {shown}:{port}"
            sticky = f" -p {server.sticky:.0f}" if server.sticky else ""
            lines.append(f"-A {place} -s {server.scheduler}{sticky}")
            lines += [f"-a {place} -r {r} -m -w {r.weight}" for r in server.servers.values()]
        return "\n".join(lines)

    def serve(self, journey: Journey, look: Look, packet: Packet) -> bool | None:
        """Choose a real server for the first packet to a virtual one; None when it is not for one.

        With a virtual server but no real one, the connection is refused.
        """
        key = look.protocol, look.destination, look.destination_port
        server = self.servers.get(key)
        look.examined += 1
        if server is None:
            return None
        real = server.choose(look.source, look.now)
        if real is None:
            why = f"IPVS: {look.destination}:{look.destination_port} has no real server"
            journey.end(look.namespace, "ipvs", why, "rejected", packet)
            return False
        look.applied.append(f"IPVS {server.scheduler}: {real}")
        look.connection.to(real.address, real.port)
        look.connection.through = real
        real.connections += 1
        return True
