"""What an operator asks of the network: traces, rules, names, and the export to Linux."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from course_lib.apiserver import WatchEvent
from course_lib.client import Client
from course_lib.cluster.describe import Text
from course_lib.cluster.packaged import packaged
from course_lib.engine import Simulation
from course_lib.errors import CourseError
from course_lib.network import FlatNetwork, Network, PodNetwork, Trace, to_linux
from course_lib.network.addresses import NODE_CIDR
from course_lib.network.dns import TIMEOUT, Lookup, Response, Zone, resolve, search_domains
from course_lib.network.ingress import Match, choose, of_controller
from course_lib.network.network import Devices
from course_lib.network.underlay import OUTSIDE
from course_lib.node import KubeProxy
from course_lib.node.proxy.service_ports import SERVICE_NAME

if TYPE_CHECKING:
    from course_lib.engine.table import Table
    from course_lib.network.linux import KernelScript
    from course_lib.objects.manifests import Source

DNS_SERVICE = ("kube-system", "kube-dns")
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


class NetworkCommands:
    """The part of a cluster that answers for its network."""

    sim: Simulation
    api: Client
    network: Network
    proxies: dict[str, KubeProxy]

    @property
    def pod_network(self) -> Devices:
        """The network with its devices; raises `CourseError` where it is flat."""
        return self.network.devices()

    def apply(self, source: Source, namespace: str = "default") -> Table:
        """See `Cluster.apply`."""
        raise NotImplementedError

    def trace(
        self,
        source: str,
        destination: str,
        port: int = 80,
        namespace: str = "default",
        protocol: str = "tcp",
        size: int = 0,
    ) -> Trace:
        """Send one packet, and follow it device by device; see `course_lib.network.Trace`.

        `source` is a Pod, a node or `outside`; `destination` one of these, a Service
        (`service/web`), a DNS name, or an address.

        >>> from course_lib import Cluster
        >>> cluster = Cluster(network="calico")
        >>> _ = cluster.apply("data/web.yaml")
        >>> cluster.run(seconds=30)
        >>> cluster.trace("node-1", "service/web", 80).outcome
        'answered'
        """
        network = self.pod_network
        to = self._target(source, destination, namespace)
        return network.trace(self.network.party(source, namespace), to, port, protocol, size)

    def _target(self, source: str, name: str, namespace: str) -> str:
        if name.startswith("service/"):
            return str(self.api.get("Service", name[8:], namespace).spec.cluster_ip)
        party = self.network.party(name, namespace)
        network = self.pod_network
        if party in network.pods or party in network.hosts or party == OUTSIDE:
            return party
        if name.replace(".", "").isdigit() or ":" in name:
            return name
        found = self.nslookup(source, name, namespace)
        if not found.addresses:
            raise CourseError(
                "the name could not be resolved",
                where=f"asked by {source}",
                found=f"{name}: {found.code}",
                do="look at each query: cluster.nslookup(pod, name)",
            )
        return found.addresses[0]

    def rules(self, node: str, contains: str = "") -> Text:
        """What kube-proxy wrote on a node, in its mode's own words; or the lines with a text.

        >>> from course_lib import Cluster
        >>> print(Cluster(nodes=1).rules("node-1", contains="KUBE-MARK-MASQ -j"))
        -A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
        """
        if node not in self.proxies:
            names = ", ".join(self.proxies)
            raise CourseError("no such node", expected=f"one of {names}", found=repr(node))
        lines = self.proxies[node].rules.splitlines()
        return Text("\n".join(line for line in lines if contains in line))

    def linux(self, prefix: str = "course-") -> KernelScript:
        """The cluster's network as a script for a Linux kernel: see `network.linux`."""
        return to_linux(self.pod_network, prefix)

    def network_warnings(self, title: str) -> list[str]:
        """A warning for an object (`kind.group/name`) that the network does not act on."""
        if title.split(".")[0] not in self.network.ignored_kinds:
            return []
        return [
            "kept, but a flat network does not act on it: make the cluster with a plugin, "
            'such as Cluster(network="calico")'
        ]

    def node_changed(self, event: WatchEvent) -> None:
        """The network's agents forget a node whose object goes, and learn of one that is back."""
        if event.type == "DELETED":
            self.network.forget_node(event.object.name)
        elif event.type == "ADDED":
            self.network.remember_node(event.object.name)

    # DNS

    @property
    def zone(self) -> Zone:
        """The names of this cluster, as CoreDNS answers for them."""

        def slices(namespace: str, service: str) -> Any:
            found = self.api.list("EndpointSlice", namespace)
            return [piece for piece in found if piece.labels.get(SERVICE_NAME) == service]

        return Zone(lambda: self.api.list("Service"), slices)

    def install_dns(self) -> Table:
        """Add CoreDNS: a Deployment, and the Service `kube-dns` at 10.96.0.10."""
        return self.apply(packaged("coredns"))

    def nslookup(self, pod: str, name: str, namespace: str = "default", type: str = "A") -> Lookup:
        """What a Pod's resolver asks for a name, query by query, and what it is told.

        Queries go to the Service `kube-dns` over the network; one that gets no answer times out.
        """
        full = f"{namespace}/{pod}" if "/" not in pod else pod
        space = full.split("/")[0]
        server = self.api.find("Service", DNS_SERVICE[1], DNS_SERVICE[0])
        if server is None:
            raise CourseError(
                "this cluster has no DNS",
                where="Service kube-system/kube-dns",
                do="add it: cluster.install_dns()",
            )
        zone, address = self.zone, server.spec.cluster_ip

        def ask(query: str, kind: str) -> Response:
            party = self.network.party(pod, namespace)
            good = self.network.reaches(party, address, 53, "udp")
            return zone.query(query, kind) if good else Response(query, kind, TIMEOUT)

        return resolve(name, ask, search_domains(space), type=type)

    # Ingress

    def install_ingress(self) -> Table:
        """Add HAProxy's ingress controller: its class `haproxy`, a Deployment, and a Service."""
        return self.apply(packaged("ingress-controller"))

    def http(self, host: str, path: str = "/", source: str = OUTSIDE) -> HTTPAnswer:
        """Send an HTTP request from outside, by way of the ingress controller.

        It enters by the controller's load balancer, or its node port; the controller chooses a
        rule by host and path among the Ingresses of its class, and sends the request to a Pod
        itself, without kube-proxy.
        """
        network = self.pod_network
        entry = self._entry()
        way_in = network.trace(source, *entry)
        if not way_in.ok:
            return HTTPAnswer(0, f"{way_in.outcome}: {way_in.reason}", way_in=way_in)
        classes = self.api.list("IngressClass")
        known = of_controller(self.api.list("Ingress"), classes, INGRESS_CONTROLLER)
        rule = choose(known, host, path)
        if rule is None:
            return HTTPAnswer(404, "no rule for this host and path", way_in=way_in)
        targets = self._backends(rule)
        if not targets:
            return HTTPAnswer(503, "the Service has no endpoints", rule, way_in=way_in)
        address, port = targets[self.sim.number(f"ingress/{rule.service.name}") % len(targets)]
        way_on = network.trace(way_in.at, address, port)
        if not way_on.ok:
            reason = f"{way_on.outcome}: {way_on.reason}"
            return HTTPAnswer(502, reason, rule, way_in=way_in, way_on=way_on)
        return HTTPAnswer(200, "OK", rule, way_on.at, way_in, way_on)

    def _entry(self) -> tuple[str, int]:
        service = self.api.find("Service", INGRESS_SERVICE[1], INGRESS_SERVICE[0])
        if service is None:
            raise CourseError(
                "this cluster has no ingress controller: its Ingresses mean nothing",
                do="add one: cluster.install_ingress()",
            )
        given = (service.status.load_balancer or {}).get("ingress")
        port = service.spec.ports[0]
        if given:
            return given[0]["ip"], port.port
        return next(iter(self.pod_network.hosts)), port.node_port

    def _backends(self, rule: Match) -> list[tuple[str, int]]:
        """The ready endpoints of a rule's Service, at the port that it names."""
        service = self.api.find("Service", rule.service.name, rule.namespace)
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
            for piece in self.api.list("EndpointSlice", rule.namespace)
            if piece.labels.get(SERVICE_NAME) == service.name
            for port in piece.ports or ()
            if port.name in names[:1]
            for endpoint in piece.endpoints or ()
            if endpoint.conditions.ready
        ]


def make_network(
    sim: Simulation, name: str, settings: dict[str, Any], policies: bool | None
) -> Network:
    """A flat network, or one with a plugin; raises `CourseError`."""
    if name == "flat":
        if settings or policies:
            raise CourseError(
                "a flat network has no settings, and enforces no policies",
                found=", ".join([*settings, *(["policies"] if policies else [])]),
                do='choose a plugin: Cluster(network="flannel-vxlan", ...)',
            )
        return FlatNetwork(sim)
    settings = {"node_cidr": str(NODE_CIDR)} | settings
    try:
        return PodNetwork(name, sim=sim, **settings)
    except (TypeError, ValueError) as problem:
        raise CourseError(
            f"the network {name} does not take these settings",
            found=f"{', '.join(f'{key}={value!r}' for key, value in settings.items())}: {problem}",
            do="see course_lib.network.PodNetwork and the plugin for what can be set",
        ) from None
