"""Tables of objects, in the columns and words of `kubectl get`.

Cells are text as kubectl prints them; plain counts are numbers, so that a notebook can go on
with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from course_lib.cluster.pod_rows import Restarts
from course_lib.cluster.printers import PLAIN, PRINTERS
from course_lib.engine.ages import since

if TYPE_CHECKING:
    from course_lib.engine.table import Table


class Column(NamedTuple):
    """A column's heading, and whether only `-o wide` shows it."""

    name: str
    wide: bool


def table(rows: Sequence[Sequence[Any]], columns: Sequence[str]) -> Table:
    """Rows and columns as a table; pandas is imported only when there is one to show."""
    import pandas as pd

    from course_lib.engine.table import Table

    made = Table(list(rows), columns=list(columns))
    for place, name in enumerate(columns):
        cells = [row[place] for row in rows]
        if any(isinstance(cell, Restarts) for cell in cells):  # pandas makes plain numbers of them
            made[name] = pd.Series(cells, index=made.index, dtype=object)
    return made


def printed(kind: str, objects: Sequence[Any], now: float) -> tuple[list[Column], list[list[Any]]]:
    """All columns of a kind, those of `-o wide` too, and a row for each object.

    `now` is the simulated time in seconds, for ages.
    """
    heading, cells_of = PRINTERS.get(kind, PLAIN)
    names = heading.split("  ")
    columns = [Column(name.removeprefix("+"), name.startswith("+")) for name in names]
    rows = []
    for view in objects:
        cells = list(cells_of(view, now))
        if "AGE" in names:
            cells.insert(names.index("AGE"), since(view.metadata.creation_timestamp, now))
        rows.append(cells)
    return columns, rows


def table_rows(
    kind: str, objects: Sequence[Any], now: float, namespaces: bool, wide: bool
) -> tuple[list[str], list[list[Any]]]:
    """Column names and rows of `kubectl get`; `namespaces` puts that column first.

    Events come in the order of time, as `kubectl events` has them.
    """
    if kind == "Event":
        objects = sorted(objects, key=lambda e: (e.last_timestamp or "", e.name.rpartition(".")[2]))
    columns, rows = printed(kind, objects, now)
    kept = [place for place, column in enumerate(columns) if wide or not column.wide]
    names = [columns[place].name for place in kept]
    shown = [[row[place] for place in kept] for row in rows]
    if namespaces:
        names = ["NAMESPACE", *names]
        shown = [[view.namespace, *row] for view, row in zip(objects, shown, strict=True)]
    return names, shown
