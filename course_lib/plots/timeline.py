"""Pods over time: how many there were on each node, and how many were ready."""

from __future__ import annotations

import matplotlib as mpl
from matplotlib.ticker import MaxNLocator

from course_lib.cluster import Cluster
from course_lib.cluster.history import ENDED
from course_lib.engine.simulation import duration
from course_lib.experiments.arguments import made_by
from course_lib.plots.picture import GREY, SETTINGS, Picture, colour_of, picture

WAITING, ALL_NODES = "no node yet", "on nodes"
MOST_LAYERS = 24  # that are told apart
MOST_POINTS, POINTS = 5000, 2000  # changes that are drawn one by one; steps of the axis otherwise


def pods_over_time(
    cluster: Cluster, since: float = 0.0, namespace: str | None = "default"
) -> Picture:
    """Pods on each node over simulated time, as stacked steps; the line is how many are ready.

    More than 24 nodes are drawn by zone.
    Source: the cluster's own history (`cluster.history.table()`); times in simulated seconds. The
    axis begins at `since`; Pods of all `namespace`s count where it is None.

    >>> pods_over_time(Cluster(nodes=1)).alt
    'Pods on each node from 0 s to 0 s; at the end node-1 0, 0 ready.'
    """
    since, layers = duration(since, "since"), _layers(made_by(cluster, "cluster", Cluster))
    nodes = list(dict.fromkeys(layers.values()))
    times, counts, ready = _steps(cluster, layers, namespace)
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
    where = "on each node" if nodes == list(layers) else "by zone"
    where = "together" if ALL_NODES in nodes else where
    shown = ", ".join(f"{name} {counts[name][-1]:.0f}" for name in nodes)
    figure.alt = (
        f"Pods {where} from {since:g} s to {cluster.now:g} s; at the end {shown}, "
        f"{int(ready[-1])} ready."
    )
    return figure


def _seen(times: list[float], counts: list[float], span: float) -> bool:
    """Whether a count is above zero for long enough to be seen (`span`: seconds of the axis)."""
    lasted = zip(times, times[1:], counts, strict=False)
    return any(count and end - start > span / 500 for start, end, count in lasted)


def _layers(cluster: Cluster) -> dict[str, str]:
    """The layer in which a node's Pods are drawn: its own; of many nodes, that of their zone."""
    nodes = list(cluster.kubelets)
    if len(nodes) <= MOST_LAYERS:
        return {name: name for name in nodes}
    zones = {name: cluster.machines.zone(name) for name in nodes}
    if len(set(zones.values())) > MOST_LAYERS:
        return dict.fromkeys(nodes, ALL_NODES)
    return {name: zone or ALL_NODES for name, zone in zones.items()}


def _steps(
    cluster: Cluster, layers: dict[str, str], namespace: str | None
) -> tuple[list[float], dict[str, list[float]], list[float]]:
    """Times, Pods in each layer at each time, ready Pods at each time.

    If there are very many changes, those that the axis cannot show apart are drawn as one.
    """
    moments = cluster.history.moments
    together = cluster.now / POINTS if len(moments) > MOST_POINTS else 0.0  # s
    known: dict[str, tuple[str, bool]] = {}  # the layer of each Pod, and whether it is ready
    now = dict.fromkeys([*layers.values(), WAITING], 0.0)
    ready = 0.0
    times, readies = [0.0], [0.0]
    counts = {name: [0.0] for name in now}
    for moment in moments:
        if namespace not in (None, moment.namespace):
            continue
        if (before := known.pop(moment.uid, None)) is not None:
            now[before[0]] -= 1
            ready -= before[1]
        if moment.status not in ENDED:
            layer = layers[moment.node] if moment.node else WAITING
            known[moment.uid] = layer, moment.ready
            now[layer] += 1
            ready += moment.ready
        if len(times) > 1 and moment.time < times[-1] + together:
            readies[-1] = ready
            for name, values in counts.items():
                values[-1] = now[name]
        else:
            times.append(moment.time)
            readies.append(ready)
            for name, values in counts.items():
                values.append(now[name])
    for values in counts.values():
        values.append(values[-1])
    return [*times, cluster.now], counts, [*readies, readies[-1]]
