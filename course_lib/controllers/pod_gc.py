"""Pod garbage collector: Pods that no kubelet can end any more (chapter 06).

Every 20 s it looks at all Pods. It deletes those of nodes that have been missing for 40 s, those
that are to be deleted and never had a node, those on nodes with the taint `out-of-service`, and
the oldest of more than 12 500 that have ended.
Source: `pkg/controller/podgc/gc_controller.go`.
"""

from __future__ import annotations

from contextlib import suppress

from course_lib.apiserver.errors import NotFound
from course_lib.client import Client
from course_lib.client.informer import InformerFactory
from course_lib.controllers.controller import Controller
from course_lib.engine.simulation import Process
from course_lib.errors import CourseError
from course_lib.objects.kinds.node import Node
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.manifests import Document
from course_lib.objects.meta import is_true, set_condition

CHECK_PERIOD = 20.0  # s
QUARANTINE = 40.0  # s that a node must have been missing
MOST_ENDED = 12_500  # --terminated-pod-gc-threshold
OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"


class PodGarbageCollector(Controller):
    """Deletes Pods whose end no kubelet can confirm."""

    name = "pod-garbage-collector"

    def __init__(self, api: Client, informers: InformerFactory) -> None:
        self._missing: dict[str, float] = {}  # nodes that Pods name and that are not there: since
        super().__init__(api, informers)
        self.sim.start(self._every_period())

    def _every_period(self) -> Process:
        while True:
            yield from self.informers.wait_for_sync()
            with suppress(CourseError):
                self._collect()
            yield self.sim.sleep(CHECK_PERIOD)

    def _collect(self) -> None:
        pods: list[Pod] = self.informers.list(Pod)
        nodes = {node.name: node for node in self.informers.list(Node)}
        named = {pod.spec.node_name: None for pod in pods if pod.spec.node_name}
        missing = [name for name in named if name not in nodes]
        self._missing = {name: self._missing.get(name, self.sim.now) for name in missing}
        ended = [pod for pod in pods if pod.status.phase in ("Succeeded", "Failed")]
        ended.sort(
            key=lambda p: (
                p.status.reason != "Evicted",
                p.metadata.creation_timestamp or "",
                p.name,
            )
        )
        for pod in ended[: max(0, len(ended) - MOST_ENDED)]:
            self._end(pod)
        for pod in pods:
            node = nodes.get(pod.spec.node_name)
            since = self._missing.get(pod.spec.node_name)
            if since is not None and self.sim.now - since >= QUARANTINE:
                self._end(pod, "PodGC: node no longer exists")
            elif (pod.terminating and not pod.spec.node_name) or (
                pod.terminating and node is not None and _out_of_service(node)
            ):
                self._end(pod)

    def _end(self, pod: Pod, why: str = "") -> None:
        """Mark a Pod as failed, unless it has ended, and delete it without grace."""
        if pod.status.phase not in ("Succeeded", "Failed"):
            now, reason = self.sim.timestamp, "DeletionByPodGC"
            status: Document = {"phase": "Failed"}
            if why:
                status["conditions"] = set_condition(
                    pod.status.conditions, "DisruptionTarget", "True", now, reason, why
                )
            self.api.patch_status(pod, status)
        self.sim.record(self.name, f"Pod/{pod.namespace}/{pod.name}", "PodGC", why)
        with suppress(NotFound):
            self.api.delete(Pod, pod.name, pod.namespace, grace_period=0, uid=pod.uid)


def _out_of_service(node: Node) -> bool:
    """Whether an operator has said that a node that is not ready is switched off."""
    tainted = any(taint.key == OUT_OF_SERVICE for taint in node.spec.taints or ())
    return tainted and not is_true(node.status.conditions, "Ready")
