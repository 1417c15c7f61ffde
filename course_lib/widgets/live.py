"""The live cluster: run, pause, step; kill a node; change a replica count; and watch."""

from __future__ import annotations

import html
from typing import Any

import ipywidgets as widgets

from course_lib.cluster import Cluster
from course_lib.errors import CourseError
from course_lib.widgets.drawing import button, draw, with_still
from course_lib.widgets.player import Player

STEP = 5.0  # simulated seconds of one step


class LiveCluster(Player, widgets.VBox):
    """A cluster to click on; everything works by keyboard too (Tab, then Space or arrows).

    Time runs only while it is asked to, `speed` simulated seconds in each real one; the notebook
    stays free meanwhile.

    >>> from course_lib import Cluster
    >>> view = LiveCluster(Cluster(nodes=2))
    >>> view.step()
    >>> view.cluster.now
    5.0
    """

    def __init__(self, cluster: Cluster, namespace: str = "default") -> None:
        self.cluster, self.namespace = cluster, namespace
        self._quiet = False
        self.picture = widgets.HTML()
        self.message = widgets.HTML()
        self.make_play("Let simulated time run")
        self.step_once = button("Step", "step-forward", f"Let {STEP:g} simulated seconds pass")
        self.speed = widgets.BoundedFloatText(
            value=10, min=1, max=600, step=1, description="Speed (s/s)"
        )
        self.node = widgets.Dropdown(options=list(cluster.kubelets), description="Node")
        self.kill = button("Kill", "bolt", "Cut the node's power")
        self.restore = button("Restore", "plug", "Give the node its power back")
        self.cordon = button("Cordon", "ban", "Cordon the node, or uncordon it")
        self.workload = widgets.Dropdown(options=self._workloads(), description="Workload")
        self.replicas = widgets.BoundedIntText(value=1, min=0, max=500, description="Replicas")
        self.step_once.on_click(lambda _: self.step())
        self.kill.on_click(lambda _: self._act(lambda: cluster.kill_node(self.node.value)))
        self.restore.on_click(lambda _: self._act(lambda: cluster.restore_node(self.node.value)))
        self.cordon.on_click(lambda _: self._act(self._toggle_cordon))
        self.workload.observe(lambda _: self.refresh(), names="value")
        self.replicas.observe(self._on_replicas, names="value")
        super().__init__(
            [
                widgets.HBox([self.play, self.step_once, self.speed]),
                widgets.HBox([self.node, self.kill, self.restore, self.cordon]),
                widgets.HBox([self.workload, self.replicas]),
                self.picture,
                self.message,
            ]
        )
        self.refresh()

    def tick(self) -> None:
        """One frame, as much simulated time as the speed says."""
        self.step(self.frame * self.speed.value)

    def step(self, seconds: float = STEP) -> None:
        """Let simulated time pass, and draw."""
        self.cluster.run(seconds)
        self.refresh()

    def refresh(self) -> None:
        """Draw the cluster as it is."""
        self.picture.value = draw(self.cluster, self.namespace)
        last = self.cluster.sim.log.entries[-1:] or None
        said = f": {last[0].component}: {last[0].message}" if last else ""
        self.message.value = html.escape(f"{self.cluster.now:.0f} s{said}")
        self._quiet = True
        workloads = self._workloads()
        if tuple(workloads) != tuple(self.workload.options):
            self.workload.options = workloads
        if self.workload.value:
            self.replicas.value = self._selected().spec.replicas
        self._quiet = False

    def _act(self, act: Any) -> None:
        try:
            act()
            self.refresh()
        except CourseError as problem:
            self.message.value = html.escape(str(problem))

    def _toggle_cordon(self) -> None:
        name = self.node.value
        cordoned = self.cluster.api.get("Node", name).spec.unschedulable  # type: ignore[attr-defined]
        (self.cluster.uncordon if cordoned else self.cluster.cordon)(name)

    def _on_replicas(self, change: dict[str, Any]) -> None:
        if not self._quiet and self.workload.value:
            self._act(
                lambda: self.cluster.scale(self.workload.value, change["new"], self.namespace)
            )

    def _selected(self) -> Any:
        kind, _, name = self.workload.value.partition("/")
        named = "Deployment" if kind == "deployment" else "StatefulSet"
        return self.cluster.api.get(named, name, self.namespace)

    def _workloads(self) -> list[str]:
        return [
            f"{found.kind.lower()}/{found.name}"
            for kind in ("Deployment", "StatefulSet")
            for found in self.cluster.api.list(kind, self.namespace)
        ]

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The widget where there is a kernel; on a static page, a still picture."""
        said = f"LiveCluster at {self.cluster.now:.0f} s"
        return with_still(super()._repr_mimebundle_(**kwargs), self.picture.value, said)
