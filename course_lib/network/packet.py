"""A packet: a payload behind a stack of headers, outermost first.

Packets are values. A device that changes one returns another, so that a trace can show both.
Sizes in bytes are those of the RFCs, without options: Ethernet II 14, IPv4 20 (RFC 791), IPv6 40
(RFC 8200), TCP 20 (RFC 9293), UDP 8 (RFC 768), VXLAN 8 (RFC 7348), ICMP 8 (RFC 792).
"""

from __future__ import annotations

from typing import ClassVar

import msgspec


class Ethernet(msgspec.Struct, frozen=True):
    """From one device to the next on the same wire."""

    source: str
    destination: str
    size: ClassVar[int] = 14

    def __str__(self) -> str:
        return f"Ethernet {self.source} > {self.destination}"


class IP(msgspec.Struct, frozen=True):
    """From one address to another; each router takes one from `ttl` (IPv6: hop limit)."""

    source: str
    destination: str
    protocol: str = "tcp"
    ttl: int = 64
    dont_fragment: bool = True

    @property
    def size(self) -> int:
        """20 bytes for IPv4, 40 for IPv6."""
        return 40 if ":" in self.source else 20

    def __str__(self) -> str:
        return f"{'IPv6' if ':' in self.source else 'IP'} {self.source} > {self.destination}"


class TCP(msgspec.Struct, frozen=True):
    """From port to port, as a stream; the packet that opens a connection has no payload.

    One of a connection that is open has the flags `PSH-ACK` here.
    """

    source_port: int
    destination_port: int
    flags: str = "SYN"
    size: ClassVar[int] = 20

    def __str__(self) -> str:
        return f"TCP {self.source_port} > {self.destination_port} [{self.flags}]"


class UDP(msgspec.Struct, frozen=True):
    """From port to port, one datagram."""

    source_port: int
    destination_port: int
    size: ClassVar[int] = 8

    def __str__(self) -> str:
        return f"UDP {self.source_port} > {self.destination_port}"


class VXLAN(msgspec.Struct, frozen=True):
    """Which virtual network the Ethernet frame behind it belongs to."""

    vni: int
    size: ClassVar[int] = 8

    def __str__(self) -> str:
        return f"VXLAN {self.vni}"


class Sleeve(msgspec.Struct, frozen=True):
    """Weave's own encapsulation: the names of both peers, a length, then the Ethernet frame.

    6 + 6 + 2 bytes; encrypted (NaCl secretbox), 8 of a number and 16 of a tag more. Source:
    Weave Net 2.8, "How Weave Net works", "Encryption".
    """

    source: str
    destination: str
    encrypted: bool = False

    @property
    def size(self) -> int:
        """14 bytes, or 38."""
        return 38 if self.encrypted else 14

    def __str__(self) -> str:
        return f"Sleeve {self.source} > {self.destination}"


class ESP(msgspec.Struct, frozen=True):
    """What is behind it is encrypted (RFC 4303, AES-GCM: 8 of header, 8 of IV, 2 + 16 behind)."""

    spi: int
    size: ClassVar[int] = 34

    def __str__(self) -> str:
        return f"ESP {self.spi:#x}"


Header = Ethernet | IP | TCP | UDP | VXLAN | Sleeve | ESP


class Packet(msgspec.Struct, frozen=True):
    """Headers, outermost first, and a payload of so many bytes.

    `mark` is the kernel's own note on the packet (`fwmark`); it never leaves the machine.
    `fragments` says into how many pieces it was cut on the wire.

    >>> packet = Packet((IP("10.244.0.2", "10.244.1.2"), TCP(40000, 80, "PSH-ACK")), payload=100)
    >>> packet.size, str(packet)
    (140, 'IP 10.244.0.2 > 10.244.1.2 | TCP 40000 > 80 [PSH-ACK] | 100 bytes')
    """

    headers: tuple[Header, ...]
    payload: int = 0
    mark: int = 0
    fragments: int = 1

    @property
    def size(self) -> int:
        """All bytes: headers and payload."""
        return sum(header.size for header in self.headers) + self.payload

    @property
    def ip(self) -> IP:
        """The outermost IP header."""
        first = self.headers[0]
        return first if type(first) is IP else self.headers[1]  # type: ignore[return-value]

    @property
    def inner(self) -> IP:
        """The innermost IP header: what the program sent."""
        return next(header for header in reversed(self.headers) if type(header) is IP)

    def push(self, *headers: Header) -> Packet:
        """The same behind more headers."""
        return Packet(headers + self.headers, self.payload, self.mark, self.fragments)

    def pop(self, count: int = 1) -> Packet:
        """The same without its outermost headers."""
        return Packet(self.headers[count:], self.payload, self.mark, self.fragments)

    def with_headers(self, *headers: Header) -> Packet:
        """The same with its outermost headers exchanged."""
        rest = self.headers[len(headers) :]
        return Packet(headers + rest, self.payload, self.mark, self.fragments)

    def with_mark(self, mark: int) -> Packet:
        """The same with another mark."""
        return Packet(self.headers, self.payload, mark, self.fragments)

    def __str__(self) -> str:
        return " | ".join([*map(str, self.headers), f"{self.payload} bytes"])


Key = tuple[str, str, int, str, int]


def key_of(packet: Packet) -> Key:
    """The flow of a packet (5-tuple): protocol, source and port, destination and port."""
    ip, transport = packet.headers[0], packet.headers[1] if len(packet.headers) > 1 else None
    assert type(ip) is IP
    if type(transport) is not TCP and type(transport) is not UDP:
        return ip.protocol, ip.source, 0, ip.destination, 0
    source_port, destination_port = transport.source_port, transport.destination_port
    return ip.protocol, ip.source, source_port, ip.destination, destination_port
