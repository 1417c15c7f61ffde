"""Ingresses and IngressClasses: hosts, paths, backends, classes."""

from __future__ import annotations

from tests.peers.plane.questions.tables import ABSENT, each, named

SHOP = {"service": {"name": "shop", "port": {"number": 80}}}
INGRESS = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "Ingress",
    "metadata": {"name": "front"},
    "spec": {
        "rules": [
            {
                "host": "shop.example.com",
                "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": SHOP}]},
            }
        ]
    },
}
CLASS = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "IngressClass",
    "metadata": {"name": "outer"},
    "spec": {"controller": "example.com/proxy"},
}
PATH = "spec.rules[0].http.paths[0]"
STORED = {"apiGroup": "example.com", "kind": "Bucket", "name": "static"}

CASES = [
    *each(
        INGRESS,
        {
            "metadata.name": ["front.eu", "Front"],
            "metadata.annotations": [{"kubernetes.io/ingress.class": "outer"}],
            "spec": [ABSENT, {}],
            "spec.ingressClassName": ["outer", "Outer", ""],
            "spec.defaultBackend": [SHOP, {}, {"resource": STORED}, SHOP | {"resource": STORED}],
            "spec.rules": [[], [{}], [{"host": "shop.example.com"}], [{"http": {}}]],
            "spec.rules[0].host": [
                ABSENT,
                "",
                "*.example.com",
                "*",
                "*.*.example.com",
                "shop.*.com",
                "*shop.example.com",
                "Shop.example.com",
                "shop.example.com:80",
                "http://shop.example.com",
                "192.0.2.5",
                "2001:db8::5",
                "localhost",
                "h" * 64 + ".example.com",
            ],
            "spec.rules[0].http.paths": [ABSENT, []],
            f"{PATH}.path": [
                ABSENT,
                "",
                "/cart",
                "cart",
                "/cart/",
                "/a//b",
                "/a/./b",
                "/a/../b",
                "/a/..",
                "/a%2fb",
                "/a%2Fb",
                "/ a",
                "/[a-z]+",
            ],
            f"{PATH}.pathType": ["Exact", "ImplementationSpecific", "Regex", "", ABSENT],
            f"{PATH}.backend": [
                ABSENT,
                {},
                {"resource": STORED},
                {"resource": {"kind": "Bucket"}},
                SHOP | {"resource": STORED},
                {"serviceName": "shop", "servicePort": 80},
            ],
            f"{PATH}.backend.service.name": ["Shop", "", "shop.eu"],
            f"{PATH}.backend.service.port": [
                ABSENT,
                {},
                {"name": "http"},
                {"name": "http", "number": 80},
                {"name": "Http"},
                {"name": "a-name-of-16-let"},
                {"number": 0},
                {"number": 65536},
                {"number": "80"},
                80,
            ],
            "spec.tls": [
                [{"hosts": ["shop.example.com"], "secretName": "cert"}],
                [{"hosts": ["*.example.com"]}],
                [{"hosts": ["Shop.example.com"]}],
                [{"hosts": ["192.0.2.5"]}],
                [{"secretName": "Cert"}],
                [{}],
            ],
            "status": [{"loadBalancer": {"ingress": [{"ip": "192.0.2.6"}]}}],
        },
    ),
    *named(
        INGRESS,
        {
            "with any path that its controller takes": {
                f"{PATH}.pathType": "ImplementationSpecific",
                f"{PATH}.path": "anything",
            },
            "without a path that its controller takes": {
                f"{PATH}.pathType": "ImplementationSpecific",
                f"{PATH}.path": ABSENT,
            },
            "with a default backend and no rule": {
                "spec.rules": ABSENT,
                "spec.defaultBackend": SHOP,
            },
            "with its class as a field and as an annotation": {
                "metadata.annotations": {"kubernetes.io/ingress.class": "outer"},
                "spec.ingressClassName": "outer",
            },
            "with one host twice": {
                "spec.rules": [INGRESS["spec"]["rules"][0]] * 2,
            },
            "of extensions/v1beta1": {"apiVersion": "extensions/v1beta1"},
            "of networking.k8s.io/v1beta1": {"apiVersion": "networking.k8s.io/v1beta1"},
        },
    ),
    *each(
        CLASS,
        {
            "metadata.name": ["Outer", "outer.eu"],
            "metadata.annotations": [{"ingressclass.kubernetes.io/is-default-class": "true"}],
            "spec": [ABSENT],
            "spec.controller": [
                ABSENT,
                "",
                "proxy",
                "example.com/",
                "/proxy",
                "example.com/a/b",
                "example.com/a b",
                "Example.com/proxy",
                "example.com/" + "p" * 238,
                "example.com/" + "p" * 239,
            ],
            "spec.parameters": [
                {"kind": "Settings", "name": "s"},
                {"kind": "Settings", "name": "s", "apiGroup": "example.com"},
                {"name": "s"},
                {"kind": "Settings"},
                {"kind": "Settings", "name": "s", "scope": "Namespace", "namespace": "inv"},
                {"kind": "Settings", "name": "s", "scope": "Namespace"},
                {"kind": "Settings", "name": "s", "scope": "Cluster", "namespace": "inv"},
                {"kind": "Settings", "name": "s", "scope": "World"},
                {"kind": "a/b", "name": "s"},
            ],
        },
    ),
]  # fmt: skip
