"""EndpointSlice: at most a hundred Pods behind a Service (`discovery.k8s.io/v1`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from course_lib.objects.columns import UNSET, first_of
from course_lib.objects.field_errors import (
    Errors,
    duplicate,
    invalid,
    not_supported,
    required,
    too_many,
)
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Row
from course_lib.objects.kinds.endpoints import EndpointPort, protocol_of, use_of
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, ObjectReference, Value
from course_lib.objects.validation import addresses, formats
from course_lib.objects.validation.meta import all_invalid, object_meta, unchanged

SERVICE_NAME = "kubernetes.io/service-name"  # the label that names the Service of a slice


class EndpointConditions(Value, frozen=True):
    """Whether an endpoint takes requests, and whether its Pod is going away."""

    ready: bool = True
    serving: bool = True
    terminating: bool = False


class Endpoint(Value, frozen=True):
    """One Pod behind a Service."""

    addresses: list[str]
    conditions: EndpointConditions = EndpointConditions()
    node_name: str = ""
    zone: str = ""
    hostname: str = ""
    target_ref: ObjectReference | None = None
    hints: dict[str, Any] | None = None


class EndpointSlice(Object, frozen=True, kw_only=True):
    """At most a hundred of the Pods behind a Service."""

    address_type: str = "IPv4"
    endpoints: list[Endpoint] | None = None
    ports: list[EndpointPort] | None = None


MAX_ADDRESSES, MAX_PORTS, MAX_ENDPOINTS, MAX_HINTS = 100, 20_000, 1000, 8
ADDRESS_TYPES = ("FQDN", "IPv4", "IPv6")
_CONTROLLERS = ("endpointslice-controller.k8s.io", "endpointslicemirroring-controller.k8s.io")
_HINTS = (("forZones", formats.label_value), ("forNodes", formats.subdomain))


def _drop_topology(document: Document, old: Document | None = None) -> None:
    """Drop the field of an older version (`dropTopologyOnV1` in its strategy)."""
    for endpoint in document.get("endpoints") or ():
        if "deprecatedTopology" in endpoint:
            del endpoint["deprecatedTopology"]


def _validate(document: Document) -> Errors:
    """Source: `ValidateEndpointSlice` in `pkg/apis/discovery/validation`, and what
    `Validate_EndpointSlice` in `pkg/apis/discovery/v1` checks in place of parts of it.
    """
    yield from object_meta(document)
    yield from _endpoints_and_ports(document, frozenset())
    yield from _address_type(document)
    for position, endpoint in enumerate(document.get("endpoints") or ()):
        yield from _count_of_addresses(endpoint, f"endpoints[{position}].addresses")


def _validate_update(new: Document, old: Document) -> Errors:
    """The same; endpoints that were valid before are not judged again."""
    yield from object_meta(new)
    known = frozenset(map(id, old.get("endpoints") or ()))
    yield from _endpoints_and_ports(new, known)
    if new.get("addressType") != old.get("addressType"):
        yield from unchanged("addressType", new.get("addressType"), old.get("addressType"))
    for position, endpoint in enumerate(new.get("endpoints") or ()):
        if id(endpoint) not in known:
            yield from _count_of_addresses(endpoint, f"endpoints[{position}].addresses")


def _address_type(document: Document) -> Errors:
    kind = document.get("addressType")
    if not kind:
        yield required("addressType")
    elif kind not in ADDRESS_TYPES:
        yield not_supported("addressType", kind, ADDRESS_TYPES)


def _count_of_addresses(endpoint: Document, path: str) -> Errors:
    if not (listed := endpoint.get("addresses")):
        yield required(path)
    elif len(listed) > MAX_ADDRESSES:
        yield too_many(path, len(listed), MAX_ADDRESSES)


def _endpoints_and_ports(document: Document, known: frozenset[int]) -> Errors:
    """Errors of endpoints and ports; `known` are the identities of endpoints that are valid."""
    yield from _ports(document.get("ports") or [])
    endpoints = document.get("endpoints") or []
    if len(endpoints) > MAX_ENDPOINTS:
        yield too_many("endpoints", len(endpoints), MAX_ENDPOINTS)
        return
    family = document.get("addressType", "")
    for position, endpoint in enumerate(endpoints):
        if id(endpoint) not in known:
            yield from _endpoint(endpoint, family, f"endpoints[{position}]")


def _ports(ports: list[Document]) -> Errors:
    if len(ports) > MAX_PORTS:
        yield too_many("ports", len(ports), MAX_PORTS)
        return
    names: list[str] = []
    for position, port in enumerate(ports):
        here, name = f"ports[{position}]", port.get("name", "")
        if name:
            yield from all_invalid(f"{here}.name", name, formats.label(name))
        if name in names:
            yield duplicate(f"{here}.name", name)
        names.append(name)
        yield from protocol_of(port, here)
        yield from use_of(port, here)


def _endpoint(endpoint: Document, family: str, path: str) -> Errors:
    for position, text in enumerate(endpoint.get("addresses") or ()):
        yield from _address(text, family, f"{path}.addresses", position)
    if (node := endpoint.get("nodeName")) is not None:
        yield from all_invalid(f"{path}.nodeName", node, formats.subdomain(node))
    if (hostname := endpoint.get("hostname")) is not None:
        yield from all_invalid(f"{path}.hostname", hostname, formats.label(hostname))
    yield from _hints(endpoint.get("hints") or {}, f"{path}.hints")


def _address(text: str, family: str, path: str, position: int) -> Errors:
    here = f"{path}[{position}]"
    if family == "FQDN":
        yield from _domain_name(text, here)
    elif family in ("IPv4", "IPv6"):
        form = formats.address if family == "IPv4" else formats.canonical_address
        if problems := form(text):
            yield from all_invalid(here, text, problems)
            return
        if addresses.family(text) != family:
            yield invalid(path, text, f"must be an {family} address")
        yield from addresses.endpoint_address(here, text)


def _domain_name(text: str, path: str) -> Errors:
    """A domain name of two parts or more (`IsFullyQualifiedDomainName`)."""
    if not text:
        yield required(path)
        return
    text = text.removesuffix(".")
    if problems := formats.subdomain(text):
        yield invalid(path, text, ",".join(problems))
        return
    parts = text.split(".")
    if len(parts) < 2:
        said = "should be a domain with at least two segments separated by dots"
        yield invalid(path, text, said)
        return
    for part in parts:
        if problems := formats.label(part):
            yield invalid(path, part, ",".join(problems))
            return


def _hints(hints: Document, path: str) -> Errors:
    for field, form in _HINTS:
        named = hints.get(field) or ()
        if len(named) > MAX_HINTS:
            yield too_many(f"{path}.{field}", len(named), MAX_HINTS)
            return
        seen: list[str] = []
        for position, each in enumerate(named):
            here, name = f"{path}.{field}[{position}].name", each.get("name", "")
            if name in seen:
                yield duplicate(here, name)
            seen.append(name)
            yield from all_invalid(here, name, form(name))


def _warnings(new: Document, old: Document | None) -> Iterator[str]:
    """Source: `pkg/registry/discovery/endpointslice/strategy.go`."""
    if old is None and new.get("addressType") == "FQDN":
        yield "spec.addressType: FQDN endpoints are deprecated"
    labels = new["metadata"].get("labels") or {}
    if labels.get("endpointslice.kubernetes.io/managed-by") in _CONTROLLERS:
        return
    for number, endpoint in enumerate(new.get("endpoints") or ()):
        for position, text in enumerate(endpoint["addresses"]):
            path = f"endpoints[{number}].addresses[{position}]"
            yield from addresses.address_warnings(path, text)


def _row(piece: EndpointSlice, now: float) -> Row:
    ports = [str(port.port or port.name) for port in piece.ports or ()]
    listed = [address for e in piece.endpoints or () for address in e.addresses]
    return piece.name, piece.address_type, first_of(ports, UNSET), first_of(listed, UNSET)


ENDPOINT_SLICE = Kind(
    "discovery.k8s.io/v1",
    EndpointSlice,
    generations=True,
    counted_fields=("addressType", "endpoints", "ports", "metadata.labels"),  # `PrepareForUpdate`
    defaults={"ports[*].protocol": "TCP", "ports[*].name": "", "endpoints[*].conditions": {}},
    prepare=_drop_topology,
    prepare_update=_drop_topology,
    validate=_validate,
    validate_update=_validate_update,
    warnings=_warnings,
    columns=table_columns("Name  AddressType  Ports  Endpoints  Age"),
    row=_row,
)
