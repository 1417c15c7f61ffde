"""NodeResourcesBalancedAllocation: better a node that the Pod makes more evenly used.

Source: `pkg/scheduler/framework/plugins/noderesources/balanced_allocation.go`.

Here `pod` is the Pod that is scheduled, `nodes` the snapshot, with a column for each `resource`;
`resources` (or `wanted`, of one Pod) are compared, and `more` is requested beside what is promised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from course_lib.scheduler.framework import MAX_SCORE, Plugin
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.plugins.node_resources_fit import CPU_AND_MEMORY
from course_lib.scheduler.pod_info import COMMON, PodInfo
from course_lib.scheduler.types import Amounts, Bools


class NodeResourcesBalancedAllocation(Plugin):
    """Score by how much more alike the Pod makes the used shares of the resources."""

    name = "NodeResourcesBalancedAllocation"

    def __init__(self, resources: Mapping[str, int] = CPU_AND_MEMORY) -> None:
        self.resources = tuple(resources)

    def pre_score(self, pod: PodInfo, nodes: Nodes, fits: Bools) -> bool:
        """False for a Pod that requests none of the resources (since 1.33: else such Pods would
        all go where there is balance already).
        """
        return any(pod.requests.get(resource) for resource in self.resources)

    def score(self, pod: PodInfo, nodes: Nodes, fits: Bools) -> Amounts:
        """How much more evenly the node would be used."""
        return balance(pod, nodes, self.resources)


def balance(pod: PodInfo, nodes: Nodes, resources: tuple[str, ...]) -> Amounts:
    """How evenly a node is used with the Pod, against without it: 75 when nothing changes, up to
    100 when it becomes more even, down to 50 when less (since 1.36).
    """
    wanted = [r for r in resources if r in COMMON or pod.requests.get(r)]
    after = evenness(nodes, wanted, pod.requests)
    after -= evenness(nodes, wanted, {})
    after += MAX_SCORE // 2
    after /= 2
    np.floor(after, out=after)
    after += MAX_SCORE // 2
    return after


def evenness(nodes: Nodes, wanted: Sequence[str], more: Mapping[str, int]) -> Amounts:
    """100 less the standard deviation of the used shares, in per cent, cut to a whole number.

    `more` is requested beside what the nodes have already promised. What is requested counts as it
    is, without defaults for containers that ask for nothing.
    """
    shares = [used_share(nodes, resource, more.get(resource, 0)) for resource in wanted]
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


def used_share(nodes: Nodes, resource: str, more: int) -> Amounts:
    """The share that would be used, 1 at the most."""
    share = nodes.column(nodes.requested, resource) + more
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
