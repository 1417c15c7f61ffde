"""A DataFrame that shows its text in full, as kubectl does; for everything else it is one."""

from __future__ import annotations

from typing import Any

import pandas as pd

FULL = ("display.max_colwidth", None, "display.width", 1000, "display.max_columns", None)


class Table(pd.DataFrame):
    """A table of the course; slices of it are tables too.

    >>> long = Table([("web", "so " * 40)], columns=["NAME", "MESSAGE"])
    >>> "..." in repr(long), len(long)
    (False, 1)
    """

    @property
    def _constructor(self) -> Any:
        return Table

    def __repr__(self) -> str:
        with pd.option_context(*FULL):
            return super().__repr__()

    def _repr_html_(self) -> str | None:
        with pd.option_context(*FULL):
            shown = pd.DataFrame._repr_html_(self)  # type: ignore[attr-defined]
        left = 'style="text-align: left'
        return shown and shown.replace("<td>", f'<td {left}">').replace(
            'style="text-align: right', left
        )
