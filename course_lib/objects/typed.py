"""Documents read by the types of their kind: in the form in which the API server stores them.

Three things are told apart: a field that Kubernetes has and the course acts on, one that Kubernetes
has and the simulation does not act on (kept, and named in a warning), and one that does not exist.
What does not exist is refused, or dropped, as `fieldValidation` says; it is never stored. (API
concepts, "Field validation".)
"""

from __future__ import annotations

import difflib
import re

from course_lib.errors import InvalidManifest, WrongType
from course_lib.objects.api_types.faults import fault, unknown, without_unknown
from course_lib.objects.api_types.leaves import Unfit
from course_lib.objects.api_types.reading import Unknown, reader
from course_lib.objects.api_types.table import Type, fields_of, type_at, type_of
from course_lib.objects.field_errors import shown
from course_lib.objects.kind import Kind, title
from course_lib.objects.manifests import Document

WORDS = {
    "string": "text", "bool": "true or false", "int32": "whole number", "int64": "whole number",
    "float64": "number", "list": "list", "quantity": "an amount, such as 100m or 1.5Gi",
    "time": "a time, such as 2026-01-01T00:00:00Z", "bytes": "data in base64",
    "microtime": "a time, such as 2026-01-01T00:00:00.000000Z",
    "intorstring": "whole number or text",
}  # fmt: skip


def type_of_kind(kind: Kind) -> Type | None:
    """The type of a kind's documents; None for a custom one, whose schema says what it has."""
    return None if kind.custom else type_of(kind.api_version, kind.kind)


def typed(
    document: Document, kind: Kind, before: Document | None = None, stored: bool = True
) -> Document:
    """A document as Go's types write it, a part of `before` as it is; custom ones unchanged.

    Until it is `stored`, its empty lists and maps stay.

    Raises `WrongType` for a value of a wrong type, `UnknownFields` for fields that do not exist.

    `kind` is that of the document.
    """
    type = type_of_kind(kind)
    if type is None:
        return document
    try:
        return reader(type, stored)(document, before)  # type: ignore[return-value]
    except (Unfit, Unknown):
        raise _refusal(document, kind, type) from None


class UnknownFields(WrongType):
    """Fields that do not exist, in a request that asks for `Strict`."""


def _refusal(document: Document, kind: Kind, type: Type) -> InvalidManifest:
    found = fault(document, type)
    head = unhandled(kind)
    if found is None:
        return _unknown_fields(document, kind, list(unknown(document, type)))
    return WrongType(
        f"{head}: {found.message}",
        where=f"{title(document)}: {found.path}",
        expected=WORDS.get(found.wanted, "mapping"),
        found=f"{_word(found.found)} {shown(found.found)}"[:60],
    )


def _word(value: object) -> str:
    if isinstance(value, bool):
        return ""
    words = {str: "text", int: "whole number", float: "number", list: "list", dict: "mapping"}
    return next((word for type, word in words.items() if isinstance(value, type)), "")


def unhandled(kind: Kind) -> str:
    """How the decoder begins to say what it cannot read of a `kind`."""
    version = kind.api_version.rpartition("/")[2]
    return f'{kind.kind} in version "{version}" cannot be handled as a {kind.kind}'


def _unknown_fields(document: Document, kind: Kind, paths: list[str]) -> UnknownFields:
    errors = ", ".join(f'unknown field "{path}"' for path in paths)
    return UnknownFields(
        f"{unhandled(kind)}: strict decoding error: {errors}",
        where=title(document),
        do=hint(paths, kind),
    )


def hint(paths: list[str], kind: Kind) -> str:
    """What the author of unknown fields, at `paths` of a document of a `kind`, may have meant."""
    type = type_of_kind(kind)
    near = [(path, nearest(path, type)) for path in paths if type]
    hints = [f"{name} instead of {path.rpartition('.')[2]}" for path, name in near if name]
    return f"perhaps {', '.join(hints)}" if hints else "see the API reference for its fields"


def refuse_unknown(document: Document, kind: Kind) -> None:
    """Raise `UnknownFields` for fields that Kubernetes does not have (`fieldValidation=Strict`).

    `kind` is that of the document.
    """
    if paths := unknown_fields(document, kind):
        raise _unknown_fields(document, kind, paths)


def unknown_fields(document: Document, kind: Kind) -> list[str]:
    """The paths of the fields that do not exist in a `kind`, in the order of the document."""
    if kind.unknown is not None:
        return kind.unknown(document)
    type = type_of_kind(kind)
    return list(unknown(document, type)) if type else []


def known_alone(document: Document, kind: Kind) -> Document:
    """A copy of a document of a `kind` without the fields that do not exist."""
    type = type_of_kind(kind)
    return without_unknown(document, type) if type else document  # type: ignore[return-value]


def nearest(path: str, type: Type) -> str:
    """The name of a field that is like the last one of a path, or empty text.

    >>> nearest("spec.replica", type_of("apps/v1", "Deployment"))
    'replicas'
    """
    place, _, name = re.sub(r"\[\d+\]", "[*]", path).rpartition(".")
    here = type_at(type, place).type if place else type
    while here.item is not None:
        here = here.item
    names = list(fields_of(here.shape)) if here.is_struct else []
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.7)
    return close[0] if close else ""
