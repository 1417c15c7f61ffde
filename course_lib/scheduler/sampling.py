"""`percentageOfNodesToScore`: the search for nodes that fit ends when it has found enough.

A real scheduler scores only these nodes, and begins its next search where this one ended. The
course's scheduler looks at every node, unless its configuration has the field. With 0 upstream's
own rule holds, by which the percentage falls with the size of the cluster.
Source: `findNodesThatPassFilters` and `numFeasibleNodesToFind` in
`pkg/scheduler/schedule_one.go`; `pkg/scheduler/backend/cache/node_tree.go`. Nodes are looked at one
after the other here, and by 16 workers at once in the real one.
"""

from __future__ import annotations

import numpy as np

from course_lib.objects.kinds.node import REGION, ZONE
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.status import Filtered
from course_lib.scheduler.types import Bools, Ints

FEWEST_NODES = 100  # that are found, where there are as many (`minFeasibleNodesToFind`)
LOWEST_PERCENTAGE = 5  # of upstream's own rule (`minFeasibleNodesPercentageToFind`)


def nodes_to_find(percentage: int, nodes: int) -> int:
    """How many of so many `nodes` are enough.

    >>> [nodes_to_find(0, nodes) for nodes in (99, 100, 1000, 5000, 6000)]
    [99, 100, 420, 500, 300]
    >>> [nodes_to_find(percentage, 5000) for percentage in (1, 10, 100)]
    [100, 500, 5000]
    """
    if nodes < FEWEST_NODES:
        return nodes
    if percentage == 0:
        percentage = max(LOWEST_PERCENTAGE, 50 - nodes // 125)
    return max(FEWEST_NODES, nodes * percentage // 100)


class NodeSampling:
    """Chooses among the nodes that fit; it remembers where the next search begins."""

    def __init__(self) -> None:
        self.next_start = 0  # `nextStartNodeIndex`
        self.evaluated = 0  # nodes that the last search looked at

    def sample(self, filtered: Filtered, nodes: Nodes, percentage: int) -> Bools:
        """Which nodes the search finds, of those that passed the filters.

        `filtered` is what these said, `nodes` the snapshot, `percentage` that of the profile.
        """
        order = in_turn(nodes)
        if filtered.among is not None:
            order = order[filtered.among[order]]
        found = np.zeros(len(nodes), dtype=bool)
        if filtered.pre_filter[1] or not len(order):
            return found
        order = np.roll(order, -(self.next_start % len(order)))
        fitting = np.flatnonzero(filtered.fits[order])
        enough = nodes_to_find(percentage, len(order))
        # The search ends where it finds one more node than it needs.
        self.evaluated = int(fitting[enough]) if len(fitting) > enough else len(order)
        self.next_start = (self.next_start + self.evaluated) % len(nodes)
        found[order[fitting[:enough]]] = True
        return found


def in_turn(nodes: Nodes) -> Ints:
    """The rows in the order of the search: one node of each zone, then the next of each."""

    def work_out() -> Ints:
        zone, region = nodes.label(ZONE), nodes.label(REGION)
        codes = region.codes * (len(zone.vocabulary) + 1) + zone.codes
        _, first, which = np.unique(codes, return_index=True, return_inverse=True)
        zones = np.argsort(np.argsort(first))[which]  # numbered as they come
        by_zone = np.argsort(zones, kind="stable")
        grouped = zones[by_zone]
        rank = np.empty(len(nodes), dtype=np.int64)
        rank[by_zone] = np.arange(len(nodes)) - np.searchsorted(grouped, grouped)
        return np.lexsort((zones, rank))

    return nodes.remember("in turn", work_out)
