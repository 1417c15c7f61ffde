"""Requests over time: answered and failed, and how long the answers took."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes

from course_lib.cluster import Load
from course_lib.cluster.arguments import number
from course_lib.engine.simulation import duration
from course_lib.experiments.arguments import made_by
from course_lib.plots.picture import COLOURS, GREY, SETTINGS, Picture, picture

BINS = 0.01, 86400.0  # s: a hundredth, which is drawn as a line, and a day


def requests_over_time(
    load: Load,
    bin_seconds: float = 1.0,
    since: float = 0.0,
    events: Mapping[str, float] | None = None,
) -> Picture:
    """Requests a second, answered and failed, above; median latency (ms) below.

    `events` are marked with their names, at simulated seconds. `load` is what `Cluster.load`
    returns; requests since `since` (simulated s) are counted in bins of `bin_seconds`. Raises
    `CourseError` for times that are none.
    """
    _check(load, bin_seconds, since, events)
    times, latencies = np.array(load.times), np.array(load.latencies)
    kept = times >= since
    times, latencies = times[kept], latencies[kept]
    first = float(times.min()) if len(times) else since
    last = float(times.max()) if len(times) else since
    edges = np.arange(first, last + 2 * bin_seconds, bin_seconds)
    failed = np.isnan(latencies)
    good = np.histogram(times[~failed], edges)[0] / bin_seconds
    bad = np.histogram(times[failed], edges)[0] / bin_seconds
    slots = np.digitize(times, edges) - 1
    medians = [_median(latencies[(slots == i) & ~failed]) for i in range(len(edges) - 1)]
    with mpl.rc_context(SETTINGS):
        figure, (above, below) = picture(height=3.6, panels=2)
        above.stairs(good, edges, fill=True, color=COLOURS[4], label="answered")
        above.stairs(good + bad, edges, baseline=good, fill=True, color=COLOURS[5], label="failed")
        above.set(ylabel="requests (1/s)")
        above.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        below.stairs(np.array(medians) * 1000, edges, baseline=None, color=COLOURS[0], lw=1.5)
        below.set(ylabel="median latency (ms)", xlabel="simulated time (s)")
        highest = np.nanmax(medians) * 1000 if good.any() else 1.0
        below.set_ylim(0, 1.2 * highest)  # a flat line stands clear of the frame
        _mark(above, below, events or {})
    counts = f"{len(times)} sent, {int(failed.sum())} failed"
    marked = "".join(f" {name} at {at:.0f} s." for name, at in (events or {}).items())
    figure.alt = f"Requests from {first:.0f} s to {last:.0f} s: {counts}.{marked}"
    return figure


def _check(load: object, bin_seconds: object, since: object, events: object) -> None:
    """Raise `CourseError` for arguments of which there is no figure."""
    made_by(load, "load", Load)
    number(bin_seconds, "bin_seconds", *BINS)
    duration(since, "since")
    for name, at in made_by({} if events is None else events, "events", dict).items():
        duration(at, f"events: {name}")


def _mark(above: Axes, below: Axes, events: Mapping[str, float]) -> None:
    """A dashed line for each event in both panels, with its name above the upper one."""
    for name, at in events.items():
        for axes in (above, below):
            axes.axvline(at, color=GREY, linestyle="--", linewidth=1.0, zorder=0)
        above.annotate(
            name, (at, 1.0), xycoords=("data", "axes fraction"), fontsize=7.5, va="bottom"
        )


def _median(values: np.ndarray) -> float:
    return float(np.median(values)) if len(values) else float("nan")
