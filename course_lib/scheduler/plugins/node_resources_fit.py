"""NodeResourcesFit: a node must have what a Pod requests; how full it should be is a strategy.

Source: `pkg/scheduler/framework/plugins/noderesources` (`fit.go`, `resource_allocation.go`,
`least_allocated.go`, `most_allocated.go`, `requested_to_capacity_ratio.go`).

Here `pod` is the Pod that is scheduled and `nodes` the snapshot, with a column for each `resource`;
`requested` is with the Pod, `capacity` is what each node has, `divisor` the same without zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from course_lib.scheduler.framework import MAX_SCORE, NODE_ADD, NODE_UPDATE, POD_DELETE, Plugin
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.status import UNRESOLVABLE, UNSCHEDULABLE, NodeToStatus, Refusal
from course_lib.scheduler.types import NOTHING, Amounts, Bools

TOO_MANY_PODS = "Too many pods"
INSUFFICIENT = "Insufficient {resource}"
CPU_AND_MEMORY: Mapping[str, int] = {"cpu": 1, "memory": 1}  # resources and their weights

# Utilisation in per cent, and the score that the profile gives it, from 0 to 10.
Shape = Sequence[tuple[int, int]]
# The rules write into `requested`, which is not needed afterwards.
Rule = Callable[[Amounts, Amounts, Amounts], Amounts]  # requested, capacity, divisor: score


class NodeResourcesFit(Plugin):
    """Filter by free resources; score by LeastAllocated (the default), MostAllocated, or
    RequestedToCapacityRatio with a shape. Extended resources may be `ignored` by the filter.

    `strategy` is one of these names, `resources` are weights by resource.
    """

    name = "NodeResourcesFit"
    events = (NODE_ADD, NODE_UPDATE, POD_DELETE)

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
            "RequestedToCapacityRatio": lambda r, c, d: by_shape(r, c, d, shape),
        }
        self.rule = rules[strategy]

    def filter(self, pod: PodInfo, nodes: Nodes) -> NodeToStatus | None:
        """Every node with room; no eviction helps where the whole node is too small."""
        rooms = list(room(pod, nodes, self.ignored))
        fits = rooms[0][1]
        for _, enough in rooms[1:]:
            fits = fits & enough

        def why(row: int) -> Refusal:
            too_small = any(
                amount > nodes.capacity(resource)[row]
                for resource, amount in pod.requests.items()
                if resource not in self.ignored
            )
            code = UNRESOLVABLE if too_small else UNSCHEDULABLE
            return code, [reason for reason, enough in rooms if not enough[row]]

        return NodeToStatus(fits, why)

    def score(self, pod: PodInfo, nodes: Nodes, fits: Bools) -> Amounts:
        """The weighted mean over the resources, each scored by the strategy's rule."""
        scores: list[Amounts] = []
        weights: Any = 0  # one number while all nodes have all resources, else one for each node
        for resource, weight in self.resources.items():
            if (requested := claim(pod, nodes, resource)) is not None:
                score = self.rule(requested, nodes.capacity(resource), nodes.divisor(resource))
                weights = weights + weight * self._counts(score, resource, nodes)
                scores.append(score if weight == 1 else np.multiply(score, weight, out=score))
        if not scores:
            return NOTHING
        mean = scores[0]
        for score in scores[1:]:
            mean += score
        mean /= max(weights, 1) if isinstance(weights, int) else np.maximum(weights, 1)
        if self.to_nearest:
            mean += 0.5
        return np.floor(mean, out=mean)

    @property
    def to_nearest(self) -> bool:
        """Whether the mean is rounded to nearest, as one strategy does; else it is cut off."""
        return self.strategy == "RequestedToCapacityRatio"

    def _counts(self, score: Amounts, resource: str, nodes: Nodes) -> Bools | bool:
        """Where a resource counts in the mean: on nodes that have it; and, with the strategy that
        rounds, only where its score is not 0.
        """
        return score > 0 if self.to_nearest else nodes.have(resource)


def room(pod: PodInfo, nodes: Nodes, ignored: frozenset[str]) -> Iterator[tuple[str, Bools]]:
    """The nodes with enough of each thing that is not `ignored`, and the reason of the others."""
    yield TOO_MANY_PODS, nodes.pod_count < nodes.capacity("pods")
    for resource, amount in pod.requests.items():
        if resource not in ignored:
            free = nodes.capacity(resource) - nodes.column(nodes.requested, resource)
            yield INSUFFICIENT.format(resource=resource), free >= amount


def claim(pod: PodInfo, nodes: Nodes, resource: str) -> Amounts | None:
    """What would be requested of each node; None for an extended resource that the Pod does not
    ask for. Containers that ask for no CPU or memory count as a little.
    """
    if resource in nodes.nonzero:
        return nodes.nonzero[resource] + pod.nonzero[resource]
    asked = pod.requests.get(resource, 0)
    if not asked and resource != "ephemeral-storage":
        return None
    return nodes.column(nodes.requested, resource) + asked


def least_allocated(requested: Amounts, capacity: Amounts, divisor: Amounts) -> Amounts:
    """The free share in per cent; 0 where more is asked than there is."""
    free = np.subtract(capacity, requested, out=requested)
    return per_cent(np.maximum(free, 0, out=free), divisor)


def most_allocated(requested: Amounts, capacity: Amounts, divisor: Amounts) -> Amounts:
    """The requested share in per cent, 100 at the most."""
    return per_cent(np.minimum(requested, capacity, out=requested), divisor)


def by_shape(requested: Amounts, capacity: Amounts, divisor: Amounts, shape: Shape) -> Amounts:
    """The score of the utilisation on a line through the points of `shape`; full is 100."""
    fits = requested <= capacity
    used = np.where(fits, per_cent(requested, divisor), 100.0)
    return broken_line(used, shape) * (capacity > 0)


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


def per_cent(part: Amounts, divisor: Amounts) -> Amounts:
    """The share in whole per cent, rounded down; 0 of nothing (an endless divisor).

    It is worked out in the place of `part`, as NumPy spends more time on new arrays than on sums.
    """
    part *= MAX_SCORE
    part /= divisor
    return np.floor(part, out=part)
