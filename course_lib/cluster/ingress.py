"""HTTP from outside, by way of an ingress controller."""

from __future__ import annotations

import msgspec

from course_lib.client import Client
from course_lib.cluster.arguments import checked
from course_lib.engine import Simulation
from course_lib.errors import CourseError
from course_lib.network import Network, PodNetwork, Trace
from course_lib.network.ingress import Match, choose, of_controller
from course_lib.network.underlay import OUTSIDE
from course_lib.objects.kinds.endpoint_slice import SERVICE_NAME, EndpointSlice
from course_lib.objects.kinds.service import Service

INGRESS_SERVICE = ("haproxy-controller", "haproxy-kubernetes-ingress")
INGRESS_CONTROLLER = "haproxy.org/ingress-controller"


class HTTPAnswer(msgspec.Struct):
    """What a client of an Ingress got: a status, by which rule, from which Pod, and both ways."""

    status: int
    reason: str
    rule: Match | None = None
    pod: str = ""
    way_in: Trace | None = None
    way_on: Trace | None = None


@checked
class IngressTraffic:
    """Requests that enter by the ingress controller, which obeys the Ingresses of its class.

    `sim` has the time, `api` reads Ingresses, `network` carries the packets.
    """

    def __init__(self, sim: Simulation, api: Client, network: Network[PodNetwork]) -> None:
        self._sim, self._api, self._network = sim, api, network

    def http(self, host: str, path: str = "/", source: str = OUTSIDE) -> HTTPAnswer:
        """Send an HTTP request from outside, by way of the ingress controller.

        It enters by the controller's load balancer, or its node port; the controller chooses a rule
        by host and path among the Ingresses of its class, and sends the request to a Pod itself,
        without kube-proxy. `source` is `outside`, or a machine.
        """
        network = self._network.devices()
        entry = self._entry()
        way_in = network.trace(source, *entry)
        if not way_in.ok:
            return HTTPAnswer(0, f"{way_in.outcome}: {way_in.reason}", way_in=way_in)
        classes = self._api.list("IngressClass")
        known = of_controller(self._api.list("Ingress"), classes, INGRESS_CONTROLLER)
        rule = choose(known, host, path)
        if rule is None:
            return HTTPAnswer(404, "no rule for this host and path", way_in=way_in)
        targets = self._backends(rule)
        if not targets:
            return HTTPAnswer(503, "the Service has no endpoints", rule, way_in=way_in)
        address, port = targets[self._sim.number(f"ingress/{rule.service.name}") % len(targets)]
        way_on = network.trace(way_in.at, address, port)
        if not way_on.ok:
            reason = f"{way_on.outcome}: {way_on.reason}"
            return HTTPAnswer(502, reason, rule, way_in=way_in, way_on=way_on)
        return HTTPAnswer(200, "OK", rule, way_on.at, way_in, way_on)

    def _entry(self) -> tuple[str, int]:
        service = self._api.find(Service, INGRESS_SERVICE[1], INGRESS_SERVICE[0])
        if service is None:
            raise CourseError(
                "this cluster has no ingress controller: its Ingresses mean nothing",
                do="add one: cluster.install_ingress()",
            )
        given = (service.status.load_balancer or {}).get("ingress")
        port = (service.spec.ports or [])[0]
        if given:
            return given[0]["ip"], port.port
        return next(iter(self._network.hosts)), port.node_port

    def _backends(self, rule: Match) -> list[tuple[str, int]]:
        """The ready endpoints of a rule's Service, at the port that it names."""
        service = self._api.find(Service, rule.service.name, rule.namespace)
        if service is None:
            return []
        wanted = rule.service.port
        names = [
            p.name
            for p in service.spec.ports or ()
            if wanted.name in ("", p.name) and wanted.number in (0, p.port)
        ]
        return [
            (endpoint.addresses[0], port.port)
            for piece in self._api.list(EndpointSlice, rule.namespace)
            if piece.labels.get(SERVICE_NAME) == service.name
            for port in piece.ports or ()
            if port.name in names[:1]
            for endpoint in piece.endpoints or ()
            if endpoint.conditions.ready
        ]
