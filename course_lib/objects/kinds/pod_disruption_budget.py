"""PodDisruptionBudget: a bound on voluntary disruptions (API reference, `policy/v1`)."""

from __future__ import annotations

from course_lib.objects.field_rules import selector
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Problems, Row
from course_lib.objects.meta import Condition, LabelSelector, Object, Value
from course_lib.objects.names import Problem, path_segment_name
from course_lib.objects.rules import count_or_share, label_selector, must_be_one_of


class PodDisruptionBudgetSpec(Value, frozen=True):
    """How many Pods must stay, or may go, when someone evicts."""

    selector: LabelSelector | None = None
    min_available: int | str | None = None
    max_unavailable: int | str | None = None
    unhealthy_pod_eviction_policy: str = "IfHealthyBudget"


class PodDisruptionBudgetStatus(Value, frozen=True):
    """How many evictions are allowed now."""

    UNKEPT = "disruptedPods"

    disruptions_allowed: int = 0
    current_healthy: int = 0
    desired_healthy: int = 0
    expected_pods: int = 0
    observed_generation: int = 0
    conditions: list[Condition] | None = None


class PodDisruptionBudget(Object, frozen=True, kw_only=True):
    """A bound on voluntary disruptions."""

    spec: PodDisruptionBudgetSpec = PodDisruptionBudgetSpec()
    status: PodDisruptionBudgetStatus = PodDisruptionBudgetStatus()


def _rules(view: PodDisruptionBudget) -> Problems:
    spec = view.spec
    if spec.min_available is not None and spec.max_unavailable is not None:
        yield Problem("spec", "minAvailable or maxUnavailable, not both", "both")
    yield from count_or_share("spec.minAvailable", spec.min_available)
    yield from count_or_share("spec.maxUnavailable", spec.max_unavailable)
    yield from label_selector(spec.selector, "spec.selector")
    policy, here = spec.unhealthy_pod_eviction_policy, "spec.unhealthyPodEvictionPolicy"
    yield from must_be_one_of(here, policy, "IfHealthyBudget", "AlwaysAllow")


def _row(b: PodDisruptionBudget, now: float) -> Row:
    bounds = (
        "N/A" if v is None else str(v) for v in (b.spec.min_available, b.spec.max_unavailable)
    )
    return b.name, *bounds, b.status.disruptions_allowed


_NONE_YET = {
    "disruptionsAllowed": 0,
    "currentHealthy": 0,
    "desiredHealthy": 0,
    "expectedPods": 0,
}
POD_DISRUPTION_BUDGET = Kind(
    "policy/v1",
    PodDisruptionBudget,
    ("pdb",),
    removed_versions={"policy/v1beta1": "1.25"},
    generations=True,
    defaults={"spec": {}},
    first_status=lambda view: _NONE_YET,
    fields=selector("spec.selector"),
    name_rule=path_segment_name,
    rules=_rules,
    columns=table_columns("Name  Min Available  Max Unavailable  Allowed Disruptions:integer  Age"),
    row=_row,
)
