"""ReplicaSet: so many Pods of one template (API reference, `apps/v1`)."""

from __future__ import annotations

from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Problems, Row, Scale
from course_lib.objects.kinds.pod.spec import PodTemplateSpec
from course_lib.objects.kinds.pod.template import (
    COLUMNS,
    TEMPLATE,
    WORKLOAD,
    container_cells,
    template_rules,
)
from course_lib.objects.meta import Condition, LabelSelector, Object, Value, selector_of
from course_lib.objects.rules import not_negative


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


def _rules(view: ReplicaSet) -> Problems:
    spec = view.spec
    yield from template_rules(spec.selector, spec.template, ("Always",))
    yield from not_negative(replicas=spec.replicas, min_ready_seconds=spec.min_ready_seconds)


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
    parts={"spec.template": TEMPLATE},
    fields=WORKLOAD,
    rules=_rules,
    fixed=("spec.selector",),
    scale=Scale(),
    columns=table_columns(
        f"Name  Desired:integer  Current:integer  Ready:integer  Age{COLUMNS}  +Selector"
    ),
    row=_row,
    always_stated=("replicas", "terminatingReplicas"),
)
