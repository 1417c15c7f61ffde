"""`--overrides`: a patch of what a command has made.

Source: kubectl `pkg/cmd/util/override_options.go`; `Merge`, `StrategicMerge` and `JSONPatch` of
`pkg/cmd/util/helpers.go`.
"""

from __future__ import annotations

import msgspec

from course_lib.apiserver.patch_bodies import JSON_PATCH, MERGE_PATCH, STRATEGIC, apply_patch
from course_lib.errors import CourseError
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.objects.api_types.table import type_of
from course_lib.objects.manifests import Document

OVERRIDE_FLAGS = frozenset({"override-type", "overrides"})
_TYPES = {"json": JSON_PATCH, "merge": MERGE_PATCH, "strategic": STRATEGIC}


def overridden(call: Invocation, document: Document) -> Document:
    """A document with the patch of `--overrides`; raises `CommandError` for one that is none."""
    text, kind = call.flags.text("overrides"), call.flags.text("override-type")
    if not text:
        return document
    if kind not in _TYPES:
        raise CommandError(f"invalid override type: {kind}")
    type = type_of(document["apiVersion"], document["kind"])
    try:
        found = apply_patch(_TYPES[kind], document, msgspec.json.decode(text), type)
    except msgspec.DecodeError:
        raise CommandError("Invalid JSON Patch") from None
    except CourseError as problem:
        raise CommandError(problem.what) from None
    assert isinstance(found, dict)
    return found
