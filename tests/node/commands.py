"""Containers with a command, and how they ended."""

from __future__ import annotations

from course_lib.cluster import Cluster
from tests.conftest import container


def busybox(*command: str, name: str = "main", **more: object) -> dict:
    return container(name, "busybox:1.36", command=list(command), **more)


def terminated(cluster: Cluster, name: str, state: str = "state") -> dict:
    status = cluster.document("pod", name)["status"]["containerStatuses"][0]
    return status[state]["terminated"]
