"""The wire between machines: network cards on a segment, and what stands between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course_lib.network.device import ETHERNET_MTU, Device
from course_lib.network.packet import Packet

if TYPE_CHECKING:
    from course_lib.network.namespace import NetworkNamespace
    from course_lib.network.trace import Journey


class Ethernet0(Device):
    """The network card `name` of a machine (`namespace`), on a segment between machines."""

    kind = "ethernet"
    seconds = 10e-6

    def __init__(self, namespace: NetworkNamespace, name: str, segment: Segment) -> None:
        super().__init__(namespace, name, segment.mtu)
        self.segment = segment
        segment.cards[self.mac] = self

    def who_has(self, address: str) -> Device | None:
        """The card on the same segment that has an address."""
        found = self.segment.holders.get(address)
        if found is None or found is self or not found.answers(address):
            return None
        return found if self.segment.guard.open(self, found) else None

    def transmit(self, journey: Journey, frame: Packet) -> None:
        """Over the wire to another card, unless something between them minds."""
        journey.pass_through(self, frame)
        self.segment.carry(journey, self, frame)


class Segment:
    """Cards that reach each other without a router: one subnet, one broadcast domain.

    `guard` may refuse what passes: a firewall of the cloud, a cut link.

    `name` and `cidr` are the subnet's, `mtu` is in bytes.
    """

    seconds = 100e-6

    def __init__(self, name: str, cidr: str, mtu: int = ETHERNET_MTU) -> None:
        self.name, self.cidr, self.mtu = name, cidr, mtu
        self.cards: dict[str, Ethernet0] = {}
        self.holders: dict[str, Ethernet0] = {}
        self.guard = Guard()

    def carry(self, journey: Journey, sender: Ethernet0, frame: Packet) -> None:
        """Bring a `frame` from the card `sender` to its destination; `journey` records it."""
        card = self.cards.get(frame.headers[0].destination)  # type: ignore[union-attr]
        why = self.guard.refuses(sender, card, frame) if card else "nobody has this card"
        if card is None or why:
            journey.end(None, self.name, why, "dropped", frame)
        else:
            journey.cross(self, frame)
            card.receive(journey, frame)


class Guard:
    """What stands between machines: cut links, a firewall. This one lets all pass."""

    def open(self, one: Ethernet0, other: Ethernet0) -> bool:
        """Whether two cards reach each other at all."""
        return True

    def refuses(self, one: Ethernet0, other: Ethernet0, frame: Packet) -> str:
        """Why a `frame` from `one` may not pass to the `other`; nothing when it may."""
        return ""
