"""Services and what stands around them (chapters 07 to 09).

Source: the Kubernetes API reference, `core/v1`, `discovery.k8s.io/v1`, `networking.k8s.io/v1`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from course_lib.objects.meta import LabelSelector, Object, Value
from course_lib.objects.workloads import ObjectReference


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


class EndpointAddress(Value, frozen=True):
    """One Pod behind a Service."""

    ip: str
    node_name: str = ""
    hostname: str = ""
    target_ref: ObjectReference | None = None


class EndpointPort(Value, frozen=True):
    """One port of the Pods behind a Service."""

    port: int
    name: str = ""
    protocol: str = "TCP"


class EndpointSubset(Value, frozen=True):
    """Addresses that share their ports, ready or not."""

    addresses: list[EndpointAddress] | None = None
    not_ready_addresses: list[EndpointAddress] | None = None
    ports: list[EndpointPort] | None = None


class Endpoints(Object, frozen=True, kw_only=True):
    """The Pods behind a Service, in one object (deprecated since 1.33 for EndpointSlices)."""

    subsets: list[EndpointSubset] | None = None


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


class BackendPort(Value, frozen=True):
    """A Service's port by name or number."""

    name: str = ""
    number: int = 0


class IngressServiceBackend(Value, frozen=True):
    """The Service that a rule leads to."""

    name: str
    port: BackendPort = BackendPort()


class IngressBackend(Value, frozen=True):
    """Where a request goes."""

    service: IngressServiceBackend | None = None


class HTTPIngressPath(Value, frozen=True):
    """A path, and how it is compared."""

    backend: IngressBackend
    path_type: str
    path: str = "/"


class HTTPIngressRule(Value, frozen=True):
    """The paths of one host."""

    paths: list[HTTPIngressPath]


class IngressRule(Value, frozen=True):
    """A host, and its paths."""

    host: str = ""
    http: HTTPIngressRule | None = None


class IngressSpec(Value, frozen=True):
    """Which requests go where."""

    ingress_class_name: str | None = None
    default_backend: IngressBackend | None = None
    rules: list[IngressRule] | None = None
    tls: list[dict[str, Any]] | None = None


class Ingress(Object, frozen=True, kw_only=True):
    """HTTP from outside, by host and path."""

    spec: IngressSpec = IngressSpec()


class IngressClassSpec(Value, frozen=True):
    """Which controller acts on the Ingresses of a class: `haproxy.org/ingress-controller`."""

    controller: str = ""
    parameters: dict[str, Any] | None = None


class IngressClass(Object, frozen=True, kw_only=True):
    """A class of Ingresses, named by their `spec.ingressClassName`."""

    spec: IngressClassSpec = IngressClassSpec()


class IPBlock(Value, frozen=True):
    """A range of addresses, with holes."""

    cidr: str
    # `except` is a word of Python's own
    exceptions: list[str] | None = msgspec.field(default=None, name="except")


class NetworkPolicyPeer(Value, frozen=True):
    """Who is meant: Pods, namespaces, or addresses."""

    pod_selector: LabelSelector | None = None
    namespace_selector: LabelSelector | None = None
    ip_block: IPBlock | None = None


class NetworkPolicyPort(Value, frozen=True):
    """Which ports are meant."""

    port: int | str | None = None
    end_port: int | None = None
    protocol: str = "TCP"


class IngressPolicyRule(Value, frozen=True):
    """Who may come in, on which ports."""

    sources: list[NetworkPolicyPeer] | None = msgspec.field(default=None, name="from")
    ports: list[NetworkPolicyPort] | None = None


class EgressPolicyRule(Value, frozen=True):
    """Where Pods may go, on which ports."""

    to: list[NetworkPolicyPeer] | None = None
    ports: list[NetworkPolicyPort] | None = None


class NetworkPolicySpec(Value, frozen=True):
    """The Pods that are guarded, and what they may do."""

    pod_selector: LabelSelector = LabelSelector()
    policy_types: list[str] | None = None
    ingress: list[IngressPolicyRule] | None = None
    egress: list[EgressPolicyRule] | None = None


class NetworkPolicy(Object, frozen=True, kw_only=True):
    """Who may talk to whom."""

    spec: NetworkPolicySpec = NetworkPolicySpec()
