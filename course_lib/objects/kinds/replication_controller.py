"""ReplicationController: a ReplicaSet that selects by a map (API reference, `core/v1`)."""

from __future__ import annotations

import copy

from course_lib.objects.columns import label_cell
from course_lib.objects.field_rules import whole
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Problems, Row, Scale
from course_lib.objects.kinds.pod.spec import PodTemplateSpec
from course_lib.objects.kinds.pod.template import COLUMNS, TEMPLATE, container_cells, template_rules
from course_lib.objects.kinds.replica_set import ReplicaSetStatus
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import LabelSelector, Object, Value
from course_lib.objects.names import Problem
from course_lib.objects.rules import not_negative


class ReplicationControllerSpec(Value, frozen=True):
    """What a ReplicationController should be."""

    template: PodTemplateSpec
    selector: dict[str, str] | None = None
    replicas: int = 1
    min_ready_seconds: int = 0


class ReplicationController(Object, frozen=True, kw_only=True):
    """The predecessor of ReplicaSet; its selector is a map of labels."""

    spec: ReplicationControllerSpec
    status: ReplicaSetStatus = ReplicaSetStatus()


def _complete(document: Document) -> None:
    """Its selector and its labels come from the template's labels, where it says none."""
    for spec in places(document, "spec", create=False):
        for metadata in places(spec, "template.metadata", create=False):
            if labels := metadata.get("labels"):
                spec["selector"] = spec.get("selector") or copy.deepcopy(labels)
                for own in places(document, "metadata", create=False):
                    own["labels"] = own.get("labels") or copy.deepcopy(labels)


def _rules(view: ReplicationController) -> Problems:
    if not view.spec.selector:
        yield Problem("spec.selector", "labels: an empty selector is refused", {})
    selector = LabelSelector(match_labels=view.spec.selector) if view.spec.selector else None
    yield from template_rules(selector, view.spec.template, ("Always",))
    yield from not_negative(replicas=view.spec.replicas)


def _row(rc: ReplicationController, now: float) -> Row:
    counts = rc.spec.replicas, rc.status.replicas, rc.status.ready_replicas
    return rc.name, *counts, *container_cells(rc.spec.template), label_cell(rc.spec.selector)


REPLICATION_CONTROLLER = Kind(
    "v1",
    ReplicationController,
    ("rc",),
    categories=("all",),
    generations=True,
    first_status=lambda view: {"replicas": 0},
    defaults={"spec.replicas": 1},
    complete=_complete,
    parts={"spec.template": TEMPLATE},
    fields={"spec.replicas": whole(0), "spec.minReadySeconds": whole(0)},
    rules=_rules,
    scale=Scale(),
    columns=table_columns(
        f"Name  Desired:integer  Current:integer  Ready:integer  Age{COLUMNS}  +Selector"
    ),
    row=_row,
    counted=True,
    always_stated=("replicas",),
)
