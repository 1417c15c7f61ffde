"""Watch a packet go, device by device, with its headers."""

from __future__ import annotations

import html
from typing import Any

import ipywidgets as widgets

from course_lib.errors import CourseError
from course_lib.network import PLUGINS, PodNetwork, Trace
from course_lib.network.trace import Hop
from course_lib.objects.manifests import Document
from course_lib.widgets.drawing import Panel, button, onward, row
from course_lib.widgets.headers import STYLE, headers

NODES, PODS = 3, 2


class PacketTracer(Panel):
    """Choose a plugin, a source and a destination; step through the hops, there and back.

    Everything works by keyboard: Tab moves between the controls, Space presses a button; beside
    each list is one that chooses the next.

    >>> tracer = PacketTracer()
    >>> tracer.plugin.value = "flannel-vxlan"
    >>> tracer.destination.value = "pod-5"
    >>> tracer.trace.outcome
    'answered'
    >>> tracer.step(6)
    >>> tracer.hop.action
    'encapsulate: VXLAN 1 to 172.18.0.4'
    """

    def __init__(self, plugin: str = "flannel-host-gw", **settings: Any) -> None:
        self.settings = settings
        self.network = self._build(plugin)
        parties = [*self.network.pods, *self.network.hosts, "outside"]
        self.plugin = widgets.ToggleButtons(
            options=list(PLUGINS),
            value=plugin,
            description="Plugin",
            style={"button_width": "auto"},
        )
        self.source = widgets.Dropdown(options=parties, description="From", layout=_WIDE)
        self.destination = widgets.Dropdown(
            options=parties, value="pod-3", description="To", layout=_WIDE
        )
        self.size = widgets.Dropdown(
            options=[0, 100, 1000, 1460], description="Payload", layout=_WIDE
        )
        self.way = widgets.ToggleButtons(
            options=["request", "answer"], description="", tooltips=["the way there", "and back"]
        )
        self.back = button("Back", "step-backward", "The hop before")
        self.next = button("Next", "step-forward", "The next hop")
        self.picture = widgets.HTML()
        self.at = 0
        self.trace: Trace = self._send()
        for control in (self.plugin, self.source, self.destination, self.size):
            control.observe(self._chosen, "value")
        self.way.observe(self._turned, "value")
        self.back.on_click(lambda _: self.step(-1))
        self.next.on_click(lambda _: self.step(1))
        choices = (self.source, self.destination, self.size)
        super().__init__(
            [
                self.plugin,
                row(*(widgets.HBox([each, onward(each)]) for each in choices)),
                row(self.back, self.next, self.way),
                self.picture,
            ]
        )
        self.draw()

    def _build(self, plugin: str) -> PodNetwork:
        return PodNetwork(plugin, nodes=NODES, pods=PODS, **self.settings)

    def _chosen(self, change: Document) -> None:
        """Something else was chosen: a new network where it is the plugin, and a new packet."""
        if change["owner"] is self.plugin:
            self.network = self._build(self.plugin.value)
        self.at = 0
        self.trace = self._send()
        self.draw()

    def _turned(self, change: Document) -> None:
        self.at = 0
        self.draw()

    def _send(self) -> Trace:
        try:
            return self.network.trace(
                self.source.value, self.destination.value, 80, size=self.size.value
            )
        except CourseError as problem:
            return Trace(
                self.source.value, self.destination.value, 80, "unreachable", str(problem), []
            )

    @property
    def hops(self) -> list[Hop]:
        """The hops of the way that is shown."""
        return self.trace.reply if self.way.value == "answer" else self.trace.hops

    @property
    def hop(self) -> Hop:
        """The hop that is shown."""
        return self.hops[self.at]

    def step(self, count: int) -> None:
        """Go on, or back, by so many hops."""
        self.at = max(0, min(len(self.hops) - 1, self.at + count))
        self.draw()

    def draw(self) -> None:
        """Draw the way, and the packet where it is now."""
        trace, hops = self.trace, self.hops
        end = html.escape(f"{trace.outcome}{': ' + trace.reason if trace.reason else ''}")
        seen = f"; {trace.at} saw <b>{trace.seen}</b>" if trace.seen else ""
        told = f"{trace.source} to {trace.destination}: <b>{end}</b>{seen}"
        if not hops:
            self.picture.value = f'{STYLE}<div class="course-packet"><p>{told}</p></div>'
            return
        self.at = min(self.at, len(hops) - 1)
        places = "".join(
            f'<span class="place{" here" if number == self.at else ""}">{_place(hop)}</span>'
            for number, hop in enumerate(hops)
        )
        hop = hops[self.at]
        changed = hop.after != hop.before
        rows = [("before" if changed else "the packet", headers(hop.before))]
        rows += [("after", headers(hop.after))] if changed else []
        rule = html.escape(hop.rule) or "&#8211;"
        label = html.escape(
            f"Hop {self.at + 1} of {len(hops)}: {hop.at} {hop.device} {hop.action}: {hop.after}"
        )
        body = "".join(f"<tr><th>{name}</th><td>{shown}</td></tr>" for name, shown in rows)
        self.picture.value = (
            f'{STYLE}<div class="course-packet" role="img" aria-label="{label}"><p>{told}</p>'
            f"<div>{places}</div>"
            f"<p><b>Hop {self.at + 1} of {len(hops)}: {html.escape(hop.at)} "
            f"{html.escape(hop.device)}</b>, {html.escape(hop.action)}, "
            f"{hop.seconds * 1e6:.1f} &#181;s, {hop.after.size} bytes</p>"
            f"<table>{body}<tr><th>because of</th><td><pre>{rule}</pre></td></tr></table></div>"
        )

    def still(self) -> tuple[str, str]:
        """The picture as it is now, and what it is of."""
        return self.picture.value, f"PacketTracer: {self.trace.source} to {self.trace.destination}"


_WIDE = widgets.Layout(width="200px")


def _place(hop: Hop) -> str:
    name = hop.at.rpartition("/")[2]
    action = hop.action.partition(":")[0]
    return html.escape(f"{name} {hop.device}".strip()) + f"<br><small>{html.escape(action)}</small>"
