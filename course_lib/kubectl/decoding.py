"""What kubectl itself finds wrong with a manifest, before the API server sees it.

Source: kubectl `pkg/validation/validation.go` (`getObjectKind`), cli-runtime `resource/mapper.go`
(`infoForData`) and `metadata_decoder.go`.
"""

from __future__ import annotations

from course_lib.apiserver.statuses import to_json
from course_lib.command_line.values import quoted
from course_lib.kubectl.failures import CommandError
from course_lib.objects.api_types.faults import fault
from course_lib.objects.api_types.table import type_of
from course_lib.objects.manifests import Document, Json, sorted_keys

TURN_OFF = "if you choose to ignore these errors, turn validation off with --validate=false"


def validate(document: Json, source: str) -> None:
    """Raise `CommandError` for a value from a `source` that says neither kind nor version."""
    if problems := problems_of(document):
        said = problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]"
        raise CommandError(
            f"error validating {quoted(source)}: error validating data: {said}; {TURN_OFF}"
        )


def problems_of(document: Json) -> list[str]:
    """What is wrong with the kind and version of a value, or of the items of a list."""
    problems = _problems(document)
    if not problems and document["kind"] == "List":
        items = document.get("items")
        listed = items if isinstance(items, list) else [None]
        problems = [said for item in listed for said in _problems(item)]
    return list(dict.fromkeys(problems))


def _problems(document: Json) -> list[str]:
    if not isinstance(document, dict):
        return ["invalid object to validate"]
    found = []
    for field in ("apiVersion", "kind"):
        value = document.get(field)
        if value is None:
            found.append(f"{field} not set")
        elif not isinstance(value, str):
            found.append(f"{field} isn't string type")
    version = document.get("apiVersion")
    if isinstance(version, str) and version.count("/") > 1:
        found.insert(0, f"unexpected GroupVersion string: {version}")
    return found


def decoded(document: Json, source: str) -> Document:
    """A value from a `source` as the document that it should be; raises `CommandError`."""
    head = f"unable to decode {quoted(source)}: "
    if not isinstance(document, dict):
        raise CommandError(
            f"{head}json: cannot unmarshal {_shape(document)} into Go value of type "
            "unstructured.detector"
        )
    if not document.get("kind"):
        written = to_json(sorted_keys(document))
        raise CommandError(f"{head}Object 'Kind' is missing in '{written}'")
    meta, holder = document.get("metadata"), type_of("v1", "ConfigMap")
    wrong = fault({"metadata": sorted_keys(meta)}, holder) if meta is not None and holder else None
    if wrong is not None:
        raise CommandError(head + wrong.message)
    return document


def _shape(value: Json) -> str:
    if isinstance(value, list):
        return "array"
    return "string" if isinstance(value, str) else "bool" if isinstance(value, bool) else "number"
