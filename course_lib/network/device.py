"""Network devices: what a packet goes into, and where it comes out.

A device belongs to a network namespace. Its `transmit` takes a frame (a packet behind an Ethernet
header) from its own namespace; `receive` takes one from the wire. Source: `ip link`,
Documentation/networking of the Linux kernel; RFC 826 (ARP), RFC 4861 (neighbour discovery).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from course_lib.network.packet import Ethernet, Packet
from course_lib.network.trace import Journey

if TYPE_CHECKING:
    # By nature: a device stands in a namespace, and a namespace holds devices.
    from course_lib.network.namespace import NetworkNamespace

BROADCAST = "ff:ff:ff:ff:ff:ff"
ETHERNET_MTU = 1500  # bytes of an IP packet


def mac_of(name: str) -> str:
    """A MAC address of one's own choice (the bit for that is set), the same for the same name."""
    digest = hashlib.sha256(name.encode()).digest()
    return ":".join(f"{byte:02x}" for byte in (2, *digest[:5]))


class Device:
    """A device with its addresses; what it is joined to, its kinds below say.

    `seconds` is what a frame needs to cross it: an order of magnitude, so that paths compare.

    `namespace` is where it stands, `name` is unique there, `mtu` is in bytes; without `mac` it is
    derived from the names.
    """

    kind = ""
    seconds = 1e-6
    program = ""  # the program that does this device's work, where it is not the kernel
    has_mac = True  # whether its MAC address can be set

    def __init__(
        self, namespace: NetworkNamespace, name: str, mtu: int = ETHERNET_MTU, mac: str = ""
    ) -> None:
        self.namespace, self.name, self.mtu = namespace, name, mtu
        self.mac = mac or mac_of(f"{namespace.name}/{name}")
        self.addresses: list[str] = []  # with their prefix lengths
        self.up = True
        self.master: Bridge | None = None
        self.proxy_arp = False  # answers for every address that it has a route to elsewhere
        self.hairpin = False  # a bridge may send a frame back where it came from
        namespace.attach(self)

    @property
    def link(self) -> str:
        """What `ip link add NAME type ...` says of it; empty where that does not make it."""
        return ""

    def address(self, six: bool = False) -> str:
        """The first address of a family, without its prefix; nothing where there is none."""
        for found in self.addresses:
            if (":" in found) == six:
                return found.split("/")[0]
        return ""

    def send(self, journey: Journey, packet: Packet, next_hop: str) -> None:
        """Find who has the `next_hop`, and put an IP `packet` on the wire; `journey` records it."""
        fitting = self._fit(journey, packet)
        if fitting is None:
            return
        mac = self.resolve(next_hop)
        if mac is None:
            why = f"nobody answers for {next_hop}"
            journey.end(self.namespace, self.name, why, "unreachable", fitting)
        else:
            self.transmit(journey, fitting.push(Ethernet(self.mac, mac)))

    def _fit(self, journey: Journey, packet: Packet) -> Packet | None:
        """Cut a packet that is larger than the MTU, or tell its sender (RFC 791, RFC 1191)."""
        ip, size = packet.ip, packet.size
        if size <= self.mtu:
            return packet
        if ip.dont_fragment or ":" in ip.source:
            journey.too_big(self.namespace, self, packet)
            return None
        room = (self.mtu - ip.size) // 8 * 8
        pieces = -(-(size - ip.size) // room)
        cut = Packet(packet.headers, packet.payload, packet.mark, pieces)
        journey.note(self.namespace, self.name, f"fragment into {pieces}", packet, cut)
        return cut

    def resolve(self, address: str) -> str | None:
        """The MAC address of who has an IP address on this wire: what ARP finds."""
        fixed = self.namespace.neighbours.get((self.name, address))
        if fixed is not None:
            return fixed
        found = self.namespace.resolved.get((self.name, address))
        if found is not None and found.up and found.answers(address):
            return found.mac
        found = self.who_has(address)
        if found is None:
            return None
        self.namespace.resolved[self.name, address] = found
        return found.mac

    def answers(self, address: str) -> bool:
        """Whether this device answers an ARP question for an address."""
        if not self.up or self.namespace.gone:
            return False
        if address in self.namespace.local:
            return True
        if not self.proxy_arp:
            return False
        route = self.namespace.routes.lookup(address)
        return route is not None and route.device != self.name and route.kind == "unicast"

    def who_has(self, address: str) -> Device | None:
        """The device on this wire that answers for an address."""
        return None

    def transmit(self, journey: Journey, frame: Packet) -> None:
        """Put a frame on the wire."""
        journey.end(self.namespace, self.name, "the device leads nowhere", "dropped", frame)

    def receive(self, journey: Journey, frame: Packet) -> None:
        """Take a frame from the wire: for a bridge, for this namespace, or dropped."""
        if not self.up or self.namespace.gone:
            journey.end(self.namespace, self.name, "the device is down", "dropped", frame)
        elif self.master is not None:
            self.master.forward(journey, self, frame)
        elif frame.headers[0].destination in (self.mac, BROADCAST):  # type: ignore[union-attr]
            self.namespace.receive(journey, self, frame.pop())
        else:
            journey.end(self.namespace, self.name, "the frame is for another", "dropped", frame)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.namespace.name}/{self.name}>"


class Loopback(Device):
    """`lo`: a namespace talks to itself."""

    kind = "loopback"

    def __init__(self, namespace: NetworkNamespace) -> None:
        super().__init__(namespace, "lo", mtu=65536, mac="00:00:00:00:00:00")


class Dummy(Device):
    """A device that only holds addresses, as IPVS mode's `kube-ipvs0`."""

    kind = "dummy"
    link = "dummy"


class Veth(Device):
    """One end of a virtual cable; what goes in here comes out at its `peer`."""

    kind = "veth"
    seconds = 3e-6
    peer: Veth

    @classmethod
    def pair(
        cls,
        one: NetworkNamespace,
        name: str,
        other: NetworkNamespace,
        other_name: str,
        mtu: int = ETHERNET_MTU,
    ) -> tuple[Veth, Veth]:
        """Both ends of a new cable: `name` in `one`, `other_name` in `other`; `mtu` in bytes."""
        left, right = cls(one, name, mtu), cls(other, other_name, mtu)
        left.peer, right.peer = right, left
        return left, right

    def who_has(self, address: str) -> Device | None:
        """The other end, or a device on the bridge that it is plugged into."""
        peer = self.peer
        if peer.master is not None:
            return peer.master.ask(address, peer)
        return peer if peer.answers(address) else None

    def transmit(self, journey: Journey, frame: Packet) -> None:
        """Out at the other end."""
        journey.pass_through(self, frame)
        self.peer.receive(journey, frame)


class Bridge(Device):
    """A switch in a machine: it learns behind which port each MAC address is.

    A bridge is also a device of its namespace, with an address: the gateway of those behind it.
    With `filters`, bridged IP packets pass the machine's rules as routed ones do
    (`net.bridge.bridge-nf-call-iptables`): without, answers to a Service's address from a Pod on
    the same bridge are not translated back.

    `name`, `mtu` (bytes) and `mac` are those of the bridge as a device.
    """

    kind = "bridge"

    def __init__(
        self, namespace: NetworkNamespace, name: str, mtu: int = ETHERNET_MTU, mac: str = ""
    ) -> None:
        super().__init__(namespace, name, mtu, mac)
        self.ports: dict[str, Device] = {}
        self.learned: dict[str, Device] = {}
        self.filters = True

    def plug(self, port: Device, hairpin: bool = False) -> None:
        """Make a device a port of this bridge."""
        port.master, port.hairpin = self, hairpin
        self.ports[port.name] = port

    def unplug(self, name: str) -> None:
        """A port is gone, and what was learned of it."""
        port = self.ports.pop(name, None)
        self.learned = {mac: found for mac, found in self.learned.items() if found is not port}

    def who_has(self, address: str) -> Device | None:
        """The device behind one of the ports that has an address."""
        return self.ask(address, None)

    def ask(self, address: str, coming_from: Device | None) -> Device | None:
        """An ARP question that came in at a port (None: from this machine itself)."""
        if coming_from is not None and self.answers(address):
            return self
        for port in self.ports.values():
            if port is coming_from:
                continue
            found: Device | None
            if isinstance(port, Veth):
                found = port.peer if port.peer.answers(address) else None
            else:
                found = port.who_has(address)
            if found is not None:
                self.learned[found.mac] = port
                return found
        return None

    def transmit(self, journey: Journey, frame: Packet) -> None:
        """From this machine to one of the ports."""
        journey.pass_through(self, frame)
        self._out(journey, frame, None)

    def forward(self, journey: Journey, port: Device, frame: Packet) -> None:
        """Take a `frame` from `port` to this machine, or to another port; `journey` records it."""
        ethernet = frame.headers[0]
        assert type(ethernet) is Ethernet
        self.learned[ethernet.source] = port
        journey.pass_through(self, frame)
        if ethernet.destination == self.mac:
            self.namespace.receive(journey, self, frame.pop(), port)
            return
        filter = self.namespace.filter
        if not self.filters or filter is None:
            self._out(journey, frame, port)
            return
        packet = filter.bridged(journey, self, frame.pop())
        if packet is None:
            return
        if packet.ip.destination != frame.headers[1].destination:  # type: ignore[union-attr]
            self.namespace.route(journey, packet, self)  # translated: its next hop is another
        else:
            self._out(journey, packet.push(ethernet), port)

    def _out(self, journey: Journey, frame: Packet, came_in: Device | None) -> None:
        mac = frame.headers[0].destination  # type: ignore[union-attr]
        port = self.learned.get(mac)
        if port is None or port.name not in self.ports:
            port = next((p for p in self.ports.values() if behind(p, mac)), None)
        if port is None:
            journey.end(self.namespace, self.name, f"no port leads to {mac}", "dropped", frame)
        elif port is came_in and not port.hairpin:
            why = "would go back where it came from (hairpin is off)"
            journey.end(self.namespace, self.name, why, "dropped", frame)
        else:
            port.transmit(journey, frame)


def behind(port: Device, mac: str) -> bool:
    """Whether a MAC address is at the other end of a port: what flooding finds out."""
    return isinstance(port, Veth) and port.peer.mac == mac
