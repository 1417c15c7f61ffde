"""The cluster's DNS: names of Services and Pods, and what a resolver asks for.

`Zone` answers for `cluster.local` as CoreDNS does; `resolve` turns a short name into the queries
that a Pod's C library sends, one search domain after the other. Source: "Kubernetes DNS-Based
Service Discovery" 1.1 (kubernetes/dns); CoreDNS's `kubernetes` plugin; resolv.conf(5); RFC 1035,
2308 (negative answers), 2782 (SRV).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from course_lib.objects.kinds.endpoint_slice import Endpoint, EndpointSlice
from course_lib.objects.kinds.service import Service

if TYPE_CHECKING:
    from course_lib.engine.table import Table

DOMAIN = "cluster.local"
NDOTS = 5  # what the kubelet writes into a Pod's resolv.conf
TTL = 30  # s, in kubeadm's Corefile; for names that do not exist, too
NOERROR, NXDOMAIN, TIMEOUT = "NOERROR", "NXDOMAIN", "TIMEOUT"


class Record(msgspec.Struct, frozen=True):
    """One resource record."""

    name: str
    type: str
    data: str
    ttl: int = TTL

    def __str__(self) -> str:
        return f"{self.name} {self.ttl} IN {self.type} {self.data}"


class Response(msgspec.Struct, frozen=True):
    """What a server said to one query: its code, and records.

    NXDOMAIN: there is no such name. NOERROR without records: the name has no record of this type.
    """

    name: str
    type: str
    code: str
    records: tuple[Record, ...] = ()


def search_domains(namespace: str, domain: str = DOMAIN) -> tuple[str, ...]:
    """The search list of a Pod (`dnsPolicy: ClusterFirst`).

    >>> search_domains("default")
    ('default.svc.cluster.local', 'svc.cluster.local', 'cluster.local')
    """
    return f"{namespace}.svc.{domain}", f"svc.{domain}", domain


def candidates(name: str, searches: Sequence[str], ndots: int = NDOTS) -> list[str]:
    """The full names that a resolver tries for a name, in order (glibc).

    With fewer dots than `ndots` the `searches` come first; a dot at the end forbids them.

    >>> candidates("web.shop", ["default.svc.cluster.local", "svc.cluster.local"])
    ['web.shop.default.svc.cluster.local', 'web.shop.svc.cluster.local', 'web.shop']
    >>> candidates("example.com.", ["svc.cluster.local"])
    ['example.com']
    """
    if name.endswith("."):
        return [name[:-1]]
    searched = [f"{name}.{domain}" for domain in searches]
    return [*searched, name] if name.count(".") < ndots else [name, *searched]


class Zone:
    """The names of a cluster, which end with its `domain`; `outside` knows the names of the world.

    `services` lists the Services that there are now, `find` has one of a namespace by its name, and
    `slices` lists the EndpointSlices of one.
    """

    def __init__(
        self,
        services: Callable[[], Iterable[Service]],
        find: Callable[[str, str], Service | None],
        slices: Callable[[str, str], Iterable[EndpointSlice]],
        outside: dict[str, str] | None = None,
        domain: str = DOMAIN,
    ) -> None:
        self._services, self._find, self._slices = services, find, slices
        self.domain = domain
        self.outside = {"example.com": "203.0.113.10"} | (outside or {})

    def query(self, name: str, type: str = "A") -> Response:
        """Response a question for a full name."""
        name = name.rstrip(".").lower()
        if name.endswith(".in-addr.arpa"):
            return self._reverse(name)
        if not name.endswith(f".{self.domain}"):
            return self._from_outside(name, type)
        labels = name.removesuffix(f".{self.domain}").split(".")
        found: list[Record] | None = None
        if labels[-1] == "pod" and len(labels) == 3:
            found = self._pod(name, labels[0])
        elif labels[-1] == "svc" and len(labels) >= 3:
            found = self._service(name, labels[:-3], labels[-3], labels[-2])
        elif labels == ["svc"]:
            found = []
        if found is None:
            return Response(name, type, NXDOMAIN)
        # A name that is another's alias says so whatever was asked for.
        kept = [r for r in found if r.type == type or found[0].type == "CNAME"]
        return Response(name, type, NOERROR, tuple(kept))

    def _from_outside(self, name: str, type: str) -> Response:
        address = self.outside.get(name)
        if address is None:
            return Response(name, type, NXDOMAIN)
        records = (Record(name, "A", address),) if type == "A" else ()
        return Response(name, type, NOERROR, records)

    def _service(
        self, name: str, front: list[str], service: str, namespace: str
    ) -> list[Record] | None:
        """`service.namespace.svc`, with a port (`_http._tcp`) or an endpoint's name before it."""
        if (found := self._find(namespace, service)) is None:
            return None
        if found.spec.type == "ExternalName":
            return self._alias(name, found) if not front else None
        headless = found.spec.cluster_ip in ("", "None")
        if len(front) == 2 and front[0].startswith("_") and front[1].startswith("_"):
            return self._ports(name, found, front[0][1:], front[1][1:]) or None
        if len(front) > 1:
            return None
        if front and not headless and front[0] not in map(_label, self._endpoints(found)):
            return None
        if not front and not headless:
            ports = [r for p in found.spec.ports or () for r in self._srv(name, found, p.name)]
            return [Record(name, "A", found.spec.cluster_ip), *ports]
        records = [
            Record(name, "A", endpoint.addresses[0])
            for endpoint in self._endpoints(found)
            if not front or _label(endpoint) == front[0]
        ]
        return records or None

    def _alias(self, name: str, service: Service) -> list[Record]:
        target = service.spec.external_name
        return [Record(name, "CNAME", target), *self.query(target).records]

    def _ports(self, name: str, service: Service, port: str, protocol: str) -> list[Record]:
        return [
            record
            for p in service.spec.ports or ()
            if p.name == port and p.protocol.lower() == protocol
            for record in self._srv(name, service, port)
        ]

    def _srv(self, name: str, service: Service, port: str) -> list[Record]:
        """SRV records of a named port: priority, weight, port, target."""
        base = f"{service.name}.{service.namespace}.svc.{self.domain}"
        if service.spec.cluster_ip not in ("", "None"):
            numbers = [p.port for p in service.spec.ports or () if p.name == port and port]
            return [Record(name, "SRV", f"0 100 {number} {base}") for number in numbers]
        targets = [
            (piece_port.port, _label(endpoint))
            for piece in self._slices(service.namespace, service.name)
            for piece_port in piece.ports or ()
            if piece_port.name == port and port
            for endpoint in piece.endpoints or ()
            if endpoint.conditions.ready
        ]
        weight = 100 // max(1, len(targets))
        return [
            Record(name, "SRV", f"0 {weight} {number} {label}.{base}") for number, label in targets
        ]

    def _endpoints(self, service: Service) -> list[Endpoint]:
        found = [
            endpoint
            for piece in self._slices(service.namespace, service.name)
            for endpoint in piece.endpoints or ()
            if endpoint.conditions.ready
        ]
        return list({endpoint.addresses[0]: endpoint for endpoint in found}.values())

    def _pod(self, name: str, label: str) -> list[Record] | None:
        """`10-244-0-2.namespace.pod`: the address as a name (`pods insecure`)."""
        parts = label.split("-")
        good = len(parts) == 4 and all(p.isdigit() and int(p) < 256 for p in parts)
        return [Record(name, "A", ".".join(parts))] if good else None

    def _reverse(self, name: str) -> Response:
        address = ".".join(reversed(name.removesuffix(".in-addr.arpa").split(".")))
        for service in self._services():
            base = f"{service.name}.{service.namespace}.svc.{self.domain}"
            if service.spec.cluster_ip == address:
                return Response(name, "PTR", NOERROR, (Record(name, "PTR", base),))
            if service.spec.cluster_ip == "None":
                for endpoint in self._endpoints(service):
                    if endpoint.addresses[0] == address:
                        target = f"{_label(endpoint)}.{base}"
                        return Response(name, "PTR", NOERROR, (Record(name, "PTR", target),))
        return Response(name, "PTR", NXDOMAIN)


def _label(endpoint: Endpoint) -> str:
    """An endpoint's own name: its hostname, or its address with dashes."""
    return endpoint.hostname or endpoint.addresses[0].replace(".", "-")


class Lookup(msgspec.Struct):
    """All queries for one name, and the addresses in the end."""

    name: str
    answers: list[Response]

    @property
    def addresses(self) -> list[str]:
        """What the name stands for; empty when it could not be resolved."""
        return [r.data for r in self.answers[-1].records if r.type in ("A", "AAAA")]

    @property
    def code(self) -> str:
        """The code of the last answer."""
        return self.answers[-1].code

    def table(self) -> Table:
        """One row a query: QUERY, TYPE, CODE, ANSWER."""
        from course_lib.engine.table import Table

        rows = [
            (a.name, a.type, a.code, ", ".join(f"{r.type} {r.data}" for r in a.records))
            for a in self.answers
        ]
        return Table(rows, columns=["QUERY", "TYPE", "CODE", "ANSWER"])

    def _repr_html_(self) -> str:
        return self.table()._repr_html_() or ""

    def __repr__(self) -> str:
        return repr(self.table())


def resolve(
    name: str,
    ask: Callable[[str, str], Response],
    searches: Sequence[str],
    ndots: int = NDOTS,
    type: str = "A",
) -> Lookup:
    """Ask for one full name after the other until one of them is there.

    `name` is what the program asks for; `ask` sends one query (a full name and `type`) to the
    server; `searches` is the search list; names with fewer dots than `ndots` are tried with it
    first.
    """
    answers = []
    for full in candidates(name, searches, ndots):
        answers.append(ask(full, type))
        if answers[-1].records or answers[-1].code == TIMEOUT:
            break
    return Lookup(name, answers)
