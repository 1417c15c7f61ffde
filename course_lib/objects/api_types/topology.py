"""How the types of the API are merged: field by field, item by item, or as a whole.

A line of `topology.txt` is a struct and a field (or `*`: the struct itself) with one mark: `atomic`
is replaced as a whole, `map=` names the fields that tell the items of a list apart, `set` is a list
of values, `default=` is what an item has that leaves a field out. Lists without a mark are atomic,
structs and maps are not. Source: kubernetes.io "Server-Side Apply", "Merge strategy"; the file is
written by `python -m tests.peers.topology_peer`.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import msgspec

from course_lib.objects.api_types.table import Type, fields_of

ATOMIC, SET = "atomic", "set"


class Merging(msgspec.Struct, frozen=True):
    """A type with how its values are merged: `mark` is that of its field."""

    type: Type | None = None  # of which nothing is known: custom kinds
    mark: str = ""

    @property
    def atomic(self) -> bool:
        """Whether maps and structs are replaced as a whole."""
        own = self.type is not None and self.type.is_struct and _marks().get((self.type.shape, "*"))
        raw = self.type is not None and self.type.shape == "raw"
        return self.mark == ATOMIC or own == ATOMIC or raw

    @property
    def keys(self) -> tuple[str, ...]:
        """The fields that tell items of a list apart; empty for other lists."""
        return tuple(self.mark[4:].split(",")) if self.mark.startswith("map=") else ()

    @property
    def is_set(self) -> bool:
        """Whether it is a list of values of which each counts by itself."""
        return self.mark == SET

    @property
    def item(self) -> Merging:
        """The items of a list."""
        return Merging(self.type.item if self.type else None)

    @property
    def is_struct(self) -> bool:
        """Whether its fields are known."""
        return self.type is not None and self.type.is_struct

    def has(self, name: str) -> bool:
        """Whether a struct has a field; of other types nobody says."""
        return not self.is_struct or self.type is None or name in fields_of(self.type.shape)

    def field(self, name: str) -> Merging:
        """The field of a `name`, or the value of a key."""
        if self.type is not None and self.type.is_struct:
            found = fields_of(self.type.shape).get(name)
            mark = _marks().get((self.type.shape, name), "")
            return Merging(found.type if found else None, mark)
        return Merging(self.type.item if self.type is not None and self.type.item else None)

    def default(self, name: str) -> str | None:
        """What a field has that an item leaves out."""
        return _defaults().get((self.type.shape, name)) if self.type is not None else None


@cache
def _marks() -> dict[tuple[str, str], str]:
    return {(struct, field): mark for struct, field, mark in _lines() if "default=" not in mark}


@cache
def _defaults() -> dict[tuple[str, str], str]:
    lines = [line for line in _lines() if line[2].startswith("default=")]
    return {(struct, field): mark.removeprefix("default=") for struct, field, mark in lines}


@cache
def _lines() -> list[tuple[str, str, str]]:
    text = files(__package__).joinpath("topology.txt").read_text(encoding="utf-8")
    found = []
    for line in text.splitlines():
        struct, field, mark = line.split(" ", 2)
        found.append((struct, field, mark))
    return found
