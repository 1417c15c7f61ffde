"""Packing: nodes as bars, Pods as tiles in them; and as a heat map of how full nodes are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import matplotlib as mpl
import numpy as np

from course_lib.cluster.arguments import count
from course_lib.experiments.arguments import made_by, named, several
from course_lib.orchestrators import Machine, Placed, Workload
from course_lib.plots.picture import GREY, SETTINGS, Picture, colour_of
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.plugins.gpu_share import MILLI

UNITS = {"cpu": ("CPU (cores)", 1000.0), "memory": ("memory (GiB)", 1024.0)}


def packing(
    placed: Mapping[str, Sequence[Placed]],
    workloads: Sequence[Workload],
    machines: Sequence[Machine],
    resource: str = "cpu",
) -> Picture:
    """Where each engine put each task: a panel an engine, a bar a machine, a tile a task.

    `placed` is what `orchestrators.compare` returns; the grey frame is the machine's size.
    `workloads` and `machines` are those that were compared; `resource` is `cpu` or `memory`.
    """
    _check(placed)
    label, unit = UNITS[named(resource, "resource", UNITS, "resource")]
    sizes = {w.name: getattr(w, resource) / unit for w in workloads}
    colours = colour_of(list(sizes))
    waiting = []
    with mpl.rc_context(SETTINGS):
        figure = Picture(figsize=(7.5, 3.0), layout="constrained")
        panels = figure.subplots(1, len(placed), sharey=True, squeeze=False)[0]
        for axes, (engine, tasks) in zip(panels, placed.items(), strict=True):
            for x, machine in enumerate(machines):
                size = getattr(machine, resource) / unit
                axes.bar(x, size, color="none", edgecolor=GREY, width=0.85)
                bottom = 0.0
                for task in (t for t in tasks if t.machine == machine.name):
                    name = task.task.rpartition(".")[0]
                    axes.bar(x, sizes[name], bottom=bottom, color=colours[name], width=0.85,
                             edgecolor="white", lw=0.7)  # fmt: skip
                    bottom += sizes[name]
            out = sum(not t.machine for t in tasks)
            waiting.append(f"{engine} {_in_words(tasks, machines)}, {out} waiting")
            axes.set_title(f"{engine}\n{out} waiting" if out else f"{engine}\n", fontsize=8)
            names = [machine.name for machine in machines]
            axes.set_xticks(range(len(machines)), names, rotation=90)
            axes.grid(False, axis="x")
        panels[0].set_ylabel(label)
        tiles = [mpl.patches.Patch(color=colours[name], label=name) for name in sizes]
        figure.legend(handles=tiles, loc="outside lower center", ncols=len(tiles))
    figure.alt = "Tasks on each machine, by engine: " + "; ".join(waiting) + "."
    return figure


def _check(placed: Mapping[str, Sequence[Placed]]) -> None:
    """Raise `CourseError` for what is not what `orchestrators.compare` returns."""
    for engine in several(
        made_by(placed, "placed", dict),
        "placed",
        partial(made_by, kind=str, like="names of engines"),
    ):
        for task in placed[engine]:
            made_by(task, f"placed: {engine}", Placed)


def _in_words(tasks: Sequence[Placed], machines: Sequence[Machine]) -> str:
    counts = [sum(t.machine == machine.name for t in tasks) for machine in machines]
    return "+".join(map(str, counts))


def node_heat_map(nodes: Nodes, columns: int = 40) -> Picture:
    """How full each node is, a cell a node, a panel a resource: requested of allocatable.

    `columns` cells stand in a row. Raises `CourseError` where there are no `nodes`.
    """
    count(len(made_by(nodes, "nodes", Nodes)), "nodes", 1)
    count(columns, "columns", 1)
    resources = {"CPU": "cpu", "memory": "memory", "GPU": MILLI}
    have = {k: v for k, v in resources.items() if nodes.capacity(v).any()}
    width = min(columns, len(nodes))
    rows = -(-len(nodes) // width)
    said = []
    with mpl.rc_context(SETTINGS):
        figure = Picture(figsize=(7.5, 0.6 + len(have) * max(0.5, 0.12 * rows)),
                         layout="constrained")  # fmt: skip
        panels = figure.subplots(len(have), 1, squeeze=False)[:, 0]
        for axes, (title, resource) in zip(panels, have.items(), strict=True):
            capacity = nodes.capacity(resource)
            used = nodes.column(nodes.requested, resource)
            share = np.divide(used, capacity, out=np.full(len(nodes), np.nan), where=capacity > 0)
            cells = np.full(rows * width, np.nan)
            cells[: len(nodes)] = share
            # Cividis is read alike with and without colour vision, and in grey print.
            image = axes.imshow(cells.reshape(rows, width), cmap="cividis", vmin=0, vmax=1,
                                aspect="auto", interpolation="nearest")  # fmt: skip
            axes.set_ylabel(title, rotation=0, ha="right", va="center")
            axes.set_xticks([])
            axes.set_yticks([])
            axes.grid(False)
            said.append(f"{title} {np.nanmean(share):.0%} full on average")
        figure.colorbar(image, ax=list(panels), label="requested / allocatable", fraction=0.05)
    figure.alt = f"{len(nodes)} nodes: " + ", ".join(said) + "."
    return figure
