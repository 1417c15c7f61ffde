"""ReplicaSet: so many Pods of one template (API reference, `apps/v1`)."""

from __future__ import annotations

from collections.abc import Iterator

from course_lib.objects.field_errors import Errors
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Row, Scale
from course_lib.objects.kinds.pod.spec import PodTemplateSpec
from course_lib.objects.kinds.pod.template import COLUMNS, complete_template, container_cells
from course_lib.objects.kinds.pod.warnings import warnings_of_template
from course_lib.objects.kinds.workload_rules import (
    TOO_MANY_THERE,
    at_most,
    counts,
    kept_selector,
    name_of_pods,
    own_selector,
    selected_template,
)
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Condition, LabelSelector, Object, Value, selector_of
from course_lib.objects.validation.meta import object_meta, object_meta_update


class ReplicaSetSpec(Value, frozen=True):
    """What a ReplicaSet should be."""

    selector: LabelSelector
    template: PodTemplateSpec
    replicas: int = 1
    min_ready_seconds: int = 0


class ReplicaSetStatus(Value, frozen=True):
    """How many Pods a ReplicaSet has."""

    replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    fully_labeled_replicas: int = 0
    terminating_replicas: int = 0
    observed_generation: int = 0
    conditions: list[Condition] | None = None


class ReplicaSet(Object, frozen=True, kw_only=True):
    """So many Pods of one template, no more and no fewer."""

    spec: ReplicaSetSpec
    status: ReplicaSetStatus = ReplicaSetStatus()


def _validate(document: Document) -> Errors:
    """Source: `ValidateReplicaSet`."""
    yield from object_meta(document)
    yield from _validate_spec(document.get("spec") or {})


def _validate_update(new: Document, old: Document) -> Errors:
    """Source: `ValidateReplicaSetUpdate`."""
    yield from object_meta_update(new, old)
    yield from _validate_spec(new["spec"], old["spec"])
    yield from kept_selector(new["spec"], old["spec"])


def _validate_spec(spec: Document, before: Document | None = None) -> Errors:
    yield from counts(spec, "spec", "replicas", "minReadySeconds")
    yield from own_selector(spec, "deployment")
    yield from selected_template(spec, before)


def validate_replica_status(new: Document, old: Document) -> Errors:
    """Source: `ValidateReplicaSetStatusUpdate`, of the version `new` against `old`."""
    yield from object_meta_update(new, old)
    status = new.get("status") or {}
    yield from counts(
        status, "status", "replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas",
        "observedGeneration", "terminatingReplicas",
    )  # fmt: skip
    there = "fullyLabeledReplicas", "readyReplicas", "availableReplicas"
    yield from at_most(status, "replicas", TOO_MANY_THERE, *there)
    said = "cannot be greater than readyReplicas"
    yield from at_most(status, "readyReplicas", said, "availableReplicas")


def _warnings(new: Document, old: Document | None) -> Iterator[str]:
    if old is None:
        yield from name_of_pods(new)
    yield from warnings_of_template(new, old)


def _row(rs: ReplicaSet, now: float) -> Row:
    counts = rs.spec.replicas, rs.status.replicas, rs.status.ready_replicas
    selector = str(selector_of(rs.spec.selector))
    return rs.name, *counts, *container_cells(rs.spec.template), selector


REPLICA_SET = Kind(
    "apps/v1",
    ReplicaSet,
    ("rs",),
    categories=("all",),
    removed_versions={"extensions/v1beta1": "1.16", "apps/v1beta2": "1.16"},
    generations=True,
    first_status=lambda view: {"replicas": 0},
    defaults={"spec.replicas": 1},
    parts={"spec.template": complete_template},
    validate=_validate,
    validate_update=_validate_update,
    validate_status=validate_replica_status,
    warnings=_warnings,
    scale=Scale(),
    columns=table_columns(
        f"Name  Desired:integer  Current:integer  Ready:integer  Age{COLUMNS}  +Selector"
    ),
    row=_row,
)
