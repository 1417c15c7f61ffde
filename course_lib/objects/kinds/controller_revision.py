"""ControllerRevision: a template as it was (Kubernetes API reference, `apps/v1`)."""

from __future__ import annotations

from typing import Any

from course_lib.objects.columns import NONE
from course_lib.objects.field_rules import MAX_INT64, whole
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Problems, Row
from course_lib.objects.meta import Object
from course_lib.objects.names import Problem


class ControllerRevision(Object, frozen=True, kw_only=True):
    """A template as it was: what StatefulSets and DaemonSets roll back to."""

    revision: int = 0
    data: dict[str, Any] | None = None


def _rules(view: ControllerRevision) -> Problems:
    if view.data is None:
        yield Problem("data", "Required value: data is mandatory", None)


def _row(revision: ControllerRevision, now: float) -> Row:
    owner = revision.metadata.controller
    group = owner.api_version.rpartition("/")[0] if owner else ""
    kind = f"{owner.kind.lower()}.{group}".rstrip(".") if owner else ""
    return revision.name, f"{kind}/{owner.name}" if owner else NONE, revision.revision


CONTROLLER_REVISION = Kind(
    "apps/v1",
    ControllerRevision,
    defaults={"revision": 0},
    fields={"revision": whole(0, MAX_INT64)},
    rules=_rules,
    columns=table_columns("Name  Controller  Revision  Age"),
    row=_row,
)
