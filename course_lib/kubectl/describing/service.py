"""A Service: its addresses, and behind each port the Pods that are ready.

Source: `ServiceDescriber` and `formatEndpointSlices` in `pkg/describe/describe.go` of
k8s.io/kubectl.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from course_lib.kubectl.describing.described import DescribedObject
from course_lib.kubectl.describing.values import host_port, pairs
from course_lib.kubectl.describing.writing import NONE, UNSET, Lines, field, stated
from course_lib.kubectl.failures import RefusedRequest
from course_lib.objects.manifests import Document

SLICES = ("discovery.k8s.io/v1", "endpointslices")
SERVICE_NAME = "kubernetes.io/service-name"
MOST_ENDPOINTS = 3  # that are shown; of others, how many there are


def lines(service: DescribedObject) -> Lines:
    """All but the events."""
    spec = service.spec
    yield from service.head()
    yield field("Selector", pairs(spec.get("selector")))
    yield field("Type", spec.get("type"))
    yield from stated(("IP Family Policy", spec.get("ipFamilyPolicy")))
    yield field("IP Families", ",".join(spec.get("ipFamilies") or ()) or NONE)
    yield field("IP", spec.get("clusterIP"))
    yield field("IPs", ",".join(spec.get("clusterIPs") or ()) or NONE)
    points = service.at("status.loadBalancer.ingress") or ()
    yield from stated(
        ("External IPs", ",".join(spec.get("externalIPs") or ())),
        ("Desired LoadBalancer IP", spec.get("loadBalancerIP")),
        ("External Name", spec.get("externalName")),
        ("LoadBalancer Ingress", ", ".join(map(_point, points))),
    )
    yield from _ports(service)
    yield field("Session Affinity", spec.get("sessionAffinity"))
    yield from stated(
        ("External Traffic Policy", spec.get("externalTrafficPolicy")),
        ("Internal Traffic Policy", spec.get("internalTrafficPolicy")),
        ("HealthCheck NodePort", spec.get("healthCheckNodePort") or None),
        ("LoadBalancer Source Ranges", ",".join(spec.get("loadBalancerSourceRanges") or ())),
        ("Traffic Distribution", spec.get("trafficDistribution")),
    )


def slices_of(subject: DescribedObject, service: str) -> list[Document]:
    """The EndpointSlices of a Service by its name; raises `RefusedRequest`."""
    chosen = {"labelSelector": f"{SERVICE_NAME}={service}"}
    return subject.listed(*SLICES, subject.namespace, chosen)


def ready_endpoints(slices: Sequence[Document], port: str) -> str:
    """The ready addresses behind a port of a Service by its name: some, and how many more."""
    if not slices:
        return NONE
    shown: list[str] = []
    ready, is_more = 0, False
    for address in (address for each in slices for address in _addresses(each, port)):
        # As in the real one, an address that is not ready may be what is more.
        is_more = is_more or len(shown) == MOST_ENDPOINTS
        ready += bool(address)
        if address and not is_more:
            shown.append(address)
    return ",".join(shown) + (f" + {ready - MOST_ENDPOINTS} more..." if is_more else "")


def _addresses(endpoints: Document, name: str) -> Iterator[str]:
    """The addresses behind a port; an empty text for each that is not ready."""
    found = [
        "" if (each.get("conditions") or {}).get("ready") is False else str(each["addresses"][0])
        for each in endpoints.get("endpoints") or ()
    ]
    if not endpoints.get("ports"):  # a Service without a port has addresses alone
        yield from found
    for port in endpoints.get("ports") or ():
        if (port.get("name") or "") == name:
            yield from (address and host_port(address, port.get("port", 0)) for address in found)


def _point(point: Document) -> str:
    if not point.get("ip"):
        return str(point.get("hostname", ""))
    return f"{point['ip']} ({point['ipMode']})" if point.get("ipMode") else str(point["ip"])


def _ports(service: DescribedObject) -> Lines:
    try:
        slices = slices_of(service, service.name)
    except RefusedRequest:
        slices = []
    for port in service.spec.get("ports") or ():
        title, protocol = port.get("name") or UNSET, port.get("protocol", "")
        yield field("Port", f"{title}\t{port['port']}/{protocol}")
        yield field("TargetPort", f"{port.get('targetPort', 0)}/{protocol}")
        yield from stated(("AppProtocol", port.get("appProtocol")))
        if port.get("nodePort"):
            yield field("NodePort", f"{title}\t{port['nodePort']}/{protocol}")
        yield field("Endpoints", ready_endpoints(slices, port.get("name") or ""))
