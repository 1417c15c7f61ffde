"""Addresses and blocks of addresses in documents: what is refused of them, what is warned of.

Source: `pkg/util/validation/ip.go` of k8s.io/apimachinery; `ValidateEndpointIP` in
`pkg/apis/core/validation`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from course_lib.objects.field_errors import Errors
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import all_invalid

_ZEROS = re.compile(r"\b0+(?=\d)")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Block = ipaddress.IPv4Network | ipaddress.IPv6Network


def address(path: str, text: str, known: Collection[str] = ()) -> Errors:
    """The address `text` at a path, in whatever form; one of those `known` from before stays.

    Source: `IsValidIPForLegacyField`.
    """
    if text not in known:
        yield from all_invalid(path, text, formats.address(text))


def block(path: str, text: str, known: Collection[str] = ()) -> Errors:
    """The block `text` at a path, in whatever form; one of those `known` from before stays.

    Source: `IsValidCIDRForLegacyField`.
    """
    if text not in known:
        yield from all_invalid(path, text, formats.block(text))


def endpoint_address(path: str, text: str) -> Errors:
    """The address at a path, to which packets are sent (`ValidateEndpointIP`)."""
    yield from all_invalid(path, text, unroutable(text))


@lru_cache(maxsize=1 << 18)  # the same addresses come with every write
def unroutable(text: str) -> tuple[str, ...]:
    """Why no packet can be sent to an address."""
    if (found := _parsed(text)) is None:
        return ("must be a valid IP address",)
    multicast = "224.0.0.0/24" if found.version == 4 else "ff02::/16"
    kinds = (
        (found.is_unspecified, f"may not be unspecified ({text})"),
        (found.is_loopback, "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
        (found.is_link_local, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
        (
            found in ipaddress.ip_network(multicast),
            "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)",
        ),
    )
    return tuple(problem for wrong, problem in kinds if wrong)


def is_address(text: str) -> bool:
    """Whether a text is an address, in whatever form."""
    return _parsed(text) is not None


@lru_cache(maxsize=65536)
def _parsed(text: str) -> Address | None:
    """An address; zeros at the front are passed over (`ParseIPSloppy`)."""
    try:
        return ipaddress.ip_address("" if "%" in text else _plain(text))
    except ValueError:
        return None


def _plain(text: str) -> str:
    return text if ":" in text else _ZEROS.sub("", text)


def family(text: str) -> str:
    """`IPv4` or `IPv6`, if `text` is an address or a block; otherwise empty."""
    found = _parsed(text.partition("/")[0])
    return f"IPv{found.version}" if found else ""


def one_of_each_family(texts: list[str]) -> bool:
    """Whether addresses or blocks are of two families (`IsDualStackIPStrings`)."""
    return len(texts) >= 2 and {family(text) for text in texts} == {"IPv4", "IPv6"}


def network(text: str) -> Block | None:
    """A block of addresses, in whatever form; None where the `text` is none.

    Zeros at the front are passed over (`ParseCIDRSloppy`).
    """
    try:
        return ipaddress.ip_network(_plain(text), strict=False) if "/" in text else None
    except ValueError:
        return None


def lies_inside(inner: Block, outer: Block) -> bool:
    """Whether a block is a strict subset of another one."""
    return (
        inner.version == outer.version
        and inner.network_address in outer
        and inner.prefixlen > outer.prefixlen
    )


def address_warnings(path: str, text: str) -> Iterator[str]:
    """The warning about an IPv6 address that is not in its shortest form (`GetWarningsForIP`)."""
    short = _parsed(text)
    if ":" in text and short is not None and str(short) != text:
        said = "should be in RFC 5952 canonical format"
        yield f'{path}: IPv6 address "{text}" {said} ("{short}")'


def block_warnings(path: str, text: str) -> Iterator[str]:
    """The same about a block of addresses (`GetWarningsForCIDR`)."""
    found = network(text)
    if ":" in text and found is not None and str(found) != text:
        said = "should be in RFC 5952 canonical format"
        yield f'{path}: IPv6 CIDR value "{text}" {said} ("{found}")'
