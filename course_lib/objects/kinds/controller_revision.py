"""ControllerRevision: a template as it was (Kubernetes API reference, `apps/v1`)."""

from __future__ import annotations

from typing import Any

from course_lib.objects.columns import NONE
from course_lib.objects.field_errors import Errors, required
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Row
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object
from course_lib.objects.validation.meta import (
    not_negative,
    object_meta,
    object_meta_update,
    unchanged,
)


class ControllerRevision(Object, frozen=True, kw_only=True):
    """A template as it was: what StatefulSets and DaemonSets roll back to."""

    revision: int = 0
    data: dict[str, Any] | None = None


def _validate(document: Document) -> Errors:
    """Source: `ValidateControllerRevisionCreate`."""
    yield from object_meta(document)
    yield from not_negative("revision", document.get("revision"))
    data = document.get("data")
    if data is None:
        yield required("data", "data is mandatory")
    elif not isinstance(data, dict):
        yield required("data", "data must be a valid JSON object")


def _validate_update(new: Document, old: Document) -> Errors:
    """Source: `ValidateControllerRevisionUpdate`."""
    yield from object_meta_update(new, old)
    yield from object_meta(new)
    yield from not_negative("revision", new.get("revision"))
    yield from unchanged("data", new.get("data"), old.get("data"))


def _row(revision: ControllerRevision, now: float) -> Row:
    owner = revision.metadata.controller
    group = owner.api_version.rpartition("/")[0] if owner else ""
    kind = f"{owner.kind.lower()}.{group}".rstrip(".") if owner else ""
    return revision.name, f"{kind}/{owner.name}" if owner else NONE, revision.revision


CONTROLLER_REVISION = Kind(
    "apps/v1",
    ControllerRevision,
    defaults={"revision": 0},
    validate=_validate,
    validate_update=_validate_update,
    columns=table_columns("Name  Controller  Revision  Age"),
    row=_row,
)
