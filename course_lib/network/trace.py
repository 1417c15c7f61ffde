"""The way of a packet: each device that it passes, what changed there, and by which rule."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Protocol

import msgspec

from course_lib.network.conntrack import Conntrack, TrackedConnection
from course_lib.network.packet import Packet, key_of
from course_lib.network.routes import Route

if TYPE_CHECKING:
    from course_lib.engine.table import Table

ROUTING = 1e-6  # s for the kernel to route a packet; an order of magnitude, as all of these
PER_RULE = 0.05e-6  # s to look at one rule
COLUMNS = ("AT", "DEVICE", "ACTION", "BEFORE", "AFTER", "RULE", "MICROSECONDS")


class Location(Protocol):
    """Where a packet is: a network namespace."""

    name: str

    def send(self, journey: Journey, packet: Packet) -> None:
        """Send a packet from a program of this namespace."""


class Passage(Protocol):
    """What a packet passes on its way: a device of a namespace."""

    name: str
    kind: str
    seconds: float
    mtu: int

    @property
    def namespace(self) -> Location:
        """Where it stands."""


class Wire(Protocol):
    """What is between machines."""

    name: str
    seconds: float


class Hop(msgspec.Struct, frozen=True):
    """One device, or one step of the kernel: the packet before and after, and the rule for it.

    `at` is the network namespace (a node, a Pod) or the wire; `why` the route, the rules or the
    words that `rule` shows; `seconds` simulated time.
    """

    at: str
    device: str
    action: str
    before: Packet
    after: Packet
    why: str | Route | tuple[str, ...] = ""
    seconds: float = 0.0

    @property
    def rule(self) -> str:
        """The route or the rules that applied, as text; several rules on a line each."""
        return "\n".join(self.why) if isinstance(self.why, tuple) else str(self.why)

    def __str__(self) -> str:
        changed = f" => {self.after}" if self.after != self.before else ""
        rule = f"   [{self.rule}]" if self.rule else ""
        place = f"{self.at} {self.device}".strip()
        return f"{place:<28} {self.action:<20} {self.before}{changed}{rule}"


class Journey:
    """A packet under way: the hops so far, and at the end its outcome.

    `now` (s) and `random` are for rules that ask for the time or for chance.
    """

    def __init__(self, now: float, random: random.Random) -> None:
        self.now, self.random = now, random
        self.hops: list[Hop] = []
        self.outcome = ""
        self.reason = ""
        self.namespace: Location | None = None  # where it arrived
        self.packet: Packet | None = None  # as it arrived
        self.mtu = 0  # which a router reported, when it was too big
        # In the namespace where it is now: its connection, and whether it is an answer.
        self.connection: tuple[TrackedConnection, bool] | None = None
        self.examined = 0  # rules that were looked at
        self.connections: list[tuple[Conntrack, TrackedConnection]] = []  # that it opened

    def track(self, conntrack: Conntrack, packet: Packet) -> None:
        """The packet enters a namespace with rules: find the connection that it belongs to."""
        self.connection = conntrack.find(key_of(packet), self.now)

    def note(
        self,
        namespace: Location,
        device: str,
        action: str,
        before: Packet,
        after: Packet,
        why: str | tuple[str, ...] = "",
        seconds: float = 0.0,
    ) -> None:
        """Something happened to the packet.

        `namespace` and `device` say where, `action` what, with the packet `before` and `after` it;
        `why` is the rule or the route, `seconds` how long it takes.
        """
        self.hops.append(Hop(namespace.name, device, action, before, after, why, seconds))

    def pass_through(self, device: Passage, frame: Packet) -> None:
        """A frame passes a device, unchanged."""
        at, seconds = device.namespace.name, device.seconds
        self.hops.append(Hop(at, device.name, device.kind, frame, frame, "", seconds))

    def cross(self, segment: Wire, frame: Packet) -> None:
        """A frame is on the wire between machines."""
        self.hops.append(Hop(segment.name, "", "wire", frame, frame, "", segment.seconds))

    def routed(self, namespace: Location, device: Passage, route: Route, packet: Packet) -> None:
        """A `packet` of a machine or Pod (`namespace`) takes a `route`, out at `device`."""
        self.hops.append(Hop(namespace.name, device.name, "route", packet, packet, route, ROUTING))

    def end(
        self, namespace: Location | None, device: str, why: str, outcome: str, packet: Packet
    ) -> None:
        """The `packet` goes no further than a `namespace`'s `device`: `why`, and its `outcome`."""
        self.outcome, self.reason = outcome, why
        at = namespace.name if namespace else device
        self.hops.append(Hop(at, device if namespace else "", outcome, packet, packet, why))

    def too_big(self, namespace: Location, device: Passage, packet: Packet) -> None:
        """The `packet` is larger than the MTU of a `namespace`'s `device` and must not be cut: its
        sender gets an ICMP message.
        """
        self.mtu = device.mtu
        what = "packet too big" if ":" in packet.ip.source else "fragmentation needed"
        why = f"ICMP {what}: {packet.size} bytes, MTU {device.mtu}"
        self.end(namespace, device.name, why, "too big", packet)

    def arrive(self, namespace: Location, device: str, packet: Packet) -> None:
        """A program in `namespace` gets the `packet` that came in at `device`."""
        self.outcome, self.namespace, self.packet = "delivered", namespace, packet
        self.hops.append(Hop(namespace.name, device, "deliver", packet, packet))


class Trace(msgspec.Struct):
    """The outcome of one request, and of its answer.

    `outcome` is `answered`, or why not: `refused`, `rejected`, `dropped`, `unreachable`,
    `too big`, `no answer`. `seen` is the source address that the receiver saw, `receiver` where
    the request arrived (`ADDRESS:PORT`), `seconds` the time of the round trip, `mtu` what the
    sender learned when its packet was too big.
    """

    source: str
    destination: str
    port: int
    outcome: str
    reason: str
    hops: list[Hop]
    reply: list[Hop] = []
    seen: str = ""
    at: str = ""
    receiver: str = ""
    mtu: int = 0

    @property
    def ok(self) -> bool:
        """Whether the request was answered."""
        return self.outcome == "answered"

    @property
    def seconds(self) -> float:
        """Simulated seconds for the way there and back."""
        return sum(hop.seconds for hop in self.hops) + sum(hop.seconds for hop in self.reply)

    @property
    def on_the_wire(self) -> Packet | None:
        """The packet as it was between machines; None when it never was there."""
        return next((hop.before for hop in self.hops if hop.action == "wire"), None)

    @property
    def path(self) -> list[str]:
        """The places and devices in order, each once in a row."""
        found: list[str] = []
        for hop in self.hops:
            place = f"{hop.at}/{hop.device}" if hop.device else hop.at
            if not found or found[-1] != place:
                found.append(place)
        return found

    def table(self, reply: bool = False, changes: bool = False) -> Table:
        """One row a hop: AT, DEVICE, ACTION, BEFORE and AFTER (headers), RULE, MICROSECONDS.

        `reply` shows the way back; `changes` only hops where a rule changed the packet.
        """
        from course_lib.engine.table import Table

        hops = self.reply if reply else self.hops
        shown = [hop for hop in hops if not changes or hop.why or hop.after != hop.before]
        rows = [
            (
                hop.at, hop.device, hop.action, str(hop.before),
                str(hop.after) if hop.after != hop.before else "",
                hop.rule, round(hop.seconds * 1e6, 2),
            )
            for hop in shown
        ]  # fmt: skip
        return Table(rows, columns=list(COLUMNS))

    def _repr_html_(self) -> str:
        return f"<p>{self._summary()}</p>" + (self.table()._repr_html_() or "")

    def _summary(self) -> str:
        end = f"{self.outcome}: {self.reason}" if self.reason else self.outcome
        seen = f"; {self.at} ({self.receiver}) saw {self.seen}" if self.seen else ""
        return f"{self.source} to {self.destination}, port {self.port}: {end}{seen}"

    def __repr__(self) -> str:
        return "\n".join([self._summary(), *map(str, self.hops)])
