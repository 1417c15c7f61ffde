"""A DataFrame that shows its text in full and to the left, as kubectl does; else it is one."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

FULL = ("display.max_colwidth", None, "display.width", 1000, "display.max_columns", None)
LEFT = "text-align: left"
# A wide table scrolls in its own frame, which the keyboard reaches.
SCROLLED = '<div tabindex="0" style="overflow-x: auto">'
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

    def __repr__(self) -> str:
        plain = pd.DataFrame(self)
        names = []
        for place, kind in enumerate(self.dtypes):
            name, cells = str(plain.columns[place]), plain.iloc[:, place]
            if not pd.api.types.is_numeric_dtype(kind):
                shown = [str(cell) for cell in cells.tolist()]  # one by one pandas is slow
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
            shown: str | None = pd.DataFrame._repr_html_(self)  # type: ignore[attr-defined]
        if not shown:
            return shown
        styles = [LEFT, *map(self._style, range(self.shape[1]))]
        rows = shown.replace("<div>", SCROLLED, 1).split("<tr")
        return "<tr".join([rows[0], *(_styled(row, styles) for row in rows[1:])])

    def _style(self, place: int) -> str:
        """A column's side; names, which have no blanks, are not broken at their hyphens."""
        column = self.iloc[:, place]
        if pd.api.types.is_numeric_dtype(column.dtype):
            return "text-align: right"
        spaced = any(" " in str(cell) for cell in column.tolist())
        return LEFT if spaced else f"{LEFT}; white-space: nowrap"


def _styled(row: str, styles: list[str]) -> str:
    """A row of HTML with the style of each column on its cells."""
    places = iter(styles)
    return CELL.sub(lambda cell: f'<{cell[1]} style="{next(places, LEFT)}">', row)
