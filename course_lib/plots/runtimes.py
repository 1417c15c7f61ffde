"""Runtimes: what a Pod's start costs, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import matplotlib as mpl

from course_lib.cri import CRIClient
from course_lib.experiments.arguments import made_by, several
from course_lib.plots.picture import SETTINGS, Picture, colour_of, picture

STEPS = ("PullImage", "RunPodSandbox", "CreateContainer", "StartContainer")


def start_up(clients: Mapping[str, CRIClient]) -> Picture:
    """The seconds of the calls that started a Pod, a bar for each runtime (simulated s)."""
    several(
        made_by(clients, "clients", dict),
        "clients",
        partial(made_by, kind=str, like="names of runtimes"),
    )
    for name, client in clients.items():
        made_by(client, f"clients: {name}", CRIClient)
    colours, said = colour_of(list(STEPS)), []
    with mpl.rc_context(SETTINGS):
        figure, (axes,) = picture(height=0.9 + 0.4 * len(clients))
        for name, client in clients.items():
            left = 0.0
            for method in STEPS:
                seconds = sum(c.end - c.start for c in client.calls if c.method == method)
                label = method if name == next(iter(clients)) else None
                axes.barh(name, seconds, left=left, color=colours[method], label=label)
                left += seconds
            said.append(f"{name} {left:.2f} s")
        axes.set(xlabel="simulated seconds until the container runs")
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
        figure.legend(loc="outside upper center", ncols=len(STEPS))
    figure.alt = f"Start of a Pod by runtime: {', '.join(said)}."
    return figure
