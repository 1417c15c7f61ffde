"""Helpers that look at workloads over time."""

from __future__ import annotations

from course_lib.cluster import Cluster
from tests.conftest import container

PROBE = {"httpGet": {"path": "/", "port": 80}, "periodSeconds": 1}


def get(cluster: Cluster, kind: str = "Deployment", name: str = "web"):
    return cluster.api.get(kind, name)


def extremes(cluster: Cluster, seconds: float, selector: str = "app=web") -> tuple[int, int]:
    """The fewest ready Pods, and the most Pods, during a time."""
    fewest, most = 10**9, 0
    for _ in range(int(seconds / 0.25)):
        cluster.run(seconds=0.25)
        pods = [p for p in cluster.api.list("Pod") if not p.terminating]
        ready = cluster.get("pods", selector=selector).READY
        fewest = min(fewest, list(ready).count("1/1"))
        most = max(most, len(pods))
    return fewest, most


def script(text: str) -> list[dict]:
    return [container(image="busybox:1.36", command=["sh", "-c", text])]
