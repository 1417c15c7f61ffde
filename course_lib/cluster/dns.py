"""The names of a cluster: what CoreDNS answers, and how a Pod's resolver asks."""

from __future__ import annotations

from course_lib.client import Client
from course_lib.cluster.arguments import checked
from course_lib.errors import CourseError
from course_lib.network import Network
from course_lib.network.dns import TIMEOUT, Lookup, Response, Zone, resolve, search_domains
from course_lib.objects.kinds.endpoint_slice import SERVICE_NAME, EndpointSlice
from course_lib.objects.kinds.service import Service

DNS_SERVICE = ("kube-system", "kube-dns")


@checked
class DNS:
    """The cluster's DNS: the zone, and queries that go to the Service `kube-dns`."""

    def __init__(self, api: Client, network: Network) -> None:
        self._api, self._network = api, network
        network.names = lambda name, kind: self.zone.query(name, kind)

    @property
    def zone(self) -> Zone:
        """The names of this cluster, as CoreDNS answers for them."""

        def slices_of(namespace: str, service: str) -> list[EndpointSlice]:
            slices = self._api.list(EndpointSlice, namespace)
            return [piece for piece in slices if piece.labels.get(SERVICE_NAME) == service]

        def find(namespace: str, service: str) -> Service | None:
            return self._api.find(Service, service, namespace)

        return Zone(lambda: self._api.list(Service), find, slices_of)

    def nslookup(self, pod: str, name: str, namespace: str = "default", type: str = "A") -> Lookup:
        """What a Pod's resolver asks for a name, query by query, and what it is told.

        Queries go to the Service `kube-dns` over the network; one that gets no answer times out.
        `pod` is the Pod's name in `namespace`; `type` is `A`, `AAAA` or `SRV`. Raises `CourseError`
        where the cluster has no DNS.
        """
        full = f"{namespace}/{pod}" if "/" not in pod else pod
        space = full.split("/")[0]
        server = self._api.find(Service, DNS_SERVICE[1], DNS_SERVICE[0])
        if server is None:
            raise CourseError(
                "this cluster has no DNS",
                where="Service kube-system/kube-dns",
                do="add it: cluster.install_dns()",
            )
        zone, address = self.zone, server.spec.cluster_ip

        def ask(query: str, kind: str) -> Response:
            party = self._network.party(pod, namespace)
            good = self._network.reaches(party, address, 53, "udp")
            return zone.query(query, kind) if good else Response(query, kind, TIMEOUT)

        return resolve(name, ask, search_domains(space), type=type)
