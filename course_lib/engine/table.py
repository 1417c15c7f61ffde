"""A DataFrame that shows its text in full and to the left, as kubectl does; else it is one."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

FULL = ("display.max_colwidth", None, "display.width", 1000, "display.max_columns", None)
CELL = re.compile(r"<(td|th)>")


class Table(pd.DataFrame):
    """A table of the course; slices of it are tables too.

    Text stands to the left and numbers to the right, headings with them.

    >>> long = Table([("web", "so " * 40), ("a", "")], columns=["NAME", "MESSAGE"])
    >>> "..." in repr(long), len(long)
    (False, 2)
    >>> print(Table([("web", 3), ("a", 12)], columns=["NAME", "REPLICAS"]))
      NAME  REPLICAS
    0 web          3
    1 a           12
    """

    @property
    def _constructor(self) -> Any:
        return Table

    def _text_columns(self) -> list[bool]:
        return [not pd.api.types.is_numeric_dtype(kind) for kind in self.dtypes]

    def __repr__(self) -> str:
        plain = pd.DataFrame(self)
        names = []
        for place, text in enumerate(self._text_columns()):
            name, cells = str(plain.columns[place]), plain.iloc[:, place]
            if text:
                shown = [str(cell) for cell in cells]
                wide = max([len(name), *map(len, shown)])
                plain = plain.astype({plain.columns[place]: object}) if len(plain) else plain
                plain.isetitem(place, [each.ljust(wide) for each in shown])
                name = name.ljust(wide)
            names.append(name)
        plain.columns = pd.Index(names)
        with pd.option_context(*FULL):
            return "\n".join(line.rstrip() for line in repr(plain).splitlines())

    def _repr_html_(self) -> str | None:
        with pd.option_context(*FULL):
            shown = pd.DataFrame._repr_html_(self)  # type: ignore[attr-defined]
        if not shown:
            return shown
        sides = ["left", *("left" if text else "right" for text in self._text_columns())]
        rows = shown.split("<tr")
        return "<tr".join([rows[0], *(_aligned(row, sides) for row in rows[1:])])


def _aligned(row: str, sides: list[str]) -> str:
    """A row of HTML with the side of each column on its cells."""
    places = iter(sides)
    return CELL.sub(lambda cell: f'<{cell[1]} style="text-align: {next(places, "left")}">', row)
