"""Endpoints: the Pods behind a Service, deprecated since 1.33 (API reference, `core/v1`)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from course_lib.objects.columns import NONE, first_of
from course_lib.objects.field_errors import Errors, not_supported, required
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Row
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, ObjectReference, Value
from course_lib.objects.validation import addresses, formats
from course_lib.objects.validation.meta import all_invalid, object_meta


class EndpointAddress(Value, frozen=True):
    """One Pod behind a Service."""

    ip: str
    node_name: str = ""
    hostname: str = ""
    target_ref: ObjectReference | None = None


class EndpointPort(Value, frozen=True):
    """One port of the Pods behind a Service."""

    port: int = 0
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


PROTOCOLS = ("SCTP", "TCP", "UDP")
_GROUPS = ("addresses", "notReadyAddresses")


def _validate(document: Document) -> Errors:
    """Source: `ValidateEndpoints` in `pkg/apis/core/validation`."""
    yield from object_meta(document)
    yield from _subsets(document, frozenset())


def _validate_update(new: Document, old: Document) -> Errors:
    """The same; addresses that were valid before are not judged again."""
    yield from object_meta(new)
    if new.get("subsets") is not old.get("subsets"):
        subsets = old.get("subsets") or ()
        listed = (subset.get(group) or () for subset in subsets for group in _GROUPS)
        yield from _subsets(new, frozenset(map(id, chain.from_iterable(listed))))


def _subsets(document: Document, known: frozenset[int]) -> Errors:
    """Errors of all subsets; `known` are the identities of addresses that are valid."""
    for number, subset in enumerate(document.get("subsets") or ()):
        here = f"subsets[{number}]"
        if not subset.get("addresses") and not subset.get("notReadyAddresses"):
            yield required(here, "must specify `addresses` or `notReadyAddresses`")
        for group in _GROUPS:
            listed = enumerate(subset.get(group) or ())
            for position, address in [each for each in listed if id(each[1]) not in known]:
                yield from _address(address, f"{here}.{group}[{position}]")
        ports = subset.get("ports") or ()
        for position, port in enumerate(ports):
            yield from _port(port, f"{here}.ports[{position}]", len(ports) > 1)


def _address(address: Document, path: str) -> Errors:
    ip = address.get("ip", "")
    yield from addresses.address(f"{path}.ip", ip)
    if hostname := address.get("hostname"):
        yield from all_invalid(f"{path}.hostname", hostname, formats.label(hostname))
    if (node := address.get("nodeName")) is not None:
        yield from all_invalid(f"{path}.nodeName", node, formats.subdomain(node))
    yield from addresses.endpoint_address(f"{path}.ip", ip)


def _port(port: Document, path: str, needs_name: bool) -> Errors:
    if name := port.get("name"):
        yield from all_invalid(f"{path}.name", name, formats.label(name))
    elif needs_name:
        yield required(f"{path}.name")
    number = port.get("port", 0)
    yield from all_invalid(f"{path}.port", number, formats.port_number(number))
    yield from protocol_of(port, path)
    yield from use_of(port, path)


def protocol_of(port: Document, path: str) -> Errors:
    """The protocol of the `port` at a path, which each port has."""
    if not (protocol := port.get("protocol")):
        yield required(f"{path}.protocol")
    elif protocol not in PROTOCOLS:
        yield not_supported(f"{path}.protocol", protocol, PROTOCOLS)


def use_of(port: Document, path: str) -> Errors:
    """What speaks on the `port` at a path: its field `appProtocol`."""
    if (use := port.get("appProtocol")) is not None:
        yield from all_invalid(f"{path}.appProtocol", use, formats.label_key(use))


def _warnings(new: Document, old: Document | None) -> Iterator[str]:
    """Source: `endpointsWarnings` in `pkg/registry/core/endpoint/strategy.go`."""
    if _managed(new):
        return
    for number, subset in enumerate(new.get("subsets") or ()):
        for group in _GROUPS:
            for position, address in enumerate(subset.get(group) or ()):
                path = f"subsets[{number}].{group}[{position}].ip"
                yield from addresses.address_warnings(path, address["ip"])


def _managed(document: Document) -> bool:
    labels = document["metadata"].get("labels") or {}
    return labels.get("endpoints.kubernetes.io/managed-by") == "endpoint-controller"


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
    validate=_validate,
    validate_update=_validate_update,
    warnings=_warnings,
    columns=table_columns("Name  Endpoints  Age"),
    row=_row,
)
