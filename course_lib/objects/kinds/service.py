"""Service: one address for a group of Pods (chapter 07; `registry/core/service/strategy.go`)."""

from __future__ import annotations

from typing import Any

import msgspec

from course_lib.objects.columns import NONE, ingress_points, label_cell
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Row, by_path
from course_lib.objects.kinds import service_rules
from course_lib.objects.kinds.service_types import (
    OUTSIDE,
    drop_fields_of_type,
    is_external,
    list_address,
)
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import Object, Value
from course_lib.objects.quantity import Quantity, ResourceList


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

    load_balancer: dict[str, Any] | None = None


class Service(Object, frozen=True, kw_only=True):
    """One stable address for a changing group of Pods."""

    spec: ServiceSpec = ServiceSpec()
    status: ServiceStatus = ServiceStatus()


STICKY = 10800  # seconds (`DefaultClientIPServiceAffinitySeconds`)


def _complete(document: Document) -> None:
    """Source: `SetDefaults_Service` in `pkg/apis/core/v1/defaults.go`."""
    for spec in places(document, "spec"):
        _set_defaults(spec)


def _complete_status(status: Document) -> Document:
    """How a balancer's address is reached, where its status does not say."""
    balancer = status.get("loadBalancer") or {}
    points = balancer.get("ingress") or []
    if all("ipMode" in point or not point.get("ip") for point in points):
        return status
    stated = [{"ipMode": "VIP"} | point if point.get("ip") else point for point in points]
    return status | {"loadBalancer": balancer | {"ingress": stated}}


def _set_defaults(spec: Document) -> None:
    kind = spec.setdefault("type", "ClusterIP") or "ClusterIP"
    spec["type"] = kind
    affinity = spec["sessionAffinity"] = spec.get("sessionAffinity") or "None"
    if affinity == "None":
        spec.pop("sessionAffinityConfig", None)
    elif affinity == "ClientIP":
        client = (spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}
        if client.get("timeoutSeconds") is None:
            spec["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": STICKY}}
    for port in places(spec, "ports[*]"):
        if not port.get("protocol"):
            port["protocol"] = "TCP"
        if port.get("targetPort") in (None, 0, ""):
            port["targetPort"] = port.get("port", 0)
    if is_external(spec) and not spec.get("externalTrafficPolicy"):
        spec["externalTrafficPolicy"] = "Cluster"
    if kind == "ExternalName":  # dropped when it is read (`defaultOnReadInternalTrafficPolicy`)
        spec.pop("internalTrafficPolicy", None)
    elif kind in ("ClusterIP", *OUTSIDE) and spec.get("internalTrafficPolicy") is None:
        spec["internalTrafficPolicy"] = "Cluster"
    if kind == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts") is None:
        spec["allocateLoadBalancerNodePorts"] = True


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
    selectable=by_path("spec.clusterIP", "spec.type"),
    categories=("all",),
    complete=_complete,
    complete_status=_complete_status,
    first_status=lambda view: {"loadBalancer": {}},
    prepare=list_address,
    prepare_update=drop_fields_of_type,
    validate=service_rules.validate,
    validate_update=service_rules.validate_update,
    validate_status=service_rules.validate_status,
    warnings=service_rules.warnings,
    columns=table_columns("Name  Type  Cluster-IP  External-IP  Port(s)  Age  +Selector"),
    row=_row,
    counted=True,
    usage=_usage,
)
