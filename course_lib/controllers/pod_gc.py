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
from course_lib.engine import FOR_EVER, SOON, Ticker
from course_lib.errors import CourseError
from course_lib.objects.kinds.node import Node
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod.status import FINAL_PHASES
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
        self._nodes: dict[str, bool] = {}  # by name: whether it has the taint `out-of-service`
        self._ended = 0  # Pods
        super().__init__(api, informers)
        self._ticker = Ticker(self.sim, self.sim.now, CHECK_PERIOD, self._look)
        informers.informer(Node).add_handler(self._on_node)
        informers.informer(Pod).add_handler(self._on_pod)

    def _on_node(self, before: Node | None, after: Node | None) -> None:
        if after is not None:
            self._nodes[after.name] = _tainted(after)
            if not self._nodes[after.name]:
                return
        elif before is not None:
            del self._nodes[before.name]
        self._ticker.wake()

    def _on_pod(self, before: Pod | None, after: Pod | None) -> None:
        """Look again if this Pod may be one to delete."""
        self._ended += _has_ended(after) - _has_ended(before)
        if after is not None:
            node = after.spec.node_name
            lost = node not in self._nodes or (after.terminating and self._nodes[node])
            if (lost if node else after.terminating) or self._ended > MOST_ENDED:
                self._ticker.wake()

    def _look(self) -> float:
        """Delete what is to be deleted; without such a Pod the next rounds would find none."""
        if not self.informers.synced:
            return SOON
        with suppress(CourseError):
            return SOON if self._collect() or self._missing else FOR_EVER
        return SOON

    def _collect(self) -> bool:
        """One round; returns whether there was something to delete."""
        pods: list[Pod] = self.informers.list(Pod)
        nodes = {node.name: node for node in self.informers.list(Node)}
        named = {pod.spec.node_name: None for pod in pods if pod.spec.node_name}
        missing = [name for name in named if name not in nodes]
        self._missing = {name: self._missing.get(name, self.sim.now) for name in missing}
        ended, found = [pod for pod in pods if _has_ended(pod)], False
        ended.sort(
            key=lambda p: (
                p.status.reason != "Evicted",
                p.metadata.creation_timestamp or "",
                p.name,
            )
        )
        for pod in ended[: max(0, len(ended) - MOST_ENDED)]:
            found = True
            self._end(pod)
        for pod in pods:
            node = nodes.get(pod.spec.node_name)
            since = self._missing.get(pod.spec.node_name)
            if since is not None and self.sim.now - since >= QUARANTINE:
                found = True
                self._end(pod, "PodGC: node no longer exists")
            elif (pod.terminating and not pod.spec.node_name) or (
                pod.terminating and node is not None and _out_of_service(node)
            ):
                found = True
                self._end(pod)
        return found

    def _end(self, pod: Pod, why: str = "") -> None:
        """Mark a Pod as failed, unless it has ended, and delete it without grace."""
        if pod.status.phase not in FINAL_PHASES:
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
    return _tainted(node) and not is_true(node.status.conditions, "Ready")


def _tainted(node: Node) -> bool:
    return any(taint.key == OUT_OF_SERVICE for taint in node.spec.taints or ())


def _has_ended(pod: Pod | None) -> bool:
    return pod is not None and pod.status.phase in FINAL_PHASES
