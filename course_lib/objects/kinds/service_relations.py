"""What is wrong between the fields of a Service.

Source: `ValidateService` in `pkg/apis/core/validation/validation.go`.
"""

from __future__ import annotations

from typing import Any

from course_lib.objects.kind import Problems
from course_lib.objects.kinds.endpoints import routable
from course_lib.objects.manifests import Document
from course_lib.objects.names import Problem
from course_lib.objects.rules import unique


def _of_type(spec: Document) -> Problems:
    """Fields that only some types of Services may have."""
    if spec.get("type") != "LoadBalancer":
        expected = "may only be used when `type` is 'LoadBalancer'"
        for field in ("loadBalancerSourceRanges", "loadBalancerClass"):
            if spec.get(field):
                yield Problem(f"spec.{field}", expected, spec[field])
        if "allocateLoadBalancerNodePorts" in spec:
            yield Problem("spec.allocateLoadBalancerNodePorts", expected, True)
    local = spec.get("type") == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local"
    if spec.get("healthCheckNodePort") and not local:
        expected = "may only be set for type LoadBalancer with externalTrafficPolicy Local"
        yield Problem("spec.healthCheckNodePort", expected, spec["healthCheckNodePort"])
    for field in ("ipFamilies", "ipFamilyPolicy"):
        if spec.get("type") == "ExternalName" and spec.get(field):
            yield Problem(f"spec.{field}", "may not be set for ExternalName services", spec[field])


def service_relations(document: Document) -> Problems:
    """What is wrong between the fields of a Service, each of which is right by itself."""
    spec = document["spec"]
    address, outside = spec.get("clusterIP", ""), spec.get("type") in ("NodePort", "LoadBalancer")
    if spec.get("type") == "ExternalName" and address:
        yield Problem("spec.clusterIPs", "may not be set for ExternalName services", address)
    if outside and address == "None":
        expected = f"may not be set to 'None' for {spec['type']} services"
        yield Problem("spec.clusterIPs[0]", expected, address)
    yield from _of_type(spec)
    given = spec.get("clusterIPs") or []
    if given and given[0] != (address or None):
        yield Problem("spec.clusterIPs", "its first value must match `clusterIP`", given)
    yield from unique("spec.ipFamilies", spec.get("ipFamilies") or ())
    for position, family in enumerate(spec.get("ipFamilies") or ()):
        if family == "IPv6":
            yield Problem(f"spec.ipFamilies[{position}]", "not configured on this cluster", family)
    if spec.get("ipFamilyPolicy") == "RequireDualStack":
        expected = "this cluster is not configured for dual-stack services"
        yield Problem("spec.ipFamilyPolicy", expected, spec["ipFamilyPolicy"])
    for position, external in enumerate(spec.get("externalIPs") or ()):
        yield from routable(f"spec.externalIPs[{position}]", external)
    seen: set[tuple[Any, Any]] = set()
    for position, port in enumerate(spec.get("ports") or ()):
        key = port.get("port"), port.get("protocol", "TCP")
        if key in seen:
            yield Problem(f"spec.ports[{position}]", "each port and protocol once", key)
        seen.add(key)
