"""NodeResourcesFit: a node must have what a Pod requests; how full it should be is a strategy.

Source: `pkg/scheduler/framework/plugins/noderesources` (`fit.go`, `resource_allocation.go`,
`least_allocated.go`, `most_allocated.go`, `requested_to_capacity_ratio.go`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from course_lib.scheduler.framework import (
    MAX_SCORE,
    NODE_ADD,
    NODE_UPDATE,
    POD_DELETE,
    UNSCHEDULABLE,
    Plugin,
    Refusal,
    Verdict,
)
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.types import Amounts, Bools

TOO_MANY_PODS = "Too many pods"
INSUFFICIENT = "Insufficient {resource}"
CPU_AND_MEMORY: Mapping[str, int] = {"cpu": 1, "memory": 1}  # resources and their weights

# Utilisation in per cent, and the score that the profile gives it, from 0 to 10.
Shape = Sequence[tuple[int, int]]
Rule = Callable[[Amounts, Amounts], Amounts]  # requested, capacity: score


class NodeResourcesFit(Plugin):
    """Filter by free resources; score by LeastAllocated (the default), MostAllocated, or
    RequestedToCapacityRatio with a shape. Extended resources may be `ignored` by the filter.
    """

    name = "NodeResourcesFit"
    events = (NODE_ADD, NODE_UPDATE, POD_DELETE)
    filters = True
    scores = True

    def __init__(
        self,
        strategy: str = "LeastAllocated",
        resources: Mapping[str, int] = CPU_AND_MEMORY,
        shape: Shape = (),
        ignored: frozenset[str] = frozenset(),
    ) -> None:
        self.strategy, self.resources, self.ignored = strategy, dict(resources), ignored
        rules: dict[str, Rule] = {
            "LeastAllocated": least_allocated,
            "MostAllocated": most_allocated,
            "RequestedToCapacityRatio": lambda r, c: by_shape(r, c, shape),
        }
        self.rule = rules[strategy]

    def filter(self, pod: PodInfo, nodes: Nodes) -> Verdict | None:
        """Every node with room."""
        short = list(insufficient(pod, nodes, self.ignored))
        fits = ~short[0][1]
        for _, here in short[1:]:
            fits &= ~here

        def why(row: int) -> Refusal:
            return UNSCHEDULABLE, [reason for reason, here in short if here[row]]

        return Verdict(fits, why)

    def score(self, pod: PodInfo, nodes: Nodes, fits: Bools) -> Amounts | None:
        """The weighted mean over the resources, each scored by the strategy's rule."""
        # Only here a score of 0 leaves its resource out of the mean, which is rounded to nearest.
        ratio = self.strategy == "RequestedToCapacityRatio"
        total, weights = nodes.zeros(), nodes.zeros()
        for resource, weight in self.resources.items():
            if (asked := claim(pod, nodes, resource)) is None:
                continue
            requested, capacity = asked
            score = self.rule(requested, capacity) * (capacity > 0)
            total += weight * score
            weights += weight * (score > 0 if ratio else capacity > 0)
        mean = np.divide(total, weights, out=nodes.zeros(), where=weights > 0)
        return np.floor(mean + 0.5) if ratio else np.floor(mean)


def insufficient(
    pod: PodInfo, nodes: Nodes, ignored: frozenset[str]
) -> Iterator[tuple[str, Bools]]:
    """Each reason, and the nodes that have it."""
    yield TOO_MANY_PODS, nodes.pod_count >= nodes.column(nodes.allocatable, "pods")
    for resource, amount in pod.requests.items():
        if resource in ignored:
            continue
        free = nodes.column(nodes.allocatable, resource) - nodes.column(nodes.requested, resource)
        yield INSUFFICIENT.format(resource=resource), amount > free


def claim(pod: PodInfo, nodes: Nodes, resource: str) -> tuple[Amounts, Amounts] | None:
    """What would be requested of each node, and its capacity; None for an extended resource that
    the Pod does not ask for. Containers that ask for no CPU or memory count as a little.
    """
    capacity = nodes.column(nodes.allocatable, resource)
    if resource in nodes.nonzero:
        return nodes.nonzero[resource] + pod.nonzero[resource], capacity
    asked = pod.requests.get(resource, 0)
    if not asked and resource != "ephemeral-storage":
        return None
    return nodes.column(nodes.requested, resource) + asked, capacity


def least_allocated(requested: Amounts, capacity: Amounts) -> Amounts:
    """The free share in per cent; 0 where more is asked than there is."""
    free = np.maximum(capacity - requested, 0)
    return per_cent(free, capacity)


def most_allocated(requested: Amounts, capacity: Amounts) -> Amounts:
    """The requested share in per cent, 100 at the most."""
    return per_cent(np.minimum(requested, capacity), capacity)


def by_shape(requested: Amounts, capacity: Amounts, shape: Shape) -> Amounts:
    """The score of the utilisation on a line through the shape's points; full is 100 per cent."""
    used = np.where(requested <= capacity, per_cent(requested, capacity), 100.0)
    return broken_line(used, shape)


def broken_line(used: Amounts, shape: Shape) -> Amounts:
    """Straight lines between points, level beyond them, cut to whole numbers as Go divides
    (`helper.BuildBrokenLinearFunction`); scores from 0 to 10 become 0 to 100.
    """
    points = [(at, score * (MAX_SCORE // 10)) for at, score in shape]
    result = np.full_like(used, points[-1][1])
    for (x0, y0), (x1, y1) in reversed(list(pairwise(points))):
        line = y0 + np.trunc((y1 - y0) * (used - x0) / (x1 - x0))
        result = np.where(used <= x1, line, result)
    return np.where(used <= points[0][0], float(points[0][1]), result)


def per_cent(part: Amounts, whole: Amounts) -> Amounts:
    """The share in whole per cent, rounded down; 0 of nothing."""
    share = np.divide(part * MAX_SCORE, whole, out=np.zeros_like(whole), where=whole > 0)
    return np.floor(share, out=share)
