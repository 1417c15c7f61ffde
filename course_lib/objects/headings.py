"""Columns of `kubectl get` and of the API server's tables (`TableColumnDefinition` of meta/v1)."""

from __future__ import annotations

from typing import NamedTuple


class Column(NamedTuple):
    """A column; one with a priority above 0 is for `-o wide`."""

    name: str
    type: str = "string"
    format: str = ""
    priority: int = 0
    description: str = ""

    @property
    def heading(self) -> str:
        """What kubectl writes above it."""
        return self.name.upper()

    @property
    def wide(self) -> bool:
        """Whether only `-o wide` shows it."""
        return self.priority > 0


Columns = tuple[Column, ...]


def table_columns(text: str) -> Columns:
    """The columns of a kind in one line, with two spaces between them.

    `+` marks those of `-o wide`; a type that is not `string` stands behind a colon, and `name`
    there says that the column names an object, as the column `Name` always does.

    >>> [tuple(column[:4]) for column in table_columns("Name  Node Count:integer  +IP")]
    [('Name', 'string', 'name', 0), ('Node Count', 'integer', '', 0), ('IP', 'string', '', 1)]
    """
    return tuple(map(_column, text.split("  ")))


def _column(text: str) -> Column:
    name, _, kind = text.removeprefix("+").partition(":")
    naming = "name" in (name.lower(), kind)
    return Column(
        name,
        "string" if naming else kind or "string",
        "name" if naming else "",
        int(text.startswith("+")),
        name,
    )
