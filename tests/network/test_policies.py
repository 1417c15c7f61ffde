"""NetworkPolicies: what the rules let through is what the policies say, on random clusters."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import Cluster
from course_lib.errors import CourseError
from course_lib.network import PodNetwork
from course_lib.network.policies import JUMPS, PolicyInputs, policy_rules
from course_lib.objects.decode import decode

Document = dict[str, Any]
NAMESPACES = {"shop": {"team": "a"}, "bank": {"team": "b"}}
LABELS = [{"app": "web"}, {"app": "db"}, {"app": "web", "tier": "x"}, {}]
NUMBERS = (80, 443, 8080)
NAMES = {"http": 80, "alt": 8080}

# A brute-force model: each question is answered by reading every policy anew, word by word.


def selects(selector: Document | None, labels: dict[str, str]) -> bool:
    if selector is None:
        return True
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    for term in selector.get("matchExpressions") or []:
        has = term["key"] in labels
        if term["operator"] == "Exists" and not has:
            return False
        if term["operator"] == "DoesNotExist" and has:
            return False
        if term["operator"] == "In" and labels.get(term["key"]) not in term["values"]:
            return False
        if term["operator"] == "NotIn" and has and labels[term["key"]] in term["values"]:
            return False
    return True


def is_peer(peer: Document, policy: Document, other: Document | None, address: str) -> bool:
    if "ipBlock" in peer:
        block = peer["ipBlock"]
        inside = ipaddress.ip_address(address) in ipaddress.ip_network(block["cidr"])
        holes = map(ipaddress.ip_network, block.get("except", []))
        return inside and not any(ipaddress.ip_address(address) in hole for hole in holes)
    if other is None:
        return False
    space = other["metadata"]["namespace"]
    if "namespaceSelector" in peer:
        if not selects(peer["namespaceSelector"], NAMESPACES[space] | {
            "kubernetes.io/metadata.name": space
        }):  # fmt: skip
            return False
    elif space != policy["metadata"]["namespace"]:
        return False
    return selects(peer.get("podSelector"), other["metadata"]["labels"])


def is_port(port: Document, receiver: Document | None, number: int, protocol: str) -> bool:
    if port.get("protocol", "TCP").lower() != protocol:
        return False
    wanted = port.get("port")
    if wanted is None:
        return True
    if isinstance(wanted, str):
        if receiver is None:
            return False
        ports = receiver["spec"]["containers"][0]["ports"]
        named = {p["name"]: p["containerPort"] for p in ports if p["protocol"].lower() == protocol}
        return named.get(wanted) == number
    return wanted <= number <= port.get("endPort", wanted)


def allows(
    policies: list[Document], pod: Document, other: Document | None, address: str,
    number: int, protocol: str, ingress: bool,
) -> bool:  # fmt: skip
    kind, rules, side = ("Ingress", "ingress", "from") if ingress else ("Egress", "egress", "to")
    guards = [
        policy
        for policy in policies
        if policy["metadata"]["namespace"] == pod["metadata"]["namespace"]
        and kind in policy["spec"]["policyTypes"]
        and selects(policy["spec"]["podSelector"], pod["metadata"]["labels"])
    ]
    if not guards:
        return True
    receiver = pod if ingress else other
    for policy in guards:
        for rule in policy["spec"].get(rules) or []:
            peers, ports = rule.get(side) or [], rule.get("ports") or []
            if peers and not any(is_peer(p, policy, other, address) for p in peers):
                continue
            if ports and not any(is_port(p, receiver, number, protocol) for p in ports):
                continue
            return True
    return False


# Random worlds

selectors = st.one_of(
    st.just({}),
    st.sampled_from([{"app": "web"}, {"app": "db"}, {"tier": "x"}]).map(
        lambda m: {"matchLabels": m}
    ),
    st.sampled_from(
        [
            {"key": "app", "operator": "NotIn", "values": ["web"]},
            {"key": "tier", "operator": "Exists"},
            {"key": "app", "operator": "DoesNotExist"},
            {"key": "app", "operator": "In", "values": ["web", "db"]},
        ]
    ).map(lambda term: {"matchExpressions": [term]}),
)
spaces = st.sampled_from(
    [
        {},
        {"matchLabels": {"team": "a"}},
        {"matchLabels": {"kubernetes.io/metadata.name": "bank"}},
    ]
)
blocks = st.sampled_from(
    [
        {"cidr": "0.0.0.0/0"},
        {"cidr": "10.244.0.0/16", "except": ["10.244.1.0/24"]},
        {"cidr": "203.0.113.0/24"},
        {"cidr": "0.0.0.0/0", "except": ["10.244.0.0/16", "203.0.113.0/28"]},
        {"cidr": "172.18.0.0/16"},
    ]
)
peers = st.one_of(
    selectors.map(lambda s: {"podSelector": s}),
    spaces.map(lambda s: {"namespaceSelector": s}),
    st.tuples(spaces, selectors).map(lambda p: {"namespaceSelector": p[0], "podSelector": p[1]}),
    blocks.map(lambda b: {"ipBlock": b}),
)
ports = st.sampled_from(
    [
        {"port": 80},
        {"port": 443, "protocol": "TCP"},
        {"port": 80, "endPort": 500},
        {"port": "http"},
        {"port": "alt", "protocol": "TCP"},
        {"protocol": "UDP"},
        {"port": 80, "protocol": "UDP"},
    ]
)


@st.composite
def policies(draw: st.DrawFn) -> list[Document]:
    made = []
    for number in range(draw(st.integers(0, 4))):
        types = draw(st.sampled_from([["Ingress"], ["Egress"], ["Ingress", "Egress"]]))
        spec: Document = {"podSelector": draw(selectors), "policyTypes": types}
        for field, side in (("ingress", "from"), ("egress", "to")):
            rules = []
            for _ in range(draw(st.integers(0, 2))):
                rule: Document = {}
                if draw(st.booleans()):
                    rule[side] = draw(st.lists(peers, min_size=1, max_size=2))
                if draw(st.booleans()):
                    rule["ports"] = draw(st.lists(ports, min_size=1, max_size=2))
                rules.append(rule)
            if rules:
                spec[field] = rules
        meta = {"name": f"p{number}", "namespace": draw(st.sampled_from(sorted(NAMESPACES)))}
        made.append(
            {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "NetworkPolicy",
                "metadata": meta,
                "spec": spec,
            }
        )
    return made


def pod(number: int, space: str, labels: dict[str, str], node: str, address: str) -> Document:
    named = [
        {"name": name, "containerPort": value + (number % 2 if name == "alt" else 0),
         "protocol": "TCP"}
        for name, value in NAMES.items()
    ]  # fmt: skip
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"pod-{number}", "namespace": space, "labels": labels},
        "spec": {
            "nodeName": node,
            "containers": [{"name": "c", "image": "x", "ports": named}],
        },
        "status": {"podIP": address, "phase": "Running"},
    }


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(["calico", "flannel-vxlan", "routable", "weave"]),
    policies(),
    st.lists(
        st.tuples(st.sampled_from(sorted(NAMESPACES)), st.sampled_from(LABELS)),
        min_size=2,
        max_size=5,
    ),
)
def test_the_rules_let_through_what_the_policies_allow(plugin, written, drawn):
    network = PodNetwork(plugin, nodes=2)
    pods: list[Document] = []
    for number, (space, labels) in enumerate(drawn):
        node = f"node-{number % 2 + 1}"
        made = network.add_pod(f"{space}/pod-{number}", node)
        pods.append(pod(number, space, labels, node, made.address))
    spaces = {n: labels | {"kubernetes.io/metadata.name": n} for n, labels in NAMESPACES.items()}
    world = PolicyInputs([decode(p) for p in pods], spaces)
    for host in network.hosts.values():
        made = policy_rules([decode(p) for p in written], world, host.name)
        for name, kind in made.sets.types.items():
            host.iptables.sets.create(name, kind, made.sets.members[name])
        host.iptables.restore(made.text)
        host.iptables.restore(JUMPS)

    def expected(one: Document, other: Document, number: int, protocol: str) -> bool:
        here, there = one["status"]["podIP"], other["status"]["podIP"]
        return one is other or (
            allows(written, one, other, there, number, protocol, ingress=False)
            and allows(written, other, one, here, number, protocol, ingress=True)
        )

    def name(p: Document) -> str:
        return f"{p['metadata']['namespace']}/{p['metadata']['name']}"

    for one in pods:
        for other in pods:
            for number, protocol in ((80, "tcp"), (443, "tcp"), (8080, "tcp"), (80, "udp")):
                trace = network.trace(name(one), name(other), number, protocol)
                assert trace.ok is expected(one, other, number, protocol), (trace, written)
                if trace.ok:
                    assert trace.seen == one["status"]["podIP"]
        out = network.trace(name(one), "outside", 443)
        assert out.ok is allows(written, one, None, "203.0.113.10", 443, "tcp", ingress=False)
        # A Pod and its own node always reach each other.
        assert network.trace(one["spec"]["nodeName"], name(one), 80).ok
        assert network.trace(name(one), one["spec"]["nodeName"], 80).ok


DENY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
"""


@pytest.mark.parametrize("plugin", ["calico", "calico-ipip", "weave"])
def test_a_policy_works_within_a_moment_and_so_does_its_end(plugin: str):
    cluster = Cluster(nodes=2, network=plugin)
    cluster.apply("data/web.yaml")
    cluster.run(seconds=30)
    one, other, _ = cluster.get("pods").NAME
    assert cluster.trace(one, other).ok
    cluster.apply(DENY)
    cluster.run(seconds=1)
    assert cluster.trace(one, other).outcome == "dropped"
    assert cluster.get("pods").READY.eq("1/1").all()  # probes still pass
    cluster.delete("networkpolicy", "default-deny")
    cluster.run(seconds=1)
    assert cluster.trace(one, other).ok


@pytest.mark.parametrize("plugin", ["routable", "flannel-vxlan", "flannel-host-gw"])
def test_some_plugins_do_not_enforce_policies_at_all(plugin: str):
    cluster = Cluster(nodes=2, network=plugin)
    cluster.apply("data/web.yaml")
    cluster.apply(DENY)
    cluster.run(seconds=30)
    one, other, _ = cluster.get("pods").NAME
    assert cluster.trace(one, other).ok


def test_a_flat_network_says_that_it_enforces_nothing():
    assert "flat network does not act on it" in Cluster(nodes=1).apply(DENY).WARNINGS[0]
    with pytest.raises(CourseError, match="enforces no policies"):
        Cluster(nodes=1, policies=True)


def test_what_is_open_stays_open_for_answers_only():
    cluster = Cluster(nodes=2, network="calico")
    cluster.apply("data/shop.yaml")
    cluster.apply("data/shop-policies.yaml")
    cluster.run(seconds=90)
    names = {name.split("-")[0]: name for name in cluster.get("pods").NAME}
    assert cluster.trace(names["api"], names["db"], 5432).ok
    assert not cluster.trace(names["db"], names["api"], 8080).ok
    assert not cluster.trace(names["front"], names["db"], 5432).ok
