"""NodeResourcesBalancedAllocation: better a node whose resources are used evenly.

Source: `pkg/scheduler/framework/plugins/noderesources/balanced_allocation.go`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from course_lib.scheduler.framework import MAX_SCORE, Plugin
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.plugins.node_resources_fit import CPU_AND_MEMORY
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.types import Amounts, Bools


class NodeResourcesBalancedAllocation(Plugin):
    """Score by how alike the used shares of the resources would be."""

    name = "NodeResourcesBalancedAllocation"
    scores = True

    def __init__(self, resources: Mapping[str, int] = CPU_AND_MEMORY) -> None:
        self.resources = tuple(resources)

    def score(self, pod: PodInfo, nodes: Nodes, fits: Bools) -> Amounts | None:
        """Nothing to say of a Pod that requests none of the resources (since 1.33: else such
        Pods would all go where there is balance already).
        """
        if not any(pod.requests.get(resource) for resource in self.resources):
            return None
        return balance(pod, nodes, self.resources)


def balance(pod: PodInfo, nodes: Nodes, resources: tuple[str, ...]) -> Amounts:
    """100 less the standard deviation of the used shares, in per cent, cut to a whole number.

    What is requested counts as it is, without defaults for containers that ask for nothing.
    """
    shares, counts = [], []
    for resource in resources:
        asked = pod.requests.get(resource, 0)
        if not asked and resource not in ("cpu", "memory", "ephemeral-storage"):
            continue  # an extended resource that this Pod does not want
        capacity = nodes.column(nodes.allocatable, resource)
        counts.append(capacity > 0)
        shares.append(used_share(nodes.column(nodes.requested, resource) + asked, capacity))
    if len(shares) == 2:
        # Half the distance; where a node lacks one of the two there is nothing to balance.
        deviation = np.abs(shares[0] - shares[1]) / 2
        deviation[~(counts[0] & counts[1])] = 0
    else:
        deviation = standard_deviation(shares, counts, nodes)
    return np.trunc((1 - deviation) * MAX_SCORE)


def used_share(requested: Amounts, capacity: Amounts) -> Amounts:
    """The share that would be used, 1 at the most."""
    share = np.divide(requested, capacity, out=np.zeros_like(capacity), where=capacity > 0)
    return np.minimum(share, 1, out=share)


def standard_deviation(shares: list[Amounts], counts: list[Bools], nodes: Nodes) -> Amounts:
    """Of the shares that count on each node; 0 where there are fewer than two."""
    number = sum(counts, nodes.zeros())
    some = np.maximum(number, 1)
    mean = sum(shares, nodes.zeros()) / some
    squares = sum(
        (here * (share - mean) ** 2 for share, here in zip(shares, counts, strict=True)),
        nodes.zeros(),
    )
    deviation = np.sqrt(squares / some)
    two = number == 2  # upstream's shortcut for two, which rounds differently
    if two.any():
        low = np.min([np.where(c, s, 2.0) for s, c in zip(shares, counts, strict=True)], axis=0)
        high = np.max([np.where(c, s, -1.0) for s, c in zip(shares, counts, strict=True)], axis=0)
        deviation[two] = np.abs((high - low) / 2)[two]
    deviation[number < 2] = 0
    return deviation
