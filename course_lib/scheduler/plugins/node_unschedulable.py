"""NodeUnschedulable: a cordoned node takes no new Pods, unless they tolerate it.

Source: `pkg/scheduler/framework/plugins/nodeunschedulable`.
"""

from __future__ import annotations

from course_lib.objects.kinds.node import Taint
from course_lib.objects.tolerations import tolerated
from course_lib.scheduler.framework import NODE_ADD, NODE_UPDATE, Plugin
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.status import UNRESOLVABLE, NodeToStatus

REASON = "node(s) were unschedulable"
CORDON = Taint(key="node.kubernetes.io/unschedulable", effect="NoSchedule")


class NodeUnschedulable(Plugin):
    """Filter by `spec.unschedulable`."""

    name = "NodeUnschedulable"
    events = (NODE_ADD, NODE_UPDATE)

    def filter(self, pod: PodInfo, nodes: Nodes) -> NodeToStatus | None:
        """Every node that is not cordoned; all, for a Pod that tolerates a cordon."""
        if not nodes.unschedulable.any() or tolerated(CORDON, pod.pod.spec.tolerations or ()):
            return None
        return NodeToStatus.where(~nodes.unschedulable, REASON, UNRESOLVABLE)
