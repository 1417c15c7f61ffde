"""Utilisation over time: what Pods on nodes request, of what the nodes can give."""

from __future__ import annotations

import matplotlib as mpl
from matplotlib.ticker import PercentFormatter

from course_lib.cluster import Cluster
from course_lib.cluster.history import ENDED
from course_lib.engine.simulation import duration
from course_lib.errors import CourseError
from course_lib.experiments.arguments import made_by
from course_lib.objects.kinds.pod.requests import ZERO, total
from course_lib.objects.quantity import Quantity
from course_lib.plots.picture import COLOURS, SETTINGS, Picture, picture


def utilisation_over_time(cluster: Cluster, since: float = 0.0) -> Picture:
    """CPU and memory requested by the Pods that have a node, as shares of all allocatable.

    Raises `CourseError` for a cluster without nodes.
    """
    duration(since, "since")
    nodes = made_by(cluster, "cluster", Cluster).api.list("Node")
    if not nodes:
        raise CourseError("nothing to draw", where="cluster", found="no nodes")
    said = []
    with mpl.rc_context(SETTINGS):
        figure, (axes,) = picture(height=2.6)
        for resource, colour in (("cpu", COLOURS[0]), ("memory", COLOURS[1])):
            given = sum(float((n.status.allocatable or {}).get(resource, ZERO)) for n in nodes)
            times, amounts = _requested(cluster, resource)
            shares = [amount / given for amount in amounts]
            name = "CPU" if resource == "cpu" else resource
            axes.step(times, shares, where="post", color=colour, label=name, lw=1.5)
            said.append(f"{name} {shares[-1]:.0%}")
        axes.set(xlabel="simulated time (s)", ylabel="requested / allocatable")
        axes.set(xlim=(since, max(cluster.now, since + 1)), ylim=(0, 1.05))
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    figure.alt = f"Requested at {cluster.now:g} s: " + ", ".join(said) + "."
    return figure


def _requested(cluster: Cluster, resource: str) -> tuple[list[float], list[float]]:
    """Times, and what all Pods that have a node request at each."""
    held: dict[str, Quantity] = {}
    now = ZERO
    times, amounts = [0.0], [0.0]
    for moment in cluster.history.moments:
        now -= held.pop(moment.uid, ZERO)
        if moment.status not in ENDED and moment.node:
            held[moment.uid] = total(moment.spec, "requests").get(resource, ZERO)
            now += held[moment.uid]
        times.append(moment.time)
        amounts.append(float(now))
    return [*times, cluster.now], [*amounts, amounts[-1]]
