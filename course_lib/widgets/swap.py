"""Swapping the runtime under a running kubelet: what changes, and what does not."""

from __future__ import annotations

import html

import ipywidgets as widgets

from course_lib.cluster import Cluster
from course_lib.errors import CourseError
from course_lib.objects.kinds.node import Node
from course_lib.objects.kinds.pod.columns import pod_status_word
from course_lib.runtimes import RUNTIMES
from course_lib.widgets.drawing import Panel, button, row

STEP = 10.0  # simulated seconds of one step
STYLE = """
<style>
.course-swap {display: flex; flex-wrap: wrap; gap: 16px; font: 12px/1.4 sans-serif;
  color: var(--jp-ui-font-color1, black);}
.course-swap table {border-collapse: collapse;}
.course-swap td, .course-swap th {border: 1px solid #888; padding: 2px 8px; text-align: left;}
.course-swap td.new {border-left: 4px solid #B34700;}
.course-swap pre {font-size: 11px; line-height: 1.25; margin: 0; background: transparent;
  color: inherit;}
</style>
"""


class RuntimeSwap(Panel):
    """Choose a runtime for a node, swap, let time pass, and compare.

    Everything works by keyboard: Tab moves between the controls, Space presses a button.

    >>> cluster = Cluster(nodes=1)
    >>> _ = cluster.apply("data/web-pod.yaml")
    >>> cluster.run(seconds=20)
    >>> swap = RuntimeSwap(cluster, "node-1")
    >>> swap.choice.value = "rkt"
    >>> swap.swap()
    >>> swap.step()
    >>> swap.facts()["Node: container runtime"]
    'rkt://1.30.0'
    """

    def __init__(self, cluster: Cluster, node: str) -> None:
        self.cluster, self.node = cluster, node
        names = list(RUNTIMES)
        now = cluster.runtimes[node].name
        self.choice = widgets.Dropdown(options=names, value=now, description="Runtime")
        self.do = button("Swap", "exchange", "Put this runtime on the node")
        self.more = button("Step", "step-forward", f"Let {STEP:g} simulated seconds pass")
        self.picture, self.message = widgets.HTML(), widgets.HTML()
        self.do.on_click(lambda _: self.swap())
        self.more.on_click(lambda _: self.step())
        super().__init__([row(self.choice, self.do, self.more), self.picture, self.message])
        self.before = self.facts()
        self.draw()

    def swap(self) -> None:
        """Put the chosen runtime on the node."""
        self.before = self.facts()
        try:
            self.cluster.swap_runtime(self.node, self.choice.value)
            self.message.value = html.escape(
                f"{self.cluster.now:.0f} s: the kubelet speaks to {self.choice.value} now. "
                "Step, until the Pods run again."
            )
        except CourseError as problem:
            self.message.value = html.escape(str(problem))
        self.draw()

    def step(self) -> None:
        """Let simulated time pass."""
        self.cluster.run(STEP)
        self.message.value = f"{self.cluster.now:.0f} s"
        self.draw()

    def facts(self) -> dict[str, str]:
        """What can be said of the node and of its Pods now."""
        found = self.cluster.api.get(Node, self.node)
        info = found.status.node_info or {}
        facts = {
            "Node: kubelet": info.get("kubeletVersion", ""),
            "Node: container runtime": info.get("containerRuntimeVersion", ""),
        }
        for pod in self.cluster.api.list("Pod"):
            if pod.spec.node_name != self.node:
                continue
            name, status = pod.name, pod_status_word(pod)
            facts[f"{name}: UID"] = pod.uid[:8]
            facts[f"{name}: status"] = status
            facts[f"{name}: IP"] = pod.status.pod_ip
            for container in pod.status.container_statuses or ():
                label = f"{name}/{container.name}"
                facts[f"{label}: image"] = container.image
                facts[f"{label}: restarts"] = str(container.restart_count)
                facts[f"{label}: container ID"] = (container.container_id or "")[:24]
        return facts

    def draw(self) -> None:
        """Draw both states side by side, and the process tree."""
        now = self.facts()
        rows = []
        for name in dict.fromkeys((*self.before, *now)):
            old, new = self.before.get(name, ""), now.get(name, "")
            mark = ("new", f"{html.escape(new)} (changed)") if old != new else ("", "same")
            rows.append(
                f"<tr><td>{html.escape(name)}</td><td>{html.escape(old)}</td>"
                f'<td class="{mark[0]}">{mark[1]}</td></tr>'
            )
        tree = html.escape(self.cluster.processes(self.node))
        self.picture.value = (
            f'{STYLE}<div class="course-swap"><table><tr><th></th><th>before</th><th>now</th></tr>'
            f"{''.join(rows)}</table><pre>{tree}</pre></div>"
        )

    def still(self) -> tuple[str, str]:
        """The picture as it is now, and what it is of."""
        return (
            self.picture.value,
            f"RuntimeSwap: {self.node} runs {self.cluster.runtimes[self.node].name}",
        )
