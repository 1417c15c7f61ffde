"""kube-proxy's iptables mode: the rules for one port of a Service, as `iptables-save` has them.

The chains, in the order in which a packet for a Service meets them:

    KUBE-SERVICES     is the destination a Service's address? one rule for each, one after the other
    KUBE-NODEPORTS    or a node port of this node? (the last rule of KUBE-SERVICES)
    KUBE-EXT-...      it comes from outside: by policy
    KUBE-SVC-...      choose an endpoint, each with its probability (KUBE-SVL-: of this node's)
    KUBE-SEP-...      the endpoint: its address becomes the destination
    KUBE-POSTROUTING  a marked packet takes the node's address as its source

Names of chains are a prefix and a hash, so that they fit into the kernel's 28 characters.
Source: `pkg/proxy/iptables/proxier.go` of Kubernetes.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache

import msgspec

from course_lib.network.routes import within
from course_lib.node.proxy.service_ports import Backends, ProxyEndpoint, ServicePortInfo, categorize

ONE_ADDRESS = "255.255.255.255"  # as a mask
MARK = "0x4000/0x4000"  # on packets that are to be masqueraded


class Settings(msgspec.Struct, frozen=True):
    """Settings of a kube-proxy: node name, zone and address, and the Pods' addresses.

    `cluster_cidr` is how it knows whether a packet comes from a Pod; empty: it does not.
    """

    node: str
    node_ip: str
    zone: str = ""
    cluster_cidr: str = ""
    six: bool = False

    @property
    def of_no_node(self) -> Settings:
        """The same without what differs from node to node."""
        return Settings("", "", "", self.cluster_cidr, self.six)


@lru_cache(maxsize=1 << 17)
def chain_hash(*parts: str) -> str:
    """Sixteen letters that stand for a Service's port (and an endpoint).

    >>> chain_hash("default/kubernetes:https", "tcp")
    'NPX46M4PTMTKRN6Y'
    """
    digest = hashlib.sha256("".join(parts).encode()).digest()
    return base64.b32encode(digest).decode()[:16]


def probability(among: int) -> str:
    """The probability of the first of so many endpoints, as the kernel keeps and prints it.

    >>> probability(3)
    '0.33333333349'
    """
    return f"{round(2**31 / among) / 2**31:.11f}"


class PortRules(msgspec.Struct):
    """The rules for one port of a Service, by the chain that they belong to."""

    nat_services: list[str] = []
    nat_node_ports: list[str] = []
    filter_services: list[str] = []
    filter_external: list[str] = []
    filter_firewall: list[str] = []
    filter_node_ports: list[str] = []
    chains: dict[str, list[str]] = {}

    @property
    def common(self) -> tuple[list[str], ...]:
        """The rules in chains that all Services share."""
        return (
            self.nat_services,
            self.nat_node_ports,
            self.filter_services,
            self.filter_external,
            self.filter_firewall,
            self.filter_node_ports,
        )


def port_rules(port: ServicePortInfo, settings: Settings) -> PortRules:
    """The rules for one port of a Service on one node."""
    return _Writer(port, settings).write()


class _Writer:
    """Writes them, in the order of upstream's `syncProxyRules`."""

    def __init__(self, port: ServicePortInfo, settings: Settings) -> None:
        self.port, self.settings = port, settings
        self.backends: Backends = categorize(port, settings.node, settings.zone)
        name = chain_hash(port.full_name, port.protocol)
        self.cluster, self.local = f"KUBE-SVC-{name}", f"KUBE-SVL-{name}"
        self.external, self.firewall = f"KUBE-EXT-{name}", f"KUBE-FW-{name}"
        self.bits, self.mask = (128, ":".join(["ffff"] * 8)) if settings.six else (32, ONE_ADDRESS)
        self.made = PortRules()

    def _to(self, address: str, number: int, comment: str) -> str:
        protocol = self.port.protocol
        return (
            f"-d {address}/{self.bits} -p {protocol} -m comment --comment {_quoted(comment)} "
            f"-m {protocol} --dport {number}"
        )

    def _at_node(self, comment: str) -> str:
        protocol = self.port.protocol
        return (
            f"-p {protocol} -m comment --comment {_quoted(comment)} "
            f"-m {protocol} --dport {self.port.node_port}"
        )

    def write(self) -> PortRules:
        """All of them."""
        port, backends, name = self.port, self.backends, self.port.full_name
        inside = bool(backends.local) if port.internal_local else backends.some
        outside = bool(backends.local) if port.external_local else backends.some
        if not backends.some:
            refused, why = f"-j {self._reject()}", f"{name} has no endpoints"
        else:
            refused, why = "-j DROP", f"{name} has no local endpoints"
        self._cluster_ip(inside, refused, why)
        self._external_ips(outside, refused, why)
        self._load_balancer(outside, refused, why)
        self._node_port(outside, refused, why)
        if backends.some and port.external:
            self._external_chain(outside)
        if backends.cluster and port.uses_cluster:
            self._choose(self.cluster, backends.cluster)
        if backends.local and port.uses_local:
            self._choose(self.local, backends.local)
        for endpoint in backends.reachable:
            self._endpoint(endpoint)
        return self.made

    def _reject(self) -> str:
        family = "icmp6" if self.settings.six else "icmp"
        return f"REJECT --reject-with {family}-port-unreachable"

    def _cluster_ip(self, has: bool, refused: str, why: str) -> None:
        port = self.port
        if not has:
            line = f"-A KUBE-SERVICES {self._to(port.cluster_ip, port.port, why)} {refused}"
            self.made.filter_services.append(line)
            return
        to = self._to(port.cluster_ip, port.port, f"{port.full_name} cluster IP")
        chain = self.local if port.internal_local else self.cluster
        self.made.nat_services.append(f"-A KUBE-SERVICES {to} -j {chain}")
        rules = self.made.chains.setdefault(chain, [])
        if self.settings.cluster_cidr:
            # From outside to a cluster IP: answers must come back by way of this node.
            rules.append(f"-A {chain} ! -s {self.settings.cluster_cidr} {to} -j KUBE-MARK-MASQ")

    def _external_ips(self, has: bool, refused: str, why: str) -> None:
        port = self.port
        for address in port.external_ips:
            if self.backends.some:
                to = self._to(address, port.port, f"{port.full_name} external IP")
                self.made.nat_services.append(f"-A KUBE-SERVICES {to} -j {self.external}")
            if not has:
                to = self._to(address, port.port, why)
                self.made.filter_external.append(f"-A KUBE-EXTERNAL-SERVICES {to} {refused}")

    def _load_balancer(self, has: bool, refused: str, why: str) -> None:
        port = self.port
        guarded = bool(self.backends.some and port.load_balancer_ips and port.source_ranges)
        chain = self.firewall if guarded else self.external
        for address in port.load_balancer_ips:
            to = self._to(address, port.port, f"{port.full_name} loadbalancer IP")
            if self.backends.some:
                self.made.nat_services.append(f"-A KUBE-SERVICES {to} -j {chain}")
            if guarded:
                note = f"{port.full_name} traffic not accepted by {self.firewall}"
                to = self._to(address, port.port, note)
                self.made.filter_firewall.append(f"-A KUBE-PROXY-FIREWALL {to} -j DROP")
            if not has:
                to = self._to(address, port.port, why)
                self.made.filter_external.append(f"-A KUBE-EXTERNAL-SERVICES {to} {refused}")
        if guarded:
            self._source_ranges()

    def _source_ranges(self) -> None:
        """Accept the Service's `loadBalancerSourceRanges`.

        Send other packets to KUBE-PROXY-FIREWALL.
        """
        port, chain = self.port, self.firewall
        note = f"-m comment --comment {_quoted(f'{port.full_name} loadbalancer IP')}"
        allowed = list(port.source_ranges)
        if any(within(self.settings.node_ip, cidr) for cidr in allowed):
            allowed += [f"{address}/{self.bits}" for address in port.load_balancer_ips]
        rules = [f"-A {chain} -s {cidr} {note} -j {self.external}" for cidr in allowed]
        other = _quoted(f"other traffic to {port.full_name} will be dropped by KUBE-PROXY-FIREWALL")
        self.made.chains[chain] = [*rules, f"-A {chain} -m comment --comment {other}"]

    def _node_port(self, has: bool, refused: str, why: str) -> None:
        port = self.port
        if port.node_port:
            if self.backends.some:
                at = self._at_node(port.full_name)
                self.made.nat_node_ports.append(f"-A KUBE-NODEPORTS {at} -j {self.external}")
            if not has:
                protocol = port.protocol
                self.made.filter_external.append(
                    f"-A KUBE-EXTERNAL-SERVICES -p {protocol} -m comment --comment {_quoted(why)} "
                    f"-m addrtype --dst-type LOCAL -m {protocol} --dport {port.node_port} {refused}"
                )
        if port.health_check_port:
            note = _quoted(f"{port.full_name} health check node port")
            self.made.filter_node_ports.append(
                f"-A KUBE-NODEPORTS -p tcp -m comment --comment {note} "
                f"-m tcp --dport {port.health_check_port} -j ACCEPT"
            )

    def _external_chain(self, has: bool) -> None:
        """From outside: masqueraded, so that answers come back here; or, by policy, kept local."""
        port, chain = self.port, self.external
        rules = self.made.chains.setdefault(chain, [])

        def note(text: str) -> str:
            return f"-m comment --comment {_quoted(text.format(port.full_name))}"

        if not port.external_local:
            text = note("masquerade traffic for {} external destinations")
            rules.append(f"-A {chain} {text} -j KUBE-MARK-MASQ")
        else:
            local = "-m addrtype --src-type LOCAL"
            if self.settings.cluster_cidr:
                text = note("pod traffic for {} external destinations")
                source = f"-s {self.settings.cluster_cidr}"
                rules.append(f"-A {chain} {source} {text} -j {self.cluster}")
            text = note("masquerade LOCAL traffic for {} external destinations")
            rules.append(f"-A {chain} {text} {local} -j KUBE-MARK-MASQ")
            text = note("route LOCAL traffic for {} external destinations")
            rules.append(f"-A {chain} {text} {local} -j {self.cluster}")
        if has:
            rules.append(f"-A {chain} -j {self.local if port.external_local else self.cluster}")

    def _choose(self, chain: str, endpoints: tuple[ProxyEndpoint, ...]) -> None:
        """One endpoint, each with the same chance; a known client gets the one that it had."""
        rules = self.made.chains.setdefault(chain, [])
        name = self.port.full_name
        noted = [
            (_sep(self.port, e), f"-A {chain} -m comment --comment {_quoted(f'{name} -> {e}')}")
            for e in endpoints
        ]
        if self.port.sticky_seconds:
            for sep, start in noted:
                rules.append(
                    f"{start} -m recent --rcheck --seconds {self.port.sticky_seconds} --reap "
                    f"--name {sep} --mask {self.mask} --rsource -j {sep}"
                )
        left = len(noted)
        for sep, start in noted:
            chance = f" -m statistic --mode random --probability {probability(left)}"
            rules.append(f"{start}{chance if left > 1 else ''} -j {sep}")
            left -= 1

    def _endpoint(self, endpoint: ProxyEndpoint) -> None:
        """A Pod that meets itself must see another source; everyone else is sent on to it."""
        chain, protocol = _sep(self.port, endpoint), self.port.protocol
        note = f"-m comment --comment {_quoted(self.port.full_name)}"
        recent = ""
        if self.port.sticky_seconds:
            recent = f" -m recent --set --name {chain} --mask {self.mask} --rsource"
        self.made.chains[chain] = [
            f"-A {chain} -s {endpoint.address}/{self.bits} {note} -j KUBE-MARK-MASQ",
            f"-A {chain} -p {protocol} {note}{recent} -m {protocol} "
            f"-j DNAT --to-destination {endpoint}",
        ]


_PLAIN = re.compile(r"[\w-]+", re.ASCII)


def _sep(port: ServicePortInfo, endpoint: ProxyEndpoint) -> str:
    return f"KUBE-SEP-{chain_hash(port.full_name, port.protocol, str(endpoint))}"


def _quoted(text: str) -> str:
    """A comment as `iptables-save` prints it: in quotes unless it is one plain word."""
    return text if _PLAIN.fullmatch(text) else f'"{text}"'
