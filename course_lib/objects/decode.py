"""From a document to its typed view: types checked, every problem and surprise named by path."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator
from functools import cache
from typing import Any, TypeVar

import msgspec

from course_lib.errors import CourseError, InvalidManifest, WrongType
from course_lib.objects.derived import remember
from course_lib.objects.kind import Kind, title
from course_lib.objects.kinds import BUILT_IN
from course_lib.objects.manifests import Document, filled_paths, plain
from course_lib.objects.meta import Object
from course_lib.objects.quantity import Quantity
from course_lib.objects.sharing import FEW, encoded, same_ends

ViewT = TypeVar("ViewT", bound=msgspec.Struct)
PARTS, LONGEST_PART = 1024, 1024  # of documents, whose views are remembered; bytes of one
_ABSENT: Any = object()  # a field that is not in a document, or has no default
_PROBLEM = re.compile(r"(?P<said>.*?)(?: - at `(?P<path>.*)`)?", re.DOTALL)
_EXPECTED = re.compile(r"Expected `(?P<expected>.*?)`, got `(?P<found>.*?)`")
_MISSING = re.compile(r"Object missing required field `(?P<field>.*?)`")


def kind_of_document(document: Document) -> Kind:
    """The built-in kind of a document, which must say its apiVersion and kind."""
    return BUILT_IN.of_document(document)


def decode(document: Document, kind: Kind | None = None) -> Object:
    """The typed view of a document; raises `InvalidManifest` with path, expected and found."""
    kind = kind or BUILT_IN.of_document(document)
    try:
        if kind.view is not None:
            return kind.view(document)
        return msgspec.convert(document, kind.type, dec_hook=_quantity)
    except msgspec.ValidationError:
        return _decoded_without_nulls(document, kind)


def _decoded_without_nulls(document: Document, kind: Kind) -> Object:
    """The view of a document in which Go writes null for a list or a map that is empty."""
    try:
        return msgspec.convert(plain(document), kind.type, dec_hook=_quantity)
    except msgspec.ValidationError as problem:
        raise _explain(problem, document) from None


def revised(view: ViewT, before: Document, after: Document, kind: Kind) -> ViewT:
    """The view of `after`, of a `kind`, from the `view` of `before`: only what differs is decoded.

    A part of both documents that is one and the same object is taken over from the view. A
    short list that has changed is decoded whole: that takes less time than to look for its changes.
    """
    if kind.view is not None:
        return decode(after, kind)  # type: ignore[return-value]
    try:
        return _revised(view, before, after)
    except msgspec.ValidationError:
        return decode(after, kind)  # type: ignore[return-value]  # it raises, with the path


def _revised(view: ViewT, before: Document, after: Document) -> ViewT:
    attributes, changes = _attributes(type(view)), dict[str, object]()
    for name, new in after.items():
        old = before.get(name, _ABSENT)
        if new is not old and name in attributes:
            attribute, shape, _ = attributes[name]
            if isinstance(new, dict | list):
                changes[attribute] = _revised_part(getattr(view, attribute), old, new, shape)
            else:
                changes[attribute] = msgspec.convert(new, shape, dec_hook=_quantity)
    for name in before.keys() - after.keys():
        if name in attributes:
            attribute, _, default = attributes[name]
            if default is _ABSENT:
                raise msgspec.ValidationError(f"{name} is required")
            changes[attribute] = default
    return msgspec.structs.replace(view, **changes) if changes else view


def _revised_part(view: object, before: object, after: object, shape: object) -> object:
    if isinstance(view, msgspec.Struct) and isinstance(before, dict) and isinstance(after, dict):
        return _revised(view, before, after)
    if not isinstance(view, list) or not isinstance(before, list) or not isinstance(after, list):
        return _decoded_part(after, shape)
    if _is_short(after):
        return _decoded_part(after, shape)
    head, tail = same_ends(before, after) if len(after) > FEW else (0, 0)
    stop, until = len(before) - tail, len(after) - tail
    kept, old, new = view[head:stop], before[head:stop], after[head:until]
    known = {id(o): v for o, v in zip(old, kept, strict=True)}
    if len(old) != len(new):  # items came or went
        old = kept = [_ABSENT] * len(new)
    (item,) = _taken_apart(shape)[2]
    found = [
        known[id(n)] if id(n) in known else _revised_part(part, o, n, item)
        for part, o, n in zip(kept, old, new, strict=True)
    ]
    return [*view[:head], *found, *view[stop:]]


def _is_short(items: list[object]) -> bool:
    """Whether a list has few items, and none of these a long list."""
    return len(items) <= FEW and not any(
        isinstance(part, list) and len(part) > FEW
        for item in items
        if isinstance(item, dict)
        for part in item.values()
    )


# By the identities of their types, which are kept, and as they are written.
_parts: dict[tuple[int, bytes], tuple[object, object]] = {}


def _decoded_part(part: object, shape: object) -> object:
    """The view of a part of a document: one object for short parts of one type that are equal."""
    written = encoded(part)
    if len(written) > LONGEST_PART:
        return msgspec.convert(part, shape, dec_hook=_quantity)
    key = id(shape), written
    if key not in _parts:
        remember(_parts, key, (shape, msgspec.convert(part, shape, dec_hook=_quantity)), PARTS)
    return _parts[key][1]


def encode(value: object) -> Any:
    """A typed value as a document; fields at their defaults are left out."""
    return msgspec.to_builtins(value, enc_hook=str)


def _quantity(wanted: type, found: object) -> Any:
    if wanted is Quantity and isinstance(found, str | int | float) and not isinstance(found, bool):
        try:
            return Quantity(found)
        except CourseError as problem:
            raise ValueError(f"Expected `{problem.expected}`, got `{problem.found}`") from None
    raise ValueError(f"Expected `{wanted.__name__.lower()}`, got `{type(found).__name__}`")


def _explain(problem: msgspec.ValidationError, document: Document) -> InvalidManifest:
    match = _PROBLEM.fullmatch(str(problem))
    assert match is not None
    said = match["said"]
    path = (match["path"] or "$").removeprefix("$").removeprefix(".")
    if missing := _MISSING.match(said):
        path = f"{path}.{missing['field']}".removeprefix(".")
        return InvalidManifest(
            "a required field is missing",
            where=f"{title(document)}: {path}",
            expected=missing["field"],
            found="nothing",
        )
    wrong, found = _EXPECTED.search(said), _shown(_at(document, path))
    return WrongType(
        "a field has the wrong type",
        where=f"{title(document)}: {path}",
        expected=_type_words(wrong["expected"]) if wrong else said,
        found=f"{_type_words(wrong['found'])} {found}".strip() if wrong else found,
    )


def _type_words(name: str) -> str:
    names = {"object": "mapping", "array": "list", "str": "text", "int": "whole number",
             "bool": "true or false", "float": "number", "null": "nothing"}  # fmt: skip
    return " or ".join(names.get(part, part) for part in name.split(" | "))


def _shown(value: object) -> str:
    return "" if value is None else repr(value)[:60]


def _at(document: Any, path: str) -> Any:
    """The value at a path such as `spec.containers[0].image`; None where it cannot be followed."""
    for key, position in re.findall(r"([^.\[\]]+)|\[(\d+)\]", path):
        try:
            document = document[int(position)] if position else document[key]
        except (KeyError, IndexError, TypeError):
            return None
    return document


def warnings_for(document: Document, kind: Kind) -> list[str]:
    """What of a document is kept but not acted on, by path; a deprecated `kind`."""
    said = [kind.deprecation] if kind.deprecation else []
    paths = [] if kind.custom else list(_beyond_view(document, kind.type))
    # What components report is theirs to know: it stands in the status, and warns nobody.
    paths = [path for path in paths if path.partition(".")[0] not in _SILENT]
    for path in kind.not_simulated:
        paths += filled_paths(document, path)
    return said + [f"{title(document)}: {path}: {KEPT}" for path in dict.fromkeys(paths)]


KEPT = "Kubernetes has it; this simulation does not act on it"
_SILENT = ("status", "apiVersion", "kind", "metadata")


def _beyond_view(value: object, shape: object, path: str = "") -> Iterator[str]:
    """The paths of the fields that a document has and its view, of a type `shape`, has not."""
    shape, origin, inner = _taken_apart(shape)
    if isinstance(value, list) and origin is list:
        for position, item in enumerate(value):
            yield from _beyond_view(item, inner[0], f"{path}[{position}]")
    elif isinstance(value, dict) and origin is dict:
        for key, item in value.items():
            yield from _beyond_view(item, inner[1], f"{path}.{key}")
    elif isinstance(value, dict) and isinstance(shape, type) and issubclass(shape, msgspec.Struct):
        fields = _fields(shape)
        for key, item in value.items():
            here = f"{path}.{key}".removeprefix(".")
            if key in fields:
                yield from _beyond_view(item, fields[key], here)
            elif item not in (None, "", [], {}):
                yield here


@cache
def _fields(shape: type[msgspec.Struct]) -> dict[str, Any]:
    hints = typing.get_type_hints(shape)
    return {f.encode_name: hints[f.name] for f in msgspec.structs.fields(shape)}


@cache
def _taken_apart(shape: Any) -> tuple[Any, Any, tuple[Any, ...]]:
    """A type without None, its origin (`list` of `list[str]`), and its arguments."""
    if isinstance(shape, types.UnionType):
        parts = [part for part in typing.get_args(shape) if part is not types.NoneType]
        shape = parts[0] if len(parts) == 1 else shape
    return shape, typing.get_origin(shape), typing.get_args(shape)


@cache
def _attributes(shape: type[msgspec.Struct]) -> dict[str, tuple[str, Any, Any]]:
    """The attribute, the type and the default of each field of a view, by the field's name."""
    hints = typing.get_type_hints(shape)
    return {
        f.encode_name: (f.name, hints[f.name], _ABSENT if f.required else _default(f))
        for f in msgspec.structs.fields(shape)
    }


def _default(field: msgspec.structs.FieldInfo) -> Any:
    made = field.default_factory
    return field.default if made is msgspec.NODEFAULT else made()
