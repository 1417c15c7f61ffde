"""The types of Services, and which fields go with which.

Source: `pkg/api/service/util.go`, and `dropTypeDependentFields` in
`pkg/registry/core/service/strategy.go` of Kubernetes.
"""

from __future__ import annotations

from course_lib.objects.manifests import Document

OUTSIDE = ("NodePort", "LoadBalancer")  # the types that are reached through every node
HEADLESS = "None"  # in place of an address


def is_headless(spec: Document) -> bool:
    """Whether a Service has no address of its own."""
    return spec.get("clusterIPs") == [HEADLESS]


def is_external(spec: Document) -> bool:
    """Whether a Service is reached from outside (`ExternallyAccessible`)."""
    addressed = spec.get("type") == "ClusterIP" and bool(spec.get("externalIPs"))
    return spec.get("type") in OUTSIDE or addressed


def needs_health_check(spec: Document) -> bool:
    """Whether a balancer asks each node for endpoints of its own (`NeedsHealthCheck`)."""
    balanced = spec.get("type") == "LoadBalancer"
    return balanced and spec.get("externalTrafficPolicy") == "Local"


def list_address(document: Document) -> None:
    """Write the one address that a new Service asks for into its list, in place."""
    spec = document["spec"]
    if spec.get("clusterIP") and not spec.get("clusterIPs"):
        spec["clusterIPs"] = [spec["clusterIP"]]


def drop_fields_of_type(new: Document, old: Document) -> None:
    """Clear, in place, what only the `old` type had and the writer left as it was in `new`."""
    after, before = new["spec"], old["spec"]
    if after["type"] == "ExternalName" != before["type"]:
        if all(before.get(field) == after.get(field) for field in ("clusterIP", "clusterIPs")):
            _clear(after, "clusterIP", "clusterIPs")
        _clear_same(after, before, "ipFamilies", "ipFamilyPolicy")
    if before["type"] in OUTSIDE and after["type"] not in OUTSIDE:
        numbers = {port.get("nodePort") for port in before.get("ports") or ()}
        ports = [port for port in after.get("ports") or () if port.get("nodePort")]
        if all(port["nodePort"] in numbers for port in ports):
            for port in ports:
                del port["nodePort"]
    if needs_health_check(before) and not needs_health_check(after):
        _clear_same(after, before, "healthCheckNodePort")
    if before["type"] == "LoadBalancer" != after["type"]:
        _clear_same(after, before, "allocateLoadBalancerNodePorts", "loadBalancerClass")
    if is_external(before) and not is_external(after):
        _clear_same(after, before, "externalTrafficPolicy")


def _clear_same(after: Document, before: Document, *fields: str) -> None:
    _clear(after, *(field for field in fields if after.get(field) == before.get(field)))


def _clear(spec: Document, *fields: str) -> None:
    for field in fields:
        spec.pop(field, None)
