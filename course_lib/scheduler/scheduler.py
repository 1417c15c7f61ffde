"""kube-scheduler: one Pod after the other is given the node that suits it best.

The scheduling cycle chooses a node: filter, score, assume the Pod there, reserve, permit. The
binding cycle (`binding_cycle`) writes the decision as a binding; the kubelet of that node does the
rest.
Source: `pkg/scheduler/schedule_one.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import simpy

from course_lib.apiserver.errors import Unavailable, Unreachable
from course_lib.client import Client
from course_lib.client.informer import InformerFactory
from course_lib.client.limits import UNLIMITED, RateLimiter
from course_lib.engine.simulation import Process
from course_lib.objects.kinds.namespace import Namespace
from course_lib.objects.kinds.node import Node
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.manifests import Document
from course_lib.objects.meta import set_condition
from course_lib.scheduler.binding_cycle import BindingCycle
from course_lib.scheduler.cache import SchedulerCache
from course_lib.scheduler.decisions import Decisions
from course_lib.scheduler.event_handlers import EventHandlers
from course_lib.scheduler.executor import evict
from course_lib.scheduler.framework import NODE_ADD, PostFilterResult
from course_lib.scheduler.handle import Handle, Rejection
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.profiles import default_framework, frameworks, not_acted_on
from course_lib.scheduler.queue import QueuedPod, SchedulingQueue
from course_lib.scheduler.registry import SchedulerSource
from course_lib.scheduler.runtime import SchedulingFramework
from course_lib.scheduler.status import Diagnosis

COMPONENT = "default-scheduler"
CYCLE_SECONDS = 0.002  # for one Pod: a few hundred Pods a second, as scheduler_perf asks


class Scheduler:
    """The scheduler of a cluster, with one profile or several (`KubeSchedulerConfiguration`).

    `api` is its client, `configuration` has the profiles; `limiter` says when the client may send
    the next binding, and the scheduler goes on meanwhile.
    """

    def __init__(
        self,
        api: Client,
        configuration: SchedulerSource | None = None,
        limiter: RateLimiter = UNLIMITED,
    ) -> None:
        self.api, self.sim, self._limiter = api, api.sim, limiter
        self.informers = informers = InformerFactory(api)
        made = (
            frameworks(configuration, informers)
            if configuration
            else [default_framework(informers)]
        )
        self.frameworks = {framework.name: framework for framework in made}
        for path in not_acted_on(configuration) if configuration else ():
            said = f"{path}: read, but the simulation does not act on it"
            self.sim.record(COMPONENT, "KubeSchedulerConfiguration", "NotActedOn", said)
        self.queue = SchedulingQueue(self.sim, self._wake, made[0].at["queueSort"][0].queue_sort)
        self.cache = SchedulerCache(
            lambda: informers.list(Node),
            lambda: {space.name: space.labels for space in informers.list(Namespace)},
        )
        self.handle = Handle(api, {})
        self._binding = BindingCycle(
            api, limiter, self.cache, self.queue, self.handle, self.framework, self
        )
        self._decisions = Decisions(self.sim.random(COMPONENT), self.sim.plain)
        self._idle: simpy.Event | None = None
        EventHandlers(informers, self.queue, self.cache, self.frameworks, self.handle.waiting_pods)
        self.sim.loop("scheduler", self._run)

    @property
    def nodes(self) -> Nodes:
        """The present snapshot of the cluster."""
        return self.cache.nodes

    def framework(self, pod: PodInfo) -> SchedulingFramework:
        """The profile that a Pod asks for by its `schedulerName`."""
        return self.frameworks[pod.pod.spec.scheduler_name]

    # The loop

    def _wake(self) -> None:
        if self._idle is not None and not self._idle.triggered:
            self._idle.succeed()

    def _run(self) -> Process:
        while True:
            queued = self.queue.pop()
            if queued is None:
                self._idle = self.sim.env.event()
                yield self._idle
                continue
            self.attempt(queued, lambda: self.schedule_one(queued))  # noqa: B023
            yield self.sim.sleep(CYCLE_SECONDS)

    def attempt(self, queued: QueuedPod, act: Callable[[], None]) -> None:
        """Do a step for one Pod; after an error the Pod is tried again later."""
        try:
            act()
        except Unavailable:
            self.queue.retry_later(queued)
        except Exception as error:
            self.sim.failed(error, "scheduler", f"Pod/{queued.info.pod.name}")
            self.queue.retry_later(queued)

    # The scheduling cycle

    def schedule_one(self, queued: QueuedPod) -> None:
        """Find a node for one Pod and bind it, or say why there is none."""
        pod = queued.info
        nodes = self.cache.with_nominated(pod)
        if not len(nodes):
            self._failed(queued, "no nodes available to schedule pods", (NODE_ADD,))
            return
        row, diagnosis = self._decisions.decide(self.framework(pod), pod, nodes)
        if diagnosis is not None:
            self._unschedulable(queued, nodes, diagnosis)
        else:
            assumed = self.cache.assume(pod, nodes.names[row])
            self._decisions.placed(pod, row)
            self._place(queued, assumed)

    def _place(self, queued: QueuedPod, assumed: PodInfo) -> None:
        """Reserve and permit the node that the Pod is assumed on; then bind, at once or later."""
        framework, node = self.framework(assumed), assumed.pod.spec.node_name
        waits: dict[str, float] = {}
        try:
            rejection = framework.reserve(assumed, self.cache.nodes, node)
            if rejection is None:
                rejection, waits = framework.permit(assumed, node, self.handle)
        except Exception:
            self._binding.unreserve(assumed)
            raise
        if rejection is not None:
            self._binding.unreserve(assumed)
            self.rejected(queued, rejection)
        else:
            self._binding.start(queued, assumed, waits)

    def rejected(self, queued: QueuedPod, rejection: Rejection) -> None:
        """A plugin has rejected the node chosen: report, and wait for what may help it."""
        diagnosis = Diagnosis.of_one(*rejection)
        events = self.framework(queued.info).events_of(diagnosis.plugins)
        self._failed(queued, diagnosis.message(), events)

    def _unschedulable(self, queued: QueuedPod, nodes: Nodes, diagnosis: Diagnosis) -> None:
        """Run PostFilter; then report and wait for what may help."""
        pod = queued.info
        framework = self.framework(pod)
        result = framework.post_filter(pod, nodes, diagnosis)
        nominated: str | None = None
        if result is not None:
            diagnosis.post_filter_message = result.message
            nominated = result.nominated_node
            if nominated:
                self._nominate(pod, result)
        events = framework.events_of(diagnosis.plugins)
        self._failed(queued, diagnosis.message(), events, nominated)

    def _nominate(self, pod: PodInfo, result: PostFilterResult) -> None:
        """Ask the victims to leave, and keep the place for the Pod."""
        node, nominated = result.nominated_node or "", self.cache.nominated
        evict(self.api, COMPONENT, pod, node, result.victims)
        for uid, (other, place) in list(nominated.items()):
            if place == node and other.pod.spec.priority < pod.pod.spec.priority:
                del nominated[uid]
                self.api.patch_status(other.pod, {"nominatedNodeName": None})
        nominated[pod.pod.uid] = pod, node
        self.api.patch_status(pod.pod, {"nominatedNodeName": node})

    def errored(self, queued: QueuedPod, message: str) -> None:
        """A plugin has failed: report, and try the Pod again later."""
        if self._report(queued, message, "SchedulerError", ""):
            self.queue.retry_later(queued)

    def bound(self, queued: QueuedPod, node: str) -> None:
        """Report that a Pod has its node."""
        pod = queued.info.pod
        message = f"Successfully assigned {pod.namespace}/{pod.name} to {node}"
        self.api.events.normal(COMPONENT, pod, "Scheduled", message)

    def _failed(
        self, queued: QueuedPod, message: str, events: Iterable[str], nominated: str | None = ""
    ) -> None:
        if self._report(queued, message, "Unschedulable", nominated):
            self.queue.give_back(queued, events)

    def _report(self, queued: QueuedPod, message: str, reason: str, nominated: str | None) -> bool:
        """State that a Pod has got no node, and why; whether it still waits for one.

        `nominated` is the node that it is nominated for now; None leaves that as it is.
        """
        if not self.api.reachable:
            raise Unreachable("no API server answers")
        pod = self.informers.find(Pod, queued.info.pod.name, queued.info.pod.namespace)
        if pod is not None and pod.uid != queued.info.pod.uid:
            return False
        self.api.events.warning(COMPONENT, pod or queued.info.pod, "FailedScheduling", message)
        if pod is None:
            return False
        now, before = self.sim.timestamp, pod.status.conditions
        conditions = set_condition(before, "PodScheduled", "False", now, reason, message)
        for stated in conditions:
            if stated["type"] == "PodScheduled":
                stated["observedGeneration"] = pod.metadata.generation
        status: Document = {"conditions": conditions}
        if nominated is not None and nominated != pod.status.nominated_node_name:
            status["nominatedNodeName"] = nominated or None
        if nominated == "":
            self.cache.nominated.pop(pod.uid, None)
        self._limiter.reserve()  # the next binding waits for it
        self.api.patch_status(pod, status)
        return True
