"""The words of an iptables rule, each read into a match or a target.

`read_rule` goes through a line (`-A CHAIN ...`) option by option. What an option means stands in
one function here, and in the two tables at the end of each half. Source: iptables(8),
iptables-extensions(8).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial

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
    return _Reader(words[2:], line, of).read()


class _Reader:
    """Reads the words of a rule, one option after the other."""

    def __init__(self, words: list[str], line: str, of: RuleContext) -> None:
        self.words: Iterator[str] = iter(words)
        self.line, self.of = line, of
        self.negated = False  # a `!` stands before the option
        self.target: Target = lambda look: None
        self.destination = ""

    def read(self) -> Rule:
        """All matches, and the target."""
        matches: list[Match] = []
        for word in self.words:
            if word == "!":
                self.negated = True
                continue
            option = _OPTIONS.get(word)
            if option is None:
                raise CourseError(
                    "this option of iptables is not known here",
                    where=self.line,
                    found=word,
                    expected=", ".join(_OPTIONS),
                )
            match = option(self)
            if match is not None:
                matches.append(_not(match) if self.negated else match)
            self.negated = False
        return Rule(self.line, tuple(matches), self.target, self.destination)

    def next(self) -> str:
        """The word after an option."""
        return next(self.words)


Option = Callable[[_Reader], Match | None]


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


def _word(make: Callable[[str], Match]) -> Option:
    """An option whose match follows from the word after it."""
    return lambda reader: make(reader.next())


def _skip(words: int) -> Option:
    """An option that changes nothing here, with so many words after it."""

    def option(reader: _Reader) -> None:
        for _ in range(words):
            reader.next()

    return option


def _jump(returns: bool) -> Option:
    """`-j` or `-g`: a verdict, another chain, or something done to the packet."""

    def option(reader: _Reader) -> None:
        name, chains = reader.next(), reader.of.chains
        if name in _TARGETS:
            reader.target = _TARGETS[name](reader)
        elif name not in chains:
            raise CourseError("the rule jumps to a chain that is not there", where=reader.line)
        elif returns:
            reader.target = lambda look: chains[name].run(look) or RETURN
        else:
            reader.target = lambda look: chains[name].run(look)

    return option


def _source(cidr: str) -> Match:
    test, _ = in_block(cidr)
    return lambda look: test(look.source)


def _destination(reader: _Reader) -> Match:
    test, only = in_block(reader.next())
    if not reader.negated:
        reader.destination = only
    return lambda look: test(look.destination)


def _device(side: str, name: str) -> Match:
    if name.endswith("+"):
        return lambda look: getattr(look, side).startswith(name[:-1])
    return lambda look: getattr(look, side) == name


def _port(side: str, ports: str) -> Match:
    low, _, high = ports.partition(":")
    if high:
        return lambda look: int(low) <= getattr(look, side) <= int(high)
    only = int(low)
    return lambda look: getattr(look, side) == only


def _mark(word: str) -> Match:
    value, _, mask = word.partition("/")
    wanted, bits = int(value, 0), int(mask, 0) if mask else 0xFFFFFFFF
    return lambda look: look.mark & bits == wanted


def _states(names: str) -> Match:
    wanted = set(names.split(","))

    def match(look: Look) -> bool:
        connection = look.connection
        return (
            connection.state in wanted
            or ("DNAT" in wanted and connection.dnat)
            or ("SNAT" in wanted and connection.snat)
        )

    return match


def _address_type(side: str) -> Option:
    def option(reader: _Reader) -> Match:
        if reader.next() != "LOCAL":
            raise CourseError("only addresses of type LOCAL are known", where=reader.line)
        return lambda look: look.is_local(getattr(look, side))

    return option


def _probability(share: str) -> Match:
    chance = float(share)
    return lambda look: look.random.random() < chance


def _match_set(reader: _Reader) -> Match:
    name, sides, sets = reader.next(), reader.next().split(","), reader.of.sets
    return lambda look: sets.matches(name, sides, look)


def _recent(reader: _Reader) -> Match:
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


_OPTIONS: dict[str, Option] = {
    "-s": _word(_source),
    "-d": _destination,
    "-p": _word(lambda wanted: lambda look: look.protocol == wanted),
    "-i": _word(partial(_device, "in_device")),
    "-o": _word(partial(_device, "out_device")),
    "-j": _jump(returns=False),
    "-g": _jump(returns=True),
    "-m": _skip(1),
    "--comment": _skip(1),
    "--mode": _skip(1),
    "--dport": _word(partial(_port, "destination_port")),
    "--sport": _word(partial(_port, "source_port")),
    "--mark": _word(_mark),
    "--ctstate": _word(_states),
    "--src-type": _address_type("source"),
    "--dst-type": _address_type("destination"),
    "--probability": _word(_probability),
    "--match-set": _match_set,
    "--physdev-is-in": lambda reader: lambda look: look.bridged,
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
    fully = "--random-fully" in reader.words
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
