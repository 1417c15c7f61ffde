"""DNS and Ingress: the tables of their specifications."""

from __future__ import annotations

import pytest

from course_lib import Cluster
from course_lib.errors import CourseError
from course_lib.network.dns import candidates, search_domains
from course_lib.network.ingress import choose, host_matches, path_matches
from course_lib.objects.decode import decode

SERVICES = """
apiVersion: v1
kind: Service
metadata: {name: plain}
spec: {clusterIP: 10.96.0.50, selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: peers}
spec: {clusterIP: None, selector: {app: db}, ports: [{name: sql, port: 5432}]}
---
apiVersion: v1
kind: Service
metadata: {name: nobody}
spec: {clusterIP: None, selector: {app: none}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: elsewhere}
spec: {type: ExternalName, externalName: example.com}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: peers
  replicas: 2
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: "postgres:17", ports: [{containerPort: 5432}]}]}
"""


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    made = Cluster(nodes=2, network="flannel-host-gw")
    made.install_dns()
    made.apply(SERVICES)
    made.run(seconds=60)
    return made


def asked(cluster: Cluster, name: str, type: str = "A") -> tuple[str, list[str]]:
    answer = cluster.dns.zone.query(name, type)
    return answer.code, [f"{r.type} {r.data}" for r in answer.records]


def test_names_of_services(cluster: Cluster):
    assert asked(cluster, "plain.default.svc.cluster.local") == ("NOERROR", ["A 10.96.0.50"])
    assert asked(cluster, "plain.default.svc.cluster.local", "AAAA") == ("NOERROR", [])  # no data
    assert asked(cluster, "gone.default.svc.cluster.local") == ("NXDOMAIN", [])
    assert asked(cluster, "plain.other.svc.cluster.local") == ("NXDOMAIN", [])
    assert asked(cluster, "elsewhere.default.svc.cluster.local") == (
        "NOERROR",
        ["CNAME example.com", "A 203.0.113.10"],
    )


def test_headless_services_and_the_stable_names_of_a_stateful_set(cluster: Cluster):
    pods = cluster.get("pods", selector="app=db", wide=True).set_index("NAME").IP
    _, found = asked(cluster, "peers.default.svc.cluster.local")
    assert sorted(found) == sorted(f"A {ip}" for ip in pods)
    for name, ip in pods.items():
        assert asked(cluster, f"{name}.peers.default.svc.cluster.local") == ("NOERROR", [f"A {ip}"])
    assert asked(cluster, "db-9.peers.default.svc.cluster.local") == ("NXDOMAIN", [])
    assert asked(cluster, "nobody.default.svc.cluster.local") == ("NXDOMAIN", [])


def test_ports_have_srv_records(cluster: Cluster):
    assert asked(cluster, "_http._tcp.plain.default.svc.cluster.local", "SRV") == (
        "NOERROR",
        ["SRV 0 100 80 plain.default.svc.cluster.local"],
    )
    _, found = asked(cluster, "_sql._tcp.peers.default.svc.cluster.local", "SRV")
    assert found == [f"SRV 0 50 5432 db-{n}.peers.default.svc.cluster.local" for n in (0, 1)]
    assert asked(cluster, "_http._udp.plain.default.svc.cluster.local", "SRV")[0] == "NXDOMAIN"


def test_addresses_have_names_too(cluster: Cluster):
    assert asked(cluster, "50.0.96.10.in-addr.arpa", "PTR") == (
        "NOERROR",
        ["PTR plain.default.svc.cluster.local"],
    )
    ip = cluster.get("pods", selector="app=db", wide=True).set_index("NAME").IP["db-0"]
    reverse = ".".join(reversed(ip.split("."))) + ".in-addr.arpa"
    assert asked(cluster, reverse, "PTR")[1] == ["PTR db-0.peers.default.svc.cluster.local"]
    assert asked(cluster, "9.9.9.9.in-addr.arpa", "PTR")[0] == "NXDOMAIN"
    assert asked(cluster, f"{ip.replace('.', '-')}.default.pod.cluster.local")[1] == [f"A {ip}"]


def test_a_short_name_is_tried_with_each_search_domain():
    searches = search_domains("shop")
    assert candidates("web", searches)[0] == "web.shop.svc.cluster.local"
    assert len(candidates("a.b.c.d.e.f", searches)) == 4
    assert candidates("a.b.c.d.e.f", searches)[0] == "a.b.c.d.e.f"  # five dots: as it is, first
    assert candidates("example.com.", searches) == ["example.com"]


def test_a_lookup_stops_at_the_first_answer_and_its_trace_goes_to_kube_dns(cluster: Cluster):
    pod = "db-0"
    found = cluster.nslookup(pod, "plain")
    assert found.addresses == ["10.96.0.50"] and len(found.answers) == 1
    assert [a.code for a in cluster.nslookup(pod, "plain.default").answers] == [
        "NXDOMAIN",
        "NOERROR",
    ]
    assert cluster.nslookup(pod, "no.such.name").code == "NXDOMAIN"


def test_without_dns_a_lookup_says_what_is_missing():
    with pytest.raises(CourseError, match="no DNS"):
        Cluster(nodes=1).nslookup("x", "web")


def test_a_dns_without_ready_pods_times_out():
    made = Cluster(nodes=1, network="routable")
    made.install_dns()
    made.run(seconds=0.5)
    assert made.nslookup("node-1", "kubernetes").code == "TIMEOUT"


# kubernetes.io "Ingress", the table of examples for path types.
@pytest.mark.parametrize(
    ("kind", "rule", "path", "matches"),
    [
        ("Prefix", "/", "/anything", True),
        ("Exact", "/foo", "/foo", True),
        ("Exact", "/foo", "/bar", False),
        ("Exact", "/foo", "/foo/", False),
        ("Exact", "/foo/", "/foo", False),
        ("Prefix", "/foo", "/foo", True),
        ("Prefix", "/foo", "/foo/", True),
        ("Prefix", "/foo/", "/foo", True),
        ("Prefix", "/foo/", "/foo/", True),
        ("Prefix", "/aaa/bb", "/aaa/bbb", False),
        ("Prefix", "/aaa/bbb", "/aaa/bbb", True),
        ("Prefix", "/aaa/bbb/", "/aaa/bbb", True),
        ("Prefix", "/aaa/bbb", "/aaa/bbb/", True),
        ("Prefix", "/aaa/bbb", "/aaa/bbb/ccc", True),
        ("Prefix", "/aaa/bbb", "/aaa/bbbxyz", False),
    ],
)
def test_path_types(kind: str, rule: str, path: str, matches: bool):
    assert path_matches(kind, rule, path) is matches


@pytest.mark.parametrize(
    ("rule", "host", "matches"),
    [
        ("*.foo.com", "bar.foo.com", True),
        ("*.foo.com", "baz.bar.foo.com", False),
        ("*.foo.com", "foo.com", False),
        ("foo.com", "foo.com", True),
        ("", "whatever.org", True),
    ],
)
def test_host_wildcards(rule: str, host: str, matches: bool):
    assert host_matches(rule, host) is matches


def ingress(*rules: tuple[str, str, str, str], default: str = "") -> object:
    spec: dict = {
        "rules": [
            {
                "host": host,
                "http": {
                    "paths": [
                        {
                            "path": path,
                            "pathType": kind,
                            "backend": {"service": {"name": to, "port": {"number": 80}}},
                        }
                    ]
                },
            }
            for host, kind, path, to in rules
        ]
    }
    if default:
        spec["defaultBackend"] = {"service": {"name": default, "port": {"number": 80}}}
    return decode(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {"name": "i", "namespace": "default"},
            "spec": spec,
        }
    )


def test_the_longest_path_wins_exact_before_prefix_a_host_before_a_wildcard():
    rules = ingress(
        ("a.com", "Prefix", "/", "root"),
        ("a.com", "Prefix", "/foo", "prefix"),
        ("a.com", "Exact", "/foo", "exact"),
        ("*.com", "Prefix", "/foo/bar", "wild"),
        default="default",
    )

    def to(host: str, path: str) -> str:
        found = choose([rules], host, path)
        return found.service.name if found else ""

    assert to("a.com", "/foo") == "exact"
    assert to("a.com", "/foo/bar") == "prefix"
    assert to("a.com", "/x") == "root"
    assert to("b.com", "/foo/bar") == "wild"
    assert to("b.com", "/x") == to("c.org", "/") == "default"
    assert choose([ingress(("a.com", "Prefix", "/", "root"))], "b.com", "/") is None


def test_requests_from_outside_by_host_and_path():
    cluster = Cluster(nodes=2, network="calico", cloud=True)
    with pytest.raises(CourseError, match="no ingress controller"):
        cluster.http("shop.example")
    cluster.install_ingress()
    cluster.apply("data/web.yaml")
    cluster.api.create(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {"name": "shop", "namespace": "default"},
            "spec": {
                "ingressClassName": "haproxy",
                "rules": [
                    {"host": "shop.example", "http": {"paths": [
                        {"path": "/", "pathType": "Prefix",
                         "backend": {"service": {"name": "web", "port": {"number": 80}}}},
                        {"path": "/old", "pathType": "Prefix",
                         "backend": {"service": {"name": "gone", "port": {"number": 80}}}},
                    ]}}
                ]
            },
        }
    )  # fmt: skip
    cluster.run(seconds=60)
    good = cluster.http("shop.example", "/cart")
    assert good.status == 200 and good.pod.startswith("default/web-")
    assert good.way_in.seen == "203.0.113.10"  # externalTrafficPolicy: Local
    assert cluster.http("other.example").status == 404
    assert cluster.http("shop.example", "/old/x").status == 503
    cluster.kubectl("scale deployment/web --replicas=0")
    cluster.run(seconds=60)
    assert cluster.http("shop.example").status == 503


WITHOUT_CLASS = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  rules:
  - host: shop.example
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
"""


def test_a_controller_ignores_an_ingress_without_a_class_or_of_another_controllers_class():
    cluster = Cluster(nodes=1, network="calico", cloud=True)
    cluster.install_ingress()
    cluster.apply("data/web.yaml")
    cluster.apply(WITHOUT_CLASS)
    cluster.run(seconds=60)
    assert cluster.http("shop.example").status == 404
    with_class = WITHOUT_CLASS.replace("spec:", "spec:\n  ingressClassName: CLASS")
    cluster.apply(with_class.replace("CLASS", "nginx"))  # a class that nobody has made
    assert cluster.http("shop.example").status == 404
    cluster.apply(with_class.replace("CLASS", "haproxy"))
    assert cluster.http("shop.example").status == 200


def test_a_new_ingress_without_a_class_gets_the_default_class():
    cluster = Cluster(nodes=1, network="calico", cloud=True)
    cluster.install_ingress()
    mark = {"metadata": {"annotations": {"ingressclass.kubernetes.io/is-default-class": "true"}}}
    cluster.api.patch("IngressClass", "haproxy", "", mark)
    cluster.apply(WITHOUT_CLASS)
    assert cluster.document("ingress", "shop")["spec"]["ingressClassName"] == "haproxy"
    old = "{name: old, annotations: {kubernetes.io/ingress.class: nginx}}"
    cluster.apply(WITHOUT_CLASS.replace("{name: shop}", old))
    assert "ingressClassName" not in cluster.document("ingress", "old")["spec"]


@pytest.mark.parametrize("controller", ["", "haproxy", "/haproxy", "haproxy.org/"])
def test_an_ingress_class_names_its_controller_by_a_domain_and_a_path(controller: str):
    cluster = Cluster(nodes=1)
    document = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {"name": "own"},
        "spec": {"controller": controller},
    }
    with pytest.raises(CourseError, match=r"spec\.controller"):
        cluster.apply(document)
