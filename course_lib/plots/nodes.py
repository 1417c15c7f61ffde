"""Nodes: what their Pods have requested, against what can be given."""

from __future__ import annotations

import matplotlib as mpl

from course_lib.cluster import Cluster
from course_lib.experiments.arguments import made_by
from course_lib.objects.kinds.pod.requests import ZERO, total
from course_lib.objects.kinds.pod.status import FINAL_PHASES
from course_lib.plots.picture import COLOURS, GREY, SETTINGS, Picture, picture

MOST_BARS = 40
UNITS = {"cpu": ("CPU (cores)", 1.0), "memory": ("memory (GiB)", 2.0**30), "pods": ("Pods", 1.0)}


def requested_by_node(cluster: Cluster, resource: str = "cpu") -> Picture:
    """Requested against allocatable, a bar for each node; each Pod is a piece of the bar.

    More than 40 nodes are a curve, the fullest first.
    `resource` is cpu (cores), memory (GiB), or another that nodes have (in its own unit).
    """
    made_by(cluster, "cluster", Cluster)
    label, unit = UNITS.get(made_by(resource, "resource", str, "text"), (resource, 1.0))
    pieces: dict[str, list[float]] = {node.name: [] for node in cluster.api.list("Node")}
    for pod in cluster.api.list("Pod"):
        if pod.status.phase not in FINAL_PHASES and pod.spec.node_name in pieces:
            asked = total(pod.spec, "requests").get(resource, ZERO)
            size = 1.0 if resource == "pods" else float(asked) / unit
            pieces[pod.spec.node_name].append(size)
    allocatable = {
        node.name: float((node.status.allocatable or {}).get(resource, ZERO)) / unit
        for node in cluster.api.list("Node")
    }
    if len(pieces) > MOST_BARS:
        return _curve(label, allocatable, {name: sum(sizes) for name, sizes in pieces.items()})
    return _bars(label, allocatable, pieces)


def _bars(label: str, allocatable: dict[str, float], pieces: dict[str, list[float]]) -> Picture:
    names, said = list(pieces), []
    with mpl.rc_context(SETTINGS):
        figure, (axes,) = picture(height=0.8 + 0.35 * len(names))
        for name, sizes in pieces.items():
            axes.barh(name, allocatable[name], color="white", edgecolor=GREY, zorder=1)
            left = 0.0
            for size in sizes:
                axes.barh(name, size, left=left, color=COLOURS[0], edgecolor="white", zorder=2)
                left += size
            said.append(f"{name} {left:.3g} of {allocatable[name]:.3g}")
        axes.set(xlabel=f"{label}: a blue piece is the request of a Pod, the frame is allocatable")
        axes.set_yticks(range(len(names)), labels=names)
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
    figure.alt = f"Requested {label} by node: {', '.join(said)}."
    return figure


def _curve(label: str, allocatable: dict[str, float], requested: dict[str, float]) -> Picture:
    """Nodes side by side, the fullest first."""
    names = sorted(requested, key=lambda name: (-requested[name], name))
    filled, frame = [requested[n] for n in names], [allocatable[n] for n in names]
    with mpl.rc_context(SETTINGS):
        figure, (axes,) = picture()
        places = range(1, len(names) + 1)
        axes.fill_between(places, filled, step="mid", color=COLOURS[0], lw=0, label="requested")
        axes.step(places, frame, where="mid", color=GREY, label="allocatable")
        axes.set(xlabel="nodes, the fullest first", ylabel=label)
        axes.set(xlim=(1, len(names)), ylim=(0, max([*filled, *frame]) * 1.05))
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    figure.alt = (
        f"Requested {label} of {len(names):,} nodes: from {filled[0]:.3g} of {frame[0]:.3g} on "
        f"{names[0]} down to {filled[-1]:.3g} of {frame[-1]:.3g} on {names[-1]}."
    )
    return figure
