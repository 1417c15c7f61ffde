"""Build a control plane, then break parts of it: quorum, leader, term, and what users notice."""

from __future__ import annotations

import html
from collections.abc import Callable

import ipywidgets as widgets

from course_lib.cluster import Cluster
from course_lib.cluster.health import Health, MachineHealth, Part, health
from course_lib.errors import CourseError
from course_lib.widgets.drawing import Panel, button, row
from course_lib.widgets.player import Player

STEP = 2.0  # simulated seconds of one step
KEPT = 60  # answers of the API, one a simulated second, that the strip shows
BUILD: dict[str, Callable[[int, int], Cluster]] = {
    "all-in-one": lambda masters, etcd: Cluster.all_in_one(),
    "single etcd, single master": lambda masters, etcd: Cluster.single_master(),
    "single etcd, HA masters": lambda masters, etcd: Cluster.ha_masters(masters),
    "clustered etcd, HA masters": lambda masters, etcd: Cluster.ha_etcd(masters, etcd),
    "clustered etcd, stacked": lambda masters, etcd: Cluster.ha_etcd(
        masters, masters, stacked=True
    ),
}
MASTERS_CHOSEN = (
    "single etcd, HA masters",
    "clustered etcd, HA masters",
    "clustered etcd, stacked",
)
MEMBERS_CHOSEN = ("clustered etcd, HA masters",)
LOOKS = {
    "good": ("#00785A", "white", "&#10003;"),
    "idle": ("#56B4E9", "black", "&#8211;"),
    "bad": ("#B34700", "white", "!"),
}
STYLE = """
<style>
.course-plane {font: 12px/1.4 sans-serif; color: var(--jp-ui-font-color1, black);}
.course-plane .row {display: flex; flex-wrap: wrap; gap: 8px; justify-content: center;
  margin-bottom: 10px;}
.course-plane .machine {border: 2px solid #0072B2; border-radius: 6px; padding: 4px 6px;
  min-width: 150px;}
.course-plane .machine.down {border: 2px dashed #B34700;}
.course-plane .machine.cut {border: 4px double #B34700;}
.course-plane h4 {margin: 0 0 3px 0; font-size: 12px;}
.course-plane h4 small {font-weight: normal; opacity: 0.8;}
.course-plane .part {display: block; border-radius: 4px; padding: 0 6px; margin: 2px 0;}
.course-plane .strip span {display: inline-block; width: 8px; height: 14px; margin-right: 1px;}
.course-plane .strip b {display: inline-block; width: 40px; font-weight: normal;}
.course-plane table {border-collapse: collapse;}
.course-plane td, .course-plane th {padding: 0 10px 0 0; text-align: left;}
</style>
"""


class ControlPlaneView(Player, Panel):
    """A control plane to break; everything works by keyboard too (Tab, then Space or arrows).

    Once a simulated second a user reads from the API and writes to it: the strip shows how that
    went.

    >>> view = ControlPlaneView(Cluster.ha_etcd())
    >>> view.step(10)
    >>> view.answers[-1]
    (True, True)
    """

    def __init__(self, cluster: Cluster | None = None) -> None:
        self.picture = widgets.HTML()
        self.message = widgets.HTML()
        wide = {"description_width": "initial"}
        self.kind = widgets.Dropdown(
            options=list(BUILD), value="clustered etcd, HA masters", description="Configuration",
            style=wide,
        )  # fmt: skip
        narrow = widgets.Layout(width="110px")
        self.masters = widgets.Dropdown(
            options=[2, 3, 5], value=3, description="Masters", style=wide, layout=narrow
        )
        self.etcd = widgets.Dropdown(
            options=[1, 3, 5, 7], value=3, description="Members", style=wide, layout=narrow
        )
        self.build = button("Build", "cube", "Build a new control plane like this one")
        self.make_play("Let simulated time run, one second in each real one")
        self.step_once = button("Step", "step-forward", f"Let {STEP:g} simulated seconds pass")
        self.machine = widgets.Dropdown(description="Machine")
        self.kill = button("Kill", "bolt", "Cut the machine's power")
        self.restore = button("Restore", "plug", "Give the machine its power back")
        self.cut = button("Cut off", "unlink", "Cut the machine off from all others")
        self.heal = button("Heal links", "link", "Close all cuts")
        self.process = widgets.Dropdown(description="Process")
        self.kill_process = button("Kill process", "times", "Kill one process (kill -9)")
        self._wire()
        super().__init__(
            [
                row(self.kind, self.masters, self.etcd, self.build),
                row(self.play, self.step_once),
                row(self.machine, self.kill, self.restore, self.cut, self.heal),
                row(self.process, self.kill_process),
                self.picture,
                self.message,
            ]
        )
        self._show(cluster or Cluster.ha_etcd())

    def _wire(self) -> None:
        def name() -> str:
            return str(self.machine.value)

        self.build.on_click(lambda _: self._build())
        self.step_once.on_click(lambda _: self.step())
        self.kill.on_click(lambda _: self._act(lambda: self.cluster.kill_node(name())))
        self.restore.on_click(lambda _: self._act(lambda: self.cluster.restore_node(name())))
        self.cut.on_click(lambda _: self._act(lambda: self.cluster.cut(name())))
        self.heal.on_click(lambda _: self._act(lambda: self.cluster.heal()))
        self.kill_process.on_click(
            lambda _: self._act(lambda: self.cluster.kill_process(name(), str(self.process.value)))
        )
        self.machine.observe(lambda _: self._list_processes(), names="value")
        self.kind.observe(lambda _: self._enable_sizes(), names="value")

    def _enable_sizes(self) -> None:
        """A configuration's size can be chosen only where it has one."""
        self.masters.disabled = self.kind.value not in MASTERS_CHOSEN
        self.etcd.disabled = self.kind.value not in MEMBERS_CHOSEN

    def _build(self) -> None:
        self._act(lambda: self._show(BUILD[self.kind.value](self.masters.value, self.etcd.value)))

    def _show(self, cluster: Cluster) -> None:
        """Begin with another cluster."""
        self.cluster = cluster
        self.answers: list[tuple[bool, bool]] = []
        self.machine.options = cluster.control_plane.layout.machines
        self.machine.index = 0
        self._list_processes()
        self.refresh()

    def _list_processes(self) -> None:
        found = self.cluster.control_plane.on(str(self.machine.value))
        self.process.options = [each.name for each in found]
        self.process.index = 0 if found else None
        self.kill_process.disabled = not found

    frame = 0.9  # with the drawing, about a second

    def tick(self) -> None:
        """One second."""
        self.step(1.0)

    def step(self, seconds: float = STEP) -> None:
        """Let simulated time pass, ask the API once a second, and draw."""
        for _ in range(int(seconds)):
            self.cluster.run(1.0)
            seen = health(self.cluster)
            self.answers.append((seen.can_read, seen.can_write))
        self.refresh()

    def refresh(self) -> None:
        """Draw the control plane as it is."""
        self.picture.value = draw(health(self.cluster), self.answers[-KEPT:], self.cluster.now)
        last = self.cluster.sim.log.entries[-1]
        self.message.value = html.escape(f"{last.component}: {last.message}")

    def _act(self, act: Callable[[], object]) -> None:
        try:
            act()
            self.refresh()
        except CourseError as problem:
            self.message.value = html.escape(problem.what)

    def still(self) -> tuple[str, str]:
        """The picture as it is now, and what it is of."""
        return self.picture.value, f"ControlPlane: {health(self.cluster).summary}"


def draw(seen: Health, answers: list[tuple[bool, bool]], now: float) -> str:
    """The drawing, as HTML, with a text alternative.

    `seen` is the state of machines and their parts, `answers` whether each second's read and write
    succeeded, `now` the simulated time (s).
    """
    rows = "".join(
        f'<div class="row">{"".join(map(_machine, row))}</div>' for row in seen.rows if row
    )
    needed = seen.members // 2 + 1
    quorum = f"{seen.working} of {seen.members} members run, {needed} are needed"
    led = f"{seen.leader} in term {seen.term}" if seen.leader else f"none (term {seen.term})"
    facts = (
        f"<table><tr><th>Quorum</th><td>{quorum}</td></tr>"
        f"<tr><th>Leader of etcd</th><td>{led}</td></tr>"
        f"<tr><th>Users notice</th><td>{seen.summary}</td></tr></table>"
    )
    label = html.escape(f"{seen.title} at {now:.0f} s: {quorum}; leader {led}; {seen.summary}")
    return (
        f'{STYLE}<div role="img" aria-label="{label}" class="course-plane">{rows}{facts}'
        f"{_strip(answers)}</div>"
    )


def _strip(answers: list[tuple[bool, bool]]) -> str:
    """One bar a second: full where the API answered."""
    lines = []
    for place, name in enumerate(("read", "write")):
        bars = "".join(
            f'<span style="background:{"#00785A" if each[place] else "#B34700"}'
            f'{"" if each[place] else ";height:5px"}"></span>'
            for each in answers
        )
        lines.append(f'<div class="strip"><b>{name}</b> {bars or "no time has passed yet"}</div>')
    return "".join(lines)


def _machine(machine: MachineHealth) -> str:
    zone = f" <small>{html.escape(machine.zone)}</small>" if machine.zone else ""
    look, state = ("", "") if machine.up else (" cut", ": cut off")
    if not machine.powered:
        look, state = " down", ": no power"
    return (
        f'<div class="machine{look}"><h4>{html.escape(machine.name)}{state}{zone}</h4>'
        f"{''.join(map(_part, machine.parts))}</div>"
    )


def _part(part: Part) -> str:
    background, ink, mark = LOOKS[part.look]
    said = html.escape(f"{part.name}: {part.state}")
    return f'<span class="part" style="background:{background};color:{ink}">{mark} {said}</span>'
