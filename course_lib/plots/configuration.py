"""A configuration as a diagram, from the live cluster: machines, processes, and how they fare."""

from __future__ import annotations

from matplotlib.axes import Axes

from course_lib.cluster import Cluster
from course_lib.cluster.health import Health, MachineHealth, health
from course_lib.experiments.arguments import made_by
from course_lib.plots.picture import Picture, picture, rounded

LOOKS = {"good": ("#009E73", "white"), "idle": ("#56B4E9", "black"), "bad": ("#B34700", "white")}
SHORT = {
    "kube-apiserver": "API server",
    "kube-controller-manager": "controller manager",
    "kube-scheduler": "scheduler",
}
MARKS = {"good": "✓", "idle": "–", "bad": "!"}
LINE, GAP = 0.24, 0.22  # inches: of a process, between rows


def configuration(cluster: Cluster) -> Picture:
    """The machines in rows: etcd, control plane, load balancer, workers; each with its processes.

    Green with a tick works, blue with a dash stands by, red with a mark does not work; a machine
    without power, or cut off, has a dashed frame.
    """
    seen = health(made_by(cluster, "cluster", Cluster))
    rows = [row for row in seen.rows if row]
    heights = [max(len(machine.parts) for machine in row) * LINE + 0.42 for row in rows]
    total = sum(heights) + GAP * (len(rows) + 1) + 0.35
    figure, [axes] = picture(width=7.5, height=total)
    axes.set_axis_off()
    axes.set_xlim(0, 7.5)
    axes.set_ylim(0, total)
    axes.text(0.1, total - 0.2, f"{seen.title}: {seen.summary}", weight="bold", fontsize=9)
    top = total - 0.35
    previous: list[tuple[float, float]] = []
    for row, height in zip(rows, heights, strict=True):
        top -= GAP
        width = min(1.9, 7.3 / max(len(row), 1) - 0.12)
        start = (7.5 - len(row) * (width + 0.12) + 0.12) / 2
        centres = []
        for place, machine in enumerate(row):
            left = start + place * (width + 0.12)
            _box(axes, machine, left, top - height, width, height)
            centres.append((left + width / 2, top))
        for x, y in centres:
            for above_x, above_y in previous:
                axes.plot([above_x, x], [above_y, y], color="#BBBBBB", linewidth=0.7, zorder=0)
        previous = [(x, y - height) for x, y in centres]
        top -= height
    figure.alt = _alt(seen)
    return figure


def _box(
    axes: Axes, machine: MachineHealth, left: float, bottom: float, width: float, height: float
) -> None:
    edge = "#0072B2" if machine.up else "#B34700"
    line = "-" if machine.up else "--"
    look = {"edgecolor": edge, "facecolor": "white", "linestyle": line, "linewidth": 1.4}
    corner = left + 0.04, bottom + 0.04
    rounded(axes, corner, width - 0.08, height - 0.08, "round,pad=0.03", **look)
    where = f" ({machine.zone})" if machine.zone else ""
    axes.text(left + 0.1, bottom + height - 0.2, machine.name, fontsize=7.5, weight="bold")
    axes.text(left + 0.1, bottom + height - 0.33, where.strip(), fontsize=6, color="#666666")
    for place, part in enumerate(machine.parts):
        y = bottom + height - 0.62 - place * LINE
        colour, ink = LOOKS[part.look]
        look = {"facecolor": colour, "edgecolor": "none"}
        corner = left + 0.12, y + 0.03
        rounded(axes, corner, width - 0.24, LINE - 0.09, "round,pad=0.02", **look)
        name = SHORT.get(part.name, part.name)
        said = f"{MARKS[part.look]} {name}" + (f": {part.state}" if part.state else "")
        axes.text(left + 0.16, y + 0.06, said, fontsize=6.3, color=ink, va="bottom")


def _alt(seen: Health) -> str:
    told = [
        f"{machine.name}: "
        + ", ".join(f"{part.name} {part.state}".strip() for part in machine.parts)
        for row in seen.rows
        for machine in row
    ]
    return f"{seen.title}: {seen.summary}. " + "; ".join(told)
