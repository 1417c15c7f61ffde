"""Experiments as pictures: policies over seeds, the curve of fragmentation, sizes of clusters."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.ticker import PercentFormatter

from course_lib.experiments import Run
from course_lib.experiments.arguments import made_by, named, several
from course_lib.plots.picture import (
    SETTINGS,
    Picture,
    check_table,
    colour_of,
    parts,
    picture,
    plain_ticks,
)

if TYPE_CHECKING:
    import pandas as pd

SHARES = ("_mean", "_spread", "_fragmentation")
TITLES = {
    "placed": "Pods placed",
    "pending": "Pods pending",
    "nodes_used": "nodes used",
    "cpu_mean": "CPU requested / allocatable",
    "memory_mean": "memory requested / allocatable",
    "gpu_mean": "GPU requested / allocatable",
    "cpu_fragmentation": "free CPU that no Pod can use",
    "memory_fragmentation": "free memory that no Pod can use",
    "gpu_fragmentation": "free GPU that no Pod can use",
}


def policy_comparison(runs: Sequence[Run], measure: str = "placed") -> Picture:
    """One measure, a group a workload, a point a policy: the mean over seeds, with a line from the
    lowest to the highest seed.

    Raises `CourseError` without `runs`, and for a `measure` that one of them does not have.
    """
    for run in several(runs, "runs", partial(made_by, kind=Run)):
        named(measure, "measure", run.measures, "measure")
    policies = list(dict.fromkeys(run.policy for run in runs))
    workloads = list(dict.fromkeys(run.workload for run in runs))
    colours, said = colour_of(policies), []
    with mpl.rc_context(SETTINGS):
        figure, (axes,) = picture(height=2.8)
        for number, policy in enumerate(policies):
            shift = (number - (len(policies) - 1) / 2) * 0.8 / max(1, len(policies))
            for x, workload in enumerate(workloads):
                found = [
                    run.measures[measure]
                    for run in runs
                    if (run.policy, run.workload) == (policy, workload)
                ]
                if not found:
                    continue
                label = policy if x == 0 else None
                axes.plot([x + shift] * 2, [min(found), max(found)], color=colours[policy], lw=2)
                axes.plot(x + shift, np.mean(found), "o", color=colours[policy], label=label)
                said.append(f"{policy} on {workload} {np.mean(found):.3g}")
        axes.set_xticks(range(len(workloads)), workloads)
        axes.set_ylabel(TITLES.get(measure, measure))
        if measure.endswith(SHARES):
            axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.grid(False, axis="x")
        axes.legend(
            title="dot: mean\nline: lowest to\nhighest seed",
            loc="center left",
            bbox_to_anchor=(1.0, 0.5),
        )
    figure.alt = f"{TITLES.get(measure, measure)}, mean over seeds: " + ", ".join(said) + "."
    return figure


def fragmentation_curve(runs: Sequence[Run]) -> Picture:
    """The share of the free resource that no Pod of the workload could use, while Pods arrive.

    Raises `CourseError` without `runs`.
    """
    several(runs, "runs", partial(made_by, kind=Run))
    policies = list(dict.fromkeys(run.policy for run in runs))
    colours, said = colour_of(policies), []
    with mpl.rc_context(SETTINGS):
        figure, (axes,) = picture()
        for policy in policies:
            curves = [np.array(run.curve) for run in runs if run.policy == policy]
            for curve in curves:
                label = policy if curve is curves[0] else None
                axes.plot(curve[:, 0], curve[:, 1], color=colours[policy], label=label, lw=1.5)
            said.append(f"{policy} {np.mean([curve[-1, 1] for curve in curves]):.0%}")
        axes.set(
            xlabel="Pods that have arrived",
            ylabel="share of the free resource\nthat no Pod can use",
            xlim=(0, 1),
        )
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_formatter(PercentFormatter(1.0))
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    figure.alt = "Free but unusable when all Pods have arrived: " + ", ".join(said) + "."
    return figure


def cluster_sizes(table: pd.DataFrame) -> Picture:
    """Simulated seconds to place, to serve and to recover against the number of Pods.

    `table` is that of `course_lib.experiments.sizes`; dashed lines are those with client limits.
    """
    check_table(table, "PODS, CLIENT LIMITS, PLACED, SERVED, RECOVERED", "experiments.sizes")
    panels = (("PLACED", "SERVED"), ("RECOVERED",))
    colours, said = colour_of([name for panel in panels for name in panel]), []
    with mpl.rc_context(SETTINGS):
        figure, rows = picture(height=4.0, panels=2)
        for axes, names in zip(rows, panels, strict=True):
            for limited, found in parts(table, "CLIENT LIMITS"):
                for name in names:
                    line, colour = "--" if limited else "-", colours[name]
                    label = f"{name.lower()}, with client limits" if limited else name.lower()
                    axes.plot(
                        found["PODS"],
                        found[name],
                        line,
                        marker="o",
                        markersize=9 if limited else 5,  # where two are equal, both can be seen
                        fillstyle="none" if limited else "full",
                        label=label,
                        color=colour,
                        clip_on=False,
                    )
                    last = found.iloc[-1]
                    said.append(f"{label} {last[name]:.3g} s for {last['PODS']} Pods")
            axes.set(ylabel="simulated s", ylim=(0, 1.1 * table[list(names)].to_numpy().max()))
            axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), handlelength=3.6)
        rows[-1].set(xlabel="Pods", xscale="log")
        rows[-1].set_xticks(sorted(set(table["PODS"])))
        plain_ticks(rows[-1].xaxis)
        rows[-1].minorticks_off()
    figure.alt = "Seconds until all Pods are placed, serve, and have recovered: "
    figure.alt += ", ".join(said) + "."
    return figure
