"""NodeName: a Pod that names its node can go nowhere else.

Source: `pkg/scheduler/framework/plugins/nodename`.
"""

from __future__ import annotations

import numpy as np

from course_lib.scheduler.framework import NODE_ADD, UNRESOLVABLE, Plugin, Verdict
from course_lib.scheduler.nodes import Bools, Nodes, PodInfo

REASON = "node(s) didn't match the requested node name"


class NodeName(Plugin):
    """Filter by the name that the Pod gives."""

    name = "NodeName"
    events = (NODE_ADD,)
    filters = True

    def filter(self, pod: PodInfo, nodes: Nodes) -> Verdict:
        """Only the node of that name."""
        return Verdict.where(fits(pod.pod.spec.node_name, nodes), REASON, UNRESOLVABLE)


def fits(wanted: str, nodes: Nodes) -> Bools:
    """Which nodes are called so; all, where no name is wanted."""
    return np.array([not wanted or name == wanted for name in nodes.names], dtype=bool)
