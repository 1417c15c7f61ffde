"""Deployment: Pods of one template, updated step by step (API reference, `apps/v1`)."""

from __future__ import annotations

from collections.abc import Iterator

from course_lib.objects.api_types.memory import in_memory
from course_lib.objects.field_errors import Errors, forbidden, invalid, not_supported
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Row, Scale
from course_lib.objects.kinds.pod.spec import PodTemplateSpec
from course_lib.objects.kinds.pod.template import COLUMNS, complete_template, container_cells
from course_lib.objects.kinds.pod.warnings import warnings_of_template
from course_lib.objects.kinds.workload_rules import (
    TOO_MANY_THERE,
    amount,
    at_most,
    at_most_all,
    counts,
    kept_selector,
    name_of_pods,
    not_decremented,
    own_selector,
    selected_template,
    size,
)
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import Condition, LabelSelector, Object, Value, selector_of
from course_lib.objects.validation.meta import object_meta, object_meta_update


class RollingUpdateDeployment(Value, frozen=True):
    """How many Pods more, and how many fewer than wanted, during an update."""

    max_unavailable: int | str = "25%"
    max_surge: int | str = "25%"


class DeploymentStrategy(Value, frozen=True):
    """RollingUpdate, or Recreate: all old Pods go before the first new one comes."""

    type: str = "RollingUpdate"
    rolling_update: RollingUpdateDeployment | None = None


class DeploymentSpec(Value, frozen=True):
    """What a Deployment should be."""

    selector: LabelSelector
    template: PodTemplateSpec
    replicas: int = 1
    strategy: DeploymentStrategy = DeploymentStrategy()
    min_ready_seconds: int = 0
    revision_history_limit: int = 10
    progress_deadline_seconds: int = 600
    paused: bool = False


class DeploymentStatus(Value, frozen=True):
    """How far a Deployment has come."""

    observed_generation: int = 0
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    unavailable_replicas: int = 0
    terminating_replicas: int = 0
    collision_count: int | None = None
    conditions: list[Condition] | None = None


class Deployment(Object, frozen=True, kw_only=True):
    """Replaceable Pods of one template, updated and rolled back step by step."""

    spec: DeploymentSpec
    status: DeploymentStatus = DeploymentStatus()


def _complete(document: Document) -> None:
    for strategy in places(document, "spec.strategy", create=False):
        if strategy.get("type") == "RollingUpdate":
            for rolling in places(strategy, "rollingUpdate"):
                rolling.setdefault("maxUnavailable", "25%")
                rolling.setdefault("maxSurge", "25%")


def _validate(document: Document) -> Errors:
    """Source: `ValidateDeployment`."""
    yield from object_meta(document)
    yield from _validate_spec(document.get("spec") or {})


def _validate_update(new: Document, old: Document) -> Errors:
    """Source: `ValidateDeploymentUpdate`."""
    yield from object_meta_update(new, old)
    yield from _validate_spec(new["spec"], old["spec"])
    yield from kept_selector(new["spec"], old["spec"])


def _validate_spec(spec: Document, before: Document | None = None) -> Errors:
    yield from counts(spec, "spec", "replicas")
    yield from own_selector(spec, "deployment")
    yield from selected_template(spec, before)
    yield from _validate_strategy(spec.get("strategy") or {}, "spec.strategy")
    yield from counts(
        spec, "spec", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"
    )
    deadline = spec.get("progressDeadlineSeconds")
    if deadline is not None and deadline <= spec.get("minReadySeconds", 0):
        said = "must be greater than minReadySeconds"
        yield invalid("spec.progressDeadlineSeconds", deadline, said)


def _validate_strategy(strategy: Document, path: str) -> Errors:
    """Source: `ValidateDeploymentStrategy`."""
    kind, rolling = strategy.get("type", ""), strategy.get("rollingUpdate")
    if kind == "Recreate" and rolling is not None:
        said = "may not be specified when strategy `type` is 'Recreate'"
        yield forbidden(f"{path}.rollingUpdate", said)
    elif kind == "RollingUpdate":
        yield from _validate_rolling(rolling or {}, f"{path}.rollingUpdate")
    elif kind != "Recreate":
        shown = in_memory("apps.DeploymentStrategy", strategy)
        yield not_supported(path, shown, ["Recreate", "RollingUpdate"])


def _validate_rolling(rolling: Document, path: str) -> Errors:
    """Source: `ValidateRollingUpdateDeployment`."""
    fewer, more = rolling.get("maxUnavailable", 0), rolling.get("maxSurge", 0)
    yield from amount(f"{path}.maxUnavailable", fewer)
    yield from amount(f"{path}.maxSurge", more)
    if size(fewer) == 0 and size(more) == 0:
        yield invalid(f"{path}.maxUnavailable", fewer, "may not be 0 when `maxSurge` is 0")
    yield from at_most_all(f"{path}.maxUnavailable", fewer)


def _validate_status(new: Document, old: Document) -> Errors:
    """Source: `ValidateDeploymentStatusUpdate`."""
    yield from object_meta_update(new, old)
    status = new.get("status") or {}
    yield from counts(
        status, "status", "observedGeneration", "replicas", "updatedReplicas", "readyReplicas",
        "availableReplicas", "unavailableReplicas", "terminatingReplicas", "collisionCount",
    )  # fmt: skip
    there = "updatedReplicas", "readyReplicas", "availableReplicas"
    yield from at_most(status, "replicas", TOO_MANY_THERE, *there)
    said = "cannot be greater than readyReplicas"
    yield from at_most(status, "readyReplicas", said, "availableReplicas")
    yield from not_decremented(new, old)


def _warnings(new: Document, old: Document | None) -> Iterator[str]:
    if old is None:
        yield from name_of_pods(new)
    yield from warnings_of_template(new, old)


def _row(d: Deployment, now: float) -> Row:
    ready = f"{d.status.ready_replicas}/{d.spec.replicas}"
    counts = d.status.updated_replicas, d.status.available_replicas
    selector = str(selector_of(d.spec.selector))
    return d.name, ready, *counts, *container_cells(d.spec.template), selector


DEPLOYMENT = Kind(
    "apps/v1",
    Deployment,
    ("deploy",),
    categories=("all",),
    removed_versions={"extensions/v1beta1": "1.16", "apps/v1beta1": "1.16", "apps/v1beta2": "1.16"},
    generations=True,
    first_status=lambda view: {},
    defaults={
        "spec.replicas": 1,
        "spec.strategy.type": "RollingUpdate",
        "spec.revisionHistoryLimit": 10,
        "spec.progressDeadlineSeconds": 600,
    },
    complete=_complete,
    parts={"spec.template": complete_template},
    validate=_validate,
    validate_update=_validate_update,
    validate_status=_validate_status,
    warnings=_warnings,
    counted_fields=("spec", "metadata.annotations"),
    scale=Scale(),
    columns=table_columns(f"Name  Ready  Up-to-date  Available  Age{COLUMNS}  +Selector"),
    row=_row,
)
