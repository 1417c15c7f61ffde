"""Pods over time: how many there were on each node, and how many were ready."""

from __future__ import annotations

import matplotlib as mpl
from matplotlib.ticker import MaxNLocator

from course_lib.cluster import Cluster
from course_lib.plots.picture import GREY, SETTINGS, Picture, colour_of, picture

WAITING = "no node yet"


def pods_over_time(
    cluster: Cluster, since: float = 0.0, namespace: str | None = "default"
) -> Picture:
    """Pods on each node over simulated time, as stacked steps; the line is how many are ready.

    Source: the cluster's own history (`cluster.history.table()`); times in simulated seconds. The
    axis begins at `since`; Pods of all `namespace`s count where it is None.

    >>> pods_over_time(Cluster(nodes=1)).alt
    'Pods on each node from 0 s to 0 s; at the end node-1 0, 0 ready.'
    """
    nodes = list(cluster.kubelets)
    times, counts, ready = _steps(cluster, nodes, namespace)
    colours = colour_of(nodes) | {WAITING: GREY}
    with mpl.rc_context(SETTINGS):
        figure, (axes,) = picture()
        floor = [0.0] * len(times)
        for name in [*nodes, WAITING]:
            top = [a + b for a, b in zip(floor, counts[name], strict=True)]
            if _seen(times, counts[name], cluster.now - since):
                axes.fill_between(
                    times, floor, top, step="post", color=colours[name], alpha=0.75, label=name,
                    lw=0,
                )  # fmt: skip
            floor = top
        axes.step(times, ready, where="post", color="black", lw=1.5, label="ready")
        axes.set(xlabel="simulated time (s)", ylabel="Pods")
        axes.set(xlim=(since, max(cluster.now, since + 1)), ylim=(0, max([1.0, *floor]) * 1.1))
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    shown = ", ".join(f"{name} {counts[name][-1]:.0f}" for name in nodes)
    figure.alt = (
        f"Pods on each node from {since:g} s to {cluster.now:g} s; at the end {shown}, "
        f"{int(ready[-1])} ready."
    )
    return figure


def _seen(times: list[float], counts: list[float], span: float) -> bool:
    """Whether a count is above zero for long enough to be seen (`span`: seconds of the axis)."""
    lasted = zip(times, times[1:], counts, strict=False)
    return any(count and end - start > span / 500 for start, end, count in lasted)


def _steps(
    cluster: Cluster, nodes: list[str], namespace: str | None
) -> tuple[list[float], dict[str, list[float]], list[float]]:
    """Times, Pods on each node at each time, ready Pods at each time."""
    where: dict[str, str] = {}
    ready: dict[str, bool] = {}
    times = [0.0]
    counts: dict[str, list[float]] = {name: [0.0] for name in [*nodes, WAITING]}
    readies = [0.0]
    for moment in cluster.history.moments:
        if namespace not in (None, moment.namespace):
            continue
        if moment.status in ("", "Completed", "Error", "Evicted"):
            where.pop(moment.uid, None)
            ready.pop(moment.uid, None)
        else:
            where[moment.uid] = moment.node or WAITING
            ready[moment.uid] = moment.ready
        times.append(moment.time)
        placed = list(where.values())
        for name, values in counts.items():
            values.append(float(placed.count(name)))
        readies.append(float(sum(ready.values())))
    for values in counts.values():
        values.append(values[-1])
    return [*times, cluster.now], counts, [*readies, readies[-1]]
