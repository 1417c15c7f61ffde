"""Chapter 00: answers that are right, and wrong ones with a part of the hint that each gets."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import numpy as np

from tests.conftest import pod
from tests.course.answers.shapes import manifest, number, solution

MISSPELLED, HELLO = "00-misspelled", "00-first-pod"


def patched(replicas):
    spec = {"spec": {"replicas": replicas}}
    return lambda cluster: cluster.api.patch("Deployment", "web", "default", spec)


def applied_again(cluster):
    cluster.apply({**written(cluster), "spec": {**written(cluster)["spec"], "replicas": 5}})


def written(cluster):
    document = cluster.document("deployment", "web")
    return {key: document[key] for key in ("apiVersion", "kind", "spec")} | {
        "metadata": {"name": "web", "labels": {"app": "web"}}
    }


def deleted_and_made(cluster):
    again = {**written(cluster), "spec": {**written(cluster)["spec"], "replicas": 5}}
    cluster.delete("deployment", "web")
    cluster.run(40)
    cluster.apply(again)


def by_hand(cluster):
    for n in (4, 5):
        cluster.apply(pod(f"extra-{n}"))


def no_room(cluster):
    for node in list(cluster.kubelets):
        cluster.kubectl(f"cordon {node}")
    cluster.kubectl("scale deployment/web --replicas=5")


ANSWERS = {
    "00-deleted-pod": (
        number(3, "Pods"),
        {
            2: "creates the missing",
            4: "the deleted Pod is gone",
            1: "not two",
            "0 Pods": "not all",
            7: "too many: delete one Pod",
            "3 nodes": "asked for: Pods",
        },
    ),
    "00-dead-node": (
        [
            "350",
            "350s",
            "5m50s",
            "5 min 50 s",
            355.5,
            np.float64(345),
            Decimal("350"),
            timedelta(minutes=5, seconds=50),
        ],
        {
            5: "Lease",
            "50 s": "tolerate that",
            40: "tolerate that",
            "5 min": "begin when",
            120: "too early: add two times",
            600: "too late: add two times",
            "a while": "a number of seconds",
        },
    ),
    "00-scale": (
        [
            patched(5),
            applied_again,
            deleted_and_made,
            lambda c: c.kubectl("scale deploy/web --replicas=5"),
        ],
        {
            lambda c: None: "kubectl scale",
            by_hand: "made by hand",
            no_room: "what it waits for",
            patched(6): "more than five",
            lambda c: c.delete("deployment", "web"): "apply it again",
        },
    ),
    MISSPELLED: (
        [
            *manifest(MISSPELLED),
            solution(MISSPELLED, ("nginx:1.27", "docker.io/library/nginx:1.27")),
        ],
        {
            solution(MISSPELLED, ("replicas", "replica")): "replica",
            solution(MISSPELLED, ("  replicas: 4\n", "")): "with an s",
            solution(MISSPELLED, ("replicas: 4", "replicas: 1")): "`spec.replicas` is 1",
            solution(MISSPELLED, ("replicas: 4", "replicas: four")): "spec.replicas",
            solution(MISSPELLED, ("name: shop", "name: store")): "`name: shop`",
            solution(MISSPELLED, ("apps/v1", "v1")): "`apiVersion: apps/v1`",
            solution(MISSPELLED, ("matchLabels: {app: shop}", "matchLabels: {app: x}")): "selector",
        },
    ),
    HELLO: (
        [
            *manifest(HELLO),
            solution(HELLO, ("redis:7", "docker.io/library/redis:7")),
            solution(HELLO, ("name: main", "name: main\n      ports: [{containerPort: 6379}]")),
            solution(HELLO, ("spec:", "spec:\n  restartPolicy: Never")),
        ],
        {
            solution(HELLO, ("redis:7", "redis")): "without a tag",
            solution(HELLO, ("redis:7", "redis:8")): "`image: redis:7`",
            solution(HELLO, ("name: hello", "name: hallo")): "`name: hello`",
            solution(HELLO, ("kind: Pod", "kind: Job")): "`kind: Pod`",
            solution(HELLO, ("apiVersion: v1", "apiVersion: apps/v1")): "`apiVersion: v1`",
            solution(HELLO, ("      image: redis:7\n", "")): "image",
            solution(HELLO, ("spec:\n", "spec\n")): "correct the YAML at line",
            "redis:7": "YAML between triple quotes",
        },
    ),
}
