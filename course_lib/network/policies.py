"""NetworkPolicies, as rules of a node: sets of addresses, and a chain for each guarded Pod.

A Pod that no policy selects takes part in everything. As soon as one selects it for a direction,
only what some policy allows passes in that direction, and the answers to it. Policies add up;
none takes away what another allows. A Pod and its own node always reach each other, which is why
only what is forwarded is looked at.

Each guarded Pod has a chain `POLICY-TO-...` or `POLICY-FROM-...` on its node: rules that mark
what is allowed, and at the end one that drops what has no mark. Who is meant stands in sets, so
that a rule does not grow with the number of Pods. Source: kubernetes.io "Network Policies"; the
form follows kube-router's and Calico's.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from course_lib.network.ipset import Sets
from course_lib.objects.kinds.network_policy import (
    IPBlock,
    NetworkPolicy,
    NetworkPolicyPeer,
    NetworkPolicyPort,
)
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod.status import FINAL_PHASES
from course_lib.objects.meta import Object

INGRESS, EGRESS = "Ingress", "Egress"
MARK = "0x10000/0x10000"  # on what a policy allows
JUMPS = """*filter
-I FORWARD -j POLICY
COMMIT"""


class PolicyRules(msgspec.Struct):
    """What a node's kernel gets: sets, and the text for `iptables-restore --noflush`."""

    sets: Sets
    text: str
    chains: list[str]


class PolicyInputs(msgspec.Struct, frozen=True):
    """What policies are about: all Pods with addresses, and the labels of namespaces."""

    pods: Sequence[Pod]
    namespaces: dict[str, dict[str, str]]


def directions(policy: NetworkPolicy) -> tuple[str, ...]:
    """For which directions a policy guards: as it says; or ingress, and egress if it has rules."""
    if policy.spec.policy_types is not None:
        return tuple(policy.spec.policy_types)
    return (INGRESS, EGRESS) if policy.spec.egress else (INGRESS,)


def guarding(policies: Iterable[NetworkPolicy], pod: Pod, direction: str) -> list[NetworkPolicy]:
    """The `policies` that select a `pod` for a `direction`, `Ingress` or `Egress`."""
    return [
        policy
        for policy in policies
        if policy.namespace == pod.namespace
        and direction in directions(policy)
        and policy.spec.pod_selector.selector().matches(pod.labels)
    ]


def policy_rules(policies: Sequence[NetworkPolicy], world: PolicyInputs, node: str) -> PolicyRules:
    """The rules of one `node` from all `policies`; `world` has the Pods and namespaces."""
    return _PolicyWriter(policies, world, node).write()


class _PolicyWriter:
    def __init__(self, policies: Sequence[NetworkPolicy], world: PolicyInputs, node: str) -> None:
        self.policies = sorted(policies, key=lambda p: (p.namespace, p.name))
        self.world, self.node = world, node
        self.sets = Sets()
        self.chains: dict[str, list[str]] = {}

    def write(self) -> PolicyRules:
        """For each Pod of the node and each direction in which it is guarded, one chain."""
        jumps = ["-A POLICY -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN"]
        for pod in self.world.pods:
            if pod.spec.node_name != self.node or not _own_address(pod):
                continue
            address = f"{pod.status.pod_ip}/32"
            note = f'-m comment --comment "{pod.namespace}/{pod.name}"'
            for direction, side, word in ((EGRESS, "-s", "FROM"), (INGRESS, "-d", "TO")):
                guards = guarding(self.policies, pod, direction)
                if guards:
                    chain = f"POLICY-{word}-{_hash(pod.namespace, pod.name)}"
                    self._guard(chain, pod, guards, direction)
                    jumps.append(f"-A POLICY {side} {address} {note} -j {chain}")
        lines = ["*filter", ":POLICY - [0:0]", *(f":{chain} - [0:0]" for chain in self.chains)]
        for rules in self.chains.values():
            lines += rules
        return PolicyRules(self.sets, "\n".join([*lines, *jumps, "COMMIT"]), list(self.chains))

    def _guard(self, chain: str, pod: Pod, guards: Sequence[NetworkPolicy], direction: str) -> None:
        address = f"{pod.status.pod_ip}/32"
        # Nothing keeps a Pod from itself.
        rules = [f"-A {chain} -s {address} -d {address} -j RETURN"]
        for policy in guards:
            note = f'-m comment --comment "{policy.namespace}/{policy.name}"'
            for matches in self._allowed(policy, pod, direction):
                words = f"{matches} " if matches else ""
                rules.append(f"-A {chain} {words}{note} -j MARK --set-xmark {MARK}")
        rules.append(f"-A {chain} -m mark ! --mark {MARK} -j DROP")
        rules.append(f"-A {chain} -j MARK --set-xmark 0x0/0x10000")
        self.chains[chain] = rules

    def _allowed(self, policy: NetworkPolicy, pod: Pod, direction: str) -> Iterator[str]:
        """The matches of what a policy allows, one for each peer and port of its rules."""
        spec, ingress = policy.spec, direction == INGRESS
        rules = (
            [(rule.sources, rule.ports) for rule in spec.ingress or ()]
            if ingress
            else [(rule.to, rule.ports) for rule in spec.egress or ()]
        )
        for number, (peers, ports) in enumerate(rules):
            side = "src" if ingress else "dst"
            base = f"{policy.namespace}/{policy.name}/{direction}/{number}"
            for place, peer in enumerate(peers or (None,)):
                who = self._peer(f"{base}/{place}", policy, peer, side)
                for port in ports or (None,):
                    yield from self._port(f"{base}/{place}", policy, peer, pod, who, port, ingress)

    def _peer(
        self, base: str, policy: NetworkPolicy, peer: NetworkPolicyPeer | None, side: str
    ) -> str:
        """A match for a peer: a set of Pods' addresses, or blocks without their exceptions."""
        if peer is None:
            return ""
        name = f"POL-{_hash(base)}"
        if peer.ip_block is not None:
            return self._block(name, peer.ip_block, side)
        addresses = [pod.status.pod_ip for pod in self._pods(policy, peer)]
        self.sets.create(name, "hash:ip", addresses)
        return f"-m set --match-set {name} {side}"

    def _block(self, name: str, block: IPBlock, side: str) -> str:
        self.sets.create(name, "hash:net", _halves(block.cidr))
        match = f"-m set --match-set {name} {side}"
        if block.exceptions:
            self.sets.create(f"{name}-X", "hash:net", block.exceptions)
            match += f" -m set ! --match-set {name}-X {side}"
        return match

    def _pods(self, policy: NetworkPolicy, peer: NetworkPolicyPeer) -> Iterator[Pod]:
        """The Pods that a peer means: of this namespace, unless it selects namespaces."""
        for pod in self.world.pods:
            if not _own_address(pod):
                continue
            if peer.namespace_selector is None:
                if pod.namespace != policy.namespace:
                    continue
            else:
                labels = self.world.namespaces.get(pod.namespace, {})
                if not peer.namespace_selector.selector().matches(labels):
                    continue
            if peer.pod_selector is None or peer.pod_selector.selector().matches(pod.labels):
                yield pod

    def _port(
        self,
        base: str,
        policy: NetworkPolicy,
        peer: NetworkPolicyPeer | None,
        pod: Pod,
        who: str,
        port: NetworkPolicyPort | None,
        ingress: bool,
    ) -> Iterator[str]:
        """The match for a peer, with one for a port; a name is a number of the receiving Pod."""
        if port is None:
            yield who
            return
        protocol = port.protocol.lower()
        if isinstance(port.port, str) and not ingress:
            # Each Pod may give the name another number: pairs of address and port.
            name = f"POL-{_hash(base, port.port, protocol)}"
            pods = self._pods(policy, peer) if peer and not peer.ip_block else self.world.pods
            members = [
                f"{other.status.pod_ip},{protocol}:{number}"
                for other in pods
                if _own_address(other)
                for number in _named(other, port.port, port.protocol)
            ]
            self.sets.create(name, "hash:ip,port", members)
            extra = f"{who} " if peer is not None and peer.ip_block is not None else ""
            yield f"{extra}-m set --match-set {name} dst,dst"
            return
        head = f"{who} " if who else ""
        if port.port is None:
            yield f"-p {protocol} {who}".strip()
            return
        named = isinstance(port.port, str)
        for number in _named(pod, str(port.port), port.protocol) if named else [port.port]:
            last = f":{port.end_port}" if port.end_port else ""
            yield f"-p {protocol} {head}-m {protocol} --dport {number}{last}"


def _own_address(pod: Pod) -> bool:
    """Whether a Pod has an address of its own (not its node's) and has not ended."""
    alive = pod.status.phase not in FINAL_PHASES
    return bool(pod.status.pod_ip) and not pod.spec.host_network and alive


def _named(pod: Pod, name: str, protocol: str) -> list[int]:
    return [
        port.container_port
        for container in pod.spec.containers
        for port in container.ports or ()
        if port.name == name and port.protocol == protocol
    ]


def _halves(cidr: str) -> list[str]:
    """A set of blocks takes no /0: all addresses are two halves."""
    if cidr == "0.0.0.0/0":
        return ["0.0.0.0/1", "128.0.0.0/1"]
    return ["::/1", "8000::/1"] if cidr == "::/0" else [cidr]


def _hash(*parts: str) -> str:
    digest = hashlib.sha256("/".join(parts).encode()).digest()
    return base64.b32encode(digest).decode()[:16]


def namespace_labels(namespaces: Iterable[Object]) -> dict[str, dict[str, str]]:
    """The labels of each namespace, with the name that every one has as a label."""
    return {n.name: {"kubernetes.io/metadata.name": n.name} | dict(n.labels) for n in namespaces}
