"""Conditions as tables: of workloads with a reason, of others with a time and a message, too."""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.kubectl.describing.values import date
from course_lib.kubectl.describing.writing import Lines, table, titled
from course_lib.objects.manifests import Document

WITH_TIME = "Type\tStatus\tLastTransitionTime\tReason\tMessage"


def of_workload(conditions: Sequence[Document] | None) -> Lines:
    """Type, status and reason; nothing where there are no conditions."""
    rows = [
        (f"{_text(c, 'type')} ", _text(c, "status"), _text(c, "reason")) for c in conditions or ()
    ]
    return titled("Conditions", table("Type\tStatus\tReason", rows)) if rows else iter(())


def with_time(conditions: Sequence[Document] | None) -> Lines:
    """Type, status, since when, why; nothing where there are no conditions."""
    rows = [
        (
            _text(each, "type"),
            _text(each, "status"),
            date(each.get("lastTransitionTime")),
            _text(each, "reason"),
            _text(each, "message"),
        )
        for each in conditions or ()
    ]
    return titled("Conditions", table(WITH_TIME, rows)) if rows else iter(())


def _text(condition: Document, name: str) -> str:
    return str(condition.get(name, ""))
