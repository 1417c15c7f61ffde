"""What kube-proxy knows: each port of each Service, and the endpoints behind it.

Which endpoints a node uses depends on the Service's traffic policies, on topology hints, and on
readiness. Source: `pkg/proxy/serviceport.go`, `topology.go` (`CategorizeEndpoints`) of Kubernetes;
kubernetes.io "Virtual IPs and Service Proxies", "Service Internal Traffic Policy".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from course_lib.objects.kinds.endpoint_slice import EndpointSlice
from course_lib.objects.kinds.service import Service

STICKY_SECONDS = 10800  # sessionAffinityConfig.clientIP.timeoutSeconds
NODE_PORT_TYPES = ("NodePort", "LoadBalancer")


class ProxyEndpoint(msgspec.Struct, frozen=True, order=True):
    """One address and port behind a port of a Service."""

    address: str
    port: int
    node: str = ""
    ready: bool = True
    serving: bool = True
    terminating: bool = False
    zones: tuple[str, ...] = ()  # topology hints: for which zones it is meant
    nodes: tuple[str, ...] = ()  # and for which nodes

    def __str__(self) -> str:
        shown = f"[{self.address}]" if ":" in self.address else self.address
        return f"{shown}:{self.port}"


class ServicePortInfo(msgspec.Struct, frozen=True):
    """One port of a Service, with all its endpoints."""

    namespace: str
    service: str
    name: str
    protocol: str  # tcp, udp, sctp
    cluster_ip: str
    port: int
    node_port: int = 0
    external_ips: tuple[str, ...] = ()
    load_balancer_ips: tuple[str, ...] = ()
    source_ranges: tuple[str, ...] = ()
    sticky_seconds: int = 0  # session affinity by client address; 0: none
    internal_local: bool = False
    external_local: bool = False
    health_check_port: int = 0
    endpoints: tuple[ProxyEndpoint, ...] = ()

    @property
    def full_name(self) -> str:
        """`namespace/service:port`, as all of kube-proxy's comments and hashes have it."""
        return f"{self.namespace}/{self.service}" + (f":{self.name}" if self.name else "")

    @property
    def external(self) -> bool:
        """Whether there is a way in from outside."""
        return bool(self.node_port or self.external_ips or self.load_balancer_ips)

    @property
    def uses_cluster(self) -> bool:
        """Whether endpoints of the whole cluster are used for some of its traffic."""
        return not self.internal_local or self.external

    @property
    def uses_local(self) -> bool:
        """Whether endpoints of this node alone are used for some of its traffic."""
        return self.internal_local or (self.external_local and self.external)

    @property
    def differs_by_node(self) -> bool:
        """Whether nodes use different endpoints, or different sources, by policy or by hints."""
        hinted = any(endpoint.zones or endpoint.nodes for endpoint in self.endpoints)
        return self.uses_local or bool(self.source_ranges) or hinted


class Backends(msgspec.Struct, frozen=True):
    """The endpoints of a port, as one node sees them.

    `cluster` and `local` are those to choose from by policy, `reachable` all that a rule of this
    node may lead to, `some` whether there are any at all.
    """

    cluster: tuple[ProxyEndpoint, ...]
    local: tuple[ProxyEndpoint, ...]
    reachable: tuple[ProxyEndpoint, ...]
    some: bool


def categorize(port: ServicePortInfo, node: str, zone: str) -> Backends:
    """Choose the endpoints that a node uses, by policy.

    Ready ones; of those, if every one has a hint and one of them is for this node (or else this
    zone), only those; if none is ready, those that still serve while they terminate. `port` is one
    of a Service's.
    """
    cluster: tuple[ProxyEndpoint, ...] = ()
    local: tuple[ProxyEndpoint, ...] = ()
    some = False
    ready = tuple(e for e in port.endpoints if e.ready)
    dying = tuple(e for e in port.endpoints if not e.ready and e.serving and e.terminating)
    if port.uses_cluster:
        cluster = _hinted(ready, node, zone) or dying
        some = bool(cluster)
    if not port.uses_local:
        return Backends(cluster, (), cluster, some)
    some = some or bool(ready or dying)
    local = tuple(e for e in ready if e.node == node) or tuple(e for e in dying if e.node == node)
    if not port.uses_cluster:
        return Backends(cluster, local, local, some)
    both = tuple(sorted({*cluster, *local}))
    return Backends(cluster, local, both, some)


def _hinted(ready: tuple[ProxyEndpoint, ...], node: str, zone: str) -> tuple[ProxyEndpoint, ...]:
    """Those that are meant for this node, or else this zone; all, where hints are missing."""
    near = tuple(e for e in ready if node in e.nodes)
    if near and all(e.nodes for e in ready):
        return near
    near = tuple(e for e in ready if zone in e.zones)
    return near if near and all(e.zones for e in ready) else ready


def service_ports(service: Service, slices: Iterable[EndpointSlice]) -> Iterator[ServicePortInfo]:
    """The ports of a Service with their endpoints; a headless Service has none here."""
    spec = service.spec
    if spec.type == "ExternalName" or spec.cluster_ip in ("", "None"):
        return
    slices = list(slices)
    outside = spec.type in NODE_PORT_TYPES
    status = service.status.load_balancer or {}
    for port in spec.ports or ():
        yield ServicePortInfo(
            service.namespace,
            service.name,
            port.name,
            port.protocol.lower(),
            spec.cluster_ip,
            port.port,
            port.node_port,
            tuple(spec.external_ips or ()),
            tuple(i["ip"] for i in status.get("ingress") or () if i.get("ip")),
            tuple(spec.load_balancer_source_ranges or ()),
            _sticky(service),
            spec.internal_traffic_policy == "Local",
            spec.external_traffic_policy == "Local" and (outside or bool(spec.external_ips)),
            spec.health_check_node_port if outside else 0,
            tuple(sorted(_endpoints(port.name, slices))),
        )


def _sticky(service: Service) -> int:
    if service.spec.session_affinity != "ClientIP":
        return 0
    config = service.spec.session_affinity_config or {}
    return int((config.get("clientIP") or {}).get("timeoutSeconds") or STICKY_SECONDS)


def _endpoints(name: str, slices: Iterable[EndpointSlice]) -> Iterator[ProxyEndpoint]:
    for piece in slices:
        number = next((p.port for p in piece.ports or () if p.name == name), None)
        for endpoint in piece.endpoints or () if number is not None else ():
            conditions, hints = endpoint.conditions, endpoint.hints or {}
            yield ProxyEndpoint(
                endpoint.addresses[0],
                number,  # type: ignore[arg-type]
                endpoint.node_name,
                conditions.ready,
                conditions.serving,
                conditions.terminating,
                tuple(z["name"] for z in hints.get("forZones") or ()),
                tuple(n["name"] for n in hints.get("forNodes") or ()),
            )
