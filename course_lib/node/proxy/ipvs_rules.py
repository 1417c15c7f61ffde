"""kube-proxy's IPVS mode: a virtual server for each address of a Service, and a few rules.

The virtual addresses stand on a device `kube-ipvs0` of the node, so that packets for them arrive
there. The rules only mark what is to be masqueraded; they ask sets (`ipset`), so that their
number does not grow with the Services. Deprecated since Kubernetes 1.35: nftables does as well.
Source: `pkg/proxy/ipvs/proxier.go` and its README.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from course_lib.network.ipset import Sets
from course_lib.network.iptables import IPTables
from course_lib.network.ipvs import IPVS
from course_lib.network.routes import within
from course_lib.node.proxy.iptables_rules import MARK, Settings
from course_lib.node.proxy.service_ports import Backends, ProxyEndpoint, ServicePortInfo, categorize

DEVICE = "kube-ipvs0"
SETS = {
    "KUBE-LOOP-BACK": "hash:ip,port,ip",
    "KUBE-CLUSTER-IP": "hash:ip,port",
    "KUBE-EXTERNAL-IP": "hash:ip,port",
    "KUBE-EXTERNAL-IP-LOCAL": "hash:ip,port",
    "KUBE-LOAD-BALANCER": "hash:ip,port",
    "KUBE-LOAD-BALANCER-FW": "hash:ip,port",
    "KUBE-LOAD-BALANCER-LOCAL": "hash:ip,port",
    "KUBE-LOAD-BALANCER-SOURCE-CIDR": "hash:ip,port,net",
    "KUBE-NODE-PORT-TCP": "bitmap:port",
    "KUBE-NODE-PORT-LOCAL-TCP": "bitmap:port",
    "KUBE-NODE-PORT-UDP": "bitmap:port",
    "KUBE-NODE-PORT-LOCAL-UDP": "bitmap:port",
    "KUBE-IPVS-IPS": "hash:ip",
}
JUMPS = """*filter
-A INPUT -m comment --comment "kubernetes ipvs access filter" -j KUBE-IPVS-FILTER
-A INPUT -m comment --comment "kube-proxy firewall rules" -j KUBE-PROXY-FIREWALL
-A FORWARD -m comment --comment "kube-proxy firewall rules" -j KUBE-PROXY-FIREWALL
-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
COMMIT
*nat
-I PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-I OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-I POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
COMMIT"""


class IPVSRules(msgspec.Struct):
    """What the mode writes: virtual servers (`ipvsadm-save`), sets, addresses, rules."""

    servers: list[str]
    sets: dict[str, dict[str, None]]
    addresses: dict[str, None]


def ipvs_rules(ports: Iterable[ServicePortInfo], settings: Settings, scheduler: str) -> IPVSRules:
    """The virtual servers and sets for all ports of all Services.

    `settings` are the node's, `scheduler` is its name in IPVS.
    """
    made = IPVSRules([], {name: {} for name in SETS}, {})
    for port in ports:
        _port(made, port, settings, scheduler)
    made.sets["KUBE-IPVS-IPS"] = dict.fromkeys(made.addresses)
    return made


def _port(made: IPVSRules, port: ServicePortInfo, settings: Settings, scheduler: str) -> None:
    found: Backends = categorize(port, settings.node, settings.zone)
    inside = found.local if port.internal_local else found.cluster
    outside = found.local if port.external_local else found.cluster

    def server(address: str, number: int, endpoints: Iterable[ProxyEndpoint]) -> str:
        made.servers.extend(_server(port, scheduler, address, number, endpoints))
        return f"{address},{port.protocol}:{number}"

    for endpoint in port.endpoints:
        if endpoint.node == settings.node:
            member = f"{endpoint.address},{port.protocol}:{endpoint.port},{endpoint.address}"
            made.sets["KUBE-LOOP-BACK"][member] = None
    made.addresses[port.cluster_ip] = None
    made.sets["KUBE-CLUSTER-IP"][server(port.cluster_ip, port.port, inside)] = None
    for address in port.external_ips:
        made.addresses[address] = None
        name = "KUBE-EXTERNAL-IP-LOCAL" if port.external_local else "KUBE-EXTERNAL-IP"
        made.sets[name][server(address, port.port, outside)] = None
    for address in port.load_balancer_ips:
        made.addresses[address] = None
        _load_balancer(made, port, settings, address, server(address, port.port, outside))
    if port.node_port:
        kind = port.protocol.upper()
        made.sets[f"KUBE-NODE-PORT-{kind}"][str(port.node_port)] = None
        if port.external_local:
            made.sets[f"KUBE-NODE-PORT-LOCAL-{kind}"][str(port.node_port)] = None
        server(settings.node_ip, port.node_port, outside)


def _server(
    port: ServicePortInfo,
    scheduler: str,
    address: str,
    number: int,
    endpoints: Iterable[ProxyEndpoint],
) -> Iterator[str]:
    """A virtual server, and the real ones behind it."""
    shown = f"[{address}]" if ":" in address else address
    place = f"-{port.protocol[0]} {shown}:{number}"
    sticky = f" -p {port.sticky_seconds}" if port.sticky_seconds else ""
    yield f"-A {place} -s {scheduler}{sticky}"
    yield from (f"-a {place} -r {endpoint} -m -w 1" for endpoint in endpoints)


def _load_balancer(
    made: IPVSRules, port: ServicePortInfo, settings: Settings, address: str, member: str
) -> None:
    made.sets["KUBE-LOAD-BALANCER"][member] = None
    if port.external_local:
        made.sets["KUBE-LOAD-BALANCER-LOCAL"][member] = None
    if port.source_ranges:
        made.sets["KUBE-LOAD-BALANCER-FW"][member] = None
        ranges = list(port.source_ranges)
        if any(within(settings.node_ip, cidr) for cidr in ranges):
            ranges.append(f"{address}/{128 if ':' in address else 32}")
        for cidr in ranges:
            made.sets["KUBE-LOAD-BALANCER-SOURCE-CIDR"][f"{member},{cidr}"] = None


FILTER_RULES = (
    "*filter",
    ":KUBE-FORWARD - [0:0]", ":KUBE-IPVS-FILTER - [0:0]", ":KUBE-PROXY-FIREWALL - [0:0]",
    ":KUBE-SOURCE-RANGES-FIREWALL - [0:0]",
    f"-A KUBE-FORWARD -m mark --mark {MARK} -j ACCEPT",
    "-A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    *(
        f"-A KUBE-IPVS-FILTER -m set --match-set {name} dst,dst -j RETURN"
        for name in ("KUBE-LOAD-BALANCER", "KUBE-CLUSTER-IP", "KUBE-EXTERNAL-IP",
                     "KUBE-EXTERNAL-IP-LOCAL")
    ),
    "-A KUBE-IPVS-FILTER -m conntrack --ctstate NEW -m set --match-set KUBE-IPVS-IPS dst "
    "-j REJECT --reject-with icmp-port-unreachable",
    "-A KUBE-PROXY-FIREWALL -m set --match-set KUBE-LOAD-BALANCER-FW dst,dst "
    "-j KUBE-SOURCE-RANGES-FIREWALL",
    "-A KUBE-SOURCE-RANGES-FIREWALL -m set --match-set KUBE-LOAD-BALANCER-SOURCE-CIDR "
    "dst,dst,src -j RETURN",
    "-A KUBE-SOURCE-RANGES-FIREWALL -j DROP",
    "COMMIT",
)  # fmt: skip
NAT_CHAINS = (
    "*nat",
    ":KUBE-LOAD-BALANCER - [0:0]", ":KUBE-MARK-MASQ - [0:0]", ":KUBE-NODE-PORT - [0:0]",
    ":KUBE-POSTROUTING - [0:0]", ":KUBE-SERVICES - [0:0]",
)  # fmt: skip
NAT_RULES = (
    "-A KUBE-LOAD-BALANCER -m set --match-set KUBE-LOAD-BALANCER-LOCAL dst,dst -j RETURN",
    "-A KUBE-LOAD-BALANCER -j KUBE-MARK-MASQ",
    *(
        f"-A KUBE-NODE-PORT -p {p} -m set --match-set KUBE-NODE-PORT-{local}{p.upper()} dst "
        f"-j {target}"
        for p in ("tcp", "udp")
        for local, target in (("LOCAL-", "RETURN"), ("", "KUBE-MARK-MASQ"))
    ),
    f"-A KUBE-MARK-MASQ -j MARK --set-xmark {MARK}",
    "-A KUBE-POSTROUTING -m set --match-set KUBE-LOOP-BACK dst,dst,src -j MASQUERADE",
    f"-A KUBE-POSTROUTING -m mark ! --mark {MARK} -j RETURN",
    "-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0",
    "-A KUBE-POSTROUTING -m comment --comment "
    '"kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully',
    "COMMIT",
)  # fmt: skip


def rules_text(settings: Settings) -> str:
    """The rules: the same ones, however many Services there are."""
    return "\n".join([*FILTER_RULES, *NAT_CHAINS, *_services(settings), *NAT_RULES])


def _services(settings: Settings) -> list[str]:
    """What happens to a packet for a Service."""
    loop = "::1/128" if settings.six else "127.0.0.0/8"
    pods = settings.cluster_cidr
    return [
        f"-A KUBE-SERVICES -s {loop} -j RETURN",
        "-A KUBE-SERVICES -m set --match-set KUBE-LOAD-BALANCER dst,dst -j KUBE-LOAD-BALANCER",
        *(
            [f"-A KUBE-SERVICES ! -s {pods} -m set --match-set KUBE-CLUSTER-IP dst,dst "
             "-j KUBE-MARK-MASQ"] if pods else
            ["-A KUBE-SERVICES -m set --match-set KUBE-CLUSTER-IP src,dst -j KUBE-MARK-MASQ"]
        ),
        "-A KUBE-SERVICES -m set --match-set KUBE-EXTERNAL-IP dst,dst -j KUBE-MARK-MASQ",
        *(
            line
            for name in ("KUBE-EXTERNAL-IP", "KUBE-EXTERNAL-IP-LOCAL")
            for line in (
                f"-A KUBE-SERVICES -m set --match-set {name} dst,dst -m physdev "
                "! --physdev-is-in -m addrtype ! --src-type LOCAL -j ACCEPT",
                f"-A KUBE-SERVICES -m set --match-set {name} dst,dst -m addrtype "
                "--dst-type LOCAL -j ACCEPT",
            )
        ),
        "-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODE-PORT",
        "-A KUBE-SERVICES -m set --match-set KUBE-CLUSTER-IP dst,dst -j ACCEPT",
        "-A KUBE-SERVICES -m set --match-set KUBE-LOAD-BALANCER dst,dst -j ACCEPT",
    ]  # fmt: skip


def install(made: IPVSRules, ipvs: IPVS, iptables: IPTables) -> None:
    """Load servers and sets; the rules stand already.

    `made` is what the mode writes, `ipvs` and `iptables` are the node's tables.
    """
    ipvs.restore("\n".join(made.servers))
    sets: Sets = iptables.sets
    for name, kind in SETS.items():
        sets.create(name, kind, made.sets[name])
