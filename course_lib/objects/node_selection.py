"""Whether one node meets what a Pod requires of nodes: the rule by itself.

The scheduler asks it of all nodes at once, over columns; controllers ask it here of one.
Source: component-helpers `scheduling/corev1/nodeaffinity`.
"""

from __future__ import annotations

from course_lib.objects.kinds.node import Node
from course_lib.objects.kinds.pod import NodeSelectorTerm, PodSpec
from course_lib.objects.selectors import Requirement
from course_lib.objects.validation.formats import label_value


def requires(spec: PodSpec, node: Node) -> bool:
    """Whether a node meets the nodeSelector and, where there are required terms, one of them."""
    if any(node.labels.get(k) != v for k, v in (spec.node_selector or {}).items()):
        return False
    affinity = spec.affinity.node_affinity if spec.affinity else None
    required = affinity.required_during_scheduling_ignored_during_execution if affinity else None
    return required is None or any(meets(t, node) for t in required.node_selector_terms)


def meets(term: NodeSelectorTerm, node: Node) -> bool:
    """Whether a node meets all conditions of a term; an empty term is met by none."""
    if not term.match_expressions and not term.match_fields:
        return False
    fields = {"metadata.name": node.name}
    values = (value for each in term.match_expressions or () for value in each.values or ())
    conditions = [(each, node.labels) for each in term.match_expressions or ()]
    conditions += [(each, fields) for each in term.match_fields or ()]
    return not any(map(label_value, values)) and all(
        Requirement(e.key, e.operator, tuple(e.values or ())).matches(labels)
        for e, labels in conditions
    )
