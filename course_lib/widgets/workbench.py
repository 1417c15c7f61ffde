"""The packing workbench: one workload through five engines; where each puts it, and why."""

from __future__ import annotations

import html
from collections.abc import Sequence

import ipywidgets as widgets

from course_lib.orchestrators import Machine, Placed, Workload, compare, engines
from course_lib.widgets.drawing import Panel, row

MACHINES = tuple(
    Machine(f"m{i + 1}", 4000, 8192, {"zone": "ab"[i % 2], "disk": "ssd" if i < 2 else "hdd"})
    for i in range(4)
)
STYLE = """
<style>
.course-engines {display: flex; flex-wrap: wrap; gap: 12px; font: 12px/1.3 sans-serif;
  color: var(--jp-ui-font-color1, black);}
.course-engine h4 {margin: 0 0 4px 0; font-size: 12px;}
.course-bars {display: flex; gap: 4px; align-items: flex-end;}
.course-machine {display: flex; gap: 1px;}
.course-bar {width: 18px; height: 120px; border: 1.5px solid #888; border-radius: 4px;
  display: flex; flex-direction: column-reverse; overflow: hidden;}
.course-tile {background: #0072B2; color: white; text-align: center; box-sizing: border-box;
  border-top: 1px solid white; overflow: hidden; font-size: 10px;}
.course-tile.latest {background: #B34700;}
.course-bar.memory {width: 5px;}
</style>
"""


LEGEND = (
    "For each machine, the wide bar is its CPU and the narrow one its memory; each tile is a task, "
    "and the task that was placed last is red."
)


class PackingWorkbench(Panel):
    """Change the workload, drag through its tasks, and see five engines place them.

    Everything works by keyboard: Tab moves between the controls, arrows change them.

    >>> bench = PackingWorkbench()
    >>> bench.replicas.value = 3
    >>> len(bench.placed["Kubernetes"])
    3
    """

    def __init__(self, machines: Sequence[Machine] = MACHINES, seed: int = 0) -> None:
        self.machines, self.seed = list(machines), seed
        self.placed: dict[str, list[Placed]] = {}
        style = {"description_width": "100px"}
        self.replicas = widgets.IntSlider(8, 1, 16, description="Tasks", style=style)
        self.cpu = widgets.IntSlider(1000, 100, 4000, 100, description="CPU (m)", style=style)
        self.memory = widgets.IntSlider(
            1024, 128, 8192, 128, description="Memory (MiB)", style=style
        )
        self.apart = _box("each on a machine of its own")
        self.zones = _box("zones used evenly")
        self.ssd = _box("only on machines with an SSD")
        self.step = widgets.IntSlider(8, 0, 8, description="Placed so far", style=style)
        names = [engine.name for engine in engines()]
        self.engine = widgets.Dropdown(options=names, value="Kubernetes", description="Engine")
        self.picture, self.why = widgets.HTML(), widgets.HTML()
        for control in (self.replicas, self.cpu, self.memory, self.apart, self.zones, self.ssd):
            control.observe(lambda _: self.place(), names="value")
        self.step.observe(lambda _: self.draw(), names="value")
        self.engine.observe(lambda _: self.draw(), names="value")
        super().__init__(
            [
                row(
                    widgets.VBox([self.replicas, self.cpu, self.memory]),
                    widgets.VBox([self.apart, self.zones, self.ssd]),
                ),
                self.step,
                self.picture,
                self.engine,
                self.why,
            ]
        )
        self.place()

    @property
    def workload(self) -> Workload:
        """The workload as the controls say it."""
        zones = len({machine.labels.get("zone") for machine in self.machines})
        return Workload(
            "task",
            self.replicas.value,
            self.cpu.value,
            self.memory.value,
            {"disk": "ssd"} if self.ssd.value else {},
            self.apart.value,
            zones if self.zones.value else 0,
        )

    def place(self) -> None:
        """Ask all engines again."""
        self.placed = compare([self.workload], self.machines, self.seed)
        self.step.max = self.replicas.value
        self.step.value = self.replicas.value
        self.draw()

    def draw(self) -> None:
        """Show the first so many tasks."""
        shown = self.step.value
        parts = [self._engine(name, placed[:shown]) for name, placed in self.placed.items()]
        told = "; ".join(
            f"{name}: {sum(bool(p.machine) for p in placed[:shown])} of {shown} placed"
            for name, placed in self.placed.items()
        )
        self.picture.value = (
            f'{STYLE}<div role="img" aria-label="{html.escape(told)}" class="course-engines">'
            f"{''.join(parts)}</div><p>{LEGEND}</p>"
        )
        engine = next(e for e in engines() if e.name == self.engine.value)
        tasks = self.placed[engine.name][:shown]
        said = tasks[-1] if tasks else None
        last = ""
        if said is not None:
            where = f"goes to {said.machine}" if said.machine else "waits"
            last = f"<p><b>{said.task}</b> {where}: {html.escape(said.why)}</p>"
        words = html.escape(engine.words(self.workload))
        self.why.value = (
            f"{last}<details><summary>the {engine.calls_it} for {engine.name}</summary>"
            f"<pre>{words}</pre></details>"
        )

    def _engine(self, name: str, tasks: Sequence[Placed]) -> str:
        bars = "".join(self._bar(machine, tasks) for machine in self.machines)
        waiting = sum(not task.machine for task in tasks)
        note = f" ({waiting} waiting)" if waiting else ""
        return (
            f'<div class="course-engine"><h4>{html.escape(name)}{note}</h4>'
            f'<div class="course-bars">{bars}</div></div>'
        )

    def _bar(self, machine: Machine, tasks: Sequence[Placed]) -> str:
        mine = [task for task in tasks if task.machine == machine.name]
        facts = ", ".join(f"{k} {v}" for k, v in machine.labels.items())
        used = ", ".join(
            f"{len(mine) * each} of {whole} {unit}"
            for each, whole, unit in (
                (self.workload.cpu, machine.cpu, "millicores"),
                (self.workload.memory, machine.memory, "MiB"),
            )
        )
        shares = {
            "": self.workload.cpu / machine.cpu,
            " memory": self.workload.memory / machine.memory,
        }
        bars = ""
        for kind, share in shares.items():
            tiles = "".join(self._tile(task, tasks, share, kind) for task in mine)
            bars += f'<div class="course-bar{kind}">{tiles}</div>'
        return (
            f'<div title="{html.escape(f"{machine.name}: {facts}; {used}")}">'
            f'<div class="course-machine">{bars}</div>{machine.name}</div>'
        )

    def _tile(self, task: Placed, tasks: Sequence[Placed], share: float, kind: str) -> str:
        latest = " latest" if task is tasks[-1] else ""
        number = "" if kind else task.task.partition(".")[2]
        return (
            f'<div class="course-tile{latest}" style="height:{120 * share:.1f}px" '
            f'title="{task.task}">{number}</div>'
        )

    def still(self) -> tuple[str, str]:
        """The picture as it is now, and what it is of."""
        return self.picture.value, "five engines"


def _box(text: str) -> widgets.Checkbox:
    wide = widgets.Layout(width="auto")
    return widgets.Checkbox(False, description=text, indent=False, layout=wide)
