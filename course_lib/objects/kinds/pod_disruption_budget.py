"""PodDisruptionBudget: a bound on voluntary disruptions (API reference, `policy/v1`)."""

from __future__ import annotations

from course_lib.objects.api_types.memory import in_memory
from course_lib.objects.field_errors import Errors, invalid, not_supported
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Row
from course_lib.objects.kinds.workload_rules import amount, at_most_all, counts
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Condition, LabelSelector, Object, Value
from course_lib.objects.validation.conditions import conditions
from course_lib.objects.validation.meta import label_selector, object_meta, segment_name

OLD_KEY = "pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match"
NOTHING = {"matchExpressions": [{"key": OLD_KEY, "operator": "Exists"}]}


class PodDisruptionBudgetSpec(Value, frozen=True):
    """How many Pods must stay, or may go, when someone evicts."""

    selector: LabelSelector | None = None
    min_available: int | str | None = None
    max_unavailable: int | str | None = None
    unhealthy_pod_eviction_policy: str = "IfHealthyBudget"


class PodDisruptionBudgetStatus(Value, frozen=True):
    """How many evictions are allowed now."""

    disruptions_allowed: int = 0
    current_healthy: int = 0
    desired_healthy: int = 0
    expected_pods: int = 0
    observed_generation: int = 0
    disrupted_pods: dict[str, str] | None = None  # Pods that are about to go, and since when
    conditions: list[Condition] | None = None


class PodDisruptionBudget(Object, frozen=True, kw_only=True):
    """A bound on voluntary disruptions."""

    spec: PodDisruptionBudgetSpec = PodDisruptionBudgetSpec()
    status: PodDisruptionBudgetStatus = PodDisruptionBudgetStatus()


def _prepare(new: Document, old: Document | None = None) -> None:
    """A key of an older version is kept only where it is all of a selector (`dropDisabledFields`).

    There it stands for a selector that selects nothing.
    """
    selector = new["spec"].get("selector")
    if not selector or (old and old["spec"].get("selector") == selector):
        return
    terms = selector.get("matchExpressions") or ()
    kept = [term for term in terms if term.get("key") != OLD_KEY]
    if len(kept) < len(terms) and selector != NOTHING:
        new["spec"]["selector"] = selector | {"matchExpressions": kept}


def _validate(document: Document) -> Errors:
    """Source: `ValidatePodDisruptionBudget`; its metadata is judged when all else is right."""
    errors = list(_validate_spec(document.get("spec") or {}))
    yield from errors or object_meta(document, segment_name, core=False)


def _validate_update(new: Document, old: Document) -> Errors:
    yield from _validate_spec(new.get("spec") or {})


def _validate_spec(spec: Document) -> Errors:
    least, most = spec.get("minAvailable"), spec.get("maxUnavailable")
    policy = spec.get("unhealthyPodEvictionPolicy")
    if least is not None and most is not None:
        shown = in_memory("policy.PodDisruptionBudgetSpec", spec)
        yield invalid("spec", shown, "minAvailable and maxUnavailable cannot be both set")
    for field, value in (("minAvailable", least), ("maxUnavailable", most)):
        if value is not None:
            yield from amount(f"spec.{field}", value)
            yield from at_most_all(f"spec.{field}", value)
    yield from label_selector(spec.get("selector"), "spec.selector")
    if policy not in (None, "AlwaysAllow", "IfHealthyBudget"):
        here = "spec.unhealthyPodEvictionPolicy"
        yield not_supported(here, policy, ["AlwaysAllow", "IfHealthyBudget"])


def _validate_status(new: Document, old: Document) -> Errors:
    """Source: `ValidatePodDisruptionBudgetStatusUpdate`."""
    status = new.get("status") or {}
    yield from conditions(status.get("conditions") or (), "status.conditions")
    yield from counts(status, "status", *_NONE_YET)


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
    prepare=_prepare,
    prepare_update=_prepare,
    validate=_validate,
    validate_update=_validate_update,
    validate_status=_validate_status,
    columns=table_columns("Name  Min Available  Max Unavailable  Allowed Disruptions:integer  Age"),
    row=_row,
)
