"""VXLAN: Ethernet frames in UDP, between the machines of an overlay (RFC 7348).

50 bytes are added to each IP packet: an inner Ethernet header (14), VXLAN (8), UDP (8) and an
outer IPv4 header (20). Who is behind which machine stands in the forwarding database.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from course_lib.network.device import ETHERNET_MTU
from course_lib.network.packet import IP, UDP, VXLAN, Ethernet, Packet, key_of
from course_lib.network.tunnel import Tunnel

if TYPE_CHECKING:
    from course_lib.network.namespace import NetworkNamespace
    from course_lib.network.trace import Journey

OVERHEAD = 50  # bytes, over IPv4
LINUX_PORT = 8472  # Linux's default, from before IANA gave out 4789


class Vxlan(Tunnel):
    """A VXLAN device with its forwarding database (`bridge fdb`): MAC address to machine.

    `local` is the address of the machine it stands on; frames for MAC addresses that the database
    does not know are dropped (`nolearning`, as Flannel makes it).

    `namespace` is the machine's, `name` the device's; `vni` is the number of the network, `port`
    that of UDP, `mtu` is in bytes.
    """

    kind = "vxlan"
    overhead = OVERHEAD

    def __init__(
        self,
        namespace: NetworkNamespace,
        name: str,
        local: str,
        vni: int = 1,
        port: int = LINUX_PORT,
        mtu: int = ETHERNET_MTU - OVERHEAD,
    ) -> None:
        super().__init__(namespace, name, mtu)
        self.local, self.vni, self.port = local, vni, port
        self.forwarding: dict[str, str] = {}
        # Devices of one port share its socket; the VNI says whose a packet is.
        self.neighbour = namespace.listeners.get(("udp", port))
        namespace.listeners["udp", port] = self

    @property
    def link(self) -> str:
        """See `Device.link`."""
        return f"vxlan id {self.vni} local {self.local} dstport {self.port} nolearning"

    def transmit(self, journey: Journey, frame: Packet) -> None:
        """Wrap a frame, for the machine that the database names."""
        ethernet = frame.headers[0]
        assert type(ethernet) is Ethernet
        remote = self.forwarding.get(ethernet.destination)
        if remote is None:
            why = f"no entry in the forwarding database for {ethernet.destination}"
            journey.end(self.namespace, self.name, why, "unreachable", frame)
            return
        outer = frame.push(
            IP(self.local, remote, "udp", dont_fragment=False),
            UDP(source_port(frame), self.port),
            VXLAN(self.vni),
        )
        self.output(journey, frame, outer, f"encapsulate: VXLAN {self.vni} to {remote}")

    def unwrap(self, journey: Journey, packet: Packet) -> None:
        """Take the outer headers off, and receive the frame within."""
        vxlan, frame = packet.headers[2], packet.pop(3)
        if type(vxlan) is not VXLAN or vxlan.vni != self.vni:
            if self.neighbour is not None:
                self.neighbour.unwrap(journey, packet)
                return
            journey.end(self.namespace, self.name, "another virtual network", "dropped", packet)
            return
        journey.note(self.namespace, self.name, "decapsulate", packet, frame, seconds=self.seconds)
        self.receive(journey, frame)


def source_port(frame: Packet) -> int:
    """The outer source port: a hash of the inner flow, so that flows spread (RFC 7348 5)."""
    inner = frame.pop() if type(frame.headers[0]) is Ethernet else frame
    return 32768 + zlib.crc32(repr(key_of(inner)).encode()) % 28232
