"""How a program finds the address of a name: /etc/hosts, then the servers of /etc/resolv.conf.

Source: resolv.conf(5), hosts(5), getaddrinfo(3); an attempt waits 5 seconds, and there are two.
"""

from __future__ import annotations

import math
import re
from collections.abc import Generator

import msgspec

from course_lib.network.dns import candidates
from course_lib.runtimes.container_network import NameAnswer
from course_lib.runtimes.world import World

ATTEMPT, ATTEMPTS = 5.0, 2  # s, and how often
QUERY = 0.001  # s for a query and its answer
NAME_SERVER = "127.0.0.1"  # where resolv.conf names none


class ResolverSettings(msgspec.Struct, frozen=True):
    """What /etc/resolv.conf says."""

    servers: tuple[str, ...]
    searches: tuple[str, ...]
    ndots: int


def settings(world: World) -> ResolverSettings:
    """The resolver's settings in a container."""
    file = world.find("/etc/resolv.conf")
    servers, searches, ndots = list[str](), list[str](), 1
    for line in (file.data if file else b"").decode(errors="replace").splitlines():
        match line.split():
            case ["nameserver", server, *_]:
                servers.append(server)
            case ["search", *domains]:
                searches = domains
            case ["options", *options]:
                found = re.search(r"ndots:(\d+)", " ".join(options))
                ndots = int(found[1]) if found else ndots
    return ResolverSettings(tuple(servers) or (NAME_SERVER,), tuple(searches), ndots)


def is_address(text: str) -> bool:
    """Whether a text is an address."""
    parts = text.split(".")
    four = len(parts) == 4 and all(p.isdecimal() and int(p) < 256 for p in parts)
    return four or ":" in text


def in_hosts(world: World, name: str) -> str:
    """The address of a name in /etc/hosts; empty where there is none."""
    file = world.find("/etc/hosts")
    for line in (file.data if file else b"").decode(errors="replace").splitlines():
        fields = line.partition("#")[0].split()
        if name in fields[1:] and ":" not in fields[0]:
            return fields[0]
    return ""


def query(world: World, server: str, name: str, kind: str) -> Generator[float, None, NameAnswer]:
    """Ask one `server` for the records of one full `name`, of one `kind`; no answer: wait.

    It is sent from a program of a `world`.
    """
    answer = world.network.query(server, name, kind)
    yield ATTEMPT * ATTEMPTS if answer.code == "TIMEOUT" else QUERY
    return answer


class Resolved(msgspec.Struct, frozen=True):
    """The first address of a name, its full name, and all its addresses.

    Without an address: whether nobody answered.
    """

    address: str
    full: str = ""
    timed_out: bool = False
    addresses: tuple[str, ...] = ()


def resolve(world: World, name: str) -> Generator[float, None, Resolved]:
    """The address of a name, as the C library finds it."""
    if is_address(name):
        return Resolved(name, name, addresses=(name,))
    if known := in_hosts(world, name):
        return Resolved(known, name, addresses=(known,))
    found = settings(world)
    for full in candidates(name, found.searches, found.ndots):
        answer = yield from query(world, found.servers[0], full, "A")
        if answer.code == "TIMEOUT":
            return Resolved("", name, timed_out=True)
        addresses = [data for _, _, kind, data in answer.records if kind == "A"]
        if addresses:
            return Resolved(addresses[0], full, addresses=tuple(addresses))
    return Resolved("", name)


def resolve_within(
    world: World, name: str, limit: float
) -> Generator[float, None, Resolved | None]:
    """The address of a `name`, for a program of a `world`; None where `limit` seconds pass before.

    A limit of 0 is none.
    """
    steps, left = resolve(world, name), limit or math.inf
    try:
        while True:
            wait = next(steps)
            if wait > left:
                yield left
                return None
            yield wait
            left -= wait
    except StopIteration as end:
        found: Resolved = end.value
        return found
