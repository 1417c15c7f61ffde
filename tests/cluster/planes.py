"""What the tests of control planes share: a small object, who leads, whether the API answers."""

from __future__ import annotations

from course_lib import Cluster
from course_lib.apiserver.errors import APIError
from course_lib.cluster.processes import Elected


def note(name: str) -> dict:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}


def leader_of(cluster: Cluster, component: str) -> list[str]:
    return [
        each.machine
        for each in cluster.control_plane.components.values()
        if isinstance(each, Elected) and each.name == component and each.leads
    ]


def answers(cluster: Cluster) -> bool:
    try:
        cluster.apply(note("ping"))
        cluster.api.get("Namespace", "default")
    except APIError:
        return False
    return True
