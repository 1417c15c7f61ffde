"""PodTopologySpread: Pods of one kind spread evenly over zones, nodes or other domains.

A domain is all nodes with one value of a label (the topology key). A constraint counts the Pods
that its selector selects in each; the skew of a domain is its count less the smallest.
Here `constraint` is one of the `pod`'s, and `nodes` is the snapshot.
Source: `pkg/scheduler/framework/plugins/podtopologyspread` (`filtering.go`, `scoring.go`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from course_lib.objects.kinds.node import HOSTNAME, ZONE
from course_lib.objects.kinds.pod import Pod, TopologySpreadConstraint
from course_lib.objects.selectors import IN, Selector
from course_lib.scheduler.census import Question
from course_lib.scheduler.columns import LabelColumn
from course_lib.scheduler.framework import MAX_SCORE, NODE_OR_POD, Plugin
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.plugins.node_affinity import asks, required
from course_lib.scheduler.plugins.taint_toleration import HARD, untolerated
from course_lib.scheduler.pod_info import Group, PodInfo, narrowed
from course_lib.scheduler.status import UNRESOLVABLE, UNSCHEDULABLE, NodeToStatus, Refusal
from course_lib.scheduler.types import Amounts, Bools

REASON = "node(s) didn't match pod topology spread constraints"
NO_LABEL = "node(s) didn't match pod topology spread constraints (missing required label)"
ALL: Bools = np.array(True)  # for every node
HARDLY, SOFTLY = "DoNotSchedule", "ScheduleAnyway"
# What holds for the Pods of a Service or workload that say nothing (`systemDefaultConstraints`).
SYSTEM_DEFAULTS = (
    TopologySpreadConstraint(max_skew=3, topology_key=HOSTNAME, when_unsatisfiable=SOFTLY),
    TopologySpreadConstraint(max_skew=5, topology_key=ZONE, when_unsatisfiable=SOFTLY),
)


class Constraint(msgspec.Struct, frozen=True):
    """One constraint, with its selector as it stands for one Pod."""

    key: str
    max_skew: int
    selector: Selector
    min_domains: int
    honour_affinity: bool
    honour_taints: bool

    def counts(self, pod: PodInfo, nodes: Nodes) -> Amounts:
        """The Pods that count on each node: living ones of the Pod's own namespace.

        Upstream counts no Pod for an empty selector, though it matches every Pod.
        """
        if not self.selector.requirements:
            return nodes.zeros()
        return nodes.count(Question((Group(self.selector, (pod.namespace,)),), living=True))

    def matches_itself(self, pod: PodInfo) -> bool:
        """Whether the Pod will count itself, once it is placed."""
        return self.selector.matches(pod.labels)


class PodTopologySpread(Plugin):
    """Filter by constraints that must hold (DoNotSchedule), score by those that should.

    `defaults` apply to Pods without constraints of their own; `selects` finds the selector that
    the defaults need: that of the Services and workload of a Pod.
    """

    name = "PodTopologySpread"
    events = NODE_OR_POD

    def __init__(
        self,
        defaults: Sequence[TopologySpreadConstraint] = SYSTEM_DEFAULTS,
        selects: Callable[[Pod], Selector] | None = None,
    ) -> None:
        self.selects = selects
        self.defaults = {
            when: [said for said in defaults if said.when_unsatisfiable == when]
            for when in (HARDLY, SOFTLY)
        }
        self.system = tuple(defaults) == SYSTEM_DEFAULTS
        self._scored: tuple[PodInfo | None, list[Constraint]] = None, []  # from PreScore to Score
        self.rounds = True  # costs are rounded to nearest; in early 2022 they were still cut off

    def constraints(self, pod: PodInfo, when: str) -> list[Constraint]:
        """The Pod's constraints of one kind, or the defaults."""
        own = pod.pod.spec.topology_spread_constraints
        if own:
            return [_own(pod, said) for said in own if said.when_unsatisfiable == when]
        wanted = self.defaults[when]
        if not wanted or self.selects is None:
            return []
        selector = self.selects(pod.pod)
        if selector.nothing or not selector.requirements:
            return []
        return [_constraint(said, selector) for said in wanted]

    def filter(self, pod: PodInfo, nodes: Nodes) -> NodeToStatus | None:
        """Every node on which no domain would have more than `maxSkew` above the smallest."""
        constraints = self.constraints(pod, HARDLY)
        if not constraints:
            return None
        labelled = [nodes.label(c.key).present for c in constraints]
        everywhere = np.logical_and.reduce(labelled)
        even = [within_skew(c, pod, nodes, everywhere) for c in constraints]

        def why(row: int) -> Refusal:
            for present, good in zip(labelled, even, strict=True):
                if not present[row]:
                    return UNRESOLVABLE, (NO_LABEL,)
                if not good[row]:
                    return UNSCHEDULABLE, (REASON,)
            raise AssertionError("this node was not refused")

        return NodeToStatus(everywhere & np.logical_and.reduce(even), why)

    def pre_score(self, pod: PodInfo, nodes: Nodes, fits: Bools) -> bool:
        """Whether there are constraints that should hold."""
        self._scored = pod, self.constraints(pod, SOFTLY)
        return bool(self._scored[1])

    def score(self, pod: PodInfo, nodes: Nodes, fits: Bools) -> Amounts:
        """The fewer of its like are in a node's domains, the better; rarer domains weigh more."""
        asked, constraints = self._scored
        if asked is not pod:
            constraints = self.constraints(pod, SOFTLY)
        strict = bool(pod.pod.spec.topology_spread_constraints) or not self.system
        everywhere = np.logical_and.reduce([nodes.label(c.key).present for c in constraints])
        counted = everywhere if strict else np.ones(len(nodes), dtype=bool)
        kept = fits & counted
        cost = nodes.zeros()
        for constraint in constraints:
            column = nodes.label(constraint.key)
            counts = constraint.counts(pod, nodes)
            if constraint.key == HOSTNAME:
                domains = int(kept.sum())
                found = counts
            else:
                seen = np.bincount(column.codes[kept], minlength=len(column.vocabulary) + 1)
                # Nodes without the label, where they are not ignored, count as a domain more.
                domains = int((seen > 0).sum())
                eligible = included(constraint, pod, nodes) & counted
                found = column.shared(counts * eligible)
            here = found * math.log(domains + 2) + (constraint.max_skew - 1)
            cost += np.where(column.present, here, 0.0)
        cost = np.floor(cost + 0.5) if self.rounds else np.trunc(cost)
        cost[~kept] = np.nan  # ignored: a node without all the labels scores 0
        return cost

    def normalize_score(self, scores: Amounts, fits: Bools) -> Amounts:
        """100 for the lowest cost; nodes that are ignored get 0."""
        kept = ~np.isnan(scores)
        if not kept.any():
            return np.zeros_like(scores)
        low, high = scores[kept].min(), scores[kept].max()
        if high == 0:
            return np.where(kept, float(MAX_SCORE), 0.0)
        scaled = np.floor(MAX_SCORE * (high + low - scores) / high)
        return np.where(kept, scaled, 0.0)

    def couples(self, pod: PodInfo, nodes: Nodes) -> bool:
        """Domains are compared with each other."""
        return bool(self.constraints(pod, HARDLY) or self.constraints(pod, SOFTLY))


def _own(pod: PodInfo, said: TopologySpreadConstraint) -> Constraint:
    keys = [(key, IN) for key in said.match_label_keys or ()]
    return _constraint(said, narrowed(said.label_selector, pod.labels, keys))


def _constraint(said: TopologySpreadConstraint, selector: Selector) -> Constraint:
    return Constraint(
        said.topology_key,
        said.max_skew,
        selector,
        said.min_domains or 1,
        said.node_affinity_policy != "Ignore",
        said.node_taints_policy == "Honor",
    )


def within_skew(constraint: Constraint, pod: PodInfo, nodes: Nodes, everywhere: Bools) -> Bools:
    """The nodes whose domain stays within the skew when the Pod joins it.

    `everywhere` says which nodes count.
    """
    column = nodes.label(constraint.key)
    eligible = everywhere & included(constraint, pod, nodes)
    counts = constraint.counts(pod, nodes)
    sums = column.sums(counts if eligible.all() else counts * eligible)
    domains = _domains(constraint.key, column, nodes, eligible)
    few = domains.sum() < constraint.min_domains
    smallest = 0.0 if few else float(sums.min(where=domains, initial=np.inf))
    joining = 1 if constraint.matches_itself(pod) else 0
    good: Bools = (sums + joining - smallest <= constraint.max_skew)[column.codes]
    return good


def _domains(key: str, column: LabelColumn, nodes: Nodes, eligible: Bools) -> Bools:
    """Which codes of a label have an eligible node."""

    def present() -> Bools:
        return np.bincount(column.codes[eligible], minlength=len(column.vocabulary) + 1) > 0

    if not eligible.all():
        return present()
    return nodes.remember(("domains", key), present)


def included(constraint: Constraint, pod: PodInfo, nodes: Nodes) -> Bools:
    """The nodes whose Pods count: those that the Pod's own affinity and (if so asked) its
    tolerations leave it (`nodeAffinityPolicy`, `nodeTaintsPolicy`).
    """
    counted = required(pod, nodes) if constraint.honour_affinity and asks(pod) else ALL
    counts = None
    if constraint.honour_taints:
        counts = untolerated(nodes, HARD, pod.pod.spec.tolerations or [])
    return counted if counts is None else counted & (counts == 0)
