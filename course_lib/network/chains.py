"""Rules in chains: what a rule sees of a packet, its matches, and the verdict.

A chain is a list of rules; a rule is a list of matches and a target. `iptables.py` and
`nftables.py` read two languages into these chains; `netfilter.py` has the hooks at which they run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from course_lib.network.conntrack import TrackedConnection
from course_lib.network.namespace import NetworkNamespace
from course_lib.network.packet import IP, TCP, UDP, Packet
from course_lib.network.trace import Journey

ACCEPT, DROP, REJECT, RETURN = "ACCEPT", "DROP", "REJECT", "RETURN"
# The priorities of iptables' tables (`linux/netfilter_ipv4.h`); nat: of its destination's side.
PRIORITIES = {"raw": -300, "mangle": -150, "dstnat": -100, "filter": 0, "srcnat": 100}


class Look:
    """What a rule sees of a packet at a hook; targets write `mark`, `dnat` and `snat`.

    `namespace` is the machine's; `packet` belongs to `connection`, as its `reply` or not; `journey`
    has the time and the chance.
    """

    __slots__ = (
        "applied", "bridged", "connection", "destination", "destination_port", "dnat", "examined",
        "in_device", "local", "mark", "namespace", "now", "out_device", "protocol", "random",
        "reply", "snat", "source", "source_port",
    )  # fmt: skip

    def __init__(
        self,
        namespace: NetworkNamespace,
        packet: Packet,
        connection: TrackedConnection,
        reply: bool,
        journey: Journey,
    ) -> None:
        self.namespace, self.local = namespace, namespace.local
        self.connection, self.reply = connection, reply
        self.now, self.random = journey.now, journey.random
        self.in_device = self.out_device = ""
        self.bridged = False
        self.applied: list[str] = []
        self.examined = 0
        self.dnat: tuple[str, int] | None = None
        self.snat: tuple[str, int] | None = None
        self.see(packet)

    def is_local(self, address: str) -> bool:
        """Whether an address is this namespace's own; all of 127.0.0.0/8 is, on no device."""
        return address in self.local or address.startswith("127.")

    def see(self, packet: Packet) -> None:
        """Look at the packet as it is now."""
        ip = packet.headers[0]
        assert type(ip) is IP
        self.source, self.destination, self.protocol = ip.source, ip.destination, ip.protocol
        transport = packet.headers[1] if len(packet.headers) > 1 else None
        if type(transport) is TCP or type(transport) is UDP:
            self.source_port = transport.source_port
            self.destination_port = transport.destination_port
        else:
            self.source_port = self.destination_port = 0
        self.mark = packet.mark


Match = Callable[[Look], bool]
Target = Callable[[Look], str | None]  # a verdict, or None: go on with the next rule


class Rule(msgspec.Struct, frozen=True, eq=False):
    """Matches that must all hold, what then happens, and the rule as written.

    `destination` is the one address that it can match, where there is just one.
    """

    text: str
    matches: tuple[Match, ...]
    target: Target
    destination: str = ""


class Chain:
    """Rules in order; `policy` is the verdict of a base chain for what no rule decided.

    The kernel looks at the rules one after the other. So does `run`, but rules for a single other
    address are passed over; `examined` counts them as the kernel would.
    """

    def __init__(self, name: str, policy: str = "") -> None:
        self.name, self.policy = name, policy
        self._rules: list[Rule] = []
        self._for: dict[str, list[tuple[int, Rule]]] | None = None
        self._others: list[tuple[int, Rule]] = []

    @property
    def rules(self) -> list[Rule]:
        """The rules in order."""
        return self._rules

    def append(self, rule: Rule) -> None:
        """One more rule, at the end."""
        self._rules.append(rule)
        self._for = None

    def _index(self) -> dict[str, list[tuple[int, Rule]]]:
        numbered = list(enumerate(self.rules))
        self._others = [(n, rule) for n, rule in numbered if not rule.destination]
        found: dict[str, list[tuple[int, Rule]]] = {}
        for n, rule in numbered:
            if rule.destination:
                found.setdefault(rule.destination, []).append((n, rule))
        self._for = {
            address: sorted(rules + self._others, key=lambda pair: pair[0])
            for address, rules in found.items()
        }
        return self._for

    def run(self, look: Look) -> str | None:
        """The verdict of the first rule that has one; None when the chain ends without."""
        index = self._for if self._for is not None else self._index()
        last = 0
        for number, rule in index.get(look.destination, self._others):
            for match in rule.matches:
                if not match(look):
                    break
            else:
                look.examined += number + 1 - last
                last = number + 1
                look.applied.append(rule.text)
                verdict = rule.target(look)
                if verdict is RETURN:
                    return None
                if verdict is not None:
                    return verdict
        look.examined += len(self._rules) - last
        return None


class BaseChain(msgspec.Struct, frozen=True, eq=False):
    """A chain at a hook. `kind` is `filter` or `nat`."""

    hook: str
    priority: int
    kind: str
    chain: Chain
    six: bool | None = None  # of which family it sees packets (None: both)


class Source(Protocol):
    """A set of rules, by whatever language: it knows its base chains."""

    def base_chains(self) -> list[BaseChain]:
        """The chains that stand at hooks."""
