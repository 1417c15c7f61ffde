"""Routes: where a packet goes next, by the longest prefix that its destination matches.

Source: RFC 1812 5.2.4; the words are those of `ip route` (iproute2).
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

import msgspec

from course_lib.errors import CourseError


@lru_cache(maxsize=1 << 17)
def number_of(address: str) -> tuple[int, int]:
    """An address as a number, and its bits (32 or 128)."""
    parsed = ipaddress.ip_address(address)
    return int(parsed), parsed.max_prefixlen


@lru_cache(maxsize=1 << 16)
def block_of(cidr: str) -> tuple[int, int, int]:
    """A block as its first address, its prefix length and the bits of an address."""
    block = ipaddress.ip_network(cidr, strict=False)
    return int(block.network_address), block.prefixlen, block.max_prefixlen


def within(address: str, cidr: str) -> bool:
    """Whether an address lies in a block.

    >>> within("10.244.1.7", "10.244.1.0/24"), within("10.244.2.7", "10.244.1.0/24")
    (True, False)
    """
    value, bits = number_of(address)
    first, prefix, block_bits = block_of(cidr)
    return bits == block_bits and (value ^ first) >> (bits - prefix) == 0


class Route(msgspec.Struct, frozen=True):
    """One line of a routing table.

    `via` is the next hop, empty where the destination itself is on the wire; `onlink` says that
    the next hop is reached through the device although no address of it says so. `kind` is
    `unicast`, `blackhole` (thrown away) or `unreachable`.
    """

    destination: str  # a block, or "default"
    device: str = ""
    via: str = ""
    source: str = ""
    kind: str = "unicast"
    onlink: bool = False
    protocol: str = ""
    mtu: int = 0

    def __str__(self) -> str:
        """As `ip route` prints it.

        >>> print(Route("10.244.1.0/24", "eth0", "192.168.49.3"))
        10.244.1.0/24 via 192.168.49.3 dev eth0
        """
        shown = re.sub(r"/(32|128)$", "", self.destination)
        parts = [shown] if self.kind == "unicast" else [self.kind, shown]
        parts += ["via", self.via] if self.via else []
        parts += ["dev", self.device] if self.device else []
        parts += ["proto", self.protocol] if self.protocol else []
        parts += ["scope", "link"] if self.kind == "unicast" and not self.via else []
        parts += ["src", self.source] if self.source else []
        parts += ["mtu", str(self.mtu)] if self.mtu else []
        return " ".join(parts + (["onlink"] if self.onlink else []))


class RoutingTable:
    """The routes of one network namespace.

    >>> table = RoutingTable()
    >>> table.add(Route("default", "eth0", "192.168.49.1"))
    >>> table.add(Route("10.244.1.0/24", "eth0", "192.168.49.3"))
    >>> table.lookup("10.244.1.9").via, table.lookup("8.8.8.8").via
    ('192.168.49.3', '192.168.49.1')
    """

    def __init__(self, limit: int | None = None) -> None:
        self.limit = limit  # clouds set one
        # For each length of address (bits) and prefix: the first address of a block to its route.
        self._blocks: dict[tuple[int, int], dict[int, Route]] = {}
        self._prefixes: dict[int, list[tuple[int, int, dict[int, Route]]]] = {32: [], 128: []}
        self._size = 0

    def add(self, route: Route) -> None:
        """Add a route, or put it in the place of the one to the same block (`ip route replace`)."""
        for family, cidr in _cidrs(route):
            first, prefix, _ = block_of(cidr)
            blocks = self._blocks.get((family, prefix))
            if blocks is None:
                blocks = self._blocks[family, prefix] = {}
                self._prefixes[family].append((prefix, family - prefix, blocks))
                self._prefixes[family].sort(key=lambda found: -found[0])
            if first not in blocks:
                self._count(route)
            blocks[first] = route

    def _count(self, route: Route) -> None:
        if self.limit is not None and self._size >= self.limit:
            raise CourseError(
                "the routing table is full",
                where=f"route to {route.destination}",
                expected=f"at most {self.limit} routes",
                do="use fewer nodes, larger blocks, or addresses that need no route of their own",
            )
        self._size += 1

    def remove(self, destination: str, family: int = 32) -> None:
        """Take the route to a block away; one that is not there is no error."""
        for bits, cidr in _cidrs(Route(destination), family):
            first, prefix, _ = block_of(cidr)
            if self._blocks.get((bits, prefix), {}).pop(first, None) is not None:
                self._size -= 1

    def lookup(self, address: str) -> Route | None:
        """The route with the longest prefix that an address matches."""
        value, bits = number_of(address)
        for _, shift, blocks in self._prefixes[bits]:
            found = blocks.get(value >> shift << shift)
            if found is not None:
                return found
        return None

    def __iter__(self):  # type: ignore[no-untyped-def]
        """All routes, IPv4 first, the default first, then by address."""
        for family in (32, 128):
            found = [
                (prefix != 0, first, prefix, route)
                for (bits, prefix), blocks in self._blocks.items()
                if bits == family
                for first, route in blocks.items()
            ]
            yield from (route for *_, route in sorted(found, key=lambda row: row[:3]))

    def __len__(self) -> int:
        return self._size

    def __str__(self) -> str:
        return "\n".join(map(str, self))


def _cidrs(route: Route, family: int = 32) -> list[tuple[int, str]]:
    if route.destination == "default":
        six = family == 128 or ":" in route.via
        return [(128, "::/0")] if six else [(32, "0.0.0.0/0")]
    return [(block_of(route.destination)[2], route.destination)]
