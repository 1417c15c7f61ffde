"""The network as the programs of one container see it: interfaces, routes, names, connections.

What is behind it is the simulated network of the cluster; a container that runs alone has the
loopback device only.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

ANSWERED, REFUSED, TIMED_OUT, UNREACHABLE = "answered", "refused", "timed out", "unreachable"
SILENT = "silent"  # connected, and then nothing is said


class Interface(msgspec.Struct, frozen=True):
    """A network device: addresses as ADDRESS/PREFIX."""

    name: str
    mac: str
    mtu: int
    addresses: tuple[str, ...]
    number: int = 1
    peer: int = 0  # the other end of a veth pair; 0: it is none


class HTTPReply(msgspec.Struct, frozen=True):
    """What an HTTP server says."""

    status: int
    reason: str
    headers: dict[str, str]
    body: bytes
    version: str = "1.1"


class HTTPQuestion(msgspec.Struct, frozen=True):
    """What an HTTP client asks for; `client` is the address that the server sees."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""
    client: str = ""


class Peer(Protocol):
    """A program at the other end of a connection."""

    def respond(self, port: int, question: HTTPQuestion) -> HTTPReply | None:
        """The answer to a request; None from a program that does not speak HTTP."""


class Contact(msgspec.Struct, frozen=True):
    """The outcome of a connection: how it went, the seconds until it was known, and with whom."""

    outcome: str
    seconds: float = 0.0
    peer: Peer | None = None
    seen: str = ""  # the source address that the other side saw


class NameAnswer(msgspec.Struct, frozen=True):
    """What a name server said to one query: a code (NOERROR, NXDOMAIN, TIMEOUT), and records.

    Each record is name, seconds to live, type, data.
    """

    code: str
    records: tuple[tuple[str, int, str, str], ...] = ()


class ContainerNetwork(Protocol):
    """What a program can ask of the network."""

    def interfaces(self) -> list[Interface]:
        """The devices of the container's network namespace, `lo` first."""

    def routes(self) -> list[str]:
        """Its routes, as `ip route` prints them."""

    def contact(self, address: str, port: int, protocol: str = "tcp") -> Contact:
        """Connect to an `address` and `port` by a `protocol`."""

    def ping(self, address: str) -> Contact:
        """Send an ICMP echo request to an address."""

    def query(self, server: str, name: str, kind: str) -> NameAnswer:
        """Ask a name `server` for the records of a `kind` of a full `name`."""

    def listening(self) -> list[tuple[str, int, str]]:
        """Who listens in the network namespace: protocol, port, the program's name."""


class LonelyNetwork:
    """The network of a container that runs alone."""

    def interfaces(self) -> list[Interface]:
        """Only `lo`."""
        return [Interface("lo", "00:00:00:00:00:00", 65536, ("127.0.0.1/8", "::1/128"))]

    def routes(self) -> list[str]:
        """None."""
        return []

    def contact(self, address: str, port: int, protocol: str = "tcp") -> Contact:
        """Nobody listens here, and there is no way elsewhere."""
        return Contact(REFUSED if address.startswith("127.") else UNREACHABLE)

    def ping(self, address: str) -> Contact:
        """Only its own address answers."""
        return Contact(ANSWERED if address.startswith("127.") else UNREACHABLE, 50e-6)

    def query(self, server: str, name: str, kind: str) -> NameAnswer:
        """No name server is reached."""
        return NameAnswer("TIMEOUT")

    def listening(self) -> list[tuple[str, int, str]]:
        """Nobody."""
        return []
