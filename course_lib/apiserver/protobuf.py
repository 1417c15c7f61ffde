"""Bodies in Protocol Buffers, as the typed clients of Go send them, such as `kubectl create` does.

A body begins with `k8s` and a zero byte. A message with the kind follows, and in it the object. The
numbers of fields are in the table of types.

Source: `pkg/runtime/serializer/protobuf/protobuf.go` and `pkg/runtime/generated.proto` of
k8s.io/apimachinery; protobuf.dev "Encoding".
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TypeAlias

import msgspec

from course_lib.apiserver.errors import BadRequest
from course_lib.objects.api_types.table import Field, Type, fields_of, type_of
from course_lib.objects.manifests import Document

MAGIC = b"k8s\x00"
Value: TypeAlias = int | bytes  # a number, or what has a length: text, messages
Numbered: TypeAlias = "dict[int, Field | Numbered]"
VARINT, DOUBLE, BYTES, SINGLE = 0, 1, 2, 5  # how a value is written
_UNIX = datetime(1970, 1, 1, tzinfo=UTC)
_NO_TIME = -62_135_596_800  # s of the year 1, which means none
_EVERYWHERE = "DeleteOptions"  # a kind that is in each version


def decode(body: bytes) -> Document:
    """The document of a `body`; raises `BadRequest` for one that is none, or of an unknown kind."""
    if not body.startswith(MAGIC):
        raise BadRequest("provided data does not appear to be a protobuf message")
    try:
        envelope = dict(_parts(body[len(MAGIC) :]))
        head = dict(_parts(_bytes(envelope.get(1, b""))))
        version, kind = _bytes(head.get(1, b"")).decode(), _bytes(head.get(2, b"")).decode()
        type = type_of("v1" if kind == _EVERYWHERE else version, kind)
        if type is None:
            raise BadRequest(f'no kind "{kind}" is registered for version "{version}"')
        content = _message(_bytes(envelope.get(2, b"")), type)
    except (IndexError, struct.error, UnicodeDecodeError, msgspec.DecodeError) as problem:
        raise BadRequest("the body cannot be read as protobuf", found=str(problem)) from None
    return {"apiVersion": version, "kind": kind} | content


def _parts(data: bytes) -> Iterator[tuple[int, Value]]:
    """The fields of a message: number and value."""
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        number, form = key >> 3, key & 7
        if form == VARINT:
            value, place = _varint(data, place)
            yield number, value
            continue
        length = {DOUBLE: 8, SINGLE: 4}.get(form, 0)
        if form == BYTES:
            length, place = _varint(data, place)
        if place + length > len(data) or form not in (DOUBLE, BYTES, SINGLE):
            raise BadRequest("the body cannot be read as protobuf")
        yield number, data[place : place + length]
        place += length


def _varint(data: bytes, place: int) -> tuple[int, int]:
    """A number, seven bits a byte, and where it ends."""
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place


@cache
def _numbered(struct_name: str) -> Numbered:
    """The fields of a struct by their numbers; those of an embedded one are below its number."""
    found: Numbered = {}
    for field in fields_of(struct_name).values():
        here = found
        for number in field.number[:-1]:
            below = here.setdefault(number, {})
            assert isinstance(below, dict)
            here = below
        if field.number:
            here[field.number[-1]] = field
    return found


def _message(data: bytes, type: Type) -> Document:
    """A struct as a document; what is empty and left out in JSON is not there."""
    found: Document = {}
    _read(data, _numbered(type.shape), found)
    return found


def _read(data: bytes, fields: Numbered, found: Document) -> None:
    """Read the fields of a message into a document."""
    for number, value in _parts(data):
        field = fields.get(number)
        if isinstance(field, dict):
            _read(_bytes(value), field, found)
        elif field is not None:
            _set(field, value, found)


def _set(field: Field, value: Value, found: Document) -> None:
    type, name = field.type, field.name
    if type.shape == "list" and type.item is not None:
        found.setdefault(name, []).append(_value(value, type.item))
    elif type.shape == "map" and type.item is not None:
        key, item = _entry(_bytes(value), type.item)
        found.setdefault(name, {})[key] = item
    else:
        read = _value(value, type)
        if read is not None and not (field.omitted and not type.pointer and read in ("", 0, False)):
            found[name] = read


def _entry(data: bytes, item: Type) -> tuple[str, object]:
    """A key of a map with its value."""
    parts = dict(_parts(data))
    empty: Value = 0 if item.shape in _NUMBERS else b""
    return _bytes(parts.get(1, b"")).decode(), _value(parts.get(2, empty), item)


def _value(value: Value, type: Type) -> object:
    if type.is_struct:
        return _message(_bytes(value), type)
    if type.shape == "list" and type.item is not None:  # in a map: a message with the items
        return [_value(each, type.item) for _, each in _parts(_bytes(value))]
    return _LEAVES[type.shape](value)


def _bytes(value: Value) -> bytes:
    if isinstance(value, int):
        raise BadRequest("the body cannot be read as protobuf")
    return value


def _signed(value: Value) -> int:
    assert isinstance(value, int)
    return value - 2**64 if value >= 2**63 else value


def _inner(value: Value) -> dict[int, Value]:
    return dict(_parts(_bytes(value)))


def _moment(value: Value) -> str | None:
    parts = _inner(value)
    seconds = _signed(parts.get(1, 0))
    if not value or seconds == _NO_TIME:
        return None
    return (_UNIX + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _micro_moment(value: Value) -> str | None:
    parts = _inner(value)
    seconds, nanos = _signed(parts.get(1, 0)), _signed(parts.get(2, 0))
    if not value or seconds == _NO_TIME:
        return None
    moment = _UNIX + timedelta(seconds=seconds, microseconds=nanos // 1000)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _number_or_text(value: Value) -> int | str:
    parts = _inner(value)
    if parts.get(1, 0):
        return _bytes(parts.get(3, b"")).decode()
    return _signed(parts.get(2, 0))


def _json(value: Value) -> object:
    raw = _bytes(_inner(value).get(1, b""))
    return msgspec.json.decode(raw) if raw else None


_NUMBERS = ("bool", "int32", "int64", "uint64")
_LEAVES: dict[str, Callable[[Value], object]] = {
    "string": lambda value: _bytes(value).decode(),
    "bool": bool,
    "int32": _signed,
    "int64": _signed,
    "uint64": lambda value: value,
    "float64": lambda value: struct.unpack("<d", _bytes(value))[0],
    "quantity": lambda value: _bytes(_inner(value).get(1, b"0")).decode(),
    "time": _moment,
    "microtime": _micro_moment,
    "duration": lambda value: f"{_signed(_inner(value).get(1, 0))}ns",
    "bytes": lambda value: base64.b64encode(_bytes(value)).decode(),
    "intorstring": _number_or_text,
    "raw": _json,
    "any": _json,
}
