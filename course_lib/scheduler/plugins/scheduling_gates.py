"""SchedulingGates: a Pod with gates does not enter the queue.

Source: `pkg/scheduler/framework/plugins/schedulinggates`.
"""

from __future__ import annotations

from course_lib.scheduler.framework import Plugin
from course_lib.scheduler.pod_info import PodInfo

REASON = "waiting for scheduling gates: {names}"


class SchedulingGates(Plugin):
    """Keep gated Pods out of the queue."""

    name = "SchedulingGates"
    events = ()  # only the Pod's own change can help it

    def pre_enqueue(self, pod: PodInfo) -> str:
        """The gates that are left."""
        gates = pod.pod.spec.scheduling_gates or []
        return REASON.format(names=[gate["name"] for gate in gates]) if gates else ""
