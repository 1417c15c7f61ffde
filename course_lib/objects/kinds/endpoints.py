"""Endpoints: the Pods behind a Service, deprecated since 1.33 (API reference, `core/v1`)."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from course_lib.objects.columns import NONE, first_of
from course_lib.objects.field_rules import (
    Check,
    address,
    below,
    label,
    label_key,
    one_of,
    optional,
    port_number,
    subdomain,
)
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Problems, Row
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, ObjectReference, Value
from course_lib.objects.names import Problem


class EndpointAddress(Value, frozen=True):
    """One Pod behind a Service."""

    ip: str
    node_name: str = ""
    hostname: str = ""
    target_ref: ObjectReference | None = None


class EndpointPort(Value, frozen=True):
    """One port of the Pods behind a Service."""

    port: int
    name: str = ""
    protocol: str = "TCP"
    app_protocol: str | None = None


class EndpointSubset(Value, frozen=True):
    """Addresses that share their ports, ready or not."""

    addresses: list[EndpointAddress] | None = None
    not_ready_addresses: list[EndpointAddress] | None = None
    ports: list[EndpointPort] | None = None


class Endpoints(Object, frozen=True, kw_only=True):
    """The Pods behind a Service, in one object (deprecated since 1.33 for EndpointSlices)."""

    subsets: list[EndpointSubset] | None = None


PROTOCOL = one_of("SCTP", "TCP", "UDP")
_ADDRESS: dict[str, Check] = {"ip": address, "hostname": optional(label), "nodeName": subdomain}
PORT_FIELDS: dict[str, Check] = {
    "port": port_number,
    "name": optional(label),
    "protocol": PROTOCOL,
    "appProtocol": label_key,
}


@lru_cache(maxsize=1 << 18)  # the same addresses come with every write
def unroutable(address: str) -> tuple[str, ...]:
    """Why no packet can be sent to an address (`ValidateEndpointIP`); raises `ValueError`."""
    found = ipaddress.ip_address(address)
    kinds = (
        (found.is_unspecified, "may not be unspecified (0.0.0.0 or ::)"),
        (found.is_loopback, "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
        (found.is_link_local, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
        (found.is_multicast, "may not be in the multicast range"),
    )
    return tuple(expected for wrong, expected in kinds if wrong)


def routable(path: str, address: str) -> Problems:
    """What is wrong with an address that packets are to be sent to."""
    for expected in unroutable(address):
        yield Problem(path, expected, address)


def _relations(document: Document) -> Problems:
    for number, subset in enumerate(document.get("subsets") or ()):
        if not subset.get("addresses") and not subset.get("notReadyAddresses"):
            expected = "Required value: must specify `addresses` or `notReadyAddresses`"
            yield Problem(f"subsets[{number}]", expected, None)
        ports = subset.get("ports") or ()
        for position, port in enumerate(ports):
            if len(ports) > 1 and not port.get("name"):
                yield Problem(f"subsets[{number}].ports[{position}].name", "Required value", None)
        for group in ("addresses", "notReadyAddresses"):
            listed = [each["ip"] for each in subset.get(group) or ()]
            if any(map(unroutable, listed)):  # in one go, since there may be a thousand
                for position, ip in enumerate(listed):
                    yield from routable(f"subsets[{number}].{group}[{position}].ip", ip)


def _row(endpoints: Endpoints, now: float) -> Row:
    shown = [
        f"{_host(address.ip)}:{port.port}" if port else address.ip
        for subset in endpoints.subsets or ()
        for port in subset.ports or (None,)
        for address in subset.addresses or ()
    ]
    return endpoints.name, first_of(shown, "" if endpoints.subsets else NONE)


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address


ENDPOINTS = Kind(
    "v1",
    Endpoints,
    ("ep",),
    deprecation="v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
    defaults={"subsets[*].ports[*].protocol": "TCP"},
    fields={
        **below("subsets[*].addresses[*]", _ADDRESS),
        **below("subsets[*].notReadyAddresses[*]", _ADDRESS),
        **below("subsets[*].ports[*]", PORT_FIELDS),
    },
    relations=_relations,
    columns=table_columns("Name  Endpoints  Age"),
    row=_row,
)
