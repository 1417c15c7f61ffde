"""Services: addresses, ports, types, families, traffic policies."""

from __future__ import annotations

from tests.peers.plane.questions.tables import ABSENT, each, named

SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "shop"},
    "spec": {"selector": {"app": "shop"}, "ports": [{"port": 80}]},
}
BALANCED = SERVICE | {"spec": SERVICE["spec"] | {"type": "LoadBalancer"}}
OUTSIDE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "bank"},
    "spec": {"type": "ExternalName", "externalName": "bank.example.com"},
}
STICKY = {"spec.sessionAffinity": "ClientIP"}
TIMEOUT = "spec.sessionAffinityConfig.clientIP.timeoutSeconds"

CASES = [
    *each(
        SERVICE,
        {
            "metadata.name": ["7days", "shop.eu", "s" * 63, "s" * 64, "Shop", ABSENT],
            "metadata.generateName": ["shop-"],
            "spec": [ABSENT, None, {}, []],
            "spec.type": ["NodePort", "LoadBalancer", "ExternalName", "clusterip", ""],
            "spec.selector": [
                ABSENT,
                {},
                {"app": ""},
                {"app": "a b"},
                {"a/b/c": "x"},
                {"matchLabels": {"app": "shop"}},
                ["app"],
            ],
            "spec.clusterIP": ["None", "", "10.96.7.7", "10.96.300.1", "192.0.2.9", "none", 10],
            "spec.clusterIPs": [["None"], ["10.96.7.8"], ["10.96.7.8", "10.96.7.9"], []],
            "spec.externalIPs": [
                ["203.0.113.7"],
                ["203.0.113.07"],
                ["127.0.0.1"],
                ["0.0.0.0"],
                ["169.254.1.1"],
                ["224.0.0.5"],
                ["shop.example.com"],
            ],
            "spec.sessionAffinity": ["ClientIP", "None", "Cookie"],
            "spec.internalTrafficPolicy": ["Local", "Cluster", "Node"],
            "spec.externalTrafficPolicy": ["Local", "Cluster", ""],
            "spec.trafficDistribution": [
                "PreferClose",
                "PreferSameZone",
                "PreferSameNode",
                "PreferFast",
                "",
            ],
            "spec.publishNotReadyAddresses": [True, "yes"],
            "spec.ipFamilies": [["IPv4"], ["IPv6"], ["IPv4", "IPv6"], ["IPv4", "IPv4"], ["IPv5"]],
            "spec.ipFamilyPolicy": [
                "SingleStack",
                "PreferDualStack",
                "RequireDualStack",
                "DualStack",
            ],
            "spec.externalName": ["bank.example.com"],
            "spec.loadBalancerSourceRanges": [["203.0.113.0/24"]],
            "spec.loadBalancerClass": ["example.com/fast"],
            "spec.healthCheckNodePort": [31000],
            "spec.allocateLoadBalancerNodePorts": [False],
            "spec.unknown": ["x"],
        },
    ),
    *each(
        SERVICE,
        {
            "spec.ports": [
                ABSENT,
                [],
                None,
                {"port": 80},
                [{}],
                [80],
                [{"port": 80}, {"port": 81}],
                [{"name": "a", "port": 80}, {"port": 81}],
                [{"name": "a", "port": 80}, {"name": "a", "port": 81}],
                [{"name": "a", "port": 80}, {"name": "b", "port": 80}],
                [{"name": "a", "port": 80}, {"name": "b", "port": 80, "protocol": "UDP"}],
                [{"name": "a", "port": 80, "nodePort": 30080}],
            ],
            "spec.ports[0].port": [1, 65535, 0, 65536, -1, "80", 80.5],
            "spec.ports[0].targetPort": [
                8080,
                "http",
                0,
                65536,
                "80",
                "",
                "Http",
                "a--b",
                "sixteen-letters-",
                "-http",
                True,
            ],
            "spec.ports[0].protocol": ["UDP", "SCTP", "tcp", "HTTP", ""],
            "spec.ports[0].name": ["http", "http-2", "Http", "a.b", "p" * 63, "p" * 64],
            "spec.ports[0].appProtocol": [
                "http",
                "kubernetes.io/h2c",
                "example.com/x",
                "kubernetes.io/x",
                "a b",
            ],
        },
    ),
    *named(
        SERVICE,
        {
            "without an address and without ports": {
                "spec.clusterIP": "None",
                "spec.ports": ABSENT,
            },
            "without an address, its target port another": {
                "spec.clusterIP": "None",
                "spec.ports[0].targetPort": 8080,
            },
            "of type NodePort without an address": {
                "spec.type": "NodePort",
                "spec.clusterIP": "None",
            },
            "of type LoadBalancer without an address": {
                "spec.type": "LoadBalancer",
                "spec.clusterIP": "None",
            },
            "with two addresses that disagree": {
                "spec.clusterIP": "10.96.7.10",
                "spec.clusterIPs": ["10.96.7.11"],
            },
            "with a chosen node port": {
                "spec.type": "NodePort",
                "spec.ports[0].nodePort": 30123,
            },
            "with one node port for two ports": {
                "spec.type": "NodePort",
                "spec.ports": [
                    {"name": "a", "port": 80, "nodePort": 30124},
                    {"name": "b", "port": 81, "nodePort": 30124},
                ],
            },
            "with one node port for TCP and UDP": {
                "spec.type": "NodePort",
                "spec.ports": [
                    {"name": "a", "port": 53, "nodePort": 30125},
                    {"name": "b", "port": 53, "nodePort": 30125, "protocol": "UDP"},
                ],
            },
            "sticky, its timeout at the default": STICKY,
            "sticky for 1 second": STICKY | {TIMEOUT: 1},
            "sticky for 0 seconds": STICKY | {TIMEOUT: 0},
            "sticky for a day": STICKY | {TIMEOUT: 86400},
            "sticky for more than a day": STICKY | {TIMEOUT: 86401},
            "sticky with an empty configuration": STICKY | {"spec.sessionAffinityConfig": {}},
            "with a timeout, but not sticky": {TIMEOUT: 60},
            "of type NodePort with traffic of the node alone": {
                "spec.type": "NodePort",
                "spec.externalTrafficPolicy": "Local",
            },
            "of type NodePort with an unknown traffic policy": {
                "spec.type": "NodePort",
                "spec.externalTrafficPolicy": "Global",
            },
            "with external addresses and a traffic policy": {
                "spec.externalIPs": ["203.0.113.8"],
                "spec.externalTrafficPolicy": "Local",
            },
            "of IPv4 first with an IPv6 address": {
                "spec.ipFamilies": ["IPv4"],
                "spec.clusterIP": "2001:db8::7",
            },
        },
    ),
    *each(
        BALANCED,
        {
            "spec.loadBalancerSourceRanges": [
                ["203.0.113.0/24"],
                ["203.0.113.7"],
                ["203.0.113.7/24"],
                [" 203.0.113.0/24"],
                [""],
            ],
            "spec.loadBalancerClass": ["example.com/fast", "fast class"],
            "spec.loadBalancerIP": ["203.0.113.9", "nowhere"],
            "spec.allocateLoadBalancerNodePorts": [False, True],
            "spec.externalTrafficPolicy": ["Local", "Global"],
            "spec.healthCheckNodePort": [31000],
        },
        "Service of type LoadBalancer:",
    ),
    *each(
        OUTSIDE,
        {
            "spec.externalName": [
                "bank.example.com",
                "bank.example.com.",
                "192.0.2.4",
                "Bank.example.com",
                "http://bank.example.com",
                "",
                ABSENT,
                "b" * 64,
            ],
            "spec.clusterIP": ["10.96.7.12", "None"],
            "spec.selector": [{"app": "bank"}],
            "spec.ports": [[{"port": 443}], [{"port": 0}]],
            "spec.ipFamilies": [["IPv4"]],
        },
        "Service of type ExternalName:",
    ),
]  # fmt: skip
