"""Hints for refusals: which field to correct, where the API server or the parser said no."""

from __future__ import annotations

import re

from course_lib.apiserver.errors import NotFound, Unavailable
from course_lib.errors import CourseError
from course_lib.objects.kinds import BUILT_IN

_UNKNOWN_FIELD = re.compile(r'unknown field "([^"]+)"')
_NO_MATCH = re.compile(r'no matches for kind "([^"]+)" in version "([^"]+)"')
_INVALID = re.compile(
    r"([a-zA-Z]\w*(?:\.\w+|\[\d+\])+): (?:Required|Invalid|Unsupported|Forbidden)"
)


def hint_for(refusal: CourseError) -> str:
    """What to do about a refusal: the field by its path, and what belongs there.

    >>> hint_for(CourseError("x", where="Pod web: spec.containers[0].image", expected="text"))
    'correct `spec.containers[0].image`; expected there: text'
    """
    said = str(refusal)
    if match := _UNKNOWN_FIELD.search(said):
        return _unknown(match[1])
    if match := _NO_MATCH.search(said):
        return _no_match(match[1], match[2])
    if refusal.what == "not YAML":
        place = refusal.where.partition(", ")[2] or "the text"
        return (
            f"correct the YAML at {place}: each level is indented by spaces, and brackets and "
            f"quotes are closed ({refusal.found})"
        )
    if isinstance(refusal, NotFound):
        return f"{refusal.what}: create it (again), or begin again with `task.reset()`"
    if isinstance(refusal, Unavailable):
        return "the API does not answer: cluster.components() shows the control plane's processes"
    field = refusal.where.rpartition(": ")[2]
    found = _INVALID.search(said)
    if found and not field:
        field = found[1]
    parts = [f"correct `{field}`" if field else ""]
    if refusal.expected:
        parts.append(f"expected {'there' if field else 'here'}: {refusal.expected}")
    parts.append(refusal.do)
    hint = "; ".join(part for part in parts if part)
    return hint or f"change what is refused here: {refusal.what.splitlines()[0]}"


def _unknown(path: str) -> str:
    return (
        f"no field is called `{path.rpartition('.')[2]}` at `{path}`: compare its name, and the "
        "level on which it stands, with the chapter's manifests"
    )


def _no_match(kind: str, version: str) -> str:
    known = next((each for each in BUILT_IN if each.kind == kind), None)
    if known is None:
        return f"write a kind that the API has, with a capital letter, in place of `{kind}`"
    return f"a {kind} has `apiVersion: {known.api_version}`, not `{version}`"
