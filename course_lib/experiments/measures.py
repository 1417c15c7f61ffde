"""How well a cluster is used: measures of a snapshot, for any resource."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from course_lib.experiments.arguments import made_by
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.plugins.gpu_share import MILLI
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.runtime import SchedulingFramework

RESOURCES = {"cpu": "cpu", "memory": "memory", "gpu": MILLI}


def utilisation(nodes: Nodes, resource: str) -> tuple[float, float]:
    """Requested of allocatable over all nodes that have the resource: mean and spread (the
    standard deviation between nodes); NaN where no node has it.
    """
    made_by(nodes, "nodes", Nodes)
    capacity = nodes.capacity(made_by(resource, "resource", str, "text"))
    have = capacity > 0
    if not have.any():
        return float("nan"), float("nan")
    shares = nodes.column(nodes.requested, resource)[have] / capacity[have]
    total = nodes.column(nodes.requested, resource)[have].sum() / capacity[have].sum()
    return float(total), float(shares.std())


def fragmentation(
    framework: SchedulingFramework, nodes: Nodes, shapes: Sequence[PodInfo], resource: str
) -> float:
    """The share of what is free of a `resource` that no Pod of the workload could use: on `nodes`
    where the `framework` finds room for none of their `shapes`; 0 where nothing is free.
    """
    made_by(framework, "framework", SchedulingFramework)
    made_by(nodes, "nodes", Nodes)
    made_by(resource, "resource", str, "text")
    usable = np.zeros(len(nodes), dtype=bool)
    for shape in shapes:
        if usable.all():
            break
        usable |= framework.filter(shape, nodes).fits
    free = nodes.capacity(resource) - nodes.column(nodes.requested, resource)
    total = float(free.sum())
    return float(free[~usable].sum()) / total if total else 0.0


def shapes_of(pods: Sequence[PodInfo]) -> list[PodInfo]:
    """One Pod of each shape, the smallest first, so that most nodes are judged soon."""
    distinct = {pod.shape: pod for pod in pods}
    return sorted(distinct.values(), key=lambda p: (p.requests.get("cpu", 0), p.key))
