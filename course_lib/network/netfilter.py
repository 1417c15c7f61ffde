"""Netfilter: the hooks at which the kernel runs its rules for packets.

Five hooks stand on a packet's way (`PREROUTING`, `INPUT`, `FORWARD`, `OUTPUT`, `POSTROUTING`); at
each, base chains (`chains.py`) run in the order of their priorities, whether `iptables` or
`nftables` wrote them.

Chains of kind `nat` see only the first packet of a connection; what they decide is kept in its
connection and done to all others. Source: netfilter.org's packet flow; `nf_nat_core.c`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from course_lib.network.chains import ACCEPT, DROP, REJECT, BaseChain, Look, Source
from course_lib.network.conntrack import Conntrack, TrackedConnection
from course_lib.network.device import Device
from course_lib.network.namespace import NetworkNamespace
from course_lib.network.packet import IP, TCP, UDP, Packet, key_of
from course_lib.network.trace import PER_RULE, Journey


class Balancer(Protocol):
    """The kernel's own load balancer."""

    def serve(self, journey: Journey, look: Look, packet: Packet) -> bool | None:
        """Send a `packet`, as `look` shows it, to a real server; None: it is not for a virtual one;
        `journey` records it.
        """

    def save(self) -> str:
        """The virtual servers, as `ipvsadm-save` prints them."""


class Netfilter:
    """The rules of one network namespace, and its connections.

    `sources` holds who wrote rules (`iptables`, `nftables`), in the order in which they came.
    """

    def __init__(self, namespace: NetworkNamespace) -> None:
        self.namespace = namespace
        self.conntrack = Conntrack()
        self.sources: dict[str, Source] = {}
        self.ipvs: Balancer | None = None
        self.refresh: Callable[[], None] | None = None  # writes rules that are due
        self._hooks: dict[str, list[BaseChain]] = {}

    def put(self, name: str, source: Source) -> None:
        """Add rules, or put them in the place of those of the same name."""
        self.sources[name] = source
        chains = [base for each in self.sources.values() for base in each.base_chains()]
        self._hooks = {}
        for base in sorted(chains, key=lambda base: base.priority):
            self._hooks.setdefault(base.hook, []).append(base)

    # The five hooks

    def prerouting(self, journey: Journey, packet: Packet, device: Device) -> Packet | None:
        """A packet came in: its destination may become another."""
        if device.name != "lo":  # on its way through `lo` a packet keeps its connection
            journey.track(self.conntrack, packet)
        look = self._look(journey, packet, in_device=device.name)
        return self._pass(journey, "PREROUTING", look, packet, device.name)

    def forward(
        self, journey: Journey, packet: Packet, came_in: Device, goes_out: Device
    ) -> Packet | None:
        """A packet passes through."""
        look = self._look(journey, packet, came_in.name, goes_out.name)
        return self._pass(journey, "FORWARD", look, packet, goes_out.name)

    def input(self, journey: Journey, packet: Packet, device: Device) -> Packet | None:
        """A packet is for a program here, or for a virtual server."""
        look = self._look(journey, packet, in_device=device.name)
        passed = self._pass(journey, "INPUT", look, packet, device.name)
        passed = passed and self._served(journey, look, passed, device.name)
        if passed is not None and passed.ip.destination in self.namespace.local:
            self._confirm(look.connection, journey)
        return passed

    def _served(self, journey: Journey, look: Look, packet: Packet, device: str) -> Packet | None:
        """What IPVS makes of a packet for a virtual server; other packets pass unchanged."""
        if self.ipvs is None or look.connection.dnat:
            return packet
        look.applied.clear()
        served = self.ipvs.serve(journey, look, packet)
        if served is None:
            return packet
        return self._rewrite(journey, "IPVS", look, packet, device) if served else None

    def output(self, journey: Journey, packet: Packet) -> Packet | None:
        """A program here sends a packet."""
        journey.track(self.conntrack, packet)
        look = self._look(journey, packet)
        passed = self._pass(journey, "OUTPUT", look, packet, "")
        return passed and self._served(journey, look, passed, "")

    def postrouting(self, journey: Journey, packet: Packet, device: Device) -> Packet | None:
        """A packet goes out: its source may become another."""
        look = self._look(journey, packet, out_device=device.name)
        passed = self._pass(journey, "POSTROUTING", look, packet, device.name)
        if passed is not None:
            self._confirm(look.connection, journey)
        return passed

    def bridged(self, journey: Journey, bridge: Device, packet: Packet) -> Packet | None:
        """A packet passes a bridge that shows its packets to the rules (`br_netfilter`)."""
        before = packet.ip.destination
        passed = self.prerouting(journey, packet, bridge)
        if passed is None or passed.ip.destination != before:
            return passed
        passed = self.forward(journey, passed, bridge, bridge)
        return None if passed is None else self.postrouting(journey, passed, bridge)

    # What all have in common

    def _look(
        self, journey: Journey, packet: Packet, in_device: str = "", out_device: str = ""
    ) -> Look:
        assert journey.connection is not None
        look = Look(self.namespace, packet, *journey.connection, journey)
        look.in_device, look.out_device = in_device, out_device
        device = self.namespace.devices.get(in_device)
        look.bridged = device is not None and device.kind == "bridge"
        return look

    def _pass(
        self, journey: Journey, hook: str, look: Look, packet: Packet, device: str
    ) -> Packet | None:
        """Let the chains of a hook see a packet; None when one of them does not let it pass."""
        if self.refresh is not None:
            self.refresh()
        first = not look.connection.confirmed
        translates = hook in ("PREROUTING", "OUTPUT")
        six = ":" in look.source
        done = False
        for base in self._hooks.get(hook, ()):
            if base.six is not None and base.six is not six:
                continue
            if base.kind == "nat":
                if first and not done:
                    base.chain.run(look)
                    if look.dnat is not None or look.snat is not None:
                        self._decide(look)
                        done = True
                        # Chains that come after see the packet as it will be.
                        look.see(self._translated(look, packet, translates).with_mark(look.mark))
                continue
            verdict = base.chain.run(look) or base.chain.policy or ACCEPT
            if verdict in (DROP, REJECT):
                rule = look.applied[-1] if look.applied else f"policy of {base.chain.name}"
                outcome = "rejected" if verdict == REJECT else "dropped"
                journey.end(self.namespace, device, rule, outcome, packet)
                return None
        return self._rewrite(journey, hook, look, packet, device)

    def _decide(self, look: Look) -> None:
        """Keep what a nat chain decided in the connection."""
        connection = look.connection
        if look.dnat is not None:
            connection.to(*look.dnat)
            look.dnat = None
        if look.snat is not None:
            address, port = look.snat
            connection.from_(address, self._port(connection, address, port, look))
            look.snat = None

    def _port(self, connection: TrackedConnection, address: str, port: int, look: Look) -> int:
        """A source port that makes the answers of a connection unlike those of all others."""
        asked = port or connection.reply[4]
        reply = connection.reply
        while not self.conntrack.free((*reply[:3], address, asked)):
            asked = look.random.randrange(1024, 65536)
        return int(asked)

    def _rewrite(
        self, journey: Journey, hook: str, look: Look, packet: Packet, device: str
    ) -> Packet:
        translated = self._translated(look, packet, hook in ("PREROUTING", "OUTPUT", "IPVS"))
        if look.mark != translated.mark:
            translated = translated.with_mark(look.mark)
        seconds = look.examined * PER_RULE
        journey.examined += look.examined
        look.examined = 0
        if translated is not packet or look.applied:
            action = hook
            if look.connection.confirmed and translated is not packet:
                action = f"{hook} (conntrack)"
            rules = tuple(look.applied)
            journey.note(self.namespace, device, action, packet, translated, rules, seconds)
        return translated

    def _translated(self, look: Look, packet: Packet, destination: bool) -> Packet:
        """The packet as its connection says: its destination at the first hooks, its source last.

        The destination is where answers come from, or, of an answer, who asked.
        """
        connection = look.connection
        if not (connection.dnat or connection.snat):
            return packet
        wanted = connection.original if look.reply else connection.reply
        ip, transport = packet.headers[0], packet.headers[1]
        assert type(ip) is IP
        protocol, source, source_port, to, port = key_of(packet)
        if destination:
            if (to, port) == wanted[1:3]:
                return packet
            ip = IP(source, wanted[1], protocol, ip.ttl, ip.dont_fragment)
            ports = {"destination_port": wanted[2]}
        else:
            if (source, source_port) == wanted[3:5]:
                return packet
            ip = IP(wanted[3], to, protocol, ip.ttl, ip.dont_fragment)
            ports = {"source_port": wanted[4]}
        if type(transport) is TCP or type(transport) is UDP:
            return packet.with_headers(ip, msgspec.structs.replace(transport, **ports))
        return packet.with_headers(ip)

    def _confirm(self, connection: TrackedConnection, journey: Journey) -> None:
        if not connection.confirmed:
            self.conntrack.confirm(connection)
            journey.connections.append((self.conntrack, connection))
