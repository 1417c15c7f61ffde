"""Validation: what the API server refuses although every type is right.

Source: `pkg/apis/*/validation/validation.go` of Kubernetes. Each rule yields a `Problem`
with a path, what was expected and what was found; all of a document's problems are told at once.
"""

from __future__ import annotations

import re
from functools import lru_cache

from course_lib.errors import InvalidManifest
from course_lib.objects.field_errors import Errors, InvalidObject
from course_lib.objects.field_rules import (
    MAX_INT64,
    Check,
    Rules,
    below,
    label_key,
    needs,
    text,
    whole,
)
from course_lib.objects.kind import Kind, Problems, Subresource, title
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import Object
from course_lib.objects.names import LABEL, Problem, is_label, is_label_key, label_problems
from course_lib.objects.validation.meta import common_fields, object_meta_update

MAX_ANNOTATIONS = 256 * 1024  # bytes of all keys and values (`TotalAnnotationSizeLimitB`)
_STANDARD_FINALIZERS = ("kubernetes", "orphan", "foregroundDeletion")


def _annotations(values: object) -> str:
    if not isinstance(values, dict):
        return "a mapping"
    size = sum(len(f"{key}{value}".encode()) for key, value in values.items())
    return f"may not be more than {MAX_ANNOTATIONS} bytes" if size > MAX_ANNOTATIONS else ""


def _owner(value: object) -> str:
    problem = needs("apiVersion", "kind", "name", "uid")(value)
    if problem or not isinstance(value, dict):
        return problem
    if str(value["apiVersion"]).count("/") > 1:
        return "apiVersion: must be <group>/<version> or <version>"
    events = value["kind"] == "Event" and value["apiVersion"] in ("v1", "events.k8s.io/v1")
    return "an Event is disallowed from being an owner" if events else ""


_METADATA: dict[str, Check] = {
    "metadata.annotations": _annotations,
    "metadata.annotations.*": text,
    "metadata.finalizers[*]": label_key,
    "metadata.generation": whole(0, MAX_INT64),
    "metadata.ownerReferences[*]": _owner,
}


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
    elif kind.validate is not None:
        stored = kind.store(document) if kind.store else document  # as which it is refused
        _raise(stored, _errors(document, kind, before))


def validate(document: Document, view: Object, kind: Kind, before: Document | None = None) -> None:
    """Raise `InvalidManifest` with all problems of a `document` and its `view` by its `kind`.

    Parts that are those of `before`, which was valid, need not be judged again.
    """
    if kind.validate is not None:  # see `judge`
        return
    _refuse(_problems(document, view, kind, before), document, view, kind)


def validate_status(document: Document, before: Document, kind: Kind) -> None:
    """Raise `InvalidObject` for a `document` whose status may not replace that of `before`.

    `kind` is that of both.
    """
    _raise(document, kind.validate_status(document, before))


def validate_beside_spec(document: Document, view: Object, kind: Kind) -> None:
    """The same for a `document` whose spec is known to be valid by itself (`Kind.spec_alone`).

    `view` is that of the document, `kind` that of both.
    """
    if kind.validate is not None:
        _raise(document, kind.validate_beside_spec(document))
        return
    rest = {key: value for key, value in document.items() if key != "spec"}
    problems = [*_metadata(view, kind), *_field_rules(kind).problems(rest)]
    _refuse(problems or list(kind.relations(document)), document, view, kind)


def _errors(document: Document, kind: Kind, before: Document | None) -> Errors:
    """What is wrong with a new document, or with an update (`rest.ValidateUpdate`)."""
    assert kind.validate is not None
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


def _problems(
    document: Document, view: Object, kind: Kind, before: Document | None
) -> list[Problem]:
    problems = [*_metadata(view, kind), *kind.rules(view)]
    told = {problem.path for problem in problems}
    said = _field_rules(kind).problems(document, before=before)
    problems += [problem for problem in said if problem.path not in told]
    return problems or list(_relations(document, kind))


def _refuse(problems: list[Problem], document: Document, view: Object, kind: Kind) -> None:
    if problems:
        first, others = problems[0], problems[1:]
        also = "; ".join(f"{p.path}: expected {p.expected}, found {p.found!r}" for p in others)
        raise InvalidManifest(
            f'{kind.kind} "{view.name}" is invalid',
            where=f"{title(document)}: {first.path}",
            expected=first.expected,
            found=repr(first.found),
            do=f"also correct {also}" if also else "",
        )


@lru_cache(maxsize=256)
def _field_rules(kind: Kind) -> Rules:
    """The rules of single fields: those of metadata, of the kind, and of its parts."""
    table = _METADATA | dict(kind.fields)
    for path, part in kind.parts.items():
        table |= below(path, part.fields)
    return Rules(table)


def _relations(document: Document, kind: Kind) -> Problems:
    """What is wrong between fields, each of which is right by itself."""
    for path, part in kind.parts.items():
        for place in places(document, path, create=False):
            yield from part.relations(place, path)
    yield from kind.relations(document)


def _metadata(view: Object, kind: Kind) -> Problems:
    meta = view.metadata
    if meta.generate_name:
        begins = re.sub("(?<=.)-$", "a", meta.generate_name)  # a name may not end with a dash
        for problem in kind.name_rule(begins):
            yield Problem("metadata.generateName", problem.expected, meta.generate_name)
    if meta.name:
        yield from kind.name_rule(meta.name)
    else:
        yield Problem("metadata.name", "a name", "")
    if kind.namespaced and not is_label(meta.namespace):
        yield Problem("metadata.namespace", LABEL, meta.namespace)
    yield from label_problems(meta.labels, "metadata.labels")
    for key in meta.annotations or ():
        if not is_label_key(key.lower()):
            yield Problem("metadata.annotations", "a qualified name", key)
    finalizers = meta.finalizers or ()
    if {"orphan", "foregroundDeletion"} <= set(finalizers):
        yield Problem("metadata.finalizers", "orphan or foregroundDeletion, not both", finalizers)
    for position, name in enumerate(finalizers):
        if not kind.custom and "/" not in name and name not in _STANDARD_FINALIZERS:
            expected = "a standard finalizer, or a name with a domain"
            yield Problem(f"metadata.finalizers[{position}]", expected, name)
    if sum(1 for owner in meta.owner_references or () if owner.controller) > 1:
        yield Problem("metadata.ownerReferences", "one controller at the most", "several")
