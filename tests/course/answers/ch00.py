"""Chapter 00: a reference solution for each exercise, and wrong answers with part of the hint."""

from __future__ import annotations

from tests.conftest import pod

MISSPELLED = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  replica: 4
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: shop, image: "nginx:1.27"}]}
"""
HELLO = "{apiVersion: v1, kind: Pod, metadata: {name: hello}, spec: {containers: [%s]}}"


def by_hand(cluster):
    for number in (4, 5):
        cluster.apply(pod(f"extra-{number}"))


def too_much(cluster):
    cluster.cordon("node-1"), cluster.cordon("node-2"), cluster.cordon("node-3")
    cluster.scale("deployment/web", 5)


ANSWERS = {
    "00-deleted-pod": (3, {2: "who would notice", 4: "the deleted one goes"}),
    "00-dead-node": (350, {50: "tolerate that", 300: "begin when", 5: "Lease"}),
    "00-scale": (
        lambda cluster: cluster.scale("deployment/web", 5),
        {
            by_hand: "nobody's",
            lambda cluster: None: "cluster.scale",
            too_much: "what does it wait for",
        },
    ),
    "00-misspelled": (
        MISSPELLED.replace("replica:", "replicas:"),
        {
            MISSPELLED: "WARNINGS",
            MISSPELLED.replace("  replica: 4\n", ""): "with an s",
        },
    ),
    "00-first-pod": (
        HELLO % '{name: main, image: "redis:7"}',
        {
            HELLO % "{name: main, image: redis}": "without a tag",
            HELLO.replace("hello", "hallo") % '{name: main, image: "redis:7"}': "name: hello",
            HELLO.replace("Pod", "Job") % "{name: main, image: redis}": "kind: Pod",
        },
    ),
}
