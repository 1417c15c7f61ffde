"""Validation: what the API server refuses although every type is right.

All errors of a document are told at once. Source: `BeforeCreate` and `BeforeUpdate` in
`pkg/registry/rest` of k8s.io/apiserver.
"""

from __future__ import annotations

from course_lib.objects.field_errors import Errors, InvalidObject
from course_lib.objects.kind import Kind, Subresource
from course_lib.objects.manifests import Document
from course_lib.objects.validation.meta import common_fields, object_meta_update


def judge_document(
    document: Document,
    kind: Kind,
    before: Document | None = None,
    part: Subresource | None = None,
) -> None:
    """Raise `InvalidObject` with all that is wrong with a `document` of a `kind`.

    The types of its fields are right. Parts that are those of `before`, which was valid, need not
    be judged again. `part` is the subresource that the document came by, if it has own rules.
    """
    if part is not None and before is not None:
        _raise(document, part.validate(document, before))
    else:
        stored = kind.store(document) if kind.store else document  # as which it is refused
        _raise(stored, _errors(document, kind, before))


def judge_status(
    document: Document, before: Document, kind: Kind, part: Subresource | None = None
) -> None:
    """Raise `InvalidObject` for a `document` whose status may not replace that of `before`.

    `kind` is that of both, `part` the subresource that the status came by, if it has own rules.
    """
    validate = part.validate if part is not None else kind.validate_status
    _raise(document, validate(document, before))


def judge_beside_spec(document: Document, kind: Kind) -> None:
    """The same for a new `document` whose spec is known to be valid (`Kind.spec_alone`).

    `kind` is the document's.
    """
    _raise(document, kind.validate_beside_spec(document))


def _errors(document: Document, kind: Kind, before: Document | None) -> Errors:
    """What is wrong with a new document, or with an update (`rest.ValidateUpdate`)."""
    if before is None:
        yield from kind.validate(document)
        return
    yield from common_fields(document, before)
    if kind.validate_update is not None:
        yield from kind.validate_update(document, before)
    else:
        yield from object_meta_update(document, before)
        yield from kind.validate(document)


def _raise(document: Document, errors: Errors) -> None:
    """Raise all errors, each once (`FilterCoveredHandwrittenErrors`)."""
    if told := {str(error): error for error in errors}:
        raise InvalidObject(document, list(told.values()))
