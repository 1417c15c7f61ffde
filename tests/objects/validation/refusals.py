"""What the API server has against a document, as texts."""

from typing import Any

from course_lib.apiserver import documents
from course_lib.objects.field_errors import InvalidObject
from course_lib.objects.kinds import BUILT_IN
from course_lib.objects.validate import judge_document

Document = dict[str, Any]


def new(kind: str, api_version: str = "v1", name: str = "x", **fields: Any) -> Document:
    """A document with a name."""
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **fields}


def refusals(document: Document) -> list[str]:
    """The errors of a new object."""
    try:
        documents.new(document, BUILT_IN.of_document(document))
    except InvalidObject as refusal:
        return [str(error) for error in refusal.errors]
    return []


def refusals_of_change(before: Document, after: Document) -> list[str]:
    """The errors of an update, each document with its defaults."""
    kind = BUILT_IN.of_document(before)
    stored = [documents.new(each, kind).document for each in (before, after)]
    for each in stored:
        each["metadata"] |= {"uid": "1", "resourceVersion": "2"}
    try:
        judge_document(stored[1], kind, stored[0])
    except InvalidObject as refusal:
        return [str(error) for error in refusal.errors]
    return []


def warnings(document: Document, before: Document | None = None) -> list[str]:
    """What the API server warns of, in a document with its defaults."""
    kind = BUILT_IN.of_document(document)
    return list(kind.warnings(documents.new(document, kind).document, before))
