"""NodePorts: a host port can be taken once on a node.

Source: `pkg/scheduler/framework/plugins/nodeports`; `HostPortInfo.CheckConflict`.
"""

from __future__ import annotations

import numpy as np

from course_lib.scheduler.framework import NODE_ADD, POD_DELETE, Plugin, Verdict
from course_lib.scheduler.nodes import Bools, Nodes, PodInfo, Port

REASON = "node(s) didn't have free ports for the requested pod ports"
ANY = "0.0.0.0"


class NodePorts(Plugin):
    """Filter by host ports."""

    name = "NodePorts"
    events = (NODE_ADD, POD_DELETE)
    filters = True

    def filter(self, pod: PodInfo, nodes: Nodes) -> Verdict:
        """Every node on which the Pod's host ports are free."""
        return Verdict.where(fits(pod, nodes), REASON)


def fits(pod: PodInfo, nodes: Nodes) -> Bools:
    """Which nodes have all ports free; all, for a Pod without host ports."""
    if not pod.ports:
        return np.ones(len(nodes), dtype=bool)
    return np.array(
        [
            not any(
                conflict(wanted, taken)
                for other in pods.values()
                for taken in other.ports
                for wanted in pod.ports
            )
            for pods in nodes.pods
        ],
        dtype=bool,
    )


def conflict(wanted: Port, taken: Port) -> bool:
    """Same protocol and number, and addresses that overlap: 0.0.0.0 overlaps with all."""
    same = wanted[:2] == taken[:2]
    return same and (wanted[2] == taken[2] or ANY in (wanted[2], taken[2]))
