"""The table of types: structs with their fields, and what fields hold.

A line of `release.txt` is a field's name, its type, and marks: `?` is left out while it is empty,
`merge=key` is how strategic merge patches merge a list, `retainKeys` says that they name the fields
that stay, `replace` that they replace it whole, `in=` names an embedded struct, `n=` is the number
in Protocol Buffers (of a field of an embedded struct behind the number of that). `*` is a pointer,
`[]` a list, `map[...]` a map, `or[...]` a struct or another value; after `=` stands the name of a
type in Go.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

import msgspec

from course_lib.errors import CourseError

LEAVES = (
    "string", "bool", "int32", "int64", "uint64", "float64", "quantity", "time", "microtime",
    "duration", "bytes", "intorstring", "raw", "any",
)  # fmt: skip
_MAP = re.compile(r"map\[(?P<key>[^]]*)\](?P<item>.*)")


class Type(msgspec.Struct, frozen=True, eq=False):
    """What a field holds: a leaf, a list or map of `item`, a struct by name, or an `item` or else.

    `go` is its name in messages, such as `v1.Container`; a pointer tells absent from empty.
    """

    shape: str  # a leaf, "list", "map", "or", or the name of a struct
    go: str
    item: Type | None = None
    pointer: bool = False

    @property
    def is_struct(self) -> bool:
        """Whether it has fields of its own."""
        return self.shape not in LEAVES and self.item is None

    @property
    def is_resource_list(self) -> bool:
        """Whether it is a map of amounts, which the API server rounds up to thousandths."""
        return self.go == "v1.ResourceList"


class Field(msgspec.Struct, frozen=True, eq=False):
    """A field of a struct; it is `omitted` while it is empty, or always there."""

    name: str
    type: Type
    omitted: bool = False
    merge_key: str = ""  # of a list that patches merge; "" in a list of texts, too
    merged: bool = False
    retains_keys: bool = False  # a patch that is made of a difference names the fields that stay
    replaced: bool = False  # such a patch has the whole of it
    embedded: str = ""  # the struct that has it, and is a part of this one without a name
    number: tuple[int, ...] = ()  # in Protocol Buffers; first that of the embedded struct


class ReleaseTypes(msgspec.Struct, frozen=True):
    """The structs by name, and the name of each kind's struct by apiVersion and kind."""

    structs: dict[str, dict[str, Field]]
    kinds: dict[tuple[str, str], str]


@cache
def table() -> ReleaseTypes:
    """The types of the release."""
    text = files(__package__).joinpath("release.txt").read_text(encoding="utf-8")
    head, *blocks = text.split("\n\n")
    kinds = {}
    for line in head.splitlines():
        version, kind, _, name = line.split()
        kinds[version, kind] = name
    structs = {}
    for block in blocks:
        name, *lines = block.splitlines()
        structs[name] = {field.name: field for field in map(_field, lines)}
    return ReleaseTypes(structs, kinds)


def fields_of(struct: str) -> dict[str, Field]:
    """The fields of a struct, in Go's order."""
    return table().structs[struct]


def type_of(api_version: str, kind: str) -> Type | None:
    """The type of a kind's documents; None for a kind that the release does not have.

    >>> type_of("apps/v1", "Deployment").go
    'v1.Deployment'
    """
    name = table().kinds.get((api_version, kind))
    return _read(name) if name else None


def type_at(root: Type, path: str) -> Field:
    """The field at a path such as `spec.containers[*].image` below `root`.

    Raises `CourseError` where there is none.
    """
    found, here = None, root
    for step in path.replace("[*]", "").split("."):
        while here.shape in ("list", "or") and here.item is not None:
            here = here.item
        if here.shape == "map" and here.item is not None:
            found, here = Field(step, here.item), here.item
            continue
        found = fields_of(here.shape).get(step) if here.is_struct else None
        if found is None:
            raise CourseError(f"{root.go} has no field {path}", expected="a path of the API")
        here = found.type
    assert found is not None
    return found


def _field(line: str) -> Field:
    name, written, *marks = line.split()
    merge = [mark for mark in marks if mark.startswith("merge")]
    return Field(
        name,
        _read(written),
        omitted="?" in marks,
        merge_key=merge[0].partition("=")[2] if merge else "",
        merged=bool(merge),
        retains_keys="retainKeys" in marks,
        replaced="replace" in marks,
        embedded=next((mark[3:] for mark in marks if mark.startswith("in=")), ""),
        number=next((_number(mark[2:]) for mark in marks if mark.startswith("n=")), ()),
    )


@cache
def _number(written: str) -> tuple[int, ...]:
    return tuple(map(int, written.split(".")))


@cache
def _read(written: str) -> Type:
    """A type as the table writes it."""
    if written.startswith("*"):
        inner = _read(written[1:])
        return Type(inner.shape, inner.go, inner.item, pointer=True)
    if written.startswith("[]"):
        inner, own = _inner(written[2:])
        return Type("list", own or f"[]{inner.go}", inner)
    if written.startswith("or["):  # a schema, or what stands in its place: true, a list
        return Type("or", "v1.JSONSchemaProps", _read(written[3:-1]))
    if match := _MAP.fullmatch(written):
        inner, own = _inner(match["item"])
        key = match["key"].partition("=")
        return Type("map", own or f"map[{key[2] or key[0]}]{inner.go}", inner)
    shape, _, go = written.partition("=")
    if shape in LEAVES:
        return Type(shape, go or _NAMES.get(shape, shape))
    group, _, name = shape.rpartition(".")
    return Type(shape, f"{group.rpartition('/')[2]}.{name}")


_NAMES = {
    "quantity": "resource.Quantity",
    "time": "v1.Time",
    "microtime": "v1.MicroTime",
    "duration": "v1.Duration",
    "bytes": "[]uint8",
    "intorstring": "intstr.IntOrString",
    "raw": "runtime.RawExtension",
}


def _inner(written: str) -> tuple[Type, str]:
    """The type of the items, and the name of the whole where it has one of its own."""
    item, _, go = written.rpartition("=")
    basic = (item or written).lstrip("*")
    if not item:
        return _read(written), ""
    if basic in ("string", "int32", "int64", "bool") and not written.startswith("map["):
        return _read(written), ""
    return _read(item), go
