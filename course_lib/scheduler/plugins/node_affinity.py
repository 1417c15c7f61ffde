"""NodeAffinity: the nodes that a Pod requires, and those that it prefers, by their labels.

Source: `pkg/scheduler/framework/plugins/nodeaffinity`; component-helpers `nodeaffinity.go`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from course_lib.objects.pod import NodeAffinity as Affinity
from course_lib.objects.pod import NodeSelectorRequirement, NodeSelectorTerm
from course_lib.scheduler.framework import UNRESOLVABLE, Plugin, Verdict, default_normalize
from course_lib.scheduler.nodes import Bools, Ints, LabelColumn, Nodes, PodInfo

REASON = "node(s) didn't match Pod's node affinity/selector"


class NodeAffinity(Plugin):
    """Filter by nodeSelector and required terms, score by preferred ones."""

    name = "NodeAffinity"
    filters = True
    scores = True

    def filter(self, pod: PodInfo, nodes: Nodes) -> Verdict:
        """Every node whose labels the Pod requires."""
        return Verdict.where(required(pod, nodes), REASON, UNRESOLVABLE)

    def score(self, pod: PodInfo, nodes: Nodes, feasible: Ints) -> Ints:
        """The sum of the weights of the preferred terms that a node meets."""
        scores = np.zeros(len(nodes), dtype=np.int64)
        affinity = _affinity(pod)
        wishes = affinity.preferred_during_scheduling_ignored_during_execution if affinity else None
        for wish in wishes or ():
            term = wish.preference
            # Here, unlike among required terms, an empty term is met by every node.
            empty = not term.match_expressions and not term.match_fields
            met = np.ones(len(nodes), dtype=bool) if empty else meets(term, nodes)
            scores += wish.weight * met
        return scores[feasible]

    def normalize(self, scores: Ints) -> Ints:
        """In proportion to the highest."""
        return default_normalize(scores)


def _affinity(pod: PodInfo) -> Affinity | None:
    return pod.pod.spec.affinity.node_affinity if pod.pod.spec.affinity else None


def required(pod: PodInfo, nodes: Nodes) -> Bools:
    """The nodes that meet the nodeSelector and, where there are required terms, one of them."""
    fits = np.ones(len(nodes), dtype=bool)
    for key, value in (pod.pod.spec.node_selector or {}).items():
        fits &= nodes.label(key).among([value])
    affinity = _affinity(pod)
    terms = affinity.required_during_scheduling_ignored_during_execution if affinity else None
    if terms is not None:
        met = [meets(term, nodes) for term in terms.node_selector_terms]
        fits &= np.logical_or.reduce(met, initial=False) if met else False
    return fits


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
