"""Tunnels: devices that hide packets in others. The smallest of them is here: IP in IP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course_lib.network.device import Device
from course_lib.network.packet import IP, Packet

if TYPE_CHECKING:
    from course_lib.network.trace import Journey


class Tunnel(Device):
    """A device that hides packets in others: `wrap` and `unwrap` are all that differs."""

    seconds = 5e-6
    overhead = 0

    def output(
        self, journey: Journey, before: Packet, after: Packet, what: str, seconds: float = seconds
    ) -> None:
        """Send the outer packet as if a program of this machine sent it; `journey` records that it
        was wrapped from `before` to `after` (`what`, in so many `seconds`).
        """
        journey.note(self.namespace, self.name, what, before, after, seconds=seconds)
        self.namespace.send(journey, after)


class IPIP(Tunnel):
    """IP in IP (RFC 2003): one more IP header, 20 bytes, and no Ethernet within."""

    kind = "ipip"
    link = "ipip"
    has_mac = False
    overhead = 20

    def send(self, journey: Journey, packet: Packet, next_hop: str) -> None:
        """Wrap a packet, for the node that is its next hop."""
        fitting = self._fit(journey, packet)
        if fitting is not None:
            me = self.namespace.source_for(next_hop)
            outer = fitting.push(IP(me, next_hop, "ipip", dont_fragment=packet.ip.dont_fragment))
            self.output(journey, fitting, outer, f"encapsulate: IP in IP to {next_hop}")

    def unwrap(self, journey: Journey, packet: Packet) -> None:
        """Take the outer header off, and receive what is within."""
        journey.note(self.namespace, self.name, "decapsulate", packet, packet.pop())
        self.namespace.receive(journey, self, packet.pop())
