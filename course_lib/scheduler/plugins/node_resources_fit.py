"""NodeResourcesFit: a node must have what a Pod requests; the emptier it stays, the better.

Source: `pkg/scheduler/framework/plugins/noderesources` (`fit.go`, `least_allocated.go`).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from course_lib.scheduler.framework import (
    MAX_SCORE,
    NODE_ADD,
    NODE_UPDATE,
    POD_DELETE,
    SUCCESS,
    UNRESOLVABLE,
    UNSCHEDULABLE,
    Plugin,
    Verdict,
)
from course_lib.scheduler.nodes import Bools, Ints, Nodes, PodInfo

TOO_MANY_PODS = "Too many pods"
INSUFFICIENT = "Insufficient {resource}"
WEIGHTS = {"cpu": 1, "memory": 1}  # of the resources in the score


class NodeResourcesFit(Plugin):
    """Filter by free resources, score by LeastAllocated."""

    name = "NodeResourcesFit"
    events = (NODE_ADD, NODE_UPDATE, POD_DELETE)
    filters = True
    scores = True

    def filter(self, pod: PodInfo, nodes: Nodes) -> Verdict:
        """Every node with room; where even an empty node would lack it, preemption cannot help."""
        lacking = dict(insufficient(pod, nodes))
        code = np.zeros(len(nodes), dtype=np.int8)
        for short in lacking.values():
            code[short] = UNSCHEDULABLE
        for resource, amount in pod.requests.items():
            code[amount > nodes.column(nodes.allocatable, resource)] = UNRESOLVABLE
        assert SUCCESS == 0
        return Verdict(code, lambda row: [why for why, short in lacking.items() if short[row]])

    def score(self, pod: PodInfo, nodes: Nodes, feasible: Ints) -> Ints:
        """The mean free share of CPU and memory after the Pod came, in per cent."""
        total, weights = np.zeros(len(feasible), dtype=np.int64), self._weights(nodes, feasible)
        for resource, weight in WEIGHTS.items():
            capacity = nodes.column(nodes.allocatable, resource)[feasible]
            requested = nodes.nonzero[resource][feasible] + pod.nonzero[resource]
            total += weight * least_allocated(requested, capacity)
        return np.where(weights > 0, total // np.maximum(weights, 1), 0)

    def _weights(self, nodes: Nodes, feasible: Ints) -> Ints:
        """A resource that a node does not have does not count."""
        weights = np.zeros(len(feasible), dtype=np.int64)
        for resource, weight in WEIGHTS.items():
            weights += weight * (nodes.column(nodes.allocatable, resource)[feasible] > 0)
        return weights


def insufficient(pod: PodInfo, nodes: Nodes) -> Iterator[tuple[str, Bools]]:
    """Each reason, and the nodes that have it."""
    yield TOO_MANY_PODS, nodes.pod_count + 1 > nodes.column(nodes.allocatable, "pods")
    for resource, amount in pod.requests.items():
        free = nodes.column(nodes.allocatable, resource) - nodes.column(nodes.requested, resource)
        yield INSUFFICIENT.format(resource=resource), amount > free


def least_allocated(requested: Ints, capacity: Ints) -> Ints:
    """The free share in per cent, rounded down; 0 where more is asked than there is."""
    free = (capacity - requested) * MAX_SCORE // np.maximum(capacity, 1)
    return np.where((capacity > 0) & (requested <= capacity), free, 0)
