"""Nodes: what their Pods have requested, against what can be given."""

from __future__ import annotations

import matplotlib as mpl

from course_lib.cluster import Cluster
from course_lib.objects.kinds.pod.requests import ZERO, total
from course_lib.plots.picture import COLOURS, GREY, SETTINGS, Picture, picture

UNITS = {"cpu": ("CPU (cores)", 1.0), "memory": ("memory (GiB)", 2.0**30), "pods": ("Pods", 1.0)}


def requested_by_node(cluster: Cluster, resource: str = "cpu") -> Picture:
    """Requested against allocatable, a bar for each node; each Pod is a piece of the bar.

    `resource` is cpu (cores), memory (GiB), or another that nodes have (in its own unit).
    """
    label, unit = UNITS.get(resource, (resource, 1.0))
    nodes = cluster.api.list("Node")
    pods = [p for p in cluster.api.list("Pod") if p.status.phase not in ("Succeeded", "Failed")]
    names, said = [node.name for node in nodes], []
    with mpl.rc_context(SETTINGS):
        figure, (axes,) = picture(height=0.8 + 0.35 * len(nodes))
        for node in nodes:
            allocatable = float((node.status.allocatable or {}).get(resource, ZERO)) / unit
            axes.barh(node.name, allocatable, color="white", edgecolor=GREY, zorder=1)
            left = 0.0
            for pod in (p for p in pods if p.spec.node_name == node.name):
                asked = total(pod.spec, "requests").get(resource, ZERO)
                size = 1.0 if resource == "pods" else float(asked) / unit
                axes.barh(node.name, size, left=left, color=COLOURS[0], edgecolor="white", zorder=2)
                left += size
            said.append(f"{node.name} {left:.3g} of {allocatable:.3g}")
        axes.set(xlabel=f"{label}: a blue piece is the request of a Pod, the frame is allocatable")
        axes.set_yticks(range(len(names)), labels=names)
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
    figure.alt = f"Requested {label} by node: {', '.join(said)}."
    return figure
