"""What a cloud does for Services of type LoadBalancer: an address, and packets to healthy nodes.

Without a cloud such a Service gets no address: it stays `<pending>`, as on Minikube.
Source: kubernetes.io "Service: type LoadBalancer", "Preserving the client source IP";
`k8s.io/cloud-provider/controllers/service`. The time that a cloud takes is set to 5 s here.
"""

from __future__ import annotations

from course_lib.apiserver.errors import APIError
from course_lib.client import Client
from course_lib.client.informer import InformerFactory
from course_lib.engine import FOR_EVER, SOON, Ticker
from course_lib.network import AddressPool, Network
from course_lib.objects.kinds.endpoint_slice import SERVICE_NAME, EndpointSlice
from course_lib.objects.kinds.node import Node
from course_lib.objects.kinds.service import Service
from course_lib.objects.meta import Object, is_true

ADDRESSES = "198.51.100.0/24"  # RFC 5737: addresses for examples
PROVISION = 5.0  # s until a load balancer is there
CHECK_PERIOD = 3.0  # s between two rounds of health checks


class Cloud:
    """Gives Services their load balancers, and looks after them."""

    def __init__(self, api: Client, network: Network) -> None:
        self.api, self.network, self.sim = api, network, api.sim
        self.informers = InformerFactory(api)
        self.given: dict[str, str] = {}  # by the Service's UID
        self._pool = AddressPool(ADDRESSES, first=10)
        self._begun: dict[str, float] = {}
        self._ticker = Ticker(self.sim, self.sim.now, CHECK_PERIOD, self._look)
        kinds: tuple[type[Object], ...] = (Service, Node, EndpointSlice)
        for kind in kinds:
            self.informers.informer(kind).add_handler(self._on_change)

    def _on_change(self, before: Object | None, after: Object | None) -> None:
        self._ticker.wake()

    def _look(self) -> float:
        if not self.informers.synced:
            return SOON
        return FOR_EVER if self._round() else SOON

    def _round(self) -> bool:
        """Look at all load balancers; whether each Service that wants one has it."""
        desired = {
            service.uid: service
            for service in self.informers.list(Service)
            if service.spec.type == "LoadBalancer"
        }
        self._begun = {uid: begun for uid, begun in self._begun.items() if uid in desired}
        for uid in [uid for uid in self.given if uid not in desired]:
            address = self.given.pop(uid)
            self.network.balanced.pop(address, None)
            self._pool.release(address)
        for uid, service in desired.items():
            begun = self._begun.setdefault(uid, self.sim.now)
            if uid not in self.given and self.sim.now - begun >= PROVISION:
                self._give(service)
            if uid in self.given:
                self.network.balanced[self.given[uid]] = self._healthy(service)
        return all(uid in self.given for uid in desired)

    def _give(self, service: Service) -> None:
        address = self._pool.take()
        status = {"loadBalancer": {"ingress": [{"ip": address, "ipMode": "VIP"}]}}
        try:
            self.api.patch_status(service, status)
        except APIError:  # the next round tries again
            self._pool.release(address)
            return
        self.given[service.uid] = address
        self.sim.record(
            "service-controller", f"Service/{service.name}", "EnsuredLoadBalancer", address
        )

    def _healthy(self, service: Service) -> list[str]:
        """Addresses of the nodes that take packets: all ready ones, or those with local Pods.

        With `externalTrafficPolicy: Local` the cloud asks each node's kube-proxy
        (`healthCheckNodePort`), which says whether it has endpoints of its own.
        """
        nodes = self.informers.list(Node)
        ready = [node for node in nodes if is_true(node.status.conditions, "Ready")]
        if service.spec.external_traffic_policy == "Local":
            here = {
                endpoint.node_name
                for piece in self.informers.list(EndpointSlice, service.namespace)
                if piece.labels.get(SERVICE_NAME) == service.name
                for endpoint in piece.endpoints or ()
                if endpoint.conditions.ready
            }
            ready = [node for node in ready if node.name in here]
        return [self.network.hosts[node.name].address for node in ready]
