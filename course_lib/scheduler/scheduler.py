"""kube-scheduler: one Pod after the other is given the node that suits it best.

Like the real one it keeps a picture of the cluster from what it watches, and writes its decision
as a binding; the kubelet of that node does the rest.
Source: `pkg/scheduler/schedule_one.go`.
"""

from __future__ import annotations

from typing import Any

import simpy

from course_lib.apiserver import WatchEvent
from course_lib.apiserver.errors import Conflict, NotFound, Unavailable
from course_lib.apiserver.server import ADDED, DELETED
from course_lib.client import Client
from course_lib.engine.simulation import Process
from course_lib.objects.manifests import Source
from course_lib.objects.meta import set_condition
from course_lib.objects.pod import Pod
from course_lib.scheduler.framework import (
    CLAIM_UPDATE,
    NODE_ADD,
    NODE_UPDATE,
    POD_ADD,
    POD_DELETE,
    POD_UPDATE,
    Diagnosis,
    Framework,
)
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.preemption import Candidate, Preemption
from course_lib.scheduler.profiles import default_framework, frameworks, not_acted_on
from course_lib.scheduler.queue import SchedulingQueue, Waiting
from course_lib.scheduler.selection import decide

COMPONENT = "default-scheduler"
CYCLE_SECONDS = 0.002  # for one Pod: a few hundred Pods a second, as scheduler_perf asks


class Scheduler:
    """The scheduler of a cluster, with one profile or several (`KubeSchedulerConfiguration`)."""

    def __init__(self, api: Client, configuration: Source | None = None) -> None:
        self.api, self.sim = api, api.sim
        made = frameworks(configuration, api) if configuration else [default_framework(api)]
        self.frameworks = {framework.name: framework for framework in made}
        for path in not_acted_on(configuration) if configuration else ():
            said = f"{path}: read, but the simulation does not act on it"
            self.sim.record(COMPONENT, "KubeSchedulerConfiguration", "NotActedOn", said)
        self.queue = SchedulingQueue(self.sim, self._wake)
        self.assigned: dict[str, PodInfo] = {}  # Pods with a node, by uid
        self.nominated: dict[str, tuple[PodInfo, str]] = {}  # who waits for victims to leave
        self._nodes: Nodes | None = None
        self._properties: dict[str, Any] = {}  # by node, what of it matters to waiting Pods
        self._random = self.sim.random(COMPONENT)
        self._idle: simpy.Event | None = None
        api.watch("Pod", self._on_pod)
        api.watch("Node", self._on_node)
        api.watch("Namespace", self._on_namespace)
        for kind in ("PersistentVolumeClaim", "PersistentVolume", "StorageClass", "CSINode"):
            api.watch(kind, lambda _: self.queue.move(CLAIM_UPDATE))
        for pod in api.list("Pod"):
            self._on_pod(WatchEvent(ADDED, pod, 0))
        self.sim.loop("scheduler", self._run)

    @property
    def nodes(self) -> Nodes:
        """The present picture of the cluster."""
        if self._nodes is None:
            spaces = {space.name: space.labels for space in self.api.list("Namespace")}
            self._nodes = Nodes(self.api.list("Node"), list(self.assigned.values()), spaces)
        return self._nodes

    def framework(self, pod: PodInfo) -> Framework:
        """The profile that a Pod asks for by its `schedulerName`."""
        return self.frameworks[pod.pod.spec.scheduler_name]

    # Watching

    def _on_node(self, event: WatchEvent) -> None:
        self._nodes = None
        node: Any = event.object
        before = self._properties.get(node.name)
        self._properties[node.name] = now = _scheduling_properties(node)
        if event.type == ADDED:
            self.queue.move(NODE_ADD)
        elif now != before:
            self.queue.move(NODE_UPDATE)

    def _on_namespace(self, event: WatchEvent) -> None:
        self._nodes = None  # terms may select Pods by the labels of their namespace

    def _on_pod(self, event: WatchEvent) -> None:
        pod = event.object
        assert isinstance(pod, Pod)
        over = event.type == DELETED or pod.status.phase in ("Succeeded", "Failed")
        if pod.spec.node_name:
            self.queue.remove(pod.uid)
            self.nominated.pop(pod.uid, None)
            if over:
                self._forget(pod)
            else:
                self._count(pod)
        elif over or pod.terminating:
            self.queue.remove(pod.uid)
            self.nominated.pop(pod.uid, None)
        elif pod.spec.scheduler_name in self.frameworks and not pod.spec.scheduling_gates:
            self.queue.add(PodInfo.of(pod))

    def _count(self, pod: Pod) -> None:
        known = self.assigned.get(pod.uid)
        node = pod.spec.node_name
        if known is not None and known.pod.spec == pod.spec and known.labels == pod.labels:
            info = known.renewed(pod)
            if self._nodes is not None:
                self._nodes.renew(info, node)
        else:
            info = PodInfo.of(pod)
            if self._nodes is not None:
                if known is not None:
                    self._nodes.remove(known, node)
                self._nodes.add(info, node)
        self.assigned[pod.uid] = info
        if known is None:
            self.queue.move(POD_ADD)
        elif known.labels != pod.labels or known.pod.terminating != pod.terminating:
            self.queue.move(POD_UPDATE)

    def _forget(self, pod: Pod) -> None:
        info = self.assigned.pop(pod.uid, None)
        if info is not None:
            if self._nodes is not None:
                self._nodes.remove(info, pod.spec.node_name)
            self.queue.move(POD_DELETE)

    # Scheduling

    def _wake(self) -> None:
        if self._idle is not None and not self._idle.triggered:
            self._idle.succeed()

    def _run(self) -> Process:
        while True:
            waiting = self.queue.pop()
            if waiting is None:
                self._idle = self.sim.env.event()
                yield self._idle
                continue
            try:
                self.schedule_one(waiting)
            except Unavailable:
                self.queue.retry_later(waiting)
            except Exception as error:
                self.sim.failed(error, "scheduler", f"Pod/{waiting.info.pod.name}")
                self.queue.retry_later(waiting)
            yield self.sim.sleep(CYCLE_SECONDS)

    def schedule_one(self, waiting: Waiting) -> None:
        """Find a node for one Pod and bind it, or say why there is none."""
        pod = waiting.info
        nodes = self._with_nominated(pod)
        if not len(nodes):
            self._failed(waiting, "no nodes available to schedule pods", (NODE_ADD,))
            return
        row, diagnosis = decide(self.framework(pod), pod, nodes, self._random)
        if diagnosis is not None:
            self._unschedulable(waiting, nodes, diagnosis)
        else:
            self._bind(waiting, nodes.names[row])

    def _with_nominated(self, pod: PodInfo) -> Nodes:
        """The picture in which nominated Pods of no lower priority are counted already."""
        reserved = [
            (info, node)
            for info, node in self.nominated.values()
            if info.pod.uid != pod.pod.uid and info.pod.spec.priority >= pod.pod.spec.priority
        ]
        if not reserved:
            return self.nodes
        nodes = self.nodes.copy()
        for info, node in reserved:
            nodes.add(info, node)
        return nodes

    def _bind(self, waiting: Waiting, node: str) -> None:
        pod = waiting.info.pod
        try:
            self.api.bind(pod, node)
        except (Conflict, NotFound):
            self.queue.retry_later(waiting)
            return
        bound = self.api.find("Pod", pod.name, pod.namespace)
        if bound is None:
            return
        now = self.sim.timestamp
        conditions = set_condition(bound.status.conditions, "PodScheduled", "True", now)
        self.api.patch_status(bound, {"conditions": conditions, "nominatedNodeName": None})
        message = f"Successfully assigned {pod.namespace}/{pod.name} to {node}"
        self.api.events.normal(COMPONENT, pod, "Scheduled", message)

    def _unschedulable(self, waiting: Waiting, nodes: Nodes, diagnosis: Diagnosis) -> None:
        """PostFilter: try to preempt; then report and wait for what may help."""
        pod = waiting.info
        framework = self.framework(pod)
        preemption = Preemption(framework)
        candidate = None
        if framework.preempts:
            why = preemption.ineligible(pod, nodes)
            if not why:
                budgets = self.api.list("PodDisruptionBudget")
                candidate, why = preemption.find(pod, nodes, diagnosis, budgets)
            if candidate is not None:
                self._preempt(pod, candidate)
            diagnosis.post_filter_message = f"preemption: {why}"
        events = [e for p in framework.plugins if p.name in diagnosis.plugins for e in p.events]
        self._failed(waiting, diagnosis.message(), events)

    def _preempt(self, pod: PodInfo, candidate: Candidate) -> None:
        """Ask the victims to leave, and keep the place for the Pod."""
        for victim in candidate.victims:
            current = self.api.find("Pod", victim.pod.name, victim.pod.namespace)
            if current is None or current.uid != victim.pod.uid or current.terminating:
                continue
            message = f"{COMPONENT}: preempting to accommodate a higher priority pod"
            conditions = set_condition(
                current.status.conditions,
                "DisruptionTarget",
                "True",
                self.sim.timestamp,
                "PreemptionByScheduler",
                message,
            )
            self.api.patch_status(current, {"conditions": conditions})
            self.api.delete("Pod", current.name, current.namespace, uid=current.uid)
            said = f"Preempted by pod {pod.pod.uid} on node {candidate.node}"
            self.api.events.normal(COMPONENT, current, "Preempted", said)
        for uid, (other, node) in list(self.nominated.items()):
            if node == candidate.node and other.pod.spec.priority < pod.pod.spec.priority:
                del self.nominated[uid]
                self.api.patch_status(other.pod, {"nominatedNodeName": None})
        self.nominated[pod.pod.uid] = pod, candidate.node
        self.api.patch_status(pod.pod, {"nominatedNodeName": candidate.node})

    def _failed(self, waiting: Waiting, message: str, events: tuple[str, ...] | list[str]) -> None:
        pod = self.api.find("Pod", waiting.info.pod.name, waiting.info.pod.namespace)
        if pod is None or pod.uid != waiting.info.pod.uid:
            return
        self.api.events.warning(COMPONENT, pod, "FailedScheduling", message)
        conditions = set_condition(
            pod.status.conditions,
            "PodScheduled",
            "False",
            self.sim.timestamp,
            "Unschedulable",
            message,
        )
        self.api.patch_status(pod, {"conditions": conditions})
        self.queue.give_back(waiting, events)


def _scheduling_properties(node: Any) -> tuple[Any, ...]:
    """What of a node, when it changes, can help a waiting Pod: not its images, nor its heartbeat.

    Source: `pkg/scheduler/framework/events.go` (`nodeSchedulingPropertiesChange`).
    """
    conditions = {c.type: c.status for c in node.status.conditions or ()}
    return (
        node.spec.unschedulable,
        node.spec.taints,
        node.status.allocatable,
        dict(node.labels),
        conditions,
    )
