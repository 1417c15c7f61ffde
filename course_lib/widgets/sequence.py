"""The CRI sequence: one call at a time, from the kubelet down to the process, and back."""

from __future__ import annotations

import html
from typing import Any

import ipywidgets as widgets
from google.protobuf import text_format

from course_lib.cri import Call, CRIClient
from course_lib.cri import messages as v1
from course_lib.cri.client import about
from course_lib.runtimes.calls import TimedStep
from course_lib.widgets.drawing import Panel, button, row

LANE, ROW, TOP, LEFT = 150, 30, 44, 75  # pixels
BLUE, ORANGE = "#0072B2", "#B34700"
STYLE = """
<style>
.course-sequence {font: 12px/1.3 sans-serif; color: var(--jp-ui-font-color1, black);}
.course-sequence svg {display: block; max-width: 100%; height: auto;}
.course-sequence text {fill: currentColor; font: 12px sans-serif; paint-order: stroke;
  stroke: var(--jp-layout-color0, white); stroke-width: 4px;}
.course-messages {display: flex; flex-wrap: wrap; gap: 12px;}
.course-messages pre {margin: 0; padding: 6px 8px; border: 1px solid #888; border-radius: 4px;
  font-size: 11px; line-height: 1.25; max-height: 220px; overflow: auto; min-width: 260px;
  flex: 1; background: transparent; color: inherit;}
</style>
"""


class CallSequence(Panel):
    """The calls of one client, drawn as they travelled, with the message in and the message out.

    Everything works by keyboard: Tab moves between the controls, arrows change them.

    >>> from course_lib.cri import simulated
    >>> client = simulated("containerd")
    >>> _ = client.call("PullImage", image={"image": "busybox:1.36"})
    >>> CallSequence(client).call.method
    'PullImage'
    """

    def __init__(self, client: CRIClient, caller: str = "kubelet") -> None:
        self.client, self.caller = client, caller
        here = getattr(client.transport, "shim", None)
        self.shim = (
            here.runtime.flavour.shim if here else "CRI shim"
        )  # what stands behind a socket?
        self.calls: list[Call] = []
        self.everything = widgets.Checkbox(
            description="also calls that only look", indent=False, layout={"width": "auto"}
        )
        self.place = widgets.IntSlider(
            1, 1, 1, description="Call", layout={"width": "420px"}, continuous_update=False
        )
        self.back = button("Back", "chevron-left", "The call before")
        self.forth = button("Next", "chevron-right", "The next call")
        self.renew = button("Refresh", "refresh", "Look for calls made since")
        self.picture = widgets.HTML()
        self.back.on_click(lambda _: self.move(-1))
        self.forth.on_click(lambda _: self.move(1))
        self.renew.on_click(lambda _: self.refresh())
        self.everything.observe(lambda _: self.refresh(), names="value")
        self.place.observe(lambda _: self.draw(), names="value")
        controls = [self.back, self.place, self.forth, self.everything, self.renew]
        super().__init__([row(*controls), self.picture])
        self.refresh()

    @property
    def call(self) -> Call | None:
        """The call that is shown."""
        return self.calls[self.place.value - 1] if self.calls else None

    def refresh(self) -> None:
        """Look at what the client has called so far."""
        self.calls = [c for c in self.client.calls if self.everything.value or not c.looks]
        self.place.max = max(1, len(self.calls))
        self.draw()

    def move(self, by: int) -> None:
        """Show a neighbour."""
        self.place.value = min(max(1, self.place.value + by), self.place.max)

    def draw(self) -> None:
        """Draw the call that is shown."""
        call = self.call
        self.picture.value = drawing(call, self.caller, self.shim) if call else "no calls yet"

    def still(self) -> tuple[str, str]:
        """The picture as it is now, and what it is of."""
        return self.picture.value, f"CallSequence: {len(self.calls)} calls"


def drawing(call: Call, caller: str = "kubelet", shim: str = "CRI shim") -> str:
    """One call as a sequence diagram, with its messages below.

    `caller` and `shim` are the names of the two lanes on the left.
    """
    result = call.error.code if call.error else "OK"
    told = (
        f"{call.method} about {about(call.request) or 'the runtime'}: "
        f"{len(call.hops)} steps below the shim, {call.end - call.start:.2f} s, {result}"
    )
    got = call.error.what if call.error else _text(call.response)
    messages = _message(call.request.DESCRIPTOR.name, _text(call.request))
    messages += _message(_answer_name(call), got)
    return (
        f'{STYLE}<div class="course-sequence"><b>{html.escape(told)}</b>'
        f"{_svg(call, caller, shim, told)}"
        f'<div class="course-messages">{messages}</div></div>'
    )


def _message(name: str, text: str) -> str:
    """A message in a box that the keyboard can scroll."""
    return f'<pre tabindex="0"><b>{html.escape(name)}</b>\n{html.escape(text)}</pre>'


def _text(response: Any) -> str:
    """A message, the parts of a stream, or what stands for an answer that was not kept."""
    if response is None:
        return "(too long to be kept)"
    parts = response if isinstance(response, list) else [response]
    return "".join(map(text_format.MessageToString, parts)) or "(no fields)"


def _answer_name(call: Call) -> str:
    name = v1.METHODS[call.method].response.DESCRIPTOR.name
    return f"error: {call.error.code}" if call.error else str(name)


def _svg(call: Call, caller: str, shim: str, told: str) -> str:
    arrows = [(caller, shim, call.method, BLUE)]
    if call.hops and call.hops[0].source != shim:
        arrows.append((shim, call.hops[0].source, "passes it on", "currentColor"))
    arrows += [(hop.source, hop.target, _step(hop), "currentColor") for hop in call.hops]
    arrows.append((shim, caller, _answer_name(call), ORANGE if call.error else BLUE))
    lanes = list(dict.fromkeys(name for arrow in arrows for name in arrow[:2]))
    width, height = 2 * LEFT + LANE * (len(lanes) - 1) + 60, TOP + ROW * len(arrows) + 20
    centre = {name: LEFT + LANE * place for place, name in enumerate(lanes)}
    parts = []
    for name in lanes:
        x = centre[name]
        parts.append(
            f'<rect x="{x - 62}" y="4" width="124" height="24" rx="4" fill="none" '
            f'stroke="{BLUE}"/><text x="{x}" y="20" text-anchor="middle">{html.escape(name)}</text>'
            f'<line x1="{x}" y1="28" x2="{x}" y2="{height - 6}" stroke="#999" '
            'stroke-dasharray="3 3"/>'
        )
    for number, (source, target, text, colour) in enumerate(arrows):
        parts.append(
            _arrow(centre[source], centre[target], TOP + ROW * (number + 0.6), text, colour)
        )
    title = html.escape(told)
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" role="img" aria-label="{title}">'
        f"<title>{title}</title>{''.join(parts)}</svg>"
    )


def _step(hop: TimedStep) -> str:
    seconds = hop.end - hop.start
    return hop.does + (f" ({seconds:.2f} s)" if seconds >= 0.005 else "")


def _arrow(x1: float, x2: float, y: float, text: str, colour: str) -> str:
    """A line with a head, its text above it, beginning at its left end."""
    head = 6 if x2 >= x1 else -6
    tip = f"{x2},{y:g} {x2 - head},{y - 4:g} {x2 - head},{y + 4:g}"
    start = min(x1, x2) + 6
    return (
        f'<line x1="{x1}" y1="{y:g}" x2="{x2}" y2="{y:g}" stroke="{colour}" stroke-width="1.5"/>'
        f'<polygon points="{tip}" fill="{colour}"/>'
        f'<text x="{start}" y="{y - 5:g}">{html.escape(text)}</text>'
    )
