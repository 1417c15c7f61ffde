"""A document as Go's types read it and write it again: what does not fit is refused, unknown fields
are left out, empty ones stand there or not, amounts and times have their stored form.

Source: `pkg/runtime/serializer/json` of k8s.io/apimachinery, which reads with sigs.k8s.io/json, and
Go's `encoding/json`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache

from course_lib.objects.api_types.leaves import LEAF, Leaf, Unfit, rounded_quantity
from course_lib.objects.api_types.table import Field, Type, fields_of
from course_lib.objects.derived import remember
from course_lib.objects.sharing import FEW, encoded, same_ends

Read = Callable[[object, object], object]  # a value, and what stood there before
LONGEST_ALIKE = 256  # bytes; what is longer is seldom the same in several objects
LONGEST_LIST = 1024  # bytes of a list of few items: the conditions of Pods that start together
REMEMBERED = 1024  # values that are told apart by each reader
_EMPTY = {"string": "", "bool": False, "intorstring": 0, "quantity": "0", "bytes": None}


class Unknown(Exception):
    """A field that its type does not have."""


@cache
def reader(type: Type, stored: bool = True) -> Read:
    """The function that reads values of a `type`, and returns them as they are stored.

    It refuses by `Unfit` and `Unknown` (see `faults`). A part that is the same object as before is
    returned as it is. Until a document is `stored`, empty lists and maps stay: some rules tell them
    from absent ones. Storage (Protocol Buffers) does not.
    """
    if type.shape == "list":
        return _list_reader(type, stored)
    if type.shape == "map":
        return _map_reader(type, stored)
    if type.shape == "or" and type.item is not None:
        inner = reader(type.item, stored)
        return lambda value, before: inner(value, before) if isinstance(value, dict) else value
    if type.is_struct:
        return StructReader(type.shape, stored)
    leaf = LEAF[type.shape]
    return lambda value, before: leaf(value)


def _once(read: Read, longest: int = LONGEST_ALIKE) -> Read:
    """Read equal values once: what thousands of Pods have in common is one object in memory.

    Nobody changes what is stored in place.
    """
    known: dict[bytes, object] = {}

    def alike(value: object, before: object) -> object:
        if value is before and value is not None:
            return value
        written = encoded(value)
        if len(written) > longest:
            return read(value, before)
        if written not in known:
            remember(known, written, read(value, before), REMEMBERED)
        return known[written]

    return alike


@lru_cache(maxsize=4096)
def _text(text: str) -> str:
    """One object for equal texts: names of images, addresses of nodes, times."""
    return text


def _list_reader(type: Type, stored: bool) -> Read:
    assert type.item is not None
    item, leaf = reader(type.item, stored), LEAF.get(type.item.shape)
    shareable = stored and type.item.is_struct and not _has_lists(type.item)
    if shareable:
        item = _once(item)

    def read(value: object, before: object) -> object:
        if value is before:
            return value
        if not isinstance(value, list):
            return _nothing(value)
        if not value:
            return None if stored else value
        if leaf is not None:
            return [leaf(each) for each in value]
        if not isinstance(before, list):
            return [item(each, None) for each in value]
        head, tail = same_ends(before, value) if len(value) > FEW else (0, 0)
        old, new = before[head : len(before) - tail], value[head : len(value) - tail]
        known = set(map(id, old))
        beside = old if len(old) == len(new) else [None] * len(new)
        found = [
            each if id(each) in known else item(each, was)
            for each, was in zip(new, beside, strict=True)
        ]
        return [*value[:head], *found, *value[len(value) - tail :]]

    read_once = _once(read, LONGEST_LIST)

    def read_short(value: object, before: object) -> object:
        few = isinstance(value, list) and 0 < len(value) <= FEW
        return read_once(value, before) if few else read(value, before)

    return read_short if shareable else read


def _has_lists(type: Type) -> bool:
    """Whether a struct has a list: its values are long, or seldom equal."""
    return any(field.type.shape == "list" for field in fields_of(type.shape).values())


def _map_reader(type: Type, stored: bool) -> Read:
    assert type.item is not None
    leaf = LEAF.get(type.item.shape)
    if type.is_resource_list:
        leaf = rounded_quantity
    item = reader(type.item, stored)

    def read(value: object, before: object) -> object:
        if value is before:
            return value
        if not isinstance(value, dict):
            return _nothing(value)
        if not value:
            return None if stored else value
        if leaf is not None:
            return {key: leaf(value[key]) for key in sorted(value)}
        was = before if isinstance(before, dict) else {}
        return {key: item(value[key], was.get(key)) for key in sorted(value)}

    return _once(read) if stored and leaf is not None else read


def _nothing(value: object) -> object:
    """No list, or no map."""
    if value is not None:
        raise Unfit
    return None


class StructReader:
    """Reads the values of one struct; prepared at the first value, as a struct may hold its own."""

    def __init__(self, name: str, stored: bool) -> None:
        self._fields, self._stored = fields_of(name), stored
        self._steps: dict[str, tuple[int, bool, bool, type | None, Leaf | None, Read]] = {}
        self._always: list[str] = []

    def _prepare(self) -> None:
        of_many = self._stored and "metadata" not in self._fields  # what has a name is one alone
        for place, field in enumerate(self._fields.values()):
            type, shape = field.type, field.type.shape
            read, simple, leaf = reader(type, self._stored), _SIMPLE.get(shape), LEAF.get(shape)
            if of_many and type.is_struct:
                read = _once(read)
            self._steps[field.name] = place, field.omitted, type.pointer, simple, leaf, read
            if not field.omitted:
                self._always.append(field.name)

    def __call__(self, value: object, before: object) -> object:
        """The struct as it is stored, its fields in Go's order."""
        if value is None:
            value = {}
        if value is before:
            return value
        if not isinstance(value, dict):
            raise Unfit
        if not self._steps:
            self._prepare()
        result, ordered = self._read(value, before if isinstance(before, dict) else _NOTHING)
        for key in self._always:
            if key not in result:
                result[key] = empty(self._fields[key])
                ordered = False
        if ordered:
            return result
        return {key: result[key] for key in self._fields if key in result}

    def _read(
        self, value: dict[str, object], was: dict[str, object]
    ) -> tuple[dict[str, object], bool]:
        """The fields that are there, and whether they stand in order."""
        result: dict[str, object] = {}
        steps, stored, last, ordered = self._steps, self._stored, -1, True
        for key, item in value.items():
            step = steps.get(key)
            if step is None:
                raise Unknown
            place, omitted, pointer, simple, leaf, read = step
            if item is None and pointer:
                if omitted:
                    continue
                result[key] = None
            elif item.__class__ is simple:  # text, true and false: most of all values
                if omitted and not pointer and not item:
                    continue
                result[key] = _text(item) if simple is str else item
            else:
                old = was.get(key)
                if item is old and item is not None:
                    new = item
                else:
                    new = leaf(item) if leaf else read(item, old)
                if omitted and not pointer and not new and (stored or new not in ([], {})):
                    continue
                result[key] = new
            ordered = ordered and place > last
            last = place
        return result, ordered


_SIMPLE: dict[str, type] = {"string": str, "bool": bool}
_NOTHING: dict[str, object] = {}


def empty(field: Field) -> object:
    """What stands in a field that is always there, and of which nothing was said."""
    type = field.type
    if type.pointer or type.shape in ("list", "map", "time", "microtime", "raw", "any", "or"):
        return None
    if type.is_struct:
        return reader(type)({}, None)
    return _EMPTY.get(type.shape, 0)
