"""Service: one address for a group of Pods (chapter 07; `registry/core/service/strategy.go`)."""

from __future__ import annotations

from typing import Any

import msgspec

from course_lib.objects.columns import NONE, ingress_points, label_cell
from course_lib.objects.field_rules import (
    address,
    cidr,
    label,
    label_key,
    mapping,
    matching,
    one_of,
    optional,
    truth,
    whole,
)
from course_lib.objects.field_rules import port as number_or_name
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Problems, Row
from course_lib.objects.kinds.service_relations import service_relations
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import Object, Value
from course_lib.objects.names import (
    LABEL,
    Problem,
    is_label,
    is_subdomain,
    label_name,
    label_problems,
)
from course_lib.objects.quantity import Quantity, ResourceList
from course_lib.objects.rules import changed, must_be_one_of, port_in_range


class ServicePort(Value, frozen=True):
    """A port of the Service, and the port of its Pods behind it."""

    port: int
    name: str = ""
    protocol: str = "TCP"
    target_port: int | str | None = None
    node_port: int = 0
    app_protocol: str | None = None


class ServiceSpec(Value, frozen=True):
    """Which Pods a Service stands for, and under which address."""

    UNKEPT = "allocateLoadBalancerNodePorts loadBalancerClass loadBalancerIP"

    type: str = "ClusterIP"
    selector: dict[str, str] | None = None
    ports: list[ServicePort] | None = None
    cluster_ip: str = msgspec.field(default="", name="clusterIP")
    cluster_ips: list[str] | None = msgspec.field(default=None, name="clusterIPs")
    external_ips: list[str] | None = msgspec.field(default=None, name="externalIPs")
    external_name: str = ""
    session_affinity: str = "None"
    external_traffic_policy: str = ""
    internal_traffic_policy: str = ""
    publish_not_ready_addresses: bool = False
    ip_families: list[str] | None = None
    load_balancer_source_ranges: list[str] | None = None
    session_affinity_config: dict[str, Any] | None = None
    traffic_distribution: str | None = None
    health_check_node_port: int = 0
    ip_family_policy: str = ""


class ServiceStatus(Value, frozen=True):
    """The address that a load balancer gave."""

    UNKEPT = "conditions"

    load_balancer: dict[str, Any] | None = None


class Service(Object, frozen=True, kw_only=True):
    """One stable address for a changing group of Pods."""

    spec: ServiceSpec = ServiceSpec()
    status: ServiceStatus = ServiceStatus()


STICKY = 10800  # seconds (`DefaultClientIPServiceAffinitySeconds`)


def _complete(document: Document) -> None:
    """Source: `SetDefaults_Service` in `pkg/apis/core/v1/defaults.go`."""
    for spec in places(document, "spec", create=False):
        if spec.get("type") != "ExternalName":
            spec.setdefault("internalTrafficPolicy", "Cluster")
        if spec.get("type") in ("NodePort", "LoadBalancer") or spec.get("externalIPs"):
            spec.setdefault("externalTrafficPolicy", "Cluster")
        if spec.get("type") == "LoadBalancer":
            spec.setdefault("allocateLoadBalancerNodePorts", True)
        if spec.get("sessionAffinity") == "ClientIP":
            for client in places(spec, "sessionAffinityConfig.clientIP"):
                client.setdefault("timeoutSeconds", STICKY)
        elif spec.get("sessionAffinity") == "None":
            spec.pop("sessionAffinityConfig", None)
        for port in places(spec, "ports[*]"):
            if port.get("targetPort") in (None, 0, ""):
                port["targetPort"] = port.get("port")


def _rules(view: Service) -> Problems:
    spec = view.spec
    types = "ClusterIP", "NodePort", "LoadBalancer", "ExternalName"
    yield from must_be_one_of("spec.type", spec.type, *types)
    yield from label_problems(spec.selector, "spec.selector")
    if spec.type == "ExternalName" and not spec.external_name:
        yield Problem("spec.externalName", "a DNS name when type is ExternalName", "")
    yield from _ports(spec)
    yield from must_be_one_of("spec.sessionAffinity", spec.session_affinity, "None", "ClientIP")
    for field, value in (
        ("internalTrafficPolicy", spec.internal_traffic_policy),
        ("externalTrafficPolicy", spec.external_traffic_policy),
    ):
        if value:
            yield from must_be_one_of(f"spec.{field}", value, "Cluster", "Local")
    policy = spec.external_traffic_policy
    if policy and spec.type == "ClusterIP" and not spec.external_ips:
        expected = "nothing where there is no way in from outside"
        yield Problem("spec.externalTrafficPolicy", expected, policy)
    if spec.traffic_distribution is not None:
        ways = "PreferClose", "PreferSameZone", "PreferSameNode"
        yield from must_be_one_of("spec.trafficDistribution", spec.traffic_distribution, *ways)


def _ports(spec: ServiceSpec) -> Problems:
    ports = spec.ports or []
    if not ports and spec.cluster_ip != "None" and spec.type != "ExternalName":
        yield Problem("spec.ports", "at least one port", [])
    names: set[str] = set()
    for position, port in enumerate(ports):
        here = f"spec.ports[{position}]"
        yield from port_in_range(f"{here}.port", port.port)
        if isinstance(port.target_port, int):
            yield from port_in_range(f"{here}.targetPort", port.target_port)
        if port.node_port:
            yield from port_in_range(f"{here}.nodePort", port.node_port)
            if spec.type not in ("NodePort", "LoadBalancer"):
                expected = f"nothing when type is {spec.type}"
                yield Problem(f"{here}.nodePort", expected, port.node_port)
        yield from must_be_one_of(f"{here}.protocol", port.protocol, "TCP", "UDP", "SCTP")
        if len(ports) > 1 and not is_label(port.name):
            yield Problem(f"{here}.name", f"{LABEL}, as there are several ports", port.name)
        if port.name and port.name in names:
            yield Problem(f"{here}.name", "a name that no other port has", port.name)
        names.add(port.name)


def _carry_over(before: Document, after: Document) -> None:
    """Keep the address; clear what only the old type had, where the writer left it as it was.

    Source: `patchAllocatedValues` and `dropTypeDependentFields`.
    """
    old = before["spec"]
    for new in places(after, "spec", create=False):
        _drop_fields_of_type(old, new)
        if old.get("clusterIP") and old["type"] == new.get("type", "ClusterIP"):
            for field in ("clusterIP", "clusterIPs"):
                if field in old:
                    new.setdefault(field, old[field])


def _drop_fields_of_type(before: Document, after: Document) -> None:
    """Clear what only the old type of a Service had, where the writer left it as it was.

    Source: `dropTypeDependentFields` in `pkg/registry/core/service/strategy.go`.
    """
    outside = ("NodePort", "LoadBalancer")
    if after.get("type") == "ExternalName" != before.get("type"):
        for field in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
            if before.get(field) == after.get(field):
                after.pop(field, None)
    if before.get("type") == "LoadBalancer" != after.get("type"):
        for field in ("allocateLoadBalancerNodePorts", "loadBalancerClass"):
            if before.get(field) == after.get(field):
                after.pop(field, None)
    if before.get("type") not in outside or after.get("type") in outside:
        return

    def numbers(spec: Document) -> list[Any]:
        return [port.get("nodePort") for port in spec.get("ports", ())]

    if numbers(before) == numbers(after):
        for port in after.get("ports", ()):
            port.pop("nodePort", None)
    for field in ("externalTrafficPolicy", "healthCheckNodePort"):
        if before.get(field) == after.get(field) and not after.get("externalIPs"):
            after.pop(field, None)


def _transition(before: Document, after: Document) -> Problems:
    old, new = before["spec"], after["spec"]
    kept = new.get("clusterIP", old.get("clusterIP"))
    if old.get("clusterIP") and old["type"] == new["type"] and old["clusterIP"] != kept:
        yield changed("spec.clusterIP", "no change: the field is immutable")
    balanced = old["type"] == new["type"] == "LoadBalancer"
    if balanced and old.get("loadBalancerClass") != new.get("loadBalancerClass"):
        yield changed("spec.loadBalancerClass", "no change: may not change once set")


def _row(service: Service, now: float) -> Row:
    ports = ",".join(
        f"{p.port}:{p.node_port}/{p.protocol}" if p.node_port else f"{p.port}/{p.protocol}"
        for p in service.spec.ports or ()
    )
    external = ",".join(service.spec.external_ips or ()) or NONE
    if service.spec.type == "LoadBalancer":
        points = ingress_points(service.status.load_balancer)
        external = ",".join([*points, *(service.spec.external_ips or ())]) or "<pending>"
    elif service.spec.type == "ExternalName":
        external = service.spec.external_name
    return (
        service.name,
        service.spec.type,
        service.spec.cluster_ip or NONE,
        external,
        ports or NONE,
        label_cell(service.spec.selector),
    )


def _usage(service: Service) -> ResourceList:
    cost: ResourceList = {}
    if service.spec.type in ("NodePort", "LoadBalancer"):
        cost["services.nodeports"] = Quantity.of(len(service.spec.ports or ()))
    if service.spec.type == "LoadBalancer":
        cost["services.loadbalancers"] = Quantity("1")
    return cost


SERVICE = Kind(
    "v1",
    Service,
    ("svc",),
    categories=("all",),
    defaults={
        "spec.type": "ClusterIP",
        "spec.sessionAffinity": "None",
        "spec.ports[*].protocol": "TCP",
    },
    complete=_complete,
    first_status=lambda view: {"loadBalancer": {}},
    carry_over=_carry_over,
    name_rule=label_name,
    fields={
        "spec.ports[*].targetPort": number_or_name,
        "spec.ports[*].name": optional(label),
        "spec.ports[*].nodePort": whole(0, 65535),
        "spec.ports[*].appProtocol": label_key,
        "spec.loadBalancerClass": label_key,
        "spec.clusterIP": matching(lambda v: v in ("", "None") or not address(v), address(None)),
        "spec.clusterIPs[*]": matching(lambda v: v == "None" or not address(v), address(None)),
        "spec.externalIPs[*]": address,
        "spec.externalName": optional(
            matching(lambda name: is_subdomain(name.removesuffix(".")), "a DNS name")
        ),
        "spec.loadBalancerSourceRanges[*]": cidr,
        "spec.healthCheckNodePort": whole(0, 65535),
        "spec.allocateLoadBalancerNodePorts": truth,
        "spec.publishNotReadyAddresses": truth,
        "spec.ipFamilies[*]": one_of("IPv4", "IPv6"),
        "spec.ipFamilyPolicy": one_of("PreferDualStack", "RequireDualStack", "SingleStack"),
        "spec.sessionAffinityConfig": mapping,
        "spec.sessionAffinityConfig.clientIP.timeoutSeconds": whole(1, 86400),
    },
    rules=_rules,
    relations=service_relations,
    transition=_transition,
    columns=table_columns("Name  Type  Cluster-IP  External-IP  Port(s)  Age  +Selector"),
    row=_row,
    counted=True,
    usage=_usage,
)
