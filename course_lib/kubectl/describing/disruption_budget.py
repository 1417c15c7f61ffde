"""A PodDisruptionBudget: how many Pods must stay, and how many may go now.

Source: `describePodDisruptionBudgetV1` in `pkg/describe/describe.go` of k8s.io/kubectl.
"""

from __future__ import annotations

from course_lib.kubectl.describing.described import DescribedObject
from course_lib.kubectl.describing.values import selector_or_none
from course_lib.kubectl.describing.writing import UNSET, Lines, field, indented


def lines(budget: DescribedObject) -> Lines:
    """All but the events."""
    spec, status = budget.spec, budget.status
    yield field("Name", budget.name)
    yield field("Namespace", budget.namespace)
    if spec.get("minAvailable") is not None:
        yield field("Min available", spec["minAvailable"])
    elif spec.get("maxUnavailable") is not None:
        yield field("Max unavailable", spec["maxUnavailable"])
    chosen = spec.get("selector")
    yield field("Selector", UNSET if chosen is None else selector_or_none(chosen))
    counts = {
        "Allowed disruptions": "disruptionsAllowed",
        "Current": "currentHealthy",
        "Desired": "desiredHealthy",
        "Total": "expectedPods",
    }
    yield "Status:"
    yield from indented((field(each, status.get(name, 0)) for each, name in counts.items()), 2)
