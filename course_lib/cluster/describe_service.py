"""A Service as `kubectl describe service` writes it: its addresses, ports and endpoints.

Source: `describeService` in `pkg/describe/describe.go` of k8s.io/kubectl.
"""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.client import Client
from course_lib.cluster.describe_words import NONE, UNSET, multiline, notes, pairs, stated
from course_lib.objects.kinds.endpoint_slice import SERVICE_NAME, EndpointSlice
from course_lib.objects.kinds.service import Service
from course_lib.objects.manifests import Document

MOST = 3  # endpoints shown for each port


def service_lines(api: Client, service: Service) -> list[str]:
    """All but the events."""
    spec = service.spec
    return [
        *_addresses(service),
        *_ports(api, service),
        f"Session Affinity:\t{spec.session_affinity}",
        *stated(
            ("External Traffic Policy", spec.external_traffic_policy),
            ("Internal Traffic Policy", spec.internal_traffic_policy),
            ("HealthCheck NodePort", spec.health_check_node_port),
            ("LoadBalancer Source Ranges", ",".join(spec.load_balancer_source_ranges or ())),
            ("Traffic Distribution", spec.traffic_distribution),
        ),
    ]


def _addresses(service: Service) -> list[str]:
    """Names, selector, type and addresses."""
    spec = service.spec
    points = (service.status.load_balancer or {}).get("ingress") or ()
    return [
        f"Name:\t{service.name}",
        f"Namespace:\t{service.namespace}",
        *multiline("Labels", service.labels),
        *notes(service.annotations),
        f"Selector:\t{pairs(spec.selector)}",
        f"Type:\t{spec.type}",
        *stated(("IP Family Policy", spec.ip_family_policy)),
        "IP Families:\t" + (",".join(spec.ip_families or ()) or NONE),
        f"IP:\t{spec.cluster_ip}",
        "IPs:\t" + (",".join(spec.cluster_ips or ()) or NONE),
        *stated(
            ("External IPs", ",".join(spec.external_ips or ())),
            ("External Name", spec.external_name),
            ("LoadBalancer Ingress", ", ".join(_point(point) for point in points)),
        ),
    ]


def _ports(api: Client, service: Service) -> list[str]:
    """Each port with its target, node port and endpoints."""
    slices = [
        piece
        for piece in api.list(EndpointSlice, service.namespace)
        if piece.labels.get(SERVICE_NAME) == service.name
    ]
    lines = []
    for port in service.spec.ports or ():
        title = port.name or UNSET
        lines += [
            f"Port:\t{title}\t{port.port}/{port.protocol}",
            f"TargetPort:\t{port.target_port}/{port.protocol}",
            *stated(("AppProtocol", port.app_protocol)),
        ]
        if port.node_port:
            lines.append(f"NodePort:\t{title}\t{port.node_port}/{port.protocol}")
        lines.append(f"Endpoints:\t{_endpoints(slices, port.name)}")
    return lines


def _point(point: Document) -> str:
    if not point.get("ip"):
        return str(point.get("hostname", ""))
    mode = f" ({point['ipMode']})" if point.get("ipMode") else ""
    return f"{point['ip']}{mode}"


def _endpoints(slices: Sequence[EndpointSlice], port: str) -> str:
    """The ready addresses behind one port: three of them, and how many more."""
    if not slices:
        return NONE
    shown = [
        f"{endpoint.addresses[0]}:{each.port}" if each else endpoint.addresses[0]
        for piece in slices
        for each in (piece.ports or (None,))
        if each is None or each.name == port
        for endpoint in piece.endpoints or ()
        if endpoint.conditions.ready
    ]
    more = f" + {len(shown) - MOST} more..." if len(shown) > MOST else ""
    return ",".join(shown[:MOST]) + more
