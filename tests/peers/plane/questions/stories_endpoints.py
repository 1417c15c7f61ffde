"""Endpoints that users write, those that come back, and Services of other shapes."""

from __future__ import annotations

from typing import Any

from tests.peers.plane.questions.objects import (
    Document,
    create,
    delete,
    deployment,
    patch,
    service,
    story,
    thing,
    wait,
)

MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
PORTS = [
    {"port": 80, "name": "a"},
    {"port": 443, "name": "b"},
    {"port": 53, "name": "c", "protocol": "UDP"},
    {"port": 8080, "name": "d", "appProtocol": "kubernetes.io/ws"},
]


def endpoints(*addresses: str, meta: Document | None = None, **subset: Any) -> Document:
    """Endpoints of one subset, as a user writes them."""
    offered = {"addresses": [{"ip": each} for each in addresses], "ports": [{"port": 80}]}
    written = thing("Endpoints", "web", subsets=[offered | subset])
    written["metadata"] |= meta or {}
    return written


def slice_of(**labels: str) -> Document:
    """An EndpointSlice with these labels beside that of its Service."""
    written = thing("EndpointSlice", "web-1", "discovery.k8s.io/v1", addressType="IPv4",
                    endpoints=[{"addresses": ["192.168.7.7"]}], ports=[{"port": 80}])  # fmt: skip
    written["metadata"]["labels"] = {"kubernetes.io/service-name": "web"} | labels
    return written


BY_HAND = create(service(app=None), endpoints("192.168.7.7"))
OF_PODS = [*create(deployment(replicas=1), service()), wait(12)]
BLUE = {"labels": {"team": "blue"}, "annotations": {"note": "x"}}
SKIPPED = {"labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}}

CASES = [
    story("Endpoints by hand", *BY_HAND, wait(6)),
    story(
        "Endpoints by hand, ready and not",
        *create(
            service(app=None),
            endpoints(
                "192.168.7.7", meta=BLUE, notReadyAddresses=[{"ip": "192.168.7.9"}], ports=PORTS
            ),
        ),
        wait(6),
    ),
    story(
        "Endpoints by hand of two families",
        *create(service(app=None), endpoints("192.168.7.7", "fd00::7")),
        wait(6),
    ),
    story(
        "Endpoints by hand that are not to be mirrored",
        *create(service(app=None), endpoints("192.168.7.7", meta=SKIPPED)),
        wait(6),
    ),
    story(
        "Endpoints by hand change and go",
        *BY_HAND,
        wait(5),
        patch("Endpoints/web", {"subsets": endpoints("192.168.7.9", ports=PORTS[:1])["subsets"]}),
        wait(5),
        delete("Endpoints/web"),
        wait(5),
    ),
    story(
        "Endpoints by hand of a Service that gets a selector",
        *BY_HAND,
        wait(5),
        patch("Service/web", {"spec": {"selector": {"app": "web"}}}),
        wait(6),
    ),
    story("Endpoints by hand without a Service", *create(endpoints("192.168.7.7")), wait(6)),
    story("Endpoints deleted", *OF_PODS, delete("Endpoints/web"), wait(6)),
    story(
        "Service loses its selector",
        *OF_PODS,
        patch("Service/web", {"spec": {"selector": None}}),
        wait(6),
    ),
    story("Service made again", *OF_PODS, delete("Service/web"), *create(service()), wait(8)),
    story(
        "Service gets a label",
        *OF_PODS,
        patch("Service/web", {"metadata": {"labels": {"team": "blue"}}}),
        wait(6),
    ),
    story(
        "Service of many ports",
        *create(deployment(replicas=1), service(ports=PORTS)),
        wait(12),
    ),
    story(
        "Service without an address and without ports",
        *create(deployment(replicas=1), service(clusterIP="None", ports=[])),
        wait(12),
    ),
    story(
        "Service becomes an external name",
        *OF_PODS,
        patch("Service/web", {"spec": {"type": "ExternalName", "externalName": "a.example"}}),
        wait(6),
    ),
    story(
        "Service without a selector for two families",
        *create(service(app=None, clusterIP="None", ipFamilyPolicy="RequireDualStack")),
        wait(4),
    ),
    story(
        "Service with a slice by hand that the controller takes for its own",
        *create(
            deployment(replicas=1),
            service(),
            slice_of(**{MANAGED_BY: "endpointslice-controller.k8s.io"}),
        ),
        wait(14),
    ),
    story(
        "Service with a load balancer for local endpoints",
        *create(service(type="LoadBalancer", externalTrafficPolicy="Local")),
        wait(6),
    ),
]
