"""Where Pods and volumes may be: tolerations, terms, and how Pods spread over domains.

Source: `printTolerationsMultilineWithIndent`, `describeTopologySpreadConstraints` and
`printNodeSelectorTermsMultilineWithIndent` in `pkg/describe/describe.go` of k8s.io/kubectl.
"""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.kubectl.describing.values import selector_or_none
from course_lib.kubectl.describing.writing import Lines, field, several
from course_lib.objects.manifests import Document


def tolerations(given: Sequence[Document] | None) -> Lines:
    """Tolerations, by their keys."""
    ordered = sorted(given or (), key=lambda each: str(each.get("key", "")))
    return several("Tolerations", map(_toleration, ordered))


def _toleration(toleration: Document) -> str:
    key, value = toleration.get("key", ""), toleration.get("value", "")
    effect, seconds = toleration.get("effect", ""), toleration.get("tolerationSeconds")
    what = f"{key}{'=' + value if value else ''}{':' + effect if effect else ''}"
    if toleration.get("operator") == "Exists" and not value:
        what = f"{what} op=Exists".lstrip()
    return what if seconds is None else f"{what} for {seconds}s"


def spread(constraints: Sequence[Document] | None) -> Lines:
    """Constraints on how Pods spread, by the label that makes the domains."""
    if constraints:
        ordered = sorted(constraints, key=lambda each: str(each.get("topologyKey", "")))
        yield from several("Topology Spread Constraints", map(_constraint, ordered))


def _constraint(constraint: Document) -> str:
    text = (
        f"{constraint.get('topologyKey', '')}:{constraint.get('whenUnsatisfiable', '')}"
        f" when max skew {constraint.get('maxSkew', 0)} is exceeded"
    )
    if constraint.get("labelSelector") is None:
        return text
    return f"{text} for selector {selector_or_none(constraint['labelSelector'])}"


def group(spec: Document) -> Lines:
    """The group of Pods that are scheduled together, if a Pod is in one."""
    if spec.get("schedulingGroup"):
        yield "SchedulingGroup:"
        yield "  " + field("PodGroupName", spec["schedulingGroup"].get("podGroupName"))


def terms(alternatives: Sequence[Document], name: str) -> Lines:
    """Terms of which one must hold, each with conditions that all must hold.

    `name` is the field of a term that has its conditions.
    """
    for n, term in enumerate(alternatives):
        yield from several(f"Term {n}", map(_condition, term.get(name) or ()))


def _condition(condition: Document) -> str:
    values = condition.get("values")
    within = f" [{', '.join(values)}]" if values else ""
    return f"{condition['key']} {condition.get('operator', 'In').lower()}{within}"
