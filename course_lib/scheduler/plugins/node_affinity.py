"""NodeAffinity: the nodes that a Pod requires, and those that it prefers, by their labels.

Source: `pkg/scheduler/framework/plugins/nodeaffinity`; component-helpers `nodeaffinity.go`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from course_lib.objects.kinds.pod import (
    NodeAffinity,
    NodeSelectorRequirement,
    NodeSelectorTerm,
    PreferredSchedulingTerm,
)
from course_lib.objects.validation.formats import label_value
from course_lib.scheduler.columns import LabelColumn
from course_lib.scheduler.framework import (
    NODE_ADD,
    NODE_UPDATE,
    Plugin,
    PreFilterResult,
    default_normalize,
)
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.status import UNRESOLVABLE, NodeToStatus
from course_lib.scheduler.types import Amounts, Bools

REASON = "node(s) didn't match Pod's node affinity/selector"
ENFORCED = "node(s) didn't match scheduler-enforced node affinity"
CONFLICT = "pod affinity terms conflict"


class NodeAffinityPlugin(Plugin):
    """Filter by nodeSelector and required terms, score by preferred ones; `added` is what the
    profile asks of every Pod (`addedAffinity`).
    """

    name = "NodeAffinity"
    events = (NODE_ADD, NODE_UPDATE)

    def __init__(self, added: NodeAffinity | None = None) -> None:
        self.added = added or NodeAffinity()
        self.enforces = self.added.required_during_scheduling_ignored_during_execution is not None

    def pre_filter(self, pod: PodInfo, nodes: Nodes) -> PreFilterResult | None:
        """The nodes that the required terms name, as a daemon's Pods do; terms that name no node
        at all between them can never be met.
        """
        names = named_nodes(pod) if asks(pod) else None
        if names is None:
            return None
        return PreFilterResult(only=frozenset(names)) if names else PreFilterResult(CONFLICT)

    def filter(self, pod: PodInfo, nodes: Nodes) -> NodeToStatus | None:
        """Every node whose labels the profile and the Pod require."""
        if not self.enforces and not asks(pod):
            return None
        enforced = required_terms(self.added, nodes)
        allowed = np.ones(len(nodes), dtype=bool) if enforced is None else enforced
        fits = allowed & required(pod, nodes)
        return NodeToStatus(
            fits, lambda row: (UNRESOLVABLE, (REASON if allowed[row] else ENFORCED,))
        )

    def pre_score(self, pod: PodInfo, nodes: Nodes, fits: Bools) -> bool:
        """Whether the profile or the Pod prefers any nodes."""
        return bool(self._wishes(pod))

    def score(self, pod: PodInfo, nodes: Nodes, fits: Bools) -> Amounts:
        """The sum of the weights of the preferred terms that a node meets."""
        scores = nodes.zeros()
        for wish in self._wishes(pod):
            scores += wish.weight * meets(wish.preference, nodes)
        return scores

    def normalize_score(self, scores: Amounts, fits: Bools) -> Amounts:
        """In proportion to the highest."""
        return default_normalize(scores, fits)

    def couples(self, pod: PodInfo, nodes: Nodes) -> bool:
        """Preferences are compared with the highest among the nodes that fit."""
        return bool(self._wishes(pod))

    def _wishes(self, pod: PodInfo) -> list[PreferredSchedulingTerm]:
        own = affinity_of(pod)
        return [
            wish
            for said in (self.added, own)
            for wish in (said and said.preferred_during_scheduling_ignored_during_execution) or ()
        ]


def affinity_of(pod: PodInfo) -> NodeAffinity | None:
    """What the Pod says of nodes, beside its nodeSelector."""
    return pod.pod.spec.affinity.node_affinity if pod.pod.spec.affinity else None


def asks(pod: PodInfo) -> bool:
    """Whether a Pod requires anything of its node's labels."""
    own = affinity_of(pod)
    required = own.required_during_scheduling_ignored_during_execution if own else None
    return bool(pod.pod.spec.node_selector) or required is not None


def named_nodes(pod: PodInfo) -> set[str] | None:
    """The nodes that the required terms name between them; None where one names none."""
    own = affinity_of(pod)
    said = own.required_during_scheduling_ignored_during_execution if own else None
    names: set[str] = set()
    for term in said.node_selector_terms if said else ():
        fields = term.match_fields or ()
        listed = [set(field.values or ()) for field in fields if field.operator == "In"]
        if not listed:
            return None
        names |= set.intersection(*listed)
    return names if said else None


def required(pod: PodInfo, nodes: Nodes) -> Bools:
    """The nodes that meet the nodeSelector and, where there are required terms, one of them."""

    def work_out() -> Bools:
        fits = np.ones(len(nodes), dtype=bool)
        for key, value in (pod.pod.spec.node_selector or {}).items():
            fits &= nodes.label(key).among([value])
        met = required_terms(affinity_of(pod), nodes)
        return fits if met is None else fits & met

    return nodes.remember(("required", pod.shape), work_out)


def required_terms(affinity: NodeAffinity | None, nodes: Nodes) -> Bools | None:
    """The nodes that meet one of the required terms; None where there are none."""
    terms = affinity.required_during_scheduling_ignored_during_execution if affinity else None
    if terms is None:
        return None
    met = [meets(term, nodes) for term in terms.node_selector_terms]
    return np.logical_or.reduce(met) if met else np.zeros(len(nodes), dtype=bool)


def meets(term: NodeSelectorTerm, nodes: Nodes) -> Bools:
    """The nodes that meet all conditions of a term; an empty term is met by none."""
    if not term.match_expressions and not term.match_fields:
        return np.zeros(len(nodes), dtype=bool)
    fits = np.ones(len(nodes), dtype=bool)
    for expression in term.match_expressions or ():
        fits &= holds(expression, nodes.label(expression.key))
    for field in term.match_fields or ():
        among = np.isin(np.array(nodes.names), list(field.values or ()))
        fits &= among if field.operator == "In" else ~among
    return fits


def holds(expression: NodeSelectorRequirement, label: LabelColumn) -> Bools:
    """The nodes whose label meets one condition; NotIn also holds where there is no label."""
    values: Sequence[str] = expression.values or ()
    if any(map(label_value, values)):
        return np.zeros(len(label.codes), dtype=bool)  # what cannot be parsed matches nothing
    if expression.operator == "In":
        return label.among(values)
    if expression.operator == "NotIn":
        return ~label.among(values)
    if expression.operator == "Exists":
        return label.present
    if expression.operator == "DoesNotExist":
        return ~label.present
    bound = _integer(values[0]) if values else None
    if bound is None:
        return np.zeros(len(label.codes), dtype=bool)
    greater = expression.operator == "Gt"

    def compares(value: str) -> bool:
        number = _integer(value)
        return number is not None and (number > bound if greater else number < bound)

    return label.where(compares)


def _integer(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[+-]?[0-9]+", text) else None
