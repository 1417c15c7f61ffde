"""ReplicationController: a ReplicaSet that selects by a map (API reference, `core/v1`)."""

from __future__ import annotations

import copy
from collections.abc import Iterator

from course_lib.objects.columns import label_cell
from course_lib.objects.field_errors import Errors, required
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Row, Scale, by_path
from course_lib.objects.kinds.pod.spec import PodTemplateSpec
from course_lib.objects.kinds.pod.template import COLUMNS, complete_template, container_cells
from course_lib.objects.kinds.pod.validation.templates import template_errors
from course_lib.objects.kinds.pod.warnings import warnings_of_template
from course_lib.objects.kinds.replica_set import ReplicaSetStatus, validate_replica_status
from course_lib.objects.kinds.workload_rules import (
    counts,
    lasting_template,
    name_of_pods,
    unselected,
)
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import Object, Value
from course_lib.objects.selectors import IN, Requirement, Selector
from course_lib.objects.validation.meta import (
    object_meta,
    object_meta_update,
    segment_name,
    subdomain_name,
)


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
    for template in places(document, "spec.template", create=False):
        complete_template(template)
    for spec in places(document, "spec", create=False):
        for metadata in places(spec, "template.metadata", create=False):
            if labels := metadata.get("labels"):
                spec["selector"] = spec.get("selector") or copy.deepcopy(labels)
                for own in places(document, "metadata", create=False):
                    own["labels"] = own.get("labels") or copy.deepcopy(labels)


def _name(name: str, prefix: bool) -> list[str]:
    """The rule for names; of their beginnings only that they are a part of a path."""
    return segment_name(name, True) if prefix else subdomain_name(name, False)


def _validate(document: Document) -> Errors:
    """Source: `ValidateReplicationController`."""
    yield from object_meta(document, _name)
    yield from _validate_spec(document.get("spec") or {})


def _validate_update(new: Document, old: Document) -> Errors:
    """Source: `ValidateReplicationControllerUpdate`."""
    yield from object_meta_update(new, old)
    yield from _validate_spec(new["spec"], old["spec"])


def _validate_spec(spec: Document, before: Document | None = None) -> Errors:
    labels = spec.get("selector")
    if not labels:
        yield required("spec.selector")
    if spec.get("template") is None:
        yield required("spec.template")
    else:
        if labels:
            equal = (Requirement(key, IN, (value,)) for key, value in labels.items())
            yield from unselected(spec, Selector(tuple(equal)), "spec")
        old = (before or {}).get("template")
        yield from template_errors(spec["template"], "spec.template", old)
        yield from lasting_template(spec, "ReplicationController")
    # These two stand at the end: they are declared beside the fields (`+k8s:minimum`).
    yield from counts(spec, "spec", "replicas", "minReadySeconds")


def _warnings(new: Document, old: Document | None) -> Iterator[str]:
    if old is None:
        yield from name_of_pods(new)
        yield from warnings_of_template(new, None)
    elif old["metadata"].get("generation") != new["metadata"].get("generation"):
        yield from warnings_of_template(old, None)  # of the old one (`WarningsOnUpdate`)


def _row(rc: ReplicationController, now: float) -> Row:
    counts = rc.spec.replicas, rc.status.replicas, rc.status.ready_replicas
    return rc.name, *counts, *container_cells(rc.spec.template), label_cell(rc.spec.selector)


REPLICATION_CONTROLLER = Kind(
    "v1",
    ReplicationController,
    ("rc",),
    selectable=by_path("status.replicas"),
    categories=("all",),
    generations=True,
    first_status=lambda view: {"replicas": 0},
    defaults={"spec.replicas": 1},
    complete=_complete,
    validate=_validate,
    validate_update=_validate_update,
    validate_status=validate_replica_status,
    warnings=_warnings,
    orphans=True,
    scale=Scale(),
    columns=table_columns(
        f"Name  Desired:integer  Current:integer  Ready:integer  Age{COLUMNS}  +Selector"
    ),
    row=_row,
    counted=True,
)
