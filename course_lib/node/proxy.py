"""kube-proxy: on each node, from a Service's address to one of its Pods (chapter 07).

A first, plain version of its table; the rules that it writes into the kernel come with chapter
07. Source: kubernetes.io "Virtual IPs and Service Proxies"; the choice among endpoints is
uniform, as with the iptables mode's probabilities.
"""

from __future__ import annotations

from contextlib import suppress

import msgspec

from course_lib.apiserver import APIServer, WatchEvent
from course_lib.apiserver.errors import Unreachable
from course_lib.objects.services import EndpointSlice, Service

MIN_SYNC_PERIOD = 1.0  # s between two writes of the rules
SYNC_SECONDS = 0.02  # s that a write takes

Address = tuple[str, int]


class Rules(msgspec.Struct, frozen=True):
    """Where one Service's ports lead: service port to the Pods' addresses and ports."""

    cluster_ip: str
    backends: dict[int, tuple[Address, ...]]
    node_ports: dict[int, int]


class KubeProxy:
    """The table of Services on one node, a moment behind the API server."""

    def __init__(self, api: APIServer, node: str) -> None:
        self.api, self.node, self.sim = api, node, api.sim
        self.rules: dict[tuple[str, str], Rules] = {}
        self._random = self.sim.random(f"kube-proxy/{node}")
        self._dirty: dict[tuple[str, str], None] = {}
        self._synced_at = float("-inf")
        self._scheduled = False
        api.watch("Service", self._on_service)
        api.watch("EndpointSlice", self._on_slice)
        with suppress(Unreachable):  # the watch will tell of them
            for service in api.list("Service"):
                self._touch(service.namespace, service.name)

    def backend(self, namespace: str, service: str, port: int) -> Address | None:
        """The Pod address and port for one new connection; None when there is nobody."""
        rules = self.rules.get((namespace, service))
        backends = rules.backends.get(port, ()) if rules else ()
        return self._random.choice(backends) if backends else None

    def outside(self, node_port: int) -> Address | None:
        """The same for a connection from outside to a port of this node."""
        for (namespace, service), rules in self.rules.items():
            if node_port in rules.node_ports:
                return self.backend(namespace, service, rules.node_ports[node_port])
        return None

    def _on_service(self, event: WatchEvent) -> None:
        self._touch(event.object.namespace, event.object.name)

    def _on_slice(self, event: WatchEvent) -> None:
        name = event.object.labels.get("kubernetes.io/service-name", "")
        self._touch(event.object.namespace, name)

    def _touch(self, namespace: str, name: str) -> None:
        self._dirty[namespace, name] = None
        if not self._scheduled:
            self._scheduled = True
            at = max(self.sim.now + SYNC_SECONDS, self._synced_at + MIN_SYNC_PERIOD)
            self.sim.at(at, self._sync)

    def _sync(self) -> None:
        self._scheduled, self._synced_at = False, self.sim.now
        for namespace, name in list(self._dirty):
            try:
                service = self.api.find("Service", name, namespace)
                made = self._build(service) if service else None
            except Unreachable:  # the rules stay as they are
                self._touch(namespace, name)
                continue
            del self._dirty[namespace, name]
            if made is None:
                self.rules.pop((namespace, name), None)
            else:
                self.rules[namespace, name] = made

    def _build(self, service: Service) -> Rules:
        backends: dict[int, tuple[Address, ...]] = {}
        slices: list[EndpointSlice] = [
            found
            for found in self.api.list("EndpointSlice", service.namespace)
            if found.labels.get("kubernetes.io/service-name") == service.name
        ]
        for port in service.spec.ports or ():
            found: list[Address] = []
            last: list[Address] = []  # still serving while they terminate: used if nobody is ready
            for piece in slices:
                target = next((p.port for p in piece.ports or () if p.name == port.name), None)
                for endpoint in piece.endpoints or () if target is not None else ():
                    assert target is not None
                    address = endpoint.addresses[0], target
                    if endpoint.conditions.ready:
                        found.append(address)
                    elif endpoint.conditions.serving and endpoint.conditions.terminating:
                        last.append(address)
            backends[port.port] = tuple(found or last)
        node_ports = {p.node_port: p.port for p in service.spec.ports or () if p.node_port}
        return Rules(service.spec.cluster_ip, backends, node_ports)
