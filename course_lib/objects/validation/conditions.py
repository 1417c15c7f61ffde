"""The conditions in a status, where they are of the type that all kinds share (`metav1.Condition`).

Source: `ValidateConditions` in `pkg/apis/meta/v1/validation` of k8s.io/apimachinery.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from course_lib.objects.field_errors import (
    Errors,
    duplicate,
    invalid,
    not_supported,
    required,
    too_long,
)
from course_lib.objects.manifests import Document
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import all_invalid

MOST_REASON, MOST_MESSAGE = 1024, 32 * 1024  # bytes
STATUSES = ("False", "True", "Unknown")
_REASON = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?"
_NO_REASON = formats.unlike(
    "a condition reason must start with alphabetic character, optionally followed by a string of "
    "alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'",
    _REASON, "my_name", "MY_NAME", "MyName", "ReasonA,ReasonB", "ReasonA:ReasonB",
)  # fmt: skip


def conditions(stated: Iterable[Document], path: str) -> Errors:
    """The conditions that are `stated` at a path, each type once."""
    known: list[str] = []
    for position, condition in enumerate(stated):
        here, kind = f"{path}[{position}]", condition.get("type", "")
        if kind in known:
            yield duplicate(here, kind)
        known.append(kind)
        yield from _condition(condition, here)


def _condition(condition: Document, path: str) -> Errors:
    kind, status = condition.get("type", ""), condition.get("status", "")
    if not kind:
        yield required(f"{path}.type", "is required")
    else:
        yield from all_invalid(f"{path}.type", kind, formats.label_key(kind))
    if not status:
        yield required(f"{path}.status")
    elif status not in STATUSES:
        yield not_supported(f"{path}.status", status, STATUSES)
    seen, reason = condition.get("observedGeneration", 0), condition.get("reason", "")
    if seen < 0:
        yield invalid(f"{path}.observedGeneration", seen, "must be greater than or equal to zero")
    if not condition.get("lastTransitionTime"):
        yield required(f"{path}.lastTransitionTime")
    if not reason:
        yield required(f"{path}.reason")
    elif not re.fullmatch(_REASON, reason):
        yield invalid(f"{path}.reason", reason, _NO_REASON)
    if len(reason.encode()) > MOST_REASON:
        yield too_long(f"{path}.reason", MOST_REASON)
    if len(condition.get("message", "").encode()) > MOST_MESSAGE:
        yield too_long(f"{path}.message", MOST_MESSAGE)
