"""The search for victims: who must leave a node to make room for a more important Pod.

On each node where it could help: take away all Pods of lower priority; if the Pod then fits, put
back as many as possible, the most important first; who cannot stay is a victim. Then choose the
node whose victims hurt least.
Source: `pkg/scheduler/framework/plugins/defaultpreemption`, `.../preemption/preemption.go`;
kubernetes.io "Pod Priority and Preemption". Every node is tried: upstream begins at a random one
and stops when it has found enough candidates (`minCandidateNodesPercentage`,
`minCandidateNodesAbsolute`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec
import numpy as np

from course_lib.objects.kinds.pod_disruption_budget import PodDisruptionBudget
from course_lib.objects.meta import selector_of
from course_lib.scheduler.framework import PluginsRunner
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.status import UNRESOLVABLE, UNSCHEDULABLE, Diagnosis, listed

NEVER = "not eligible due to preemptionPolicy=Never."
TERMINATING = "not eligible due to a terminating pod on the nominated node."
NO_VICTIMS = "No preemption victims found for incoming pod"
NOT_HELPFUL = "Preemption is not helpful for scheduling"
PLACE = "found a potential placement for pod on node {node}, preempting {count} victims"
OFFSET = 2**31  # added to each priority, so that fewer victims sum to less even below zero


class Candidate(msgspec.Struct, frozen=True, eq=False):
    """A node, and who would have to go."""

    node: str
    victims: list[PodInfo]  # the most important first
    violations: int  # of disruption budgets


class Preemption:
    """Finds victims; it does not evict them.

    `pod` is the preemptor, `nodes` the snapshot, `diagnosis` says why each node was refused, and
    `budgets` are the PodDisruptionBudgets.
    """

    def __init__(self, runner: PluginsRunner) -> None:
        self.runner = runner

    def ineligible(self, pod: PodInfo, nodes: Nodes) -> str:
        """Why a Pod may not preempt; empty when it may."""
        if pod.pod.spec.preemption_policy == "Never":
            return NEVER
        row = nodes.rows.get(pod.pod.status.nominated_node_name)
        leaving = row is not None and any(
            other.pod.terminating for other in less_important(pod, nodes, row)
        )
        return TERMINATING if leaving else ""

    def find(
        self,
        pod: PodInfo,
        nodes: Nodes,
        diagnosis: Diagnosis,
        budgets: Sequence[PodDisruptionBudget],
    ) -> tuple[Candidate | None, str]:
        """The best candidate or None, and what `FailedScheduling` adds (of success since 1.37)."""
        candidates, reasons = self.candidates(pod, nodes, diagnosis, budgets)
        if not candidates:
            return None, f"0/{len(nodes)} nodes are available: {listed(reasons)}."
        best = min(candidates, key=harm)
        return best, PLACE.format(node=best.node, count=len(best.victims))

    def candidates(
        self,
        pod: PodInfo,
        nodes: Nodes,
        diagnosis: Diagnosis,
        budgets: Sequence[PodDisruptionBudget],
    ) -> tuple[list[Candidate], Counter[str]]:
        """Every node on which preempting Pods would help; for the others the reasons why not."""
        reasons = Counter({NOT_HELPFUL: int((diagnosis.codes == UNRESOLVABLE).sum())})
        candidates: list[Candidate] = []
        # Where plugins look at other nodes, each trial needs the whole snapshot; else one node.
        coupled, whole = self.runner.couples(pod, nodes), None
        tried = rows_with_less_important(pod, nodes, diagnosis)
        for row in tried:
            if coupled and whole is None:
                whole = nodes.copy()
            snapshot = whole if whole is not None else nodes.one(row)
            outcome = self.victims(pod, snapshot, nodes.names[row], budgets)
            if isinstance(outcome, Candidate):
                candidates.append(outcome)
            else:
                reasons.update(outcome)
        others = int((diagnosis.codes == UNSCHEDULABLE).sum()) - len(tried)
        reasons[NO_VICTIMS] += others
        return candidates, +reasons

    def victims(
        self, pod: PodInfo, nodes: Nodes, node: str, budgets: Sequence[PodDisruptionBudget]
    ) -> Candidate | Sequence[str]:
        """Who must leave one node, or the reasons that the filters give with all of lower priority
        gone. Leaves `nodes` as it was; `node` is the node's name.
        """
        row = nodes.rows[node]
        lower = less_important(pod, nodes, row)
        for other in lower:
            nodes.remove(other, node)
        victims: list[PodInfo] = []
        violations = 0
        emptied = self.runner.filter(pod, nodes)
        reasons: Sequence[str] = ()
        if not emptied.fits[row]:
            refusals = Diagnosis.of(emptied)
            reasons = refusals.reasons.get(row, (refusals.pre_filter_message,))
        else:
            lower.sort(key=importance)
            violating, others = split_by_budgets(lower, budgets)
            for group, violates in ((violating, True), (others, False)):
                for other in group:
                    nodes.add(other, node)
                    if not self.runner.filter(pod, nodes).fits[row]:
                        nodes.remove(other, node)
                        victims.append(other)
                        violations += violates
        for other in lower:
            nodes.add(other, node)  # those that are there already stay as they are
        return reasons or Candidate(node, sorted(victims, key=importance), violations)


def rows_with_less_important(pod: PodInfo, nodes: Nodes, diagnosis: Diagnosis) -> list[int]:
    """The rows of `nodes` with a Pod less important than `pod`; but for those that `diagnosis`
    rules out."""
    if nodes.lowest_priority() >= pod.pod.spec.priority:
        return []
    rows: list[int] = np.flatnonzero(diagnosis.codes == UNSCHEDULABLE).tolist()
    return [row for row in rows if less_important(pod, nodes, row)]


def less_important(pod: PodInfo, nodes: Nodes, row: int) -> list[PodInfo]:
    """The Pods of a node that have a lower priority.

    `pod` is the preemptor, `nodes` the snapshot, `row` the node's row in it.
    """
    priority = pod.pod.spec.priority
    return [other for other in nodes.pods[row].values() if other.pod.spec.priority < priority]


def importance(info: PodInfo) -> tuple[int, str, str]:
    """Sort key, the most important first (`MoreImportantPod`): priority, then earlier start."""
    pod = info.pod
    return -pod.spec.priority, pod.status.start_time or "9999", pod.name


def split_by_budgets(
    pods: Sequence[PodInfo], budgets: Sequence[PodDisruptionBudget]
) -> tuple[list[PodInfo], list[PodInfo]]:
    """Those whose eviction would break a budget, and the others (`filterPodsWithPDBViolation`)."""
    allowed = [budget.status.disruptions_allowed for budget in budgets]
    violating: list[PodInfo] = []
    others: list[PodInfo] = []
    for info in pods:
        violates = False
        for number, budget in enumerate(budgets):
            mine = budget.namespace == info.pod.namespace
            if mine and selector_of(budget.spec.selector).matches(info.pod.labels):
                allowed[number] -= 1
                violates |= allowed[number] < 0
        (violating if violates else others).append(info)
    return violating, others


def harm(candidate: Candidate) -> tuple[int, int, int, int, tuple[int, ...]]:
    """Sort key, the least harm first (`pickOneNodeForPreemption`): fewest broken budgets, the
    lowest highest priority, the smallest sum of priorities, the fewest victims, and then the
    node whose most important victims started last.
    """
    priorities = [info.pod.spec.priority for info in candidate.victims]
    highest = max(priorities, default=-OFFSET)
    starts = [
        info.pod.status.start_time or ""
        for info in candidate.victims
        if info.pod.spec.priority == highest
    ]
    latest_first = tuple(-ord(character) for character in min(starts, default=""))
    total = sum(priority + OFFSET for priority in priorities)
    return candidate.violations, highest, total, len(priorities), latest_first
