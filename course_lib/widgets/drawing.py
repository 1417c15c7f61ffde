"""The cluster as a drawing: nodes as boxes, Pods as tiles; plain HTML with a text alternative."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import anywidget
import ipywidgets as widgets

from course_lib.cluster import Cluster
from course_lib.objects.kinds.node import Node
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod.columns import pod_row
from course_lib.widgets.groups import MOST_WAITING, PodsByNode, grouped, in_line, number_of
from course_lib.widgets.looks import LOOKS, look_of, state_of, told_of

RUN_ME = "A still picture: run this cell to use its buttons."
STYLE = """
<style>
.course-cluster {display: flex; flex-wrap: wrap; gap: 8px; font: 12px/1.4 sans-serif;}
.course-node {border: 2px solid #0072B2; border-radius: 6px; padding: 6px; min-width: 170px;
  max-width: 330px; color: var(--jp-ui-font-color1, black);}
.course-node.down {border: 2px dashed #B34700;}
.course-node h4 {margin: 0 0 4px 0; font-size: 12px;}
.course-pod {display: inline-block; border-radius: 4px; padding: 1px 6px; margin: 2px;}
</style>
"""


def draw(cluster: Cluster, namespace: str | None = "default") -> str:
    """The drawing, as HTML; many nodes are drawn in groups, with their Pods counted."""
    nodes, pods = cluster.api.list("Node"), PodsByNode(cluster.api, namespace or "")
    if groups := grouped(nodes):
        boxes = [_group_box(title, pods, each) for title, each in groups.items()]
    else:
        boxes = []
        for node in in_line(nodes):
            state, up = state_of(node)
            tiles = [tile(pod, cluster.now) for pod in pods.on(node.name)]
            boxes.append(_box(f"{node.name}: {state}", tiles, "" if up else " down"))
    waiting = pods.on("")
    if waiting:
        tiles = [tile(pod, cluster.now) for pod in waiting[:MOST_WAITING]]
        if more := len(waiting) - len(tiles):
            tiles.append(f"and {more:,} more")
        boxes.append(_box("waiting for a node", tiles, " down"))
    pods.stop()
    text = html.escape(told_of(pods.all_looks, len(nodes), cluster.now))
    return (
        f'{STYLE}<div role="img" aria-label="{text}" class="course-cluster">{"".join(boxes)}</div>'
    )


def _group_box(title: str, pods: PodsByNode, nodes: list[Node]) -> str:
    looks = pods.looks([node.name for node in nodes])
    tiles = [_chip(look, f"{count:,} {look}", "") for look, count in looks.items()]
    down = "" if all(state_of(node)[1] for node in nodes) else " down"
    return _box(f"{title} ({number_of(nodes)})", tiles, down)


def tile(pod: Pod, now: float) -> str:
    """One Pod, as a tile; `now` in simulated seconds."""
    name, ready, status, restarts = pod_row(pod, now)
    tip = f"{name}: {status}, {ready} ready, {restarts} restarts"
    return _chip(
        look_of(pod), name if len(name) <= 14 else f"{name.split('-')[0][:8]}…{name[-5:]}", tip
    )


def _chip(look: str, text: str, tip: str) -> str:
    background, colour, mark = LOOKS[look]
    return (
        f'<span class="course-pod" title="{html.escape(tip)}" '
        f'style="background:{background};color:{colour}">{mark} {html.escape(text)}</span>'
    )


def _box(title: str, tiles: list[str], down: str) -> str:
    inside = "".join(tiles) or "no Pods"
    return f'<div class="course-node{down}"><h4>{html.escape(title)}</h4>{inside}</div>'


# What a widget gives a notebook to show: texts by media type, alone or with metadata.
Bundle = dict[str, Any] | tuple[dict[str, Any], dict[str, Any]] | None


class Keys(anywidget.AnyWidget):
    """Nothing to see: keeps JupyterLab's own keys (`c` copies the cell) out of this output.

    Sliders, whose handles have no name for screen readers, get that of their label. On a narrow
    screen, what is too wide scrolls by itself.
    """

    _css = """
    .course-panel .widget-html-content {min-width: 0; overflow-x: auto;}
    .course-panel .widget-html-content svg {max-width: none;}
    """

    _esm = """
    function render({ el }) {
      const name = (output) => output.querySelectorAll("[role=slider]").forEach((handle) =>
        handle.setAttribute("aria-label",
          handle.closest(".widget-inline-hbox").querySelector("label").textContent));
      const mark = () => {
        const output = el.closest(".jp-OutputArea-output");
        if (!output) {
          if (tries-- > 0) requestAnimationFrame(mark);
          return;
        }
        output.classList.add("course-panel");
        output.addEventListener("focusin", (event) =>
          event.target.setAttribute("data-lm-suppress-shortcuts", "true"));
        new MutationObserver(() => name(output)).observe(output, {childList: true, subtree: true});
        name(output);
      };
      let tries = 60;
      el.style.display = "none";
      mark();
    }
    export default { render };
    """


class Panel(widgets.VBox):
    """A widget of several parts, in which letters and arrows do what they say."""

    def __init__(self, parts: Sequence[widgets.Widget]) -> None:
        super().__init__([*parts, Keys()])

    def still(self) -> tuple[str, str]:
        """For pages without a kernel: a picture as HTML, and the widget in a few words."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs: object) -> Bundle:
        return with_still(super()._repr_mimebundle_(**kwargs), *self.still())


def with_still(bundle: Bundle, still: str, text: str) -> Bundle:
    """A widget's output with a picture beside it, for pages without a kernel.

    `bundle` is what the widget itself shows, `still` the picture as HTML, `text` the widget in
    words.
    """
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    if data is not None:
        data["text/html"] = f"<p><em>{RUN_ME}</em></p>{still}"
        data["text/plain"] = f"{text} ({RUN_ME})"
    return bundle


def onward(choice: widgets.Dropdown) -> widgets.Button:
    """A button that chooses the next option: JupyterLab keeps some keys of a list for itself."""
    made = button("", "chevron-right", f"{choice.description}: the next one")

    def choose(_: widgets.Button) -> None:
        choice.index = (choice.index + 1) % len(choice.options)

    made.on_click(choose)
    return made


def row(*controls: widgets.Widget) -> widgets.HBox:
    """Controls side by side; on a narrow screen, in several lines."""
    return widgets.HBox(controls, layout={"flex_flow": "row wrap"})


def button(text: str, icon: str, tip: str) -> widgets.Button:
    """A button as wide as its text, with a tip for the mouse and for screen readers.

    `text` is its label, `icon` the name of a Font Awesome icon, `tip` the tip.
    """
    whole = widgets.Layout(width="auto", flex="none")
    return widgets.Button(description=text, icon=icon, tooltip=tip, layout=whole)
