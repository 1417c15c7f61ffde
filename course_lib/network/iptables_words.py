"""The words of an iptables rule, each read into a match or a target.

`read_rule` goes through a line (`-A CHAIN ...`) option by option. What an option means stands in
one function here, and in the two tables at the end of each half. Source: iptables(8),
iptables-extensions(8).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

import msgspec

from course_lib.errors import CourseError
from course_lib.network.chains import ACCEPT, DROP, REJECT, RETURN, Chain, Look, Match, Rule, Target
from course_lib.network.ipset import Sets
from course_lib.network.routes import block_of, number_of

_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|\S+')


class RuleContext(msgspec.Struct, frozen=True):
    """What a rule may refer to: chains of its table, sets, and lists of recent addresses."""

    chains: Mapping[str, Chain]
    sets: Sets
    recent: dict[str, dict[str, float]]


def read_rule(line: str, of: RuleContext) -> Rule:
    """One line (`-A CHAIN ...`) as a rule."""
    words = [w[1:-1] if w[0] == '"' else w for w in _WORD.findall(line)]
    reader = _Reader(words[2:], line, of)
    matches, target = reader.read()
    return Rule(line, matches, target, reader.destination)


class _Reader:
    """Reads the words of a rule, one option after the other."""

    def __init__(self, words: list[str], line: str, of: RuleContext) -> None:
        self.words: Iterator[str] = iter(words)
        self.line, self.of = line, of
        self.matches: list[Match] = []
        self.target: Target = lambda look: None
        self.destination = ""

    def read(self) -> tuple[tuple[Match, ...], Target]:
        """All matches, and the target."""
        negated = False
        for word in self.words:
            if word == "!":
                negated = True
                continue
            option = _OPTIONS.get(word)
            if option is None:
                raise CourseError(
                    "this option of iptables is not known here",
                    where=self.line,
                    found=word,
                    expected=", ".join(_OPTIONS),
                )
            match = option(self, negated)
            if match is not None:
                self.matches.append(_not(match) if negated else match)
            negated = False
        return tuple(self.matches), self.target

    def next(self) -> str:
        """The word after an option."""
        return next(self.words)

    def jump(self, returns: bool) -> None:
        """`-j` or `-g`: a verdict, another chain, or something done to the packet."""
        name = self.next()
        made = _TARGETS.get(name)
        if made is not None:
            self.target = made(self)
            return
        chains = self.of.chains
        if name not in chains:
            raise CourseError("the rule jumps to a chain that is not there", where=self.line)
        if returns:
            self.target = lambda look: chains[name].run(look) or RETURN
        else:
            self.target = lambda look: chains[name].run(look)


def _not(match: Match) -> Match:
    return lambda look: not match(look)


def in_block(cidr: str) -> tuple[Callable[[str], bool], str]:
    """A test for addresses of a block, and the one address where it is only one."""
    first, prefix, bits = block_of(cidr)
    if prefix == bits:
        plain = cidr.split("/")[0]
        return (lambda address: address == plain), plain
    shift = bits - prefix
    wanted = first >> shift

    def test(address: str) -> bool:
        value, size = number_of(address)
        return size == bits and value >> shift == wanted

    return test, ""


def _source(reader: _Reader, negated: bool) -> Match:
    test, _ = in_block(reader.next())
    return lambda look: test(look.source)


def _destination(reader: _Reader, negated: bool) -> Match:
    test, only = in_block(reader.next())
    if not negated:
        reader.destination = only
    return lambda look: test(look.destination)


def _protocol(reader: _Reader, negated: bool) -> Match:
    wanted = reader.next()
    return lambda look: look.protocol == wanted


def _device(side: str) -> Callable[[_Reader, bool], Match]:
    def option(reader: _Reader, negated: bool) -> Match:
        name = reader.next()
        if name.endswith("+"):
            return lambda look: getattr(look, side).startswith(name[:-1])
        return lambda look: getattr(look, side) == name

    return option


def _port(side: str) -> Callable[[_Reader, bool], Match]:
    def option(reader: _Reader, negated: bool) -> Match:
        low, _, high = reader.next().partition(":")
        if high:
            return lambda look: int(low) <= getattr(look, side) <= int(high)
        only = int(low)
        return lambda look: getattr(look, side) == only

    return option


def _mark(reader: _Reader, negated: bool) -> Match:
    value, _, mask = reader.next().partition("/")
    wanted, bits = int(value, 0), int(mask, 0) if mask else 0xFFFFFFFF
    return lambda look: look.mark & bits == wanted


def _states(reader: _Reader, negated: bool) -> Match:
    wanted = set(reader.next().split(","))

    def match(look: Look) -> bool:
        connection = look.connection
        return (
            connection.state in wanted
            or ("DNAT" in wanted and connection.dnat)
            or ("SNAT" in wanted and connection.snat)
        )

    return match


def _address_type(side: str) -> Callable[[_Reader, bool], Match]:
    def option(reader: _Reader, negated: bool) -> Match:
        kind = reader.next()
        if kind != "LOCAL":
            raise CourseError("only addresses of type LOCAL are known", where=reader.line)
        return lambda look: look.is_local(getattr(look, side))

    return option


def _probability(reader: _Reader, negated: bool) -> Match:
    chance = float(reader.next())
    return lambda look: look.random.random() < chance


def _match_set(reader: _Reader, negated: bool) -> Match:
    name, sides = reader.next(), reader.next().split(",")
    sets = reader.of.sets
    return lambda look: sets.matches(name, sides, look)


def _from_bridge(reader: _Reader, negated: bool) -> Match:
    return lambda look: look.bridged


def _recent(reader: _Reader, negated: bool) -> Match:
    """`-m recent`: addresses seen lately, in a list with a name (`--set`, `--rcheck --seconds`)."""
    words = dict(re.findall(r"--(name|seconds) (\S+)", reader.line))
    seen = reader.of.recent.setdefault(words.get("name", "DEFAULT"), {})
    seconds = float(words.get("seconds", "inf"))

    def remember(look: Look) -> bool:
        seen[look.source] = look.now
        return True

    def check(look: Look) -> bool:
        return look.now - seen.get(look.source, float("-inf")) < seconds

    return remember if " --set " in reader.line else check


def _skip(words: int) -> Callable[[_Reader, bool], None]:
    def option(reader: _Reader, negated: bool) -> None:
        for _ in range(words):
            reader.next()

    return option


def _jump(reader: _Reader, negated: bool) -> None:
    reader.jump(returns=False)


def _goto(reader: _Reader, negated: bool) -> None:
    reader.jump(returns=True)


Option = Callable[[_Reader, bool], Match | None]
_OPTIONS: dict[str, Option] = {
    "-s": _source,
    "-d": _destination,
    "-p": _protocol,
    "-i": _device("in_device"),
    "-o": _device("out_device"),
    "-j": _jump,
    "-g": _goto,
    "-m": _skip(1),
    "--comment": _skip(1),
    "--mode": _skip(1),
    "--dport": _port("destination_port"),
    "--sport": _port("source_port"),
    "--mark": _mark,
    "--ctstate": _states,
    "--src-type": _address_type("source"),
    "--dst-type": _address_type("destination"),
    "--probability": _probability,
    "--match-set": _match_set,
    "--physdev-is-in": _from_bridge,
    "--set": _recent,
    "--rcheck": _recent,
    "--seconds": _skip(1),
    "--reap": _skip(0),
    "--name": _skip(1),
    "--mask": _skip(1),
    "--rsource": _skip(0),
}


def _verdict(verdict: str) -> Callable[[_Reader], Target]:
    return lambda reader: lambda look: verdict


def _reject(reader: _Reader) -> Target:
    for _ in reader.words:  # --reject-with: the kind of ICMP message
        pass
    return lambda look: REJECT


def _set_mark(reader: _Reader) -> Target:
    """`--set-xmark value/mask`: clear the bits of the mask, and turn over those of the value."""
    option, words = reader.next(), reader.next()
    value, _, mask = words.partition("/")
    bits = int(value, 0)
    clear = {"--or-mark": bits, "--xor-mark": 0}.get(option, int(mask, 0) if mask else 0xFFFFFFFF)

    def target(look: Look) -> None:
        look.mark = (look.mark & ~clear & 0xFFFFFFFF) ^ bits

    return target


def split_port(text: str) -> tuple[str, int]:
    """`10.244.0.2:80` or `[fd00::2]:80` as address and port (0 where there is none)."""
    address, _, port = text.rpartition(":")
    if text.startswith("["):
        return address[1:-1], int(port)
    return (address, int(port)) if address and ":" not in address else (text, 0)


def _translate(side: str) -> Callable[[_Reader], Target]:
    """`--to-destination` or `--to-source`: the address and port that take their place."""

    def read(reader: _Reader) -> Target:
        reader.next()
        wanted = split_port(reader.next())

        def target(look: Look) -> str:
            setattr(look, side, wanted)
            return ACCEPT

        return target

    return read


def masquerade(look: Look, random_port: bool) -> str:
    """The source becomes the address of the device that the packet goes out of."""
    device = look.namespace.devices[look.out_device]
    address = device.address(":" in look.destination) or look.namespace.source_for(look.destination)
    look.snat = address, look.random.randrange(1024, 65536) if random_port else 0
    return ACCEPT


def _masquerade(reader: _Reader) -> Target:
    fully = any(word == "--random-fully" for word in reader.words)
    return lambda look: masquerade(look, fully)


_TARGETS: dict[str, Callable[[_Reader], Target]] = {
    "ACCEPT": _verdict(ACCEPT),
    "DROP": _verdict(DROP),
    "RETURN": _verdict(RETURN),
    "REJECT": _reject,
    "MARK": _set_mark,
    "DNAT": _translate("dnat"),
    "SNAT": _translate("snat"),
    "MASQUERADE": _masquerade,
}
