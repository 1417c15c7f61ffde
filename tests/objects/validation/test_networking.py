"""Ingresses, their classes, and NetworkPolicies: what is refused, and what is warned of."""

import pytest

from tests.objects.validation.refusals import new, refusals, refusals_of_change, warnings

NETWORKING = "networking.k8s.io/v1"
SHOP = {"service": {"name": "shop", "port": {"number": 80}}}


def ingress(host="", path="/", kind="Prefix", backend=SHOP, **spec):
    paths = [{"path": path, "pathType": kind, "backend": backend}]
    return new(
        "Ingress", NETWORKING, spec={"rules": [{"host": host, "http": {"paths": paths}}]} | spec
    )


PATH = "spec.rules[0].http.paths[0]"


@pytest.mark.parametrize(
    ("path", "kind", "said"),
    [
        ("/", "Exact", ""),
        ("a", "Exact", "must be an absolute path"),
        ("", "ImplementationSpecific", ""),
        ("a", "ImplementationSpecific", "must be an absolute path"),
        ("/a//b", "ImplementationSpecific", ""),
        ("/a//b", "Prefix", "must not contain '//'"),
        ("/a/..", "Prefix", "cannot end with '/..'"),
        ("/a%2Fb", "Exact", "must not contain '%2F'"),
    ],
)
def test_a_path_that_is_compared_is_absolute_and_plain(path, kind, said):
    told = refusals(ingress(path=path, kind=kind))
    assert told == ([f'{PATH}.path: Invalid value: "{path}": {said}'] if said else [])


def test_a_backend_is_a_service_or_another_object():
    static = {"resource": {"kind": "Bucket", "name": "static"}}
    assert refusals(ingress(backend=static)) == []
    for backend, said in (
        (SHOP | static, "cannot set both resource and service backends"),
        ({}, "resource or service backend is required"),
    ):
        assert refusals(ingress(backend=backend)) == [f'{PATH}.backend: Invalid value: "": {said}']
    unported = {"service": {"name": "shop"}}
    assert refusals(ingress(backend=unported)) == [
        f"{PATH}.backend: Required value: port name or number is required"
    ]


def test_a_host_is_a_name_and_a_star_stands_first():
    assert refusals(ingress("*.example.com")) == []
    assert refusals(ingress("192.0.2.5")) == [
        'spec.rules[0].host: Invalid value: "192.0.2.5": must be a DNS name, not an IP address'
    ]
    (said,) = refusals(ingress("shop.*.com"))
    assert "a wildcard DNS-1123 subdomain must start with '*.'" in said


def test_an_ingress_says_something():
    said = "either `defaultBackend` or `rules` must be specified"
    assert refusals(new("Ingress", NETWORKING)) == [f"spec: Invalid value: null: {said}"]


def test_the_older_annotation_agrees_with_the_class():
    document = ingress(ingressClassName="outer")
    document["metadata"]["annotations"] = {"kubernetes.io/ingress.class": "inner"}
    assert refusals(document) == [
        'annotations.kubernetes.io/ingress.class: Invalid value: "inner": must match '
        "`ingressClassName` when both are specified"
    ]
    del document["spec"]["ingressClassName"]
    assert warnings(document) == [
        'annotation "kubernetes.io/ingress.class" is deprecated, please use '
        "'spec.ingressClassName' instead"
    ]


def ingress_class(controller="example.com/proxy", **parameters):
    spec = {"controller": controller} | ({"parameters": parameters} if parameters else {})
    return new("IngressClass", NETWORKING, spec=spec)


@pytest.mark.parametrize(("length", "refused"), [(250, False), (251, True)])
def test_the_name_of_a_controller_has_an_end(length, refused):
    said = "spec.controller: Too long: may not be more than 250 bytes"
    name = "example.com/".ljust(length, "p")
    assert refusals(ingress_class(name)) == ([said] if refused else [])


def test_a_controller_stays_and_its_parameters_are_somewhere():
    assert refusals_of_change(ingress_class(), ingress_class("example.com/other")) == [
        'spec.controller: Invalid value: "example.com/other": field is immutable'
    ]
    assert refusals(ingress_class(scope="Namespace")) == [
        "spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'",
        "spec.parameters.kind: Required value",
        "spec.parameters.name: Required value",
    ]


def policy(**spec):
    return new("NetworkPolicy", NETWORKING, spec=spec)


def peer(**fields):
    return policy(ingress=[{"from": [fields]}])


@pytest.mark.parametrize(
    ("last", "said"),
    [
        (79, "must be greater than or equal to `port`"),
        (80, ""),
        (65535, ""),
        (65536, "must be between 1 and 65535, inclusive"),
    ],
)
def test_ports_go_from_one_to_another(last, said):
    told = refusals(policy(egress=[{"ports": [{"port": 80, "endPort": last}]}]))
    path = "spec.egress[0].ports[0].endPort"
    assert told == ([f"{path}: Invalid value: {last}: {said}"] if said else [])


@pytest.mark.parametrize(("hole", "refused"), [("203.0.113.0/24", True), ("203.0.113.0/25", False)])
def test_what_is_left_out_lies_inside(hole, refused):
    block = {"cidr": "203.0.113.0/24", "except": [hole]}
    path = "spec.ingress[0].from[0].ipBlock.except[0]"
    said = f'{path}: Invalid value: "{hole}": must be a strict subset of `cidr`'
    assert refusals(peer(ipBlock=block)) == ([said] if refused else [])


def test_a_peer_is_pods_and_namespaces_or_addresses():
    assert refusals(peer()) == ["spec.ingress[0].from[0]: Required value: must specify a peer"]
    assert refusals(peer(podSelector={}, namespaceSelector={})) == []
    assert refusals(peer(podSelector={}, ipBlock={"cidr": "10.0.0.0/8"})) == [
        "spec.ingress[0].from[0]: Forbidden: may not specify both ipBlock and another peer"
    ]
    assert warnings(peer(ipBlock={"cidr": "2001:DB8::/32"})) == [
        'spec.ingress[0].from[0].ipBlock.cidr: IPv6 CIDR value "2001:DB8::/32" should be in RFC '
        '5952 canonical format ("2001:db8::/32")'
    ]
