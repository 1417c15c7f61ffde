"""Pods are deleted from nodes with NoExecute taints, once they tolerate them no longer.

Source: `pkg/controller/tainteviction`.
"""

from __future__ import annotations

from course_lib.client import Client
from course_lib.client.informer import InformerFactory
from course_lib.controllers.controller import Controller, key_of
from course_lib.engine.timestamps import seconds_at
from course_lib.objects.kinds.node import Node, Taint
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.meta import set_condition
from course_lib.objects.tolerations import tolerates


def by_node_name(pod: Pod) -> list[str]:
    """Index function: the node of a Pod; Pods without one are not in the index."""
    return [pod.spec.node_name] if pod.spec.node_name else []


class TaintEvictionController(Controller):
    """Deletes Pods from nodes with NoExecute taints, once they tolerate them no longer."""

    name = "taint-eviction-controller"
    kind = "Pod"

    def __init__(self, api: Client, informers: InformerFactory) -> None:
        self._deadlines: dict[str, float] = {}  # by Pod uid
        super().__init__(api, informers)

    def watches(self) -> None:
        """The nodes, whose taints decide."""
        self.informers.informer(Node).add_handler(self._on_node)

    def _on_node(self, before: Node | None, after: Node | None) -> None:
        seen = after or before
        if seen is None or (before and after and before.spec.taints == after.spec.taints):
            return
        pods = self.informers.informer(Pod).by_index(by_node_name, seen.name)
        self.enqueue_all(map(key_of, pods))

    def reconcile(self, pod: Pod) -> None:
        """Evict one Pod if its time is up, or come back when it will be."""
        if pod.terminating or not pod.spec.node_name:
            return
        namespace, name = key_of(pod)
        node = self.informers.find(Node, pod.spec.node_name)
        harmful = [t for t in (node.spec.taints or ()) if t.effect == "NoExecute"] if node else []
        wait = tolerated_for(pod, harmful)
        if wait is None:
            if self._deadlines.pop(pod.uid, None) is not None:
                self._cancelled(pod)
            return
        since = max(
            (seconds_at(t.time_added) for t in harmful if t.time_added), default=self.sim.now
        )
        deadline = self._deadlines.get(pod.uid, since + wait)
        if self.sim.now < deadline:
            self._deadlines[pod.uid] = deadline
            self.enqueue(key_of(pod), after=deadline - self.sim.now)
            return
        waited = self._deadlines.pop(pod.uid, None) is not None
        message = f"Marking for deletion Pod {namespace}/{name}"
        self.normal(pod, "TaintManagerEviction", message)
        now, reason = self.sim.timestamp, "DeletionByTaintManager"
        why = "Taint manager: deleting due to NoExecute taint"
        conditions = set_condition(
            pod.status.conditions, "DisruptionTarget", "True", now, reason, why
        )
        conditions[-1] |= {"observedGeneration": pod.metadata.generation}
        self.api.patch_status(pod, {"conditions": conditions})
        self.api.delete(Pod, name, namespace, uid=pod.uid)
        if waited and pod.spec.termination_grace_period_seconds == 0:  # gone before its timer is
            self._cancelled(pod)

    def _cancelled(self, pod: Pod) -> None:
        """Say that the eviction of a Pod is off: it is tolerated, or gone."""
        message = f"Cancelling deletion of Pod {pod.namespace}/{pod.name}"
        self.normal(pod, "TaintManagerEviction", message)


def tolerated_for(pod: Pod, taints: list[Taint]) -> float | None:
    """Seconds for which a Pod tolerates all of these taints; None for ever, 0 not at all."""
    shortest: float | None = None
    for taint in taints:
        fitting = [t for t in pod.spec.tolerations or () if tolerates(t, taint)]
        if not fitting:
            return 0.0
        for toleration in fitting:
            seconds = toleration.toleration_seconds
            if seconds is not None:
                shortest = min(max(0.0, seconds), float("inf") if shortest is None else shortest)
    return shortest
