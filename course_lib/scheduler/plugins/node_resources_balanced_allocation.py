"""NodeResourcesBalancedAllocation: better a node whose resources are used evenly.

Source: `pkg/scheduler/framework/plugins/noderesources/balanced_allocation.go`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from course_lib.scheduler.framework import MAX_SCORE, Plugin
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.plugins.node_resources_fit import CPU_AND_MEMORY
from course_lib.scheduler.pod_info import COMMON, PodInfo
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
    wanted = [r for r in resources if r in COMMON or pod.requests.get(r)]
    shares = [used_share(pod, nodes, resource) for resource in wanted]
    have = [nodes.have(resource) for resource in wanted]
    if len(shares) == 2 and have[0] is True and have[1] is True:
        deviation = shares[0]
        deviation -= shares[1]
        np.abs(deviation, out=deviation)
        deviation /= 2
    else:
        deviation = standard_deviation(shares, [np.ones(len(nodes), bool) & h for h in have])
    np.subtract(1, deviation, out=deviation)
    deviation *= MAX_SCORE
    return np.trunc(deviation, out=deviation)


def used_share(pod: PodInfo, nodes: Nodes, resource: str) -> Amounts:
    """The share that would be used, 1 at the most."""
    share = nodes.column(nodes.requested, resource) + pod.requests.get(resource, 0)
    share /= nodes.divisor(resource)
    return np.minimum(share, 1, out=share)


def standard_deviation(shares: list[Amounts], have: list[Bools]) -> Amounts:
    """Of the shares that count on each node: 0 of one, half the distance of two.

    The shortcut for two is upstream's, and differs in the last digits from the formula.
    """
    kept, number = np.array(shares), np.array(have)
    count = number.sum(axis=0)
    some = np.maximum(count, 1)
    mean = (kept * number).sum(axis=0) / some
    deviation = np.sqrt((number * (kept - mean) ** 2).sum(axis=0) / some)
    low = np.where(number, kept, np.inf).min(axis=0, initial=np.inf)
    high = np.where(number, kept, -np.inf).max(axis=0, initial=-np.inf)
    deviation = np.where(count == 2, (high - low) / 2, deviation)
    return np.where(count < 2, 0.0, deviation)
