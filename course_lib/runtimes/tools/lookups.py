"""Names: nslookup, dig, host, getent.

BusyBox's nslookup adds the search domains only to a name without a dot, and asks all of them: so
`nslookup web.shop` finds nothing where a program that asks the C library does.
Source: BusyBox 1.36, `networking/nslookup.c`; BIND 9.18's dig and nslookup (`dnsutils` of Debian
and of the Kubernetes end-to-end images).
"""

from __future__ import annotations

from collections.abc import Iterator

from course_lib.network.dns import candidates
from course_lib.runtimes.container_network import NameAnswer
from course_lib.runtimes.kernel import Running
from course_lib.runtimes.tools.resolving import (
    Resolved,
    in_hosts,
    is_address,
    query,
    resolve,
    settings,
)
from course_lib.runtimes.tools.tool import Tool, ToolFault
from course_lib.runtimes.world import World

NO_SERVERS = ";; connection timed out; no servers could be reached"


def backwards(address: str) -> str:
    """The name under which an address is looked up.

    >>> backwards("10.96.0.1")
    '1.0.96.10.in-addr.arpa'
    """
    return ".".join(reversed(address.split("."))) + ".in-addr.arpa"


def _nslookup(world: World, arguments: list[str]) -> Running:
    kinds, rest = list[str](), list[str]()
    for argument in arguments:
        option, _, value = argument.partition("=")
        if option in ("-type", "-query", "-q", "-t"):
            kinds.append(value.upper())
        elif argument.startswith("-"):
            raise ToolFault(f"the course does not simulate the option {argument}", 2)
        else:
            rest.append(argument)
    if not rest:
        raise ToolFault("missing operand")
    name, found = rest[0], settings(world)
    server = found.servers[0]
    if rest[1:]:
        at = yield from resolve(world, rest[1])
        if not at.address:
            raise ToolFault(f"bad address '{rest[1]}'")
        server = at.address
    if not world.busybox:
        return (yield from _of_bind(world, name, server, kinds))
    if is_address(name):
        kinds, names = ["PTR"], [backwards(name)]
    else:
        names = [name] if "." in name else [f"{name}.{d}" for d in found.searches] or [name]
    return (yield from _of_busybox(world, names, server, kinds or ["A", "AAAA"]))


def _of_busybox(world: World, names: list[str], server: str, kinds: list[str]) -> Running:
    head, code, failed = f"Server:\t\t{server}\nAddress:\t{server}:53\n\n", 0, False
    for kind in kinds:
        shown = ""
        for name in names:
            answer = yield from query(world, server, name.rstrip("."), kind)
            if answer.code == "TIMEOUT":
                world.say(head if failed else "")
                return world.complain(f"{NO_SERVERS}\n")
            if answer.code == "NXDOMAIN":
                shown += f"** server can't find {name}: NXDOMAIN\n\n"
                code = 1
            else:
                shown += "".join(f"{row}\n" for row in _rows(answer)) + "\n"
        world.say(head + shown)
        head, failed = "", True
    return code


def _rows(answer: NameAnswer) -> list[str]:
    rows = []
    for name, _, kind, data in answer.records:
        match kind:
            case "A" | "AAAA":
                rows.append(f"Name:\t{name}\nAddress: {data}")
            case "CNAME":
                rows.append(f"{name}\tcanonical name = {data}")
            case "PTR":
                rows.append(f"{name}\tname = {data}")
            case "SRV":
                rows.append(f"{name}\tservice = {data}")
    return rows


def _of_bind(world: World, name: str, server: str, kinds: list[str]) -> Running:
    """BIND's nslookup: it tries the search domains one after the other."""
    found = settings(world)
    world_says = f"Server:\t\t{server}\nAddress:\t{server}#53\n\n"
    names = [backwards(name)] if is_address(name) else candidates(
        name, found.searches, found.ndots)  # fmt: skip
    kind = "PTR" if is_address(name) else (kinds or ["A"])[0]
    for full in names:
        answer = yield from query(world, server, full, kind)
        if answer.code == "TIMEOUT":
            world.say(f"{NO_SERVERS}\n\n")
            return 1
        if answer.records:
            world.say(world_says + "\n".join(_rows(answer)) + "\n\n")
            return 0
    last = answer.code
    world.say(f"{world_says}** server can't find {name}: {last}\n\n" if last == "NXDOMAIN" else
              f"{world_says}*** Can't find {name}: No answer\n\n")  # fmt: skip
    return 1


class _Question:
    """The command line of dig: `[@SERVER] NAME [TYPE] [+short] [+search] [-x ADDRESS]`."""

    def __init__(self, arguments: list[str]) -> None:
        self.server, self.name, self.kind = "", "", "A"
        self.short = self.search = self.quiet = False
        rest = list(arguments)
        while rest:
            first = rest.pop(0)
            if first.startswith("@"):
                self.server = first[1:]
            elif first in ("+short", "+search"):
                self.short, self.search = self.short or first == "+short", (
                    self.search or first == "+search")  # fmt: skip
            elif first in ("+noall", "+answer"):
                self.quiet = True
            elif first == "-x" and rest:
                self.name, self.kind = backwards(rest.pop(0)), "PTR"
            elif first in ("-t", "-q") and rest:
                value = rest.pop(0)
                self.kind, self.name = (value.upper(), self.name) if first == "-t" else (
                    self.kind, value)  # fmt: skip
            elif first.upper() in ("A", "AAAA", "SRV", "PTR", "CNAME", "ANY"):
                self.kind = first.upper()
            elif first.startswith(("-", "+")):
                raise ToolFault(f"the course does not simulate the option {first}", 1)
            else:
                self.name = first


def _dig(world: World, arguments: list[str]) -> Running:
    """dig asks for a name as it stands, unless `+search` is given."""
    asked, found = _Question(arguments), settings(world)
    server = asked.server or found.servers[0]
    if not is_address(server):
        server = (yield from resolve(world, server)).address
    names = [asked.name.rstrip(".")]
    if asked.search:
        names = candidates(asked.name, found.searches, found.ndots)
    for name in names:
        answer = yield from query(world, server, name, asked.kind)
        if answer.code != "NXDOMAIN":
            break
    if answer.code == "TIMEOUT":
        world.say(f"{NO_SERVERS}\n" if asked.short else _dig_head(arguments) + f"{NO_SERVERS}\n")
        return 9
    rows = [f"{n}.\t\t{ttl}\tIN\t{kind}\t{_dotted(kind, data)}"
            for n, ttl, kind, data in answer.records]  # fmt: skip
    if asked.short:
        return world.say("".join(f"{_dotted(k, data)}\n" for _, _, k, data in answer.records))
    if asked.quiet:
        return world.say("".join(f"{row}\n" for row in rows))
    return world.say(_dig_text(arguments, name, asked.kind, answer, rows, server))


def _dotted(kind: str, data: str) -> str:
    return f"{data}." if kind in ("CNAME", "PTR", "SRV") else data


def _dig_head(arguments: list[str]) -> str:
    asked = " ".join(arguments)
    return f"\n; <<>> DiG 9.18 <<>> {asked}\n;; global options: +cmd\n"


def _dig_text(
    arguments: list[str], name: str, kind: str, answer: NameAnswer, rows: list[str], server: str
) -> str:
    counts = f"QUERY: 1, ANSWER: {len(rows)}, AUTHORITY: 0, ADDITIONAL: 1"
    text = _dig_head(arguments)
    text += f";; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: {answer.code}, id: 4660\n"
    text += f";; flags: qr aa rd; {counts}\n\n;; QUESTION SECTION:\n;{name}.\t\tIN\t{kind}\n\n"
    if rows:
        text += ";; ANSWER SECTION:\n" + "".join(f"{row}\n" for row in rows) + "\n"
    return text + f";; Query time: 1 msec\n;; SERVER: {server}#53({server}) (UDP)\n\n"


def _host(world: World, arguments: list[str]) -> Running:
    name = arguments[0] if arguments else ""
    found = yield from resolve(world, name)
    if found.timed_out:
        world.say(f"{NO_SERVERS}\n")
        return 1
    if not found.address:
        world.say(f"Host {name} not found: 3(NXDOMAIN)\n")
        return 1
    return world.say(f"{found.full} has address {found.address}\n")


def _host_lines(database: str, found: Resolved) -> Iterator[str]:
    """A line for each address; of `ahosts` one for each type of socket, the name in the first."""
    for address in found.addresses:
        if database == "hosts":
            yield f"{address:<15} {found.full}\n"
            continue
        name = found.full if address == found.address else ""
        yield f"{address:<15} STREAM {name}\n"
        yield from (f"{address:<15} {kind:<6} \n" for kind in ("DGRAM", "RAW"))


def _getent(world: World, arguments: list[str]) -> Running:
    """`getent hosts NAME`, `getent passwd [NAME]`."""
    database, names = (arguments or [""])[0], arguments[1:]
    if database in ("hosts", "ahosts", "ahostsv4") and names:
        found = yield from resolve(world, names[0])
        if not found.address:
            return 2
        return world.say("".join(_host_lines(database, found)))
    if database in ("passwd", "group"):
        file = world.find(f"/etc/{database}")
        lines = (file.data if file else b"").decode().splitlines()
        shown = [row for row in lines if not names or row.split(":")[0] in names
                 or row.split(":")[2] in names]  # fmt: skip
        world.say("".join(f"{row}\n" for row in shown))
        return 0 if shown else 2
    raise ToolFault(f"the course does not simulate the database {database}", 1)


LOOKUP_TOOLS: dict[str, Tool] = {
    "nslookup": _nslookup,
    "dig": _dig,
    "host": _host,
    "getent": _getent,
}
__all__ = ["LOOKUP_TOOLS", "backwards", "in_hosts"]
