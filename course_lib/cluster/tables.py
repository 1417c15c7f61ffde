"""Tables of objects, in the columns and words of `kubectl get`.

Cells are text as kubectl prints them; plain counts are numbers, so that a notebook can go on
with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from course_lib.objects.columns import printed
from course_lib.objects.kind import Kind
from course_lib.objects.kinds.pod.columns import Restarts

if TYPE_CHECKING:
    from course_lib.engine.table import Table


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


def table_rows(
    kind: Kind, objects: Sequence[Any], now: float, namespaces: bool, wide: bool
) -> tuple[list[str], list[list[Any]]]:
    """Column names and rows of `kubectl get`; `namespaces` puts that column first.

    Events come in the order of time, as `kubectl events` has them. `kind` has the columns,
    `objects` are its objects, `now` is the time (simulated s); `wide` adds columns (`-o wide`).
    """
    if kind.kind == "Event":
        objects = sorted(objects, key=lambda e: (e.last_timestamp or "", e.name.rpartition(".")[2]))
    columns, rows = printed(kind, objects, now)
    kept = [place for place, column in enumerate(columns) if wide or not column.wide]
    names = [columns[place].heading for place in kept]
    shown = [["" if row[place] is None else row[place] for place in kept] for row in rows]
    if namespaces:
        names = ["NAMESPACE", *names]
        shown = [[view.namespace, *row] for view, row in zip(objects, shown, strict=True)]
    return names, shown
