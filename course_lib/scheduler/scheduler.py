"""kube-scheduler: one Pod after the other is given the node that suits it best.

The scheduling cycle chooses a node: filter, score, assume the Pod there, reserve, permit. The
binding cycle writes the decision as a binding; the kubelet of that node does the rest. When a
step fails, what was reserved is given back and the Pod is forgotten.
Source: `pkg/scheduler/schedule_one.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import simpy

from course_lib.apiserver.errors import Conflict, NotFound, Unavailable, Unreachable
from course_lib.client import Client
from course_lib.client.informer import InformerFactory
from course_lib.client.limits import UNLIMITED, RateLimiter
from course_lib.engine.simulation import Process
from course_lib.objects.kinds.namespace import Namespace
from course_lib.objects.kinds.node import Node
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.meta import set_condition
from course_lib.scheduler.cache import SchedulerCache
from course_lib.scheduler.decisions import Decisions
from course_lib.scheduler.event_handlers import EventHandlers
from course_lib.scheduler.executor import evict
from course_lib.scheduler.framework import NODE_ADD, POD_DELETE, PostFilterResult
from course_lib.scheduler.handle import Handle, Rejection, WaitingPod
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.profiles import default_framework, frameworks, not_acted_on
from course_lib.scheduler.queue import QueuedPod, SchedulingQueue
from course_lib.scheduler.registry import SchedulerSource
from course_lib.scheduler.runtime import SchedulingFramework
from course_lib.scheduler.status import Diagnosis

COMPONENT = "default-scheduler"
CYCLE_SECONDS = 0.002  # for one Pod: a few hundred Pods a second, as scheduler_perf asks
TIMED_OUT = "rejected due to timeout after waiting {wait:g}s at plugin {plugin}"


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
            self._attempt(queued, lambda: self.schedule_one(queued))  # noqa: B023
            yield self.sim.sleep(CYCLE_SECONDS)

    def _attempt(self, queued: QueuedPod, act: Callable[[], None]) -> None:
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
            self._unreserve(assumed)
            raise
        if rejection is not None:
            self._unreserve(assumed)
            self._rejected(queued, rejection)
        elif waits:
            self._wait(queued, assumed, waits)
        else:
            self._bind_in_turn(queued, assumed)

    def _wait(self, queued: QueuedPod, assumed: PodInfo, waits: dict[str, float]) -> None:
        """Keep the place until the Permit plugins allow the Pod, reject it, or wait no longer."""
        waiting_pods, uid = self.handle.waiting_pods, assumed.pod.uid

        def done(rejection: Rejection | None) -> None:
            del waiting_pods[uid]
            if rejection is None:
                bind = partial(self._attempt, queued, lambda: self._bind_in_turn(queued, assumed))
                self.sim.at(self.sim.now, bind)
            else:
                self._attempt(queued, lambda: self._give_up(queued, assumed, rejection))

        waiting = waiting_pods[uid] = WaitingPod(assumed, waits, done)
        for plugin, wait in waits.items():
            why = TIMED_OUT.format(wait=wait, plugin=plugin)
            self.sim.at(self.sim.now + wait, partial(waiting.time_out, plugin, why))

    def _unreserve(self, assumed: PodInfo) -> None:
        """Give back what was reserved for a Pod, and forget it."""
        node = assumed.pod.spec.node_name
        try:
            self.framework(assumed).unreserve(assumed, self.cache.nodes, node)
        finally:
            self.cache.forget(assumed)

    def _give_back(self, assumed: PodInfo) -> None:
        """The same in the binding cycle: as if the Pod were deleted, others may fit now."""
        try:
            self._unreserve(assumed)
        finally:
            self.queue.move(POD_DELETE)

    def _give_up(self, queued: QueuedPod, assumed: PodInfo, rejection: Rejection) -> None:
        """A plugin has rejected a Pod in the binding cycle."""
        self._give_back(assumed)
        self._rejected(queued, rejection)

    def _rejected(self, queued: QueuedPod, rejection: Rejection) -> None:
        """A plugin has rejected the node chosen: report, and wait for what may help it."""
        diagnosis = Diagnosis.of_one(*rejection)
        events = self.framework(queued.info).events_of(diagnosis.plugins)
        self._failed(queued, diagnosis.message(), events)

    def _unschedulable(self, queued: QueuedPod, nodes: Nodes, diagnosis: Diagnosis) -> None:
        """Run PostFilter; then report and wait for what may help."""
        pod = queued.info
        framework = self.framework(pod)
        result = framework.post_filter(pod, nodes, diagnosis)
        if result is not None:
            diagnosis.post_filter_message = result.message
            if result.nominated_node:
                self._nominate(pod, result)
        self._failed(queued, diagnosis.message(), framework.events_of(diagnosis.plugins))

    def _nominate(self, pod: PodInfo, result: PostFilterResult) -> None:
        """Ask the victims to leave, and keep the place for the Pod."""
        node, nominated = result.nominated_node, self.cache.nominated
        evict(self.api, COMPONENT, pod, node, result.victims)
        for uid, (other, place) in list(nominated.items()):
            if place == node and other.pod.spec.priority < pod.pod.spec.priority:
                del nominated[uid]
                self.api.patch_status(other.pod, {"nominatedNodeName": None})
        nominated[pod.pod.uid] = pod, node
        self.api.patch_status(pod.pod, {"nominatedNodeName": node})

    def _failed(self, queued: QueuedPod, message: str, events: Iterable[str]) -> None:
        if not self.api.reachable:
            raise Unreachable("no API server answers")
        pod = self.informers.find(Pod, queued.info.pod.name, queued.info.pod.namespace)
        if pod is None or pod.uid != queued.info.pod.uid:
            return
        self.api.events.warning(COMPONENT, pod, "FailedScheduling", message)
        now, before = self.sim.timestamp, pod.status.conditions
        conditions = set_condition(before, "PodScheduled", "False", now, "Unschedulable", message)
        for stated in conditions:
            if stated["type"] == "PodScheduled":
                stated["observedGeneration"] = pod.metadata.generation
        self._limiter.reserve()  # the next binding waits for it
        self.api.patch_status(pod, {"conditions": conditions})
        self.queue.give_back(queued, events)

    # The binding cycle

    def _bind_in_turn(self, queued: QueuedPod, assumed: PodInfo) -> None:
        """Bind a Pod when the client may send it; the next one is scheduled meanwhile."""
        wait = self._limiter.reserve()
        if wait:
            bind = partial(self._attempt, queued, lambda: self._bind(queued, assumed))
            self.sim.at(self.sim.now + wait, bind)
        else:
            self._bind(queued, assumed)

    def _bind(self, queued: QueuedPod, assumed: PodInfo) -> None:
        framework, node = self.framework(assumed), assumed.pod.spec.node_name
        try:
            rejection = framework.bind(assumed, node, self.handle)
        except (Conflict, NotFound):
            self._give_back(assumed)
            self.queue.retry_later(queued)
            return
        except Exception:
            self._give_back(assumed)
            raise
        if rejection is not None:
            self._give_up(queued, assumed, rejection)
            return
        message = f"Successfully assigned {assumed.namespace}/{assumed.pod.name} to {node}"
        self.api.events.normal(COMPONENT, queued.info.pod, "Scheduled", message)
        framework.post_bind(assumed, node, self.handle)
