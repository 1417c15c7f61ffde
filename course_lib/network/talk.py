"""A conversation: packets from a program to another, and the answers."""

from __future__ import annotations

import random
from typing import Protocol

from course_lib.engine import Simulation
from course_lib.network.conntrack import Conntrack, TrackedConnection
from course_lib.network.namespace import NetworkNamespace, datagram
from course_lib.network.packet import TCP, UDP, Packet, key_of
from course_lib.network.trace import Journey, Trace
from course_lib.network.underlay import Underlay


class Carrier(Protocol):
    """What a conversation asks of the network that carries it."""

    sim: Simulation
    random: random.Random
    underlay: Underlay

    def namespace(self, name: str) -> NetworkNamespace:
        """The network namespace of a Pod, a node or `outside`."""

    def address(self, name: str, six: bool = False) -> str:
        """The address of a name; an address is its own."""

    def next_port(self) -> int:
        """The next port that a client sends from."""

    def answers(self, address: str, port: int) -> bool:
        """Whether a program answers at an address."""


class Talk:
    """One connection: it keeps its ports, and what the kernels on its way remember of it.

    `network` carries it from `source` to `destination` (names or addresses), to a `port` of a
    `protocol`; `six` asks for IPv6.
    """

    def __init__(
        self,
        network: Carrier,
        source: str,
        destination: str,
        port: int,
        protocol: str,
        six: bool = False,
    ) -> None:
        self.network, self.source, self.destination = network, source, destination
        self.port, self.protocol = port, protocol
        self.namespace = network.namespace(source)
        self.to = network.address(destination, six or ":" in destination)
        self.own_port = network.next_port()
        self._opened: list[tuple[Conntrack, TrackedConnection]] = []

    def send(self, size: int = 0, forget: bool = False) -> Trace:
        """Send one packet and its answer; a `size` of 0 bytes opens the connection (SYN)."""
        source = self.namespace.source_for(self.to)
        if not source:
            reason = f"{self.source} has no route to {self.to}"
            return Trace(self.source, self.destination, self.port, "unreachable", reason, [])
        journey = self._go(source, size)
        told = ("icmp", 0) not in self.network.underlay.blocked
        if journey.outcome == "too big" and self.protocol == "tcp" and told:
            # The kernel has told the sender: it sends less at a time (RFC 1191).
            second = self._go(source, journey.mtu - 40)
            second.hops[:0] = journey.hops
            second.mtu, journey = journey.mtu, second
        trace = Trace(
            self.source, self.destination, self.port, journey.outcome, journey.reason,
            journey.hops, mtu=journey.mtu,
        )  # fmt: skip
        if journey.outcome == "delivered":
            self._answer(trace, journey)
        if forget:
            self.close()
        return trace

    def close(self) -> None:
        """The connection is over: the kernels forget it."""
        for conntrack, connection in self._opened:
            conntrack.forget(connection)
        self._opened.clear()

    def _go(self, source: str, size: int) -> Journey:
        journey = self._journey()
        ip = datagram(source, self.to, self.protocol)
        transport: TCP | UDP
        if self.protocol == "tcp":
            route = self.namespace.routes.lookup(self.to)
            device = self.namespace.devices.get(route.device) if route else None
            mtu = device.mtu if device else 65536
            size = min(size, mtu - ip.size - TCP.size)  # the largest segment
            transport = TCP(self.own_port, self.port, "PSH-ACK" if size else "SYN")
        else:
            transport = UDP(self.own_port, self.port)
        self.namespace.send(journey, Packet((ip, transport), size))
        return journey

    def _journey(self) -> Journey:
        journey = Journey(self.network.sim.now, self.network.random)
        journey.connections = self._opened
        return journey

    def _answer(self, trace: Trace, journey: Journey) -> None:
        """Send the receiver's answer to the address that it saw."""
        there, packet = journey.namespace, journey.packet
        assert there is not None and packet is not None
        protocol, seen, seen_port, address, port = key_of(packet)
        trace.seen, trace.at, trace.receiver = seen, there.name, f"{address}:{port}"
        if not self.network.answers(address, port):
            trace.outcome, trace.reason = "refused", f"nobody listens on port {port}"
            return
        back = self._journey()
        flags = "PSH-ACK" if packet.payload else "SYN-ACK"
        transport = TCP(port, seen_port, flags) if protocol == "tcp" else UDP(port, seen_port)
        there.send(back, Packet((datagram(address, seen, protocol), transport), packet.payload))
        trace.reply = back.hops
        if back.outcome != "delivered" or back.namespace is not self.namespace:
            trace.outcome = "no answer"
            trace.reason = f"on the way back: {back.reason or 'it went to another'}"
            return
        assert back.packet is not None
        found = key_of(back.packet)
        if found[:3] == (protocol, self.to, self.port):
            trace.outcome = "answered"
        else:
            trace.outcome = "no answer"
            trace.reason = f"the answer came from {found[1]}:{found[2]}, not from {self.to}"
