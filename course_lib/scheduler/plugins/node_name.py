"""NodeName: a Pod that names its node can go nowhere else.

Source: `pkg/scheduler/framework/plugins/nodename`.
"""

from __future__ import annotations

import numpy as np

from course_lib.scheduler.framework import NODE_ADD, Plugin, PreFilterResult
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.status import UNRESOLVABLE, NodeToStatus
from course_lib.scheduler.types import Bools

REASON = "node(s) didn't match the requested node name"


class NodeName(Plugin):
    """Filter by the name that the Pod gives."""

    name = "NodeName"
    events = (NODE_ADD,)

    def pre_filter(self, pod: PodInfo, nodes: Nodes) -> PreFilterResult | None:
        """That node alone is looked at."""
        wanted = pod.pod.spec.node_name
        return PreFilterResult(only=frozenset([wanted])) if wanted else None

    def filter(self, pod: PodInfo, nodes: Nodes) -> NodeToStatus | None:
        """Only the node of that name."""
        wanted = pod.pod.spec.node_name
        return NodeToStatus.where(fits(wanted, nodes), REASON, UNRESOLVABLE) if wanted else None


def fits(wanted: str, nodes: Nodes) -> Bools:
    """Which nodes are called so."""
    return np.array([name == wanted for name in nodes.names], dtype=bool)
