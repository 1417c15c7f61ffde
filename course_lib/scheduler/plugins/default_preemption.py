"""DefaultPreemption: make room for a Pod by evicting less important ones.

Source: `pkg/scheduler/framework/plugins/defaultpreemption`.
"""

from __future__ import annotations

from course_lib.objects.kinds.pod_disruption_budget import PodDisruptionBudget
from course_lib.scheduler.framework import Plugin, PluginsRunner, PostFilterResult
from course_lib.scheduler.handle import SharedLister
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.preemption import Preemption
from course_lib.scheduler.status import Diagnosis

MESSAGE = "preemption: {why}"


class DefaultPreemption(Plugin):
    """Find the node where evictions harm least."""

    name = "DefaultPreemption"

    def __init__(self, lister: SharedLister | None = None) -> None:
        self.lister = lister

    def post_filter(
        self, pod: PodInfo, nodes: Nodes, diagnosis: Diagnosis, runner: PluginsRunner
    ) -> PostFilterResult:
        """The best node and its victims, within the disruption budgets where that is possible."""
        preemption = Preemption(runner)
        if why := preemption.ineligible(pod, nodes):
            return PostFilterResult(MESSAGE.format(why=why))
        budgets = self.lister.list(PodDisruptionBudget) if self.lister else []
        candidate, why = preemption.find(pod, nodes, diagnosis, budgets)
        if candidate is None:
            return PostFilterResult(MESSAGE.format(why=why), "")
        return PostFilterResult(MESSAGE.format(why=why), candidate.node, candidate.victims)
