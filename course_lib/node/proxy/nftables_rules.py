"""kube-proxy's nftables mode: one table, with maps from addresses and ports to chains.

Where iptables asks one rule after the other whether a packet is for a Service, nftables looks it
up: `service-ips` is a map from (address, protocol, port) to the chain of that Service, and an
endpoint is chosen by a random number that is looked up too. The cost does not grow with the
number of Services. Endpoints have chains of their own only where clients stay with one of them.
A Pod that reaches itself through its Service is masqueraded by one rule for all, with the set
`hairpin-connections` of this node's endpoints. Source: `pkg/proxy/nftables/proxier.go` of
Kubernetes; nft(8).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from functools import lru_cache

from course_lib.apiserver.allocation import SERVICE_CIDR
from course_lib.network.routes import within
from course_lib.node.proxy.iptables_rules import Settings
from course_lib.node.proxy.service_ports import ProxyEndpoint, ServicePortInfo, categorize

TABLE = "kube-proxy"
BASE_CHAINS = (
    ("filter-prerouting-pre-dnat", "type filter hook prerouting priority -110 ;",
     ("ct state new jump firewall-check",)),
    ("filter-output-pre-dnat", "type filter hook output priority -110 ;",
     ("ct state new jump firewall-check",)),
    ("filter-input", "type filter hook input priority 0 ;",
     ("ct state new jump nodeport-endpoints-check", "ct state new jump service-endpoints-check")),
    ("filter-forward", "type filter hook forward priority 0 ;",
     ("ct state new jump service-endpoints-check", "ct state new jump cluster-ips-check")),
    ("filter-output", "type filter hook output priority 0 ;",
     ("ct state new jump service-endpoints-check", "ct state new jump cluster-ips-check")),
    ("nat-prerouting", "type nat hook prerouting priority -100 ;", ("jump services",)),
    ("nat-output", "type nat hook output priority -100 ;", ("jump services",)),
    ("nat-postrouting", "type nat hook postrouting priority 100 ;", ("jump masquerading",)),
)  # fmt: skip
NAME_LENGTH = 256 - 16
MASQUERADE = "mark set mark | 0x4000"  # asks `masquerading` to do it


@lru_cache(maxsize=1 << 17)
def hashed(name: str) -> str:
    """A name behind the first eight letters of its hash, and cut where it is too long.

    >>> hashed("ns1/svc1/tcp/p80")
    'ULMVA6XW-ns1/svc1/tcp/p80'
    """
    digest = hashlib.sha256(name.encode()).digest()
    name = f"{base64.b32encode(digest).decode()[:8]}-{name}"
    return name if len(name) <= NAME_LENGTH else name[: NAME_LENGTH - 3] + "..."


def nft_text(ports: Iterable[ServicePortInfo], settings: Settings) -> str:
    """The whole table, as `nft -f` takes it."""
    return "\n".join(_Table(settings).write(ports))


class _Table:
    """Collects the elements of the maps, and the chains of all ports."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.ip = "ip6" if settings.six else "ip"
        self.maps: dict[str, dict[str, str]] = {
            "firewall-ips": {}, "no-endpoint-services": {}, "no-endpoint-nodeports": {},
            "service-ips": {}, "service-nodeports": {},
        }  # fmt: skip
        self.cluster_ips: dict[str, None] = {}
        self.hairpins: dict[str, None] = {}
        self.sets: dict[str, int] = {}  # of clients with an affinity, with their timeout
        self.chains: dict[str, list[str]] = {}

    def write(self, ports: Iterable[ServicePortInfo]) -> Iterator[str]:
        """The lines."""
        for port in ports:
            self._port(port)
        address = "ipv6_addr" if self.settings.six else "ipv4_addr"
        start = f"{self.ip} {TABLE}"
        yield f"add table {start}"
        yield f"delete table {start}"
        yield f"table {start} {{"
        yield '\tcomment "rules for kube-proxy"'
        yield from _block("set cluster-ips", [f"type {address}", *_elements(self.cluster_ips)])
        key = f"type {address} . {address} . inet_proto . inet_service"
        yield from _block("set hairpin-connections", [key, *_elements(self.hairpins)])
        for name, members in self.maps.items():
            key = "inet_proto . inet_service"
            if name not in ("no-endpoint-nodeports", "service-nodeports"):
                key = f"{address} . {key}"
            found = (f"{k} : {verdict}" for k, verdict in members.items())
            yield from _block(f"map {name}", [f"type {key} : verdict", *_elements(found)])
        yield from _block(
            "set nodeport-ips",
            [f"type {address}", *_elements([self.settings.node_ip] if self._nodes() else [])],
        )
        for name, seconds in self.sets.items():
            size = [f"type {address}", "size 65535", "flags dynamic,timeout", f"timeout {seconds}s"]
            yield from _block(f"set {name}", size)
        for name, kind, rules in BASE_CHAINS:
            yield from _block(f"chain {name}", [kind, *rules])
        for name, lines in (self._common() | self.chains).items():
            yield from _block(f"chain {name}", lines)
        yield "}"

    def _nodes(self) -> bool:
        return bool(self.settings.node_ip) and (":" in self.settings.node_ip) == self.settings.six

    def _common(self) -> dict[str, list[str]]:
        ip, key = self.ip, f"{self.ip} daddr . meta l4proto . th dport"
        away = [] if not self.settings.cluster_cidr else [
            f"{ip} daddr @cluster-ips {ip} saddr != {self.settings.cluster_cidr} {MASQUERADE} "
            'comment "masquerade clusterIP traffic from outside cluster"'
        ]  # fmt: skip
        drop = [] if self.settings.six else [
            f'ip daddr {SERVICE_CIDR} drop comment "Drop traffic to unallocated ClusterIPs"'
        ]  # fmt: skip
        return {
            "cluster-ips-check": [
                f'{ip} daddr @cluster-ips reject comment "Reject traffic to invalid ports of '
                'ClusterIPs"',
                *drop,
            ],
            "firewall-check": [f"{key} vmap @firewall-ips"],
            "masquerading": [
                "mark & 0x4000 != 0 mark set mark ^ 0x4000 masquerade fully-random",
                f"ct status dnat {ip} saddr . {ip} daddr . meta l4proto . th dport "
                "@hairpin-connections masquerade fully-random",
            ],
            "nodeport-endpoints-check": [
                f"{ip} daddr @nodeport-ips meta l4proto . th dport vmap @no-endpoint-nodeports"
            ],
            "reject-chain": ["reject"],
            "service-endpoints-check": [f"{key} vmap @no-endpoint-services"],
            "services": [
                *away,
                f"{key} vmap @service-ips",
                f"{ip} daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports",
            ],
        }

    # One port of a Service

    def _port(self, port: ServicePortInfo) -> None:
        settings, protocol = self.settings, port.protocol
        found = categorize(port, settings.node, settings.zone)
        base = hashed(f"{port.namespace}/{port.service}/{protocol}/{port.name}")
        cluster, local = f"service-{base}", f"local-{base}"
        external, firewall = f"external-{base}", f"firewall-{base}"
        inside = bool(found.local) if port.internal_local else found.some
        outside = bool(found.local) if port.external_local else found.some
        missing = "drop" if found.some else "goto reject-chain"
        internal = local if port.internal_local else cluster
        self.cluster_ips[port.cluster_ip] = None
        key = f"{port.cluster_ip} . {protocol} . {port.port}"
        if inside:
            self.maps["service-ips"][key] = f"goto {internal}"
        else:
            self.maps["no-endpoint-services"][key] = missing
        addresses = (*port.external_ips, *port.load_balancer_ips)
        ways = [("ips", "services", f"{each} . {protocol} . {port.port}") for each in addresses]
        if port.node_port:
            ways.append(("nodeports", "nodeports", f"{protocol} . {port.node_port}"))
        for services, refused, key in ways:
            if found.some:
                self.maps[f"service-{services}"][key] = f"goto {external}"
            if not outside:
                self.maps[f"no-endpoint-{refused}"][key] = missing
        if port.load_balancer_ips and port.source_ranges:
            self._firewall(port, firewall)
        if found.some and port.external:
            self._external(port, external, cluster, local, outside)
        if found.cluster and port.uses_cluster:
            self._choose(port, cluster, found.cluster)
        if found.local and port.uses_local:
            self._choose(port, local, found.local)
        for endpoint in found.reachable:
            if port.sticky_seconds:
                self._endpoint(port, endpoint)
            if endpoint.node == settings.node:
                address = endpoint.address
                self.hairpins[f"{address} . {address} . {protocol} . {endpoint.port}"] = None

    def _firewall(self, port: ServicePortInfo, chain: str) -> None:
        allowed = list(port.source_ranges)
        if any(within(self.settings.node_ip, cidr) for cidr in allowed):
            allowed += port.load_balancer_ips
        self.chains[chain] = [f"{self.ip} saddr != {{ {', '.join(allowed)} }} drop"]
        for address in port.load_balancer_ips:
            key = f"{address} . {port.protocol} . {port.port}"
            self.maps["firewall-ips"][key] = f"goto {chain}"

    def _external(
        self, port: ServicePortInfo, chain: str, cluster: str, local: str, has: bool
    ) -> None:
        rules = self.chains.setdefault(chain, [])
        if not port.external_local:
            rules.append(f'{MASQUERADE} comment "masquerade"')
        else:
            if self.settings.cluster_cidr:
                rules.append(
                    f"{self.ip} saddr {self.settings.cluster_cidr} goto {cluster} "
                    'comment "short-circuit pod traffic"'
                )
            rules.append(f'fib saddr type local {MASQUERADE} comment "masquerade local traffic"')
            rules.append(
                f'fib saddr type local goto {cluster} comment "short-circuit local traffic"'
            )
        if has:
            rules.append(f"goto {local if port.external_local else cluster}")

    def _choose(
        self, port: ServicePortInfo, chain: str, endpoints: tuple[ProxyEndpoint, ...]
    ) -> None:
        rules = self.chains.setdefault(chain, [])
        random = f"numgen random mod {len(endpoints)}"
        if port.sticky_seconds:
            names = [_endpoint_base(port, endpoint) for endpoint in endpoints]
            rules += [f"{self.ip} saddr @affinity-{name} goto endpoint-{name}" for name in names]
            found = ", ".join(f"{n} : goto endpoint-{name}" for n, name in enumerate(names))
            rules.append(f"{random} vmap {{ {found} }}")
        elif len(endpoints) == 1:
            rules.append(f"meta l4proto {port.protocol} dnat to {endpoints[0]}")
        else:
            found = ", ".join(f"{n} : {e.address} . {e.port}" for n, e in enumerate(endpoints))
            rules.append(
                f"meta l4proto {port.protocol} dnat {self.ip} addr . port to "
                f"{random} map {{ {found} }}"
            )

    def _endpoint(self, port: ServicePortInfo, endpoint: ProxyEndpoint) -> None:
        name = _endpoint_base(port, endpoint)
        self.sets[f"affinity-{name}"] = port.sticky_seconds
        self.chains[f"endpoint-{name}"] = [
            f"update @affinity-{name} {{ {self.ip} saddr }}",
            f"meta l4proto {port.protocol} dnat to {endpoint}",
        ]


def _endpoint_base(port: ServicePortInfo, endpoint: ProxyEndpoint) -> str:
    address = endpoint.address.replace(":", ".")
    return hashed(
        f"{port.namespace}/{port.service}/{port.protocol}/{port.name}__{address}/{endpoint.port}"
    )


def _block(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield f"\t{title} {{"
    yield from (f"\t\t{line}" for line in lines)
    yield "\t}"


def _elements(members: Iterable[str]) -> list[str]:
    found = ",\n\t\t\t     ".join(members)
    return [f"elements = {{ {found} }}"] if found else []
