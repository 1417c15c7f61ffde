"""NetworkPolicies: peers, blocks of addresses, ports, types."""

from __future__ import annotations

from tests.peers.plane.questions.tables import ABSENT, each, named

POLICY = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "guard"},
    "spec": {
        "podSelector": {"matchLabels": {"app": "db"}},
        "ingress": [
            {"from": [{"podSelector": {"matchLabels": {"app": "shop"}}}], "ports": [{"port": 5432}]}
        ],
    },
}
PEER = "spec.ingress[0].from[0]"
PORT = "spec.ingress[0].ports[0]"
BLOCK = {"cidr": "203.0.113.0/24"}

CASES = [
    *each(
        POLICY,
        {
            "metadata.name": ["guard.eu", "Guard"],
            "spec": [ABSENT, {}],
            "spec.podSelector": [
                ABSENT,
                {},
                {"matchLabels": {"app": "a b"}},
                {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["x"]}]},
                {"matchExpressions": [{"key": "app", "operator": "NotIn"}]},
                {"matchExpressions": [{"key": "app", "operator": "Like", "values": ["x"]}]},
                {"app": "db"},
            ],
            "spec.policyTypes": [
                ["Ingress"],
                ["Egress"],
                ["Ingress", "Egress"],
                ["Ingress", "Ingress"],
                ["Ingress", "Egress", "Ingress"],
                [],
                ["ingress"],
                "Ingress",
            ],
            "spec.ingress": [ABSENT, [], [{}], [{"from": []}], [{"ports": []}], {}],
            "spec.egress": [
                [],
                [{}],
                [{"to": [{"namespaceSelector": {}}]}],
                [{"to": [{"ipBlock": BLOCK}], "ports": [{"protocol": "UDP", "port": 53}]}],
                [{"from": [{"podSelector": {}}]}],
                [{"to": [{}]}],
            ],
            PEER: [
                {},
                {"podSelector": {}},
                {"namespaceSelector": {}},
                {"podSelector": {}, "namespaceSelector": {}},
                {"ipBlock": BLOCK},
                {"ipBlock": BLOCK, "podSelector": {}},
                {"ipBlock": BLOCK, "namespaceSelector": {}},
                {"namespaceSelector": {"matchLabels": {"a/b/c": "x"}}},
            ],
            f"{PEER}.podSelector": [None],
            PORT: [
                {},
                {"port": "pg"},
                {"port": "Pg"},
                {"port": "5432"},
                {"port": 0},
                {"port": 65535},
                {"port": 65536},
                {"protocol": "UDP"},
                {"protocol": "ICMP", "port": 1},
                {"protocol": "", "port": 1},
                {"port": 80, "endPort": 90},
                {"port": 80, "endPort": 80},
                {"port": 80, "endPort": 79},
                {"port": 80, "endPort": 65536},
                {"port": "pg", "endPort": 90},
                {"endPort": 90},
            ],
        },
    ),
    *named(
        POLICY,
        {
            f"with a block {cidr} without {holes}": {
                PEER: {"ipBlock": {"cidr": cidr} | ({"except": holes} if holes else {})}
            }
            for cidr, holes in (
                ("203.0.113.0/24", ["203.0.113.16/28"]),
                ("203.0.113.0/24", ["203.0.113.0/24"]),
                ("203.0.113.0/24", ["203.0.112.0/23"]),
                ("203.0.113.0/24", ["198.51.100.0/28"]),
                ("203.0.113.0/24", ["203.0.113.7"]),
                ("203.0.113.0/24", ["2001:db8::/64"]),
                ("203.0.113.7", []),
                ("203.0.113.7/24", []),
                ("203.0.113.7/33", []),
                ("203.0.113.007/32", []),
                ("0.0.0.0/0", []),
                ("2001:db8::/32", ["2001:db8:1::/48"]),
                ("", []),
            )
        },
    ),
    *named(POLICY, {"of extensions/v1beta1": {"apiVersion": "extensions/v1beta1"}}),
]  # fmt: skip
