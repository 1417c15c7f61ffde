"""Endpoints and EndpointSlices: addresses, families, ports."""

from __future__ import annotations

from tests.peers.plane.questions.tables import ABSENT, each, named

ENDPOINTS = {
    "apiVersion": "v1",
    "kind": "Endpoints",
    "metadata": {"name": "outer"},
    "subsets": [{"addresses": [{"ip": "203.0.113.7"}], "ports": [{"port": 5432}]}],
}
SLICE = {
    "apiVersion": "discovery.k8s.io/v1",
    "kind": "EndpointSlice",
    "metadata": {"name": "outer-1", "labels": {"kubernetes.io/service-name": "outer"}},
    "addressType": "IPv4",
    "endpoints": [{"addresses": ["203.0.113.7"]}],
    "ports": [{"port": 5432}],
}

CASES = [
    *each(
        ENDPOINTS,
        {
            "metadata.name": ["outer.eu", "Outer"],
            "subsets": [
                ABSENT,
                [],
                [{}],
                [{"addresses": [{"ip": "203.0.113.7"}]}],
                [{"ports": [{"port": 5432}]}],
                [{"notReadyAddresses": [{"ip": "203.0.113.7"}], "ports": [{"port": 5432}]}],
            ],
            "subsets[0].addresses[0]": [
                {"ip": "203.0.113.7", "hostname": "db"},
                {"ip": "203.0.113.7", "hostname": "Db"},
                {"ip": "203.0.113.7", "nodeName": "node-1"},
                {"ip": "203.0.113.7", "nodeName": "Node 1"},
                {"ip": "203.0.113.7", "targetRef": {"kind": "Pod", "name": "db-0"}},
                {},
            ],
            "subsets[0].addresses[0].ip": [
                "2001:db8::7",
                "203.0.113.007",
                "203.0.113.256",
                "db.example.com",
                "",
                "0.0.0.0",
                "127.0.0.1",
                "169.254.7.7",
                "224.0.0.1",
                "224.1.1.1",
                "255.255.255.255",
            ],
            "subsets[0].ports": [
                [{"port": 1, "name": "a"}, {"port": 2, "name": "b"}],
                [{"port": 1}, {"port": 2}],
                [{"port": 1, "name": "a"}, {"port": 2, "name": "a"}],
                [{"name": "a"}],
            ],
            "subsets[0].ports[0]": [
                {"port": 0},
                {"port": 65535},
                {"port": 65536},
                {"port": 5432, "protocol": "UDP"},
                {"port": 5432, "protocol": "tcp"},
                {"port": 5432, "protocol": ""},
                {"port": 5432, "name": "Pg"},
                {"port": 5432, "appProtocol": "http"},
                {"port": 5432, "appProtocol": "a b"},
            ],
        },
    ),
    *each(
        SLICE,
        {
            "metadata.name": ["outer.eu", "Outer"],
            "addressType": [ABSENT, "", "ipv4", "IPv6", "FQDN"],
            "endpoints": [
                ABSENT,
                [],
                None,
                [{}],
                [{"addresses": []}],
                [{"addresses": ["203.0.113.7", "203.0.113.8"]}],
                [{"addresses": ["203.0.113.7", "203.0.113.7"]}],
                [{"addresses": [f"203.0.113.{n}" for n in range(1, 102)]}],
            ],
            "endpoints[0].addresses[0]": [
                "2001:db8::7",
                "203.0.113.007",
                "db.example.com",
                "127.0.0.1",
                "169.254.7.7",
                "224.0.0.1",
                "0.0.0.0",
            ],
            "endpoints[0].conditions": [
                {},
                {"ready": False},
                {"ready": True, "serving": True, "terminating": True},
                {"ready": "yes"},
            ],
            "endpoints[0].hostname": ["db", "Db", "", "q" * 64],
            "endpoints[0].nodeName": ["node-1", "Node 1"],
            "endpoints[0].zone": ["a", ""],
            "endpoints[0].targetRef": [{"kind": "Pod", "name": "db-0", "namespace": "inv"}],
            "endpoints[0].hints": [
                {"forZones": [{"name": "a"}]},
                {"forZones": [{"name": "a"}, {"name": "a"}]},
                {"forZones": [{"name": ""}]},
                {"forZones": [{"name": f"z{n}"} for n in range(9)]},
                {"forNodes": [{"name": "node-1"}]},
                {},
            ],
            "endpoints[0].deprecatedTopology": [
                {"zone": "a"},
                {"kubernetes.io/hostname": "node-1"},
            ],
            "ports": [
                ABSENT,
                [],
                [{}],
                [{"port": 1, "name": "a"}, {"port": 2, "name": "b"}],
                [{"port": 1}, {"port": 2}],
                [{"port": 1, "name": "a"}, {"port": 2, "name": "a"}],
            ],
            "ports[0]": [
                {"port": 0},
                {"port": 65535},
                {"port": 65536},
                {"port": 5432, "protocol": "SCTP"},
                {"port": 5432, "protocol": "tcp"},
                {"port": 5432, "name": "Pg"},
                {"port": 5432, "name": ""},
                {"port": 5432, "appProtocol": "kubernetes.io/ws"},
                {"port": 5432, "appProtocol": "a b"},
            ],
        },
    ),
    *named(
        SLICE,
        {
            "of names": {"addressType": "FQDN", "endpoints[0].addresses": ["db.example.com"]},
            "of names that are none": {"addressType": "FQDN", "endpoints[0].addresses": ["d b"]},
            "of IPv6": {"addressType": "IPv6", "endpoints[0].addresses": ["2001:db8::7"]},
            "of IPv6 not in its shortest form": {
                "addressType": "IPv6",
                "endpoints[0].addresses": ["2001:0db8::0:7"],
            },
        },
    ),
]  # fmt: skip
