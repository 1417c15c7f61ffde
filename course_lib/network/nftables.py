"""nftables: a table of chains, maps and sets, read and obeyed.

`NFTables.load` takes what `nft -f` takes, as far as kube-proxy writes it: verdict maps with
several keys at once, sets with a timeout, random numbers. A lookup in a map costs the same
however many entries it has. Source: nft(8).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from course_lib.errors import CourseError
from course_lib.network.chains import (
    ACCEPT,
    DROP,
    REJECT,
    RETURN,
    BaseChain,
    Chain,
    Look,
    Match,
    Rule,
    Target,
)
from course_lib.network.iptables_words import in_block, masquerade, split_port

_TOKEN = re.compile(r'"[^"]*"|[{},]|[^\s{},]+')
_HOOK = re.compile(r"type (\w+) hook (\w+) priority (-?\d+)")
Verdict = Callable[[Look], str | None]


class NFTables:
    """One table of a family (`ip` or `ip6`)."""

    def __init__(self, six: bool = False) -> None:
        self.six = six
        self.text = ""
        self.chains: dict[str, Chain] = {}
        self.maps: dict[str, dict[str, Verdict]] = {}
        self.sets: dict[str, dict[str, float]] = {}  # member to when it is over
        self.timeouts: dict[str, float] = {}
        self._bases: list[tuple[str, str, int, str]] = []

    def load(self, text: str) -> None:
        """Put a table in the place of the old one; raises `CourseError` for what it cannot read.

        Members of sets with a timeout stay, as long as the set does.
        """
        made = NFTables(self.six)
        bodies: list[tuple[str, list[str]]] = []
        for kind, name, lines in _blocks(text):
            if kind == "set":
                made._read_set(name, lines, self.sets.get(name, {}))
            elif kind == "map":
                made.maps[name] = {}
                bodies.append((name, lines))
            else:
                made.chains[name] = Chain(name)
        for name, lines in bodies:
            for element in _elements(lines):
                key, _, verdict = element.rpartition(" : ")
                made.maps[name][key] = made.verdict(verdict.split())
        for kind, name, lines in _blocks(text):
            if kind == "chain":
                made._read_chain(name, lines)
        self.text = text
        self.chains, self.maps, self.sets = made.chains, made.maps, made.sets
        self.timeouts, self._bases = made.timeouts, made._bases

    def base_chains(self) -> list[BaseChain]:
        """The chains at hooks."""
        return [
            BaseChain(hook.upper(), priority, kind, self.chains[name], self.six)
            for name, hook, priority, kind in self._bases
        ]

    def __len__(self) -> int:
        return sum(len(chain.rules) for chain in self.chains.values())

    def _read_set(self, name: str, lines: list[str], old: dict[str, float]) -> None:
        timeout = next((line for line in lines if line.startswith("timeout ")), "")
        self.sets[name] = dict.fromkeys(_elements(lines), float("inf"))
        if timeout:
            self.timeouts[name] = float(timeout.split()[1].rstrip("s"))
            self.sets[name] = dict(old)

    def _read_chain(self, name: str, lines: list[str]) -> None:
        for line in lines:
            hook = _HOOK.match(line)
            if hook:
                self._bases.append((name, hook[2], int(hook[3]), hook[1]))
            else:
                self.chains[name].append(self._rule(line))

    def _rule(self, line: str) -> Rule:
        words = _TOKEN.findall(re.sub(r' comment "[^"]*"$', "", line))
        matches: list[Match] = []
        while words:
            if words[0] in _STATEMENTS:
                return Rule(line, tuple(matches), self.verdict(words))
            if words[0] == "numgen" or (words[2:3] == ["."] and "vmap" in words):
                return Rule(line, tuple(matches), self._lookup(words))
            matches.append(self._match(words))
        return Rule(line, tuple(matches), lambda look: None)

    # Matches: what comes before the verdict

    def _match(self, words: list[str]) -> Match:
        if words[2:3] == ["."]:  # a key, to be found in a set
            return self._member(words)
        first = words.pop(0)
        if first in ("ip", "ip6") and words[0] in ("daddr", "saddr"):
            return self._address("destination" if words.pop(0) == "daddr" else "source", words)
        if first == "ct":  # ct state new, ct status dnat
            what, wanted = words[:2]
            del words[:2]
            if what == "status":
                return lambda look: look.connection.dnat
            return lambda look: look.connection.state == wanted.upper()
        if first == "mark" and words[0] == "set":  # mark set mark | 0x4000
            operator, bits = words[2], int(words[3], 0)
            del words[:4]
            return _mark(operator, bits)
        if first == "mark":  # mark & 0x4000 != 0
            bits, same, value = int(words[1], 0), words[2] == "==", int(words[3], 0)
            del words[:4]
            return lambda look: (look.mark & bits == value) is same
        if first == "fib":  # fib saddr type local
            side = "destination" if words[0] == "daddr" else "source"
            del words[:3]
            return lambda look: look.is_local(getattr(look, side))
        if first == "meta":  # meta l4proto tcp
            protocol = words[1]
            del words[:2]
            return lambda look: look.protocol == protocol
        if first in ("tcp", "udp", "sctp"):  # tcp dport 80
            port = int(words[1])
            del words[:2]
            return lambda look: look.protocol == first and look.destination_port == port
        if first == "update":
            return self._update(words)
        raise CourseError("nft does not know this expression here", found=" ".join([first, *words]))

    def _address(self, side: str, words: list[str]) -> Match:
        negated = words[0] == "!="
        if negated:
            words.pop(0)
        wanted = words.pop(0)
        test: Callable[[Look], bool]
        if wanted.startswith("@"):
            members = self.sets[wanted[1:]]
            test = lambda look: members.get(getattr(look, side), -1.0) > look.now  # noqa: E731
        else:
            cidrs = [wanted]
            if wanted == "{":
                end = words.index("}")
                cidrs = [word for word in words[:end] if word != ","]
                del words[: end + 1]
            tests = [in_block(cidr if "/" in cidr else _single(cidr))[0] for cidr in cidrs]
            test = lambda look: any(t(getattr(look, side)) for t in tests)  # noqa: E731
        return (lambda look: not test(look)) if negated else test

    def _member(self, words: list[str]) -> Match:
        """`ip saddr . ip daddr . meta l4proto . th dport @set`: all of it at once."""
        at = next(place for place, word in enumerate(words) if word.startswith("@"))
        make, members = _key(words[:at]), self.sets[words[at][1:]]
        del words[: at + 1]
        return lambda look: make(look) in members

    def _update(self, words: list[str]) -> Match:
        """`update @set { ip saddr }`: remember the source for as long as the set says."""
        name = words[0][1:]
        members, seconds = self.sets[name], self.timeouts[name]
        words.clear()

        def match(look: Look) -> bool:
            members[look.source] = look.now + seconds
            return True

        return match

    # Lookups: a key, and a map of verdicts

    def _lookup(self, words: list[str]) -> Target:
        """A key, and the map of verdicts that it is looked up in; without an entry: go on."""
        at = words.index("vmap")
        key, place = words[:at], words[at + 1 :]
        if place[0] == "{":
            entries = dict(part.strip().split(" : ") for part in " ".join(place[1:-1]).split(","))
            table = {k: self.verdict(v.split()) for k, v in entries.items()}
        else:
            table = self.maps[place[0][1:]]
        make = _key(key)

        def target(look: Look) -> str | None:
            verdict = table.get(make(look))
            return verdict(look) if verdict is not None else None

        return target

    def verdict(self, words: list[str]) -> Verdict:
        """A verdict, another chain, a translation, a mark; raises `CourseError` for other words."""
        chains = self.chains
        match words:
            case ["accept"]:
                return lambda look: ACCEPT
            case ["drop"]:
                return lambda look: DROP
            case ["reject", *_]:
                return lambda look: REJECT
            case ["return"]:
                return lambda look: RETURN
            case ["jump", name]:
                return lambda look: chains[name].run(look)
            case ["goto", name]:
                return lambda look: chains[name].run(look) or RETURN
            case ["masquerade", *how]:
                fully = "fully-random" in how
                return lambda look: masquerade(look, fully)
            case ["dnat", "to", place]:
                return _dnat(split_port(place))
            case ["dnat", "ip" | "ip6", "addr", ".", "port", "to", *how] if "map" in how:
                at = how.index("map")
                return _dnat_map(how[:at], " ".join(how[at + 2 : -1]))
        raise CourseError("nft does not know this statement here", found=" ".join(words))


_STATEMENTS = (
    "accept", "drop", "reject", "return", "jump", "goto", "masquerade", "dnat",
)  # fmt: skip


def _single(address: str) -> str:
    return f"{address}/{128 if ':' in address else 32}"


def _dnat(wanted: tuple[str, int]) -> Verdict:
    def target(look: Look) -> str:
        look.dnat = wanted
        return ACCEPT

    return target


def _dnat_map(number: list[str], entries: str) -> Verdict:
    """A place among many, by number: `numgen random mod 2 map { 0 : 10.0.0.1 . 80, ... }`."""
    make = _key(number)
    places: dict[str, Verdict] = {}
    for entry in entries.split(","):
        key, _, place = entry.strip().partition(" : ")
        address, _, port = place.partition(" . ")
        places[key] = _dnat((address, int(port)))
    return lambda look: places[make(look)](look)


def _mark(operator: str, bits: int) -> Match:
    """A statement that changes the mark, and goes on."""

    def change(look: Look) -> bool:
        look.mark = look.mark | bits if operator == "|" else look.mark ^ bits
        return True

    return change


def _key(words: list[str]) -> Callable[[Look], str]:
    """How to make the key of a lookup: `ip daddr . meta l4proto . th dport`, or a number."""
    text = " ".join(words)
    if text.startswith("numgen random mod "):
        among = int(words[3])
        return lambda look: str(look.random.randrange(among))
    if text.endswith("daddr . meta l4proto . th dport") and " saddr . " in text:
        return lambda look: (
            f"{look.source} . {look.destination} . {look.protocol} . {look.destination_port}"
        )
    if text.endswith("daddr . meta l4proto . th dport"):
        return lambda look: f"{look.destination} . {look.protocol} . {look.destination_port}"
    if text == "meta l4proto . th dport":
        return lambda look: f"{look.protocol} . {look.destination_port}"
    raise CourseError("nft does not know this key here", found=text)


def _blocks(text: str) -> list[tuple[str, str, list[str]]]:
    """The sets, maps and chains of a table: kind, name, lines."""
    found: list[tuple[str, str, list[str]]] = []
    inside = False
    for line in text.splitlines():
        title = re.match(r"\t(set|map|chain) (\S+) \{$", line)
        if title:
            found.append((title[1], title[2], []))
            inside = True
        elif line == "\t}":
            inside = False
        elif inside:
            found[-1][2].append(line.strip())
    return found


def _elements(lines: list[str]) -> list[str]:
    text = " ".join(lines)
    found = re.search(r"elements = \{ (.*?) \}", text)
    return [part.strip() for part in found[1].split(",")] if found else []
