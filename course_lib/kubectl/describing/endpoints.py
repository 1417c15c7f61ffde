"""Endpoints and EndpointSlices: the addresses behind a Service.

Source: `describeEndpoints` and `describeEndpointSliceV1` in `pkg/describe/describe.go` of
k8s.io/kubectl.
"""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.kubectl.describing.described import DescribedObject
from course_lib.kubectl.describing.values import flag
from course_lib.kubectl.describing.writing import (
    NONE,
    UNSET,
    Lines,
    field,
    indented,
    stated,
    table,
    titled,
)
from course_lib.objects.manifests import Document

PORTS = "Name\tPort\tProtocol"


def lines(endpoints: DescribedObject) -> Lines:
    """Endpoints, all but the events."""
    yield from endpoints.head()
    yield "Subsets:"
    for subset in endpoints.document.get("subsets") or ():
        yield from indented(_subset(subset))
        yield ""


def lines_of_slice(endpoints: DescribedObject) -> Lines:
    """An EndpointSlice, all but the events."""
    document = endpoints.document
    yield from endpoints.head()
    yield field("AddressType", document.get("addressType"))
    ports, found = document.get("ports"), document.get("endpoints")
    if ports:
        yield from titled("Ports", _ports(ports))
    else:
        yield f"Ports: {UNSET}"
    if not found:
        yield f"Endpoints: {NONE}"
        return
    yield from titled("Endpoints", (line for each in found for line in _endpoint(each)))


def _subset(subset: Document) -> Lines:
    for title, name in (("Addresses", "addresses"), ("NotReadyAddresses", "notReadyAddresses")):
        addresses = ",".join(str(each["ip"]) for each in subset.get(name) or ())
        yield field(title, addresses or NONE)
    if subset.get("ports"):
        yield from titled("Ports", _ports(subset["ports"]))


def _ports(ports: Sequence[Document]) -> Lines:
    rows = (
        (port.get("name") or UNSET, port.get("port", UNSET), port.get("protocol", ""))
        for port in ports
    )
    return table(PORTS, rows)


def _endpoint(endpoint: Document) -> Lines:
    ready = (endpoint.get("conditions") or {}).get("ready")
    target = endpoint.get("targetRef")
    yield field("- Addresses", ", ".join(endpoint.get("addresses") or ()) or NONE)
    yield "  Conditions:"
    yield "    " + field("Ready", UNSET if ready is None else flag(ready))
    yield "  " + field("Hostname", endpoint.get("hostname", UNSET))
    referred = f"{target.get('kind', '')}/{target.get('name', '')}" if target else None
    yield from indented(stated(("TargetRef", referred)))
    yield "  " + field("NodeName", endpoint.get("nodeName", UNSET))
    yield "  " + field("Zone", endpoint.get("zone", UNSET))
