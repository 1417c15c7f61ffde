"""Amounts of resources on the command line: `cpu=200m,memory=512Mi`.

Source: `populateResourceListV1` of kubectl `pkg/cmd/create/create_quota.go`, `parseResourceList` of
`pkg/cmd/set/set_resources.go`; `ParseQuantity` of apimachinery `pkg/api/resource/quantity.go`.
"""

from __future__ import annotations

import re

from course_lib.errors import CourseError
from course_lib.kubectl.failures import CommandError
from course_lib.objects.quantity import Quantity

_FORM = (
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)
_SUFFIX = "unable to parse quantity's suffix"


def amounts(text: str, wrong: str) -> dict[str, str]:
    """The amounts of resources in a `text`, in their canonical forms.

    `wrong` is how the command says that a part has another form. Raises `CommandError`.
    """
    found: dict[str, str] = {}
    for part in text.split(",") if text else []:
        name, equals, value = part.partition("=")
        if not equals or "=" in value:
            raise CommandError(f"{wrong} {part}, expected <resource>=<value>")
        found[name] = amount(value)
    return found


def amount(text: str) -> str:
    """An amount in its canonical form; raises `CommandError` with Go's sentence."""
    try:
        return str(Quantity(text))
    except CourseError:
        number = re.match(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)", text)
        rest = text[number.end() :] if number else ""
        is_suffix = number and re.fullmatch(r"[eEinumkKMGTP]*[-+]?[0-9]*", rest)
        raise CommandError(_SUFFIX if is_suffix else _FORM) from None
