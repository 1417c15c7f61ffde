"""kube-scheduler: one Pod after the other is given the node that suits it best.

Like the real one it keeps a picture of the cluster from what it watches, and writes its decision
as a binding; the kubelet of that node does the rest.
Source: `pkg/scheduler/schedule_one.go`.
"""

from __future__ import annotations

import numpy as np
import simpy

from course_lib.apiserver import APIServer, WatchEvent
from course_lib.apiserver.errors import Conflict, NotFound
from course_lib.apiserver.server import ADDED, DELETED
from course_lib.engine.simulation import Process
from course_lib.objects.meta import set_condition
from course_lib.objects.pod import Pod
from course_lib.scheduler.framework import (
    CLAIM_UPDATE,
    NODE_ADD,
    NODE_UPDATE,
    POD_DELETE,
    SUCCESS,
    Diagnosis,
    Framework,
)
from course_lib.scheduler.nodes import Nodes, PodInfo
from course_lib.scheduler.plugins import default_framework
from course_lib.scheduler.preemption import Candidate, Preemption
from course_lib.scheduler.queue import SchedulingQueue, Waiting

COMPONENT = "default-scheduler"
CYCLE_SECONDS = 0.002  # for one Pod: a few hundred Pods a second, as scheduler_perf asks


class Scheduler:
    """The default scheduler of a cluster."""

    def __init__(self, api: APIServer, framework: Framework | None = None) -> None:
        self.api, self.sim = api, api.sim
        self.framework = framework or default_framework(api)
        self.preemption = Preemption(self.framework)
        self.queue = SchedulingQueue(self.sim, self._wake)
        self.assigned: dict[str, PodInfo] = {}  # Pods with a node, by uid
        self.nominated: dict[str, tuple[PodInfo, str]] = {}  # who waits for victims to leave
        self._nodes: Nodes | None = None
        self._random = self.sim.random(COMPONENT)
        self._idle: simpy.Event | None = None
        api.watch("Pod", self._on_pod)
        api.watch("Node", self._on_node)
        api.watch("PersistentVolumeClaim", lambda _: self.queue.move(CLAIM_UPDATE))
        self.sim.start(self._run())

    @property
    def nodes(self) -> Nodes:
        """The present picture of the cluster."""
        if self._nodes is None:
            self._nodes = Nodes(self.api.list("Node"), list(self.assigned.values()))
        return self._nodes

    # Watching

    def _on_node(self, event: WatchEvent) -> None:
        self._nodes = None
        self.queue.move(NODE_ADD if event.type == ADDED else NODE_UPDATE)

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
        elif pod.spec.scheduler_name == COMPONENT and not pod.spec.scheduling_gates:
            self.queue.add(PodInfo.of(pod))

    def _count(self, pod: Pod) -> None:
        known = self.assigned.get(pod.uid)
        if known is not None and known.pod.spec == pod.spec:
            # Only its status moved: the columns stand, the view is renewed.
            info = PodInfo(pod, known.requests, known.nonzero, known.ports)
        else:
            info = PodInfo.of(pod)
            if self._nodes is not None:
                if known is not None:
                    self._nodes.remove(known, pod.spec.node_name)
                self._nodes.add(info, pod.spec.node_name)
        self.assigned[pod.uid] = info
        if self._nodes is not None and pod.spec.node_name in self._nodes.rows:
            self._nodes.pods[self._nodes.rows[pod.spec.node_name]][pod.uid] = info

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
            self.schedule_one(waiting)
            yield self.sim.sleep(CYCLE_SECONDS)

    def schedule_one(self, waiting: Waiting) -> None:
        """Find a node for one Pod and bind it, or say why there is none."""
        pod = waiting.info
        nodes = self._with_nominated(pod)
        if not len(nodes):
            self._failed(waiting, "no nodes available to schedule pods", (NODE_ADD,))
            return
        diagnosis = self.framework.filter(pod, nodes)
        feasible = np.flatnonzero(diagnosis.codes == SUCCESS)
        if not len(feasible):
            self._unschedulable(waiting, nodes, diagnosis)
            return
        scores = self.framework.score(pod, nodes, feasible)
        # Upstream also chooses at random among the nodes with the highest score.
        best = feasible[scores == scores.max()]
        self._bind(waiting, nodes.names[int(self._random.choice(best.tolist()))])

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
        why, candidate = self.preemption.ineligible(pod, nodes), None
        if not why:
            budgets = self.api.list("PodDisruptionBudget")
            candidate, why = self.preemption.find(pod, nodes, diagnosis, budgets)
        if candidate is not None:
            self._preempt(pod, candidate)
        else:
            diagnosis.post_filter_message = f"preemption: {why}"
        events = [
            e for p in self.framework.plugins if p.name in diagnosis.plugins for e in p.events
        ]
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
