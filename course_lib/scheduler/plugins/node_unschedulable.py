"""NodeUnschedulable: a cordoned node takes no new Pods, unless they tolerate it.

Source: `pkg/scheduler/framework/plugins/nodeunschedulable`.
"""

from __future__ import annotations

import numpy as np

from course_lib.objects.cluster import Taint
from course_lib.objects.tolerations import tolerated
from course_lib.scheduler.framework import UNRESOLVABLE, Plugin, Verdict
from course_lib.scheduler.nodes import Bools, Nodes, PodInfo

REASON = "node(s) were unschedulable"
CORDON = Taint(key="node.kubernetes.io/unschedulable", effect="NoSchedule")


class NodeUnschedulable(Plugin):
    """Filter by `spec.unschedulable`."""

    name = "NodeUnschedulable"
    filters = True

    def filter(self, pod: PodInfo, nodes: Nodes) -> Verdict:
        """Every node that is not cordoned."""
        return Verdict.where(fits(pod, nodes), REASON, UNRESOLVABLE)


def fits(pod: PodInfo, nodes: Nodes) -> Bools:
    """Which nodes are schedulable; all, for a Pod that tolerates a cordon."""
    if tolerated(CORDON, pod.pod.spec.tolerations or ()):
        return np.ones(len(nodes), dtype=bool)
    return ~nodes.unschedulable
