"""Utilisation over time: what Pods on nodes request, of what the nodes can give."""

from __future__ import annotations

import matplotlib as mpl
from matplotlib.ticker import PercentFormatter

from course_lib.cluster import Cluster
from course_lib.objects.kinds.pod.requests import ZERO, total
from course_lib.plots.picture import COLOURS, SETTINGS, Picture, picture

ENDED = ("", "Completed", "Error", "Evicted")


def utilisation_over_time(cluster: Cluster, since: float = 0.0) -> Picture:
    """CPU and memory requested by the Pods that have a node, as shares of all allocatable."""
    nodes = cluster.api.list("Node")
    said = []
    with mpl.rc_context(SETTINGS):
        figure, (axes,) = picture(height=2.6)
        for resource, colour in (("cpu", COLOURS[0]), ("memory", COLOURS[1])):
            given = sum(float((n.status.allocatable or {}).get(resource, ZERO)) for n in nodes)
            held: dict[str, float] = {}
            times, shares = [0.0], [0.0]
            for moment in cluster.history.moments:
                if moment.status in ENDED or not moment.node:
                    held.pop(moment.uid, None)
                else:
                    held[moment.uid] = float(total(moment.spec, "requests").get(resource, ZERO))
                times.append(moment.time)
                shares.append(sum(held.values()) / given)
            times.append(cluster.now)
            shares.append(shares[-1])
            name = "CPU" if resource == "cpu" else resource
            axes.step(times, shares, where="post", color=colour, label=name, lw=1.5)
            said.append(f"{name} {shares[-1]:.0%}")
        axes.set(xlabel="simulated time (s)", ylabel="requested / allocatable")
        axes.set(xlim=(since, max(cluster.now, since + 1)), ylim=(0, 1.05))
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    figure.alt = f"Requested at {cluster.now:g} s: " + ", ".join(said) + "."
    return figure
