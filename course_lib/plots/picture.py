"""One look for all figures, and a form that is the same on every machine.

The colours are those of Okabe and Ito, which colour-blind readers tell apart; the notebook keeps
each figure as SVG, with a title for screen readers, and the same figure has the same bytes.
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from matplotlib.ticker import FuncFormatter

from course_lib.errors import CourseError
from course_lib.experiments.arguments import made_by

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#666666")
GREY = "#BBBBBB"
UNQUOTED = " '()*,/:;=@!$+-._~?[]{}|^`"  # may stand in a data URL between double quotes
SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: searchable, and small
    "svg.hashsalt": "course",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E5E5E5",
    "legend.frameon": False,
}


class Picture(Figure):
    """A matplotlib figure with a text alternative."""

    alt: str = ""
    _svg: str = ""

    def svg(self) -> str:
        """The figure as SVG, with its title; drawn once, as a second layout may differ a little."""
        if not self._svg:
            self._svg = self._draw()
        return self._svg

    def _draw(self) -> str:
        buffer = io.StringIO()
        with mpl.rc_context(SETTINGS):
            self.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
        text = buffer.getvalue()
        # matplotlib names a clip after its place, whose last digit differs between processors.
        for number, name in enumerate(dict.fromkeys(re.findall(r'<clipPath id="(\w+)"', text))):
            text = text.replace(name, f"clip{number}")
        start = text.index("<svg")
        head, rest = text[start:].split(">", 1)
        title = html.escape(self.alt)
        return f'{head} role="img" aria-label="{title}">\n <title>{title}</title>{rest}'

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        """An `img` with alt text: what JupyterLab makes of a bare SVG has none."""
        source = quote(self.svg(), safe=UNQUOTED)
        told = html.escape(self.alt)
        return {
            "text/html": f'<img alt="{told}" src="data:image/svg+xml,{source}">',
            "text/plain": self.alt,
        }


def picture(width: float = 7.5, height: float = 3.0, panels: int = 1) -> tuple[Picture, list[Axes]]:
    """An empty picture (inches) with panels one above the other, sharing their x axis.

    `width` and `height` are those of the whole picture, `panels` is their number.
    """
    with mpl.rc_context(SETTINGS):
        figure = Picture(figsize=(width, height), layout="constrained")
        axes = figure.subplots(panels, 1, sharex=True, squeeze=False)
    return figure, [row[0] for row in axes]


def rounded(
    axes: Axes, corner: tuple[float, float], wide: float, high: float, style: str, **look: Any
) -> None:
    """Add a box with round corners.

    `axes` gets it, `corner` is its lower left one, `wide` and `high` are its size, `style` is
    matplotlib's box style, `look` are further properties.
    """
    axes.add_patch(FancyBboxPatch(corner, wide, high, boxstyle=style, **look))


def check_table(table: object, columns: str, source: str) -> None:
    """Raise `CourseError` for what is no table with rows and with these columns.

    `columns` are their names with commas between them, `source` is the function that returns such
    a `table`.
    """
    found = made_by(table, "table", pd.DataFrame, f"the table of {source}")
    missing = [name for name in columns.split(", ") if name not in found]
    if missing or not len(found):
        raise CourseError(
            "nothing to draw",
            where="table",
            expected=f"the table of {source}, with the columns {columns}",
            found="no rows" if not missing else f"no column {missing[0]}",
        )


def parts(table: pd.DataFrame, column: str) -> Iterator[tuple[Any, pd.DataFrame]]:
    """Each value of a column, in order, with its rows."""
    yield from table.groupby(column, sort=True)


def colour_of(names: list[str]) -> dict[str, str]:
    """A colour for each name, the same for the same names in the same order."""
    return {name: COLOURS[position % len(COLOURS)] for position, name in enumerate(names)}


def plain_ticks(axis: Axis) -> None:
    """Numbers instead of powers on a logarithmic axis, where it spans little."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axis.set_minor_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
