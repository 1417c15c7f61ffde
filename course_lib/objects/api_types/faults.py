"""What the API server's decoder says of a document that does not fit its type.

The first value of a wrong type is told; one that a type's own reader refuses (an amount, a time)
ends the reading at once. Unknown fields are told by their path. Source: `decode.go` of
sigs.k8s.io/json.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from course_lib.objects.api_types.leaves import LEAF, Unfit
from course_lib.objects.api_types.table import Type, fields_of
from course_lib.objects.field_errors import number

_FORMS = ("quantity", "time", "microtime", "intorstring")


class Misfit(msgspec.Struct, frozen=True):
    """A value that its type cannot hold: where, what the decoder says, what the type is called."""

    path: str
    message: str
    wanted: str
    found: object


def fault(document: object, type: Type) -> Misfit | None:
    """What is wrong with the types of a document, as the decoder of its `type` tells it."""
    first: Misfit | None = None
    for found, last in _faults(document, type, "", "", ""):
        if last:
            return found
        first = first or found
    return first


def _faults(
    value: object, type: Type, path: str, field: str, struct: str
) -> Iterator[tuple[Misfit, bool]]:
    """The faults below a path, each with whether reading ends there.

    `field` is the path without positions, `struct` the name of the type that has the field.
    """
    if value is None:
        return
    if type.shape == "list" and type.item is not None and isinstance(value, list):
        for position, item in enumerate(value):
            yield from _faults(item, type.item, f"{path}[{position}]", field, struct)
    elif type.shape == "map" and type.item is not None and isinstance(value, dict):
        for key, item in value.items():
            yield from _faults(item, type.item, f"{path}[{key}]", field, struct)
    elif type.shape == "or" and type.item is not None:
        if isinstance(value, dict):
            yield from _faults(value, type.item, path, field, struct)
    elif type.is_struct and isinstance(value, dict):
        fields, own = fields_of(type.shape), type.go.partition(".")[2]
        for key, item in value.items():
            if key in fields:
                below = f"{path}.{key}".removeprefix(".")
                within = f"{fields[key].embedded}.{key}".removeprefix(".")
                inside = f"{field}.{within}".removeprefix(".")
                yield from _faults(item, fields[key].type, below, inside, own)
    elif type.shape in LEAF:
        try:
            LEAF[type.shape](value)
        except Unfit as unfit:
            said = str(unfit)
            found = Misfit(path, said or _mismatch(value, type, field, struct), type.shape, value)
            yield found, type.shape in _FORMS
    else:
        yield Misfit(path, _mismatch(value, type, field, struct), type.shape, value), False


def _mismatch(value: object, type: Type, field: str, struct: str) -> str:
    go = _READ_AS.get(type.shape, type.go)
    wanted = f"Go struct field {struct}.{field} of type {go}"
    return f"json: cannot unmarshal {_kind(value, type)} into {wanted}"


_READ_AS = {"time": "string", "microtime": "string", "duration": "string", "intorstring": "int32"}


def _kind(value: object, type: Type) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        numeric = type.shape in ("int32", "int64", "uint64", "intorstring")
        return f"number {_literal(value)}" if numeric else "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"


def _literal(value: int | float) -> str:
    return repr(value) if isinstance(value, float) and abs(value) < 1e21 else number(value)


def unknown(document: object, type: Type, path: str = "") -> Iterator[str]:
    """The paths of the fields that a document, at a `path`, has and its `type` has not."""
    if isinstance(document, list) and type.item is not None:
        for position, item in enumerate(document):
            yield from unknown(item, type.item, f"{path}[{position}]")
    elif isinstance(document, dict) and type.shape == "map" and type.item is not None:
        for key, item in document.items():
            yield from unknown(item, type.item, f"{path}.{key}")
    elif isinstance(document, dict) and type.shape == "or" and type.item is not None:
        yield from unknown(document, type.item, path)
    elif isinstance(document, dict) and type.is_struct:
        fields = fields_of(type.shape)
        for key, item in document.items():
            here = f"{path}.{key}".removeprefix(".")
            if key not in fields:
                yield here
            else:
                yield from unknown(item, fields[key].type, here)


def without_unknown(document: object, type: Type) -> object:
    """A copy of a document without the fields that its `type` has not."""
    if isinstance(document, list) and type.item is not None:
        return [without_unknown(item, type.item) for item in document]
    if isinstance(document, dict) and type.shape == "map" and type.item is not None:
        return {key: without_unknown(item, type.item) for key, item in document.items()}
    if isinstance(document, dict) and type.shape == "or" and type.item is not None:
        return without_unknown(document, type.item)
    if isinstance(document, dict) and type.is_struct:
        fields = fields_of(type.shape)
        return {
            key: without_unknown(item, fields[key].type)
            for key, item in document.items()
            if key in fields
        }
    return document
