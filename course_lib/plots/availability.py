"""What members, zones and distances do for etcd, as pictures."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap

from course_lib.plots.picture import (
    COLOURS,
    Picture,
    check_table,
    parts,
    picture,
    plain_ticks,
)

ANSWERS = ("READ", "WRITE", "NEW PODS")
KINDS = ("process", "disk", "node", "link", "zone")
SHADES = ("#009E73", "#F0E442", "#D55E00")  # yes, after a while, no


def availability_by_size(table: pd.DataFrame) -> Picture:
    """Minutes a year without a quorum, by members and zones: formula as a line, simulation as dots.

    `table` as `experiments.availability` returns it; the bars are the band of 95 %.
    """
    check_table(
        table, "MEMBERS, ZONES, FORMULA, SIMULATED, LOW, HIGH, DOWN", "experiments.availability"
    )
    figure, [axes] = picture(height=3.4)
    year = 365.25 * 24 * 60
    for place, (zones, part) in enumerate(parts(table, "ZONES")):
        colour = COLOURS[place]
        label = f"in {zones} zone" + ("s" if zones > 1 else "")
        down = (1 - part[["FORMULA", "SIMULATED", "LOW", "HIGH"]]) * year
        axes.plot(part.MEMBERS, down.FORMULA, color=colour, linewidth=1.2, label=label)
        bars = [down.SIMULATED - down.HIGH, down.LOW - down.SIMULATED]
        shift = (place - 1) * 0.08
        at, seen = part.MEMBERS + shift, down.SIMULATED
        axes.errorbar(at, seen, bars, fmt="o", color=colour, markersize=4, capsize=3)
    _by_members(axes, table, "minutes a year\nwithout a quorum")
    axes.legend(title="lines: formula; dots: simulated")
    best = table.sort_values("DOWN").iloc[0]
    figure.alt = (
        f"Minutes a year without a quorum by etcd's size and zones: from {table.DOWN.max():.0f} "
        f"with one member to {best.DOWN:.0f} with {best.MEMBERS:.0f} members in "
        f"{best.ZONES:.0f} zones; two zones are no better than one."
    )
    return figure


def _by_members(axes: Axes, table: pd.DataFrame, label: str) -> None:
    """A logarithmic axis with a `label`, above the numbers of members in a table."""
    axes.set_yscale("log")
    plain_ticks(axes.yaxis)
    axes.set_xticks(sorted(set(table.MEMBERS)))
    axes.set(xlabel="members of etcd", ylabel=label)


def latency_by_size(table: pd.DataFrame) -> Picture:
    """Milliseconds of one write by members and distance: median, and the 99th percentile above.

    `table` as `experiments.latency_by_size` returns it.
    """
    check_table(table, "DISTANCE, MEMBERS, MEDIAN, P99", "experiments.latency_by_size")
    figure, [axes] = picture(height=2.8)
    names = list(dict.fromkeys(table.DISTANCE))
    for place, name in enumerate(names):
        part = table[name == table.DISTANCE]
        bars = [np.zeros(len(part)), part.P99 - part.MEDIAN]
        at, seen, colour = part.MEMBERS + (place - 1) * 0.1, part.MEDIAN, COLOURS[place]
        axes.errorbar(at, seen, bars, fmt="o-", color=colour, markersize=4, capsize=3, label=name)
    _by_members(axes, table, "milliseconds of a write\n(median, up to 99 %)")
    axes.legend(title="members in")
    told = [
        f"{name} {part.MEDIAN.iloc[0]:.1f} to {part.MEDIAN.iloc[-1]:.1f} ms"
        for name, part in table.groupby("DISTANCE", sort=False)
    ]
    figure.alt = "Median time of a write from one to seven members: " + ", ".join(told)
    return figure


def survival(table: pd.DataFrame) -> Picture:
    """The table of single failures as a map: a row a failure, a column a configuration and answer.

    `table` as `experiments.failure_table` returns it. R, W and N: can the API be read, be
    written, are new Pods scheduled.
    """
    columns = "CONFIGURATION, FAILURE, READ, WRITE, NEW PODS"
    check_table(table, columns, "experiments.failure_table")
    failures = sorted(set(table.FAILURE), key=lambda name: (KINDS.index(name.split(":")[0]), name))
    configurations = list(dict.fromkeys(table.CONFIGURATION))
    grid = np.full((len(failures), 4 * len(configurations) - 1), np.nan)
    figure, [axes] = picture(height=0.22 * len(failures) + 1.1)
    for _, row in table.iterrows():
        y = failures.index(row.FAILURE)
        for part, answer in enumerate(ANSWERS):
            x = 4 * configurations.index(row.CONFIGURATION) + part
            word = row[answer]
            grid[y, x] = {"yes": 0, "no": 2}.get(word, 1)
            mark = {"yes": "✓", "no": "✗"}.get(word, word.removeprefix("after ").removesuffix(" s"))
            ink = "black" if grid[y, x] == 1 else "white"
            axes.text(x, y, mark, ha="center", va="center", fontsize=6.5, color=ink)
    axes.imshow(grid, cmap=ListedColormap(SHADES), vmin=0, vmax=2, aspect="auto")
    axes.grid(False)
    axes.set_yticks(range(len(failures)), failures, fontsize=7.5)
    ticks = [4 * c + p for c in range(len(configurations)) for p in range(3)]
    axes.set_xticks(ticks, list("RWN") * len(configurations), fontsize=7.5)
    for place, name in enumerate(configurations):
        axes.text(
            4 * place + 1, -0.9, name.replace(", ", ",\n"), ha="center", va="bottom", fontsize=7
        )
    good = (table[list(ANSWERS)] == "yes").all(axis=1).groupby(table.CONFIGURATION).sum()
    counts = table.groupby("CONFIGURATION").size()
    told = [f"{name} {good[name]} of {counts[name]}" for name in configurations]
    figure.alt = "Single failures that nobody notices at all: " + "; ".join(told)
    return figure
