"""The network below the Pods' own: subnets, the router between them, and what may go wrong there.

Machines of one subnet reach each other directly; a router joins subnets with each other and with
the world outside. A cloud's firewall, a cut link and a load balancer live here too.
"""

from __future__ import annotations

import ipaddress
import zlib
from typing import TYPE_CHECKING

from course_lib.errors import CourseError
from course_lib.network.device import ETHERNET_MTU
from course_lib.network.links import Links
from course_lib.network.namespace import NetworkNamespace
from course_lib.network.packet import Packet, key_of
from course_lib.network.routes import Route
from course_lib.network.wire import Ethernet0, Guard, Segment

if TYPE_CHECKING:
    from course_lib.network.device import Device
    from course_lib.network.trace import Journey

OUTSIDE_CIDR = "203.0.113.0/24"  # RFC 5737: an address for examples
ROUTER, OUTSIDE = "router", "outside"
MORE_ADDRESSES = "make the cluster with more nodes at once: it gets a larger range for them"


class Router(NetworkNamespace):
    """The router between subnets; a cloud's load balancer is a decision that it takes.

    `balanced` says, for the address of a load balancer, to which machines its packets go: each
    connection to one of them, by a hash of its addresses and ports, with nothing rewritten (a
    pass-through load balancer).
    """

    def __init__(self) -> None:
        super().__init__(ROUTER, forwarding=True)
        self.balanced: dict[str, list[str]] = {}

    def route(self, journey: Journey, packet: Packet, came_in: Device | None) -> None:
        """To the next hop; for a load balancer's address, to one of its machines."""
        address = packet.ip.destination
        machines = self.balanced.get(address)
        if machines is None:
            super().route(journey, packet, came_in)
            return
        if not machines:
            journey.end(self, "", f"no healthy machine for {address}", "unreachable", packet)
            return
        chosen = machines[zlib.crc32(repr(key_of(packet)).encode()) % len(machines)]
        route = self.routes.lookup(chosen)
        assert route is not None
        route = Route(f"{address}/{128 if ':' in address else 32}", route.device, chosen)
        device = self.devices[route.device]
        journey.routed(self, device, route, packet)
        device.send(journey, packet, chosen)


class Underlay(Guard):
    """Subnets and their router.

    `cidr` is cut into `subnets` of the same size. What may be made worse: `links` (cut machines
    off from each other), `blocked` (protocol and destination port that a firewall drops, such as
    `("udp", 8472)` or `("ipip", 0)`), `drops_fragments`, and `checks_source` (a cloud drops what
    does not carry the address of the machine that sends it).

    `mtu` is in bytes; with `six` machines have IPv6 addresses, too.
    """

    def __init__(
        self,
        cidr: str = "192.168.0.0/16",
        subnets: int = 1,
        mtu: int = ETHERNET_MTU,
        six: bool = False,
    ) -> None:
        self.cidr, self.mtu, self.six = cidr, mtu, six
        self.links = Links()
        self.blocked: dict[tuple[str, int], None] = {}
        self.drops_fragments = self.checks_source = False
        self.router = Router()
        self.segments: list[Segment] = []
        self._hosts: list[int] = []
        network = ipaddress.ip_network(cidr)
        for block in network.subnets(prefixlen_diff=(subnets - 1).bit_length()):
            if len(self.segments) < subnets:
                self._segment(f"subnet-{len(self.segments) + 1}", str(block))
        self.outside = self._outside()

    def _segment(self, name: str, cidr: str) -> Segment:
        segment = Segment(name, cidr, self.mtu)
        segment.guard = self
        self.segments.append(segment)
        self._hosts.append(2)  # 0 is the network, 1 the router
        card = Ethernet0(self.router, f"eth{len(self.segments) - 1}", segment)
        first = ipaddress.ip_network(cidr)
        self.give(card, f"{first[1]}/{first.prefixlen}")
        if self.six:
            self.give(card, f"{_six(str(first[1]))}/64")
        return segment

    def _outside(self) -> NetworkNamespace:
        """A client somewhere in the world."""
        made = NetworkNamespace(OUTSIDE)
        self.internet = self._segment("internet", OUTSIDE_CIDR)
        self.segments.remove(self.internet)
        self._hosts.pop()
        self._connect(made, self.internet, "203.0.113.10")
        return made

    def _connect(self, namespace: NetworkNamespace, segment: Segment, address: str) -> Ethernet0:
        """A network card on a segment, whose router is the way out."""
        card, block = Ethernet0(namespace, "eth0", segment), ipaddress.ip_network(segment.cidr)
        self.give(card, f"{address}/{block.prefixlen}")
        namespace.routes.add(Route("default", "eth0", str(block[1])))
        if self.six:
            self.give(card, f"{_six(address)}/64")
            namespace.routes.add(Route("default", "eth0", _six(str(block[1]))))
        return card

    def give(self, card: Ethernet0, address: str) -> None:
        """Give a network card an address, and let its segment know."""
        card.namespace.add_address(card.name, address)
        card.segment.holders[address.split("/")[0]] = card

    def join(self, namespace: NetworkNamespace, subnet: int = 0, address: str = "") -> Ethernet0:
        """Put a machine (`namespace`) on a `subnet`, with the next free `address` or a given one.

        Raises `CourseError` for an address that is taken or of another subnet.
        """
        segment = self.segments[subnet % len(self.segments)]
        block = ipaddress.ip_network(segment.cidr)
        if not address:
            number = self._hosts[subnet % len(self.segments)]
            while number < block.num_addresses - 1 and str(block[number]) in segment.holders:
                number += 1
            if number >= block.num_addresses - 1:
                where = f"{segment.name} {segment.cidr}"
                raise CourseError("the subnet is full", where=where, do=MORE_ADDRESSES)
            self._hosts[subnet % len(self.segments)] = number + 1
            address = str(block[number])
        elif address in segment.holders or ipaddress.ip_address(address) not in block:
            raise CourseError(
                "a machine cannot have this address",
                where=f"{segment.name} {segment.cidr}",
                found=address,
                expected="a free address of the subnet",
            )
        return self._connect(namespace, segment, address)

    # What stands between machines

    def open(self, one: Ethernet0, other: Ethernet0) -> bool:
        """Whether no link between two machines is cut, and both have power."""
        ends = one.namespace.name, other.namespace.name
        return not other.namespace.gone and self.links.open(*ends)

    def refuses(self, one: Ethernet0, other: Ethernet0, frame: Packet) -> str:
        """Why a frame does not pass."""
        if not self.open(one, other):
            return f"the link between {one.namespace.name} and {other.namespace.name} is cut"
        if self.blocked:
            protocol, *_, port = key_of(frame.pop())
            if (protocol, port) in self.blocked:
                port_text = f" port {port}" if port else ""
                return f"a firewall drops {protocol}{port_text}"
        if frame.fragments > 1 and self.drops_fragments:
            return f"a firewall drops fragments ({frame.fragments} of {frame.size} bytes)"
        if self.checks_source and one.namespace is not self.router:
            source = frame.headers[1].source  # type: ignore[union-attr]
            if source not in one.namespace.local:
                return f"the cloud drops a source that is not the machine's own: {source}"
        return ""


def _six(address: str) -> str:
    """The IPv6 address of a machine, after its IPv4 address.

    >>> _six("192.168.0.2")
    'fd00:192:168::2'
    """
    a, b, c, d = address.split(".")
    return str(ipaddress.ip_address(f"fd00:{a}:{b}::{'' if c == '0' else c + ':'}{d}"))
