"""Traffic in a cluster: single packets that are followed, and streams of requests to a Service."""

from __future__ import annotations

from course_lib.client import Client
from course_lib.cluster.arguments import checked
from course_lib.cluster.dns import DNS
from course_lib.cluster.load import Load, Target
from course_lib.cluster.machines import Machines
from course_lib.engine import Simulation
from course_lib.errors import CourseError
from course_lib.network import Network, PodNetwork, Trace
from course_lib.network.underlay import OUTSIDE
from course_lib.objects.kinds.service import Service


@checked
class Traffic:
    """Packets and requests between Pods, nodes, Services and the world outside.

    `sim` has the time, `api` reads Services, `network` carries packets between `machines`, `dns`
    finds names.
    """

    def __init__(
        self,
        sim: Simulation,
        api: Client,
        network: Network[PodNetwork],
        machines: Machines,
        dns: DNS,
    ) -> None:
        self._sim, self._api, self._network = sim, api, network
        self._machines, self._dns = machines, dns

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

        Names are looked up in `namespace`; `port` and `protocol` are where it connects to, `size`
        is the payload in bytes.

        >>> from course_lib import Cluster
        >>> cluster = Cluster(network="calico")
        >>> _ = cluster.apply("data/web.yaml")
        >>> cluster.run(seconds=30)
        >>> cluster.trace("node-1", "service/web", 80).outcome
        'answered'
        """
        network = self._network.devices()
        to = self._target(source, destination, namespace)
        return network.trace(self._network.party(source, namespace), to, port, protocol, size)

    def _target(self, source: str, name: str, namespace: str) -> str:
        if name.startswith("service/"):
            return _address(self._api.get(Service, name[8:], namespace))
        party = self._network.party(name, namespace)
        network = self._network
        if party in network.pods or party in network.hosts or party == OUTSIDE:
            return party
        if name.replace(".", "").isdigit() or ":" in name:
            return name
        found = self._dns.nslookup(source, name, namespace)
        if not found.addresses:
            raise CourseError(
                "the name could not be resolved",
                where=f"asked by {source}",
                found=f"{name}: {found.code}",
                do="look at each query: cluster.nslookup(pod, name)",
            )
        return found.addresses[0]

    def load(
        self,
        service: str,
        requests_per_second: float,
        namespace: str = "default",
        port: int | None = None,
        outside: bool = False,
    ) -> Load:
        """Start clients that send requests to a Service (its first port), until stopped.

        They run on the nodes; with `outside` they stand outside the cluster and send to the nodes'
        addresses, at the Service's node port. `service` is the Service's name in `namespace`.
        Raises `CourseError` for a port that the Service does not have, or not outside.

        >>> from course_lib import Cluster
        >>> cluster = Cluster()
        >>> _ = cluster.apply("data/web.yaml")
        >>> cluster.run(seconds=30)
        >>> load = cluster.load("web", requests_per_second=10)
        >>> cluster.run(seconds=60)
        >>> load.failed
        0
        """
        found = self._api.get(Service, service, namespace)
        target = _from_outside(found, port) if outside else _from_nodes(found, port)
        nodes = [
            (kubelet, self._machines.proxies[n]) for n, kubelet in self._machines.kubelets.items()
        ]
        return Load(self._sim, self._network, nodes, target, requests_per_second)


def _from_nodes(service: Service, port: int | None) -> Target:
    """For clients on the nodes: the Service's address and port."""
    (number, _), address = _port(service, port), _address(service)
    return lambda proxy: (proxy.node, address, number)


def _address(service: Service) -> str:
    """The Service's address; raises `CourseError` for a headless one."""
    if service.spec.cluster_ip in ("", "None"):
        raise CourseError(
            "the Service has no address",
            where=f"Service {service.namespace}/{service.name}: spec.clusterIP",
            expected="an address",
            found=service.spec.cluster_ip or "nothing",
            do="clients ask DNS for its Pods: send requests to one of them",
        )
    return service.spec.cluster_ip


def _from_outside(service: Service, port: int | None) -> Target:
    """For clients outside: each node's address and the node port; raises `CourseError`."""
    _, node_port = _port(service, port)
    if not node_port:
        raise CourseError(
            "the Service is not reachable from outside",
            where=f"Service {service.namespace}/{service.name}: spec.type",
            expected="NodePort or LoadBalancer",
            found=str(service.spec.type or "ClusterIP"),
            do="set spec.type to NodePort",
        )
    return lambda proxy: (OUTSIDE, proxy.settings.node_ip, node_port)


def _port(service: Service, port: int | None) -> tuple[int, int]:
    """A port of a Service (the first, unless given) and its node port; raises `CourseError`."""
    ports = {p.port: p.node_port for p in service.spec.ports or ()}
    number = next(iter(ports), 0) if port is None else port
    if number not in ports:
        raise CourseError(
            "the Service has no such port",
            where=f"Service {service.namespace}/{service.name}",
            expected=f"one of its ports {list(ports)}",
            found=str(number or "no port"),
        )
    return number, ports[number]
