"""EndpointSlice: at most a hundred Pods behind a Service (`discovery.k8s.io/v1`)."""

from __future__ import annotations

import ipaddress
from contextlib import suppress
from functools import lru_cache
from typing import Any

from course_lib.objects.columns import UNSET, first_of
from course_lib.objects.field_rules import below, label, subdomain, whole
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Problems, Row
from course_lib.objects.kinds.endpoints import PORT_FIELDS, EndpointPort, unroutable
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, ObjectReference, Value
from course_lib.objects.names import SUBDOMAIN, Problem, is_subdomain
from course_lib.objects.rules import must_be_one_of, unique

SERVICE_NAME = "kubernetes.io/service-name"  # the label that names the Service of a slice


class EndpointConditions(Value, frozen=True):
    """Whether an endpoint takes requests, and whether its Pod is going away."""

    ready: bool = True
    serving: bool = True
    terminating: bool = False


class Endpoint(Value, frozen=True):
    """One Pod behind a Service."""

    UNKEPT = "deprecatedTopology"

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


def _addresses(value: object) -> str:
    if not isinstance(value, list) or not value:
        return "must contain at least 1 address"
    return "" if len(value) <= 100 else "must have at most 100 items"


def _hints(value: object) -> str:
    """At most eight names, each once (`validateEndpoints` in `pkg/apis/discovery/validation`)."""
    named = [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
    names = [each.get("name") for each in named]
    return "at most 8 names, each once" if len(names) > 8 or len({*names}) < len(names) else ""


def _relations(document: Document) -> Problems:
    family = document.get("addressType")
    yield from must_be_one_of("addressType", family or "", "FQDN", "IPv4", "IPv6")
    yield from unique("ports", [each.get("name") for each in document.get("ports") or ()], "name")
    for number, endpoint in enumerate(document.get("endpoints") or ()):
        for position, address in enumerate(endpoint["addresses"]):
            for expected in _wrong(family, address):
                yield Problem(f"endpoints[{number}].addresses[{position}]", expected, address)


@lru_cache(maxsize=1 << 18)  # the same addresses come with every write
def _wrong(family: str | None, address: str) -> tuple[str, ...]:
    """What was expected of an address of a family; nothing where it is right."""
    if family == "FQDN":
        return () if is_subdomain(address) else (SUBDOMAIN,)
    version = 0
    with suppress(ValueError):
        version = ipaddress.ip_address(address).version
    if version != (6 if family == "IPv6" else 4):
        return (f"must be an {family} address",)
    return unroutable(address)


def _row(piece: EndpointSlice, now: float) -> Row:
    ports = [str(port.name if port.port is None else port.port) for port in piece.ports or ()]
    addresses = [address for e in piece.endpoints or () for address in e.addresses]
    return piece.name, piece.address_type, first_of(ports, UNSET), first_of(addresses, UNSET)


ENDPOINT_SLICE = Kind(
    "discovery.k8s.io/v1",
    EndpointSlice,
    generations=True,
    counted_fields=("addressType", "endpoints", "ports", "metadata.labels"),  # `PrepareForUpdate`
    null_while_empty=("endpoints", "ports"),
    defaults={"ports[*].protocol": "TCP", "ports[*].name": "", "endpoints[*].conditions": {}},
    fields={
        "endpoints[*].addresses": _addresses,
        "endpoints[*].hostname": label,
        "endpoints[*].nodeName": subdomain,
        "endpoints[*].hints.forZones": _hints,
        "endpoints[*].hints.forNodes": _hints,
        **below("ports[*]", PORT_FIELDS | {"port": whole()}),
    },
    relations=_relations,
    fixed=("addressType",),
    columns=table_columns("Name  AddressType  Ports  Endpoints  Age"),
    row=_row,
)
