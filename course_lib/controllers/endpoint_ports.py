"""Ports of endpoints: how Pods that offer the same ones are grouped, and in which order they stand.

The real controllers sort the ports of a slice, or of a subset, by a hash of how Go prints them.
Source: `portsInOrder` in `k8s.io/endpointslice/util`, `portsByHash` in `pkg/api/v1/endpoints`,
`ForHash` in `k8s.io/utils/dump`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from course_lib.objects.manifests import Document

# FNV-1a with 128 bits (RFC 9923, "The FNV Non-Cryptographic Hash Algorithm").
_OFFSET, _PRIME = 0x6C62272E07BB014262B821756295C58D, 0x0000000001000000000000000000013B


class OfferedPort(NamedTuple):
    """One port of the Pods behind a Service."""

    name: str
    port: int
    protocol: str
    app_protocol: str | None = None


Ports = tuple[OfferedPort, ...]


@lru_cache(maxsize=4096)
def in_slice_order(ports: Ports) -> Ports:
    """Ports in the order in which an EndpointSlice has them."""
    return tuple(sorted(ports, key=_slice_hash))


def slice_ports(ports: Iterable[OfferedPort]) -> list[Document]:
    """Ports as an EndpointSlice writes them: an empty name stays."""
    return [{"name": p.name, "port": p.port, "protocol": p.protocol} | _said(p) for p in ports]


def subset_ports(ports: Ports) -> list[Document]:
    """Ports as a subset of Endpoints writes them, in its order: an empty name is left out."""
    return [
        ({"name": p.name} if p.name else {}) | {"port": p.port, "protocol": p.protocol} | _said(p)
        for p in _in_subset_order(ports)
    ]


def _said(port: OfferedPort) -> Document:
    return {} if port.app_protocol is None else {"appProtocol": port.app_protocol}


@lru_cache(maxsize=4096)
def _in_subset_order(ports: Ports) -> Ports:
    return tuple(sorted(ports, key=_subset_hash))


def _slice_hash(port: OfferedPort) -> int:
    """
    >>> f"{_slice_hash(OfferedPort('a', 8080, 'TCP')):x}"
    '4e47056c81e47ad2971aa4dc9c84bef8'
    """
    return fnv_128a(
        f"(v1.EndpointPort){{Name:(*string){port.name} Protocol:(*v1.Protocol){port.protocol} "
        f"Port:(*int32){port.port} AppProtocol:(*string){_or_nil(port.app_protocol)}}}"
    )


def _subset_hash(port: OfferedPort) -> int:
    """
    >>> f"{_subset_hash(OfferedPort('', 80, 'UDP', 'http')):x}"
    '8fa3e311ad2f5584e86b98202112d22a'
    """
    return fnv_128a(
        f"(v1.EndpointPort){{Name:(string){port.name} Port:(int32){port.port} "
        f"Protocol:(v1.Protocol){port.protocol} AppProtocol:(*string){_or_nil(port.app_protocol)}}}"
    )


def _or_nil(text: str | None) -> str:
    return "<nil>" if text is None else text


def fnv_128a(text: str) -> int:
    """The FNV-1a hash of a text, with 128 bits.

    >>> f"{fnv_128a(''):x}"
    '6c62272e07bb014262b821756295c58d'
    """
    hashed = _OFFSET
    for byte in text.encode():
        hashed = ((hashed ^ byte) * _PRIME) & ((1 << 128) - 1)
    return hashed
