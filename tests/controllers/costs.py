"""Controllers on a bare API server with a small kubelet: what a workload costs, in calls."""

from __future__ import annotations

import sys
from collections.abc import Callable

from course_lib.apiserver import APIServer
from course_lib.client import LocalClient
from course_lib.client.informer import Informer
from course_lib.controllers import MetricsServer, start_controllers
from course_lib.controllers.daemon_placement import target
from course_lib.engine import Simulation
from course_lib.objects.kinds.pod import Pod

TEMPLATE = {
    "metadata": {"labels": {"app": "web"}},
    "spec": {"containers": [{"name": "a", "image": "nginx:1.27"}]},
}
SELECTOR = {"matchLabels": {"app": "web"}}


class ControlPlane:
    """An API server and all controllers; a Pod gets a node and is ready in its turn.

    Each Pod has its own moment, so that each is a change by itself. With `ends`, Pods succeed two
    seconds later.
    """

    def __init__(self, nodes: int, ends: bool = False) -> None:
        self.sim, self.nodes, self.ends = Simulation(1), nodes, ends
        self.api = LocalClient(APIServer(self.sim))
        start_controllers(self.api, MetricsServer(self.sim))
        self.create("v1", "Namespace", "default", namespace="")
        self._waiting: list[Pod] = []
        Informer(self.api, Pod).add_handler(self._on_pod)
        self.sim.start(self._kubelet())

    def create(
        self, version: str, kind: str, name: str, namespace: str = "default", **more
    ) -> None:
        metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
        self.api.create({"apiVersion": version, "kind": kind, "metadata": metadata} | more)

    def workload(self, kind: str, namespace: str = "default", **spec: object) -> None:
        spec = {"selector": SELECTOR, "template": TEMPLATE} | spec
        version = "batch/v1" if kind == "Job" else "apps/v1"
        if kind == "Job":
            del spec["selector"]
        self.create(version, kind, "web", namespace, spec=spec)

    def ready(self, kind: str, field: str, namespace: str = "default") -> int:
        """A number of the status."""
        return getattr(self.api.get(kind, "web", namespace).status, field)

    def _on_pod(self, before: Pod | None, after: Pod | None) -> None:
        if after is None:
            return
        if before is None:
            self._waiting.append(after)
        elif after.terminating and not before.terminating:
            self.sim.at(self.sim.now + 1, lambda: self._remove(after))

    def _remove(self, pod: Pod) -> None:
        if self.api.find(Pod, pod.name, pod.namespace):
            self.api.delete(Pod, pod.name, pod.namespace, grace_period=0)

    def _kubelet(self):
        number = 0
        while True:
            yield self.sim.sleep(0.02)
            pod = self._waiting.pop(0) if self._waiting else None
            pod = pod and self.api.find(Pod, pod.name, pod.namespace)
            if pod and not pod.terminating:
                self.api.bind(pod, target(pod) or f"node-{number % self.nodes}")
                number += 1
                self._state(pod, "Running", "True")
                if self.ends:
                    self.sim.at(self.sim.now + 2, lambda pod=pod: self._state(pod, "Succeeded", ""))

    def _state(self, pod: Pod, phase: str, ready: str) -> None:
        if self.api.find(Pod, pod.name, pod.namespace):
            now, state = self.sim.timestamp, ready or "False"
            stated = {"type": "Ready", "status": state, "lastTransitionTime": now}
            self.api.patch_status(pod, {"phase": phase, "conditions": [stated]})


def calls(act: Callable[[], None]) -> int:
    """How many Python functions are called meanwhile."""
    count = 0

    def on_event(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(on_event)
    try:
        act()
    finally:
        sys.setprofile(None)
    return count
