"""Chapter 07: answers that are right, and wrong ones with a part of the hint that each gets."""

from decimal import Decimal
from fractions import Fraction

import numpy as np

from tests.conftest import service
from tests.course.answers.shapes import manifest, number, solution

SOURCE, PEERS = "07-source", "07-headless"


def ports(**port):
    def repair(cluster):
        cluster.api.patch("Service", "web", "default", {"spec": {"ports": [port]}})

    return repair


def applied(cluster):
    cluster.apply(service("web", ports=[{"port": 80, "targetPort": 80}]))


def deleted_and_made(cluster):
    cluster.delete("service", "web")
    applied(cluster)


def deleted_and_made_later(cluster):
    cluster.delete("service", "web")
    cluster.run(5)
    applied(cluster)


def other_selector(cluster):
    spec = {"selector": {"app": "webs"}, "ports": [{"port": 80, "targetPort": 80}]}
    cluster.api.patch("Service", "web", "default", {"spec": spec})


ANSWERS = {
    "07-probability": (
        [1 / 3, "1/3", "33.3%", Fraction(1, 3), Decimal("0.333"), "0,33", np.float64(0.3333)],
        {
            0.25: "three quarters",
            "50%": "one half",
            1.0: "only the last",
            33: "write `%`",
            0.75: "how many endpoints are left",
            "a third": "a number",
        },
    ),
    "07-dns-questions": (
        number(2, "names"),
        {1: "search list first", 3: "already is", 4: "stops as soon", 8: "too many", 0: "too few"},
    ),
    "07-refused": (
        [
            ports(port=80, targetPort=80),
            ports(name="http", port=80),
            applied,
            deleted_and_made,
            deleted_and_made_later,
        ],
        {
            lambda c: c.kubectl("rollout restart deployment/web"): "does any container listen",
            ports(port=8080, targetPort=80): "clients connect",
            ports(port=80, targetPort=443): "`targetPort` is 443",
            lambda c: c.delete("service", "web"): "write it again",
            other_selector: "the Pods are labelled",
            lambda c: c.kubectl("scale deployment/web --replicas=0"): "the Pods are gone",
        },
    ),
    SOURCE: (
        [
            *manifest(SOURCE),
            solution(SOURCE, ("port: 80", "port: 80, targetPort: 80, nodePort: 30080")),
            solution(SOURCE, ("Local", "Local\n  internalTrafficPolicy: Cluster")),
        ],
        {
            solution(SOURCE, ("  externalTrafficPolicy: Local\n", "")): "externalTrafficPolicy",
            solution(SOURCE, ("externalTraffic", "internalTraffic")): "clients inside",
            solution(SOURCE, ("  type: NodePort\n  externalTrafficPolicy: Local\n", "")): (
                "opens a port"
            ),
            solution(SOURCE, ("app: web", "app: webs")): "does it select",
            solution(SOURCE, ("port: 80", "port: 80, targetPort: 8080")): "`targetPort` is 8080",
            solution(SOURCE, ("port: 80", "port: 8080")): "`port: 80`",
            solution(SOURCE, ("Local", "Locale")): "externalTrafficPolicy",
        },
    ),
    PEERS: (
        [
            *manifest(PEERS),
            solution(PEERS, ("ports: [{port: 80}]", "ports: [{name: web, port: 80}]")),
            solution(PEERS, ("clusterIP: None", 'clusterIP: "None"\n  type: ClusterIP')),
        ],
        {
            solution(PEERS, ("  clusterIP: None\n", "")): "with a capital",
            solution(PEERS, ("clusterIP: None", "clusterIP: ''")): "with a capital",
            solution(PEERS, ("clusterIP: None", "clusterIP: none")): "clusterIP",
            solution(PEERS, ("clusterIP: None", "clusterIP: null")): "with a capital",
            solution(PEERS, ("app: web", "app: webs")): "Pods' labels",
            solution(PEERS, ("name: peers", "name: peer")): "`name: peers`",
        },
    ),
    "07-no-endpoints": (
        ["Rejected", " rejected. ", "REJECT", "rejected at once", ("rejected",), "refused"],
        {
            "dropped": "rejects on purpose",
            "DROP": "rejects on purpose",
            "answered": "no Pod is left",
            "lost": "one of the two words",
            503: "in quotes",
        },
    ),
}
