"""NodePorts: a host port can be taken once on a node.

Source: `pkg/scheduler/framework/plugins/nodeports`; `HostPortInfo.CheckConflict`.
"""

from __future__ import annotations

import numpy as np

from course_lib.scheduler.framework import NODE_ADD, POD_DELETE, Plugin
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import PodInfo, Port
from course_lib.scheduler.status import NodeToStatus
from course_lib.scheduler.types import Bools

REASON = "node(s) didn't have free ports for the requested pod ports"
ANY = "0.0.0.0"


class NodePorts(Plugin):
    """Filter by host ports."""

    name = "NodePorts"
    events = (NODE_ADD, POD_DELETE)

    def filter(self, pod: PodInfo, nodes: Nodes) -> NodeToStatus | None:
        """Every node on which the Pod's host ports are free."""
        return NodeToStatus.where(fits(pod, nodes), REASON) if pod.ports else None

    def couples(self, pod: PodInfo, nodes: Nodes) -> bool:
        """A port is more than an amount."""
        return bool(pod.ports)


def fits(pod: PodInfo, nodes: Nodes) -> Bools:
    """Which nodes have all of the Pod's ports free."""
    free = np.ones(len(nodes), dtype=bool)
    for taken, holders in nodes.host_ports.items():
        if any(conflict(wanted, taken) for wanted in pod.ports):
            free &= holders == 0
    return free


def conflict(wanted: Port, taken: Port) -> bool:
    """Same protocol and number, and addresses that overlap: 0.0.0.0 overlaps with all."""
    same = wanted[:2] == taken[:2]
    return same and (wanted[2] == taken[2] or ANY in (wanted[2], taken[2]))
