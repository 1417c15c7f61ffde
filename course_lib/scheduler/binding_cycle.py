"""The binding cycle: from a node that is chosen to a Pod that is bound.

It waits for the Permit plugins, runs PreBind, which may take its time, and Bind; the scheduler goes
on with other Pods meanwhile. When a step fails, what was reserved is given back, and the Pod is
forgotten.
Source: `bindingCycle` and `handleBindingCycleError` in `pkg/scheduler/schedule_one.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol

from course_lib.apiserver.errors import APIError, Conflict, NotFound, Unavailable
from course_lib.client import Client
from course_lib.client.limits import RateLimiter
from course_lib.scheduler.cache import SchedulerCache
from course_lib.scheduler.framework import POD_DELETE, Plugin
from course_lib.scheduler.handle import Handle, Pending, PluginFailure, Rejection, WaitingPod
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.queue import QueuedPod, SchedulingQueue
from course_lib.scheduler.runtime import SchedulingFramework

TIMED_OUT = "rejected due to timeout after waiting {wait:g}s at plugin {plugin}"
REQUEST_SECONDS = 0.05  # that the request takes by which a Pod is nominated for its node
POLL_SECONDS = 1.0  # between two questions whether a PreBind plugin is done


class Reports(Protocol):
    """What the scheduler does about a Pod that could not be bound."""

    def attempt(self, queued: QueuedPod, act: Callable[[], None]) -> None:
        """Do a step for one Pod; after an error the Pod is tried again later."""

    def rejected(self, queued: QueuedPod, rejection: Rejection) -> None:
        """A plugin has rejected the node chosen."""

    def bound(self, queued: QueuedPod, node: str) -> None:
        """A Pod has its node."""

    def errored(self, queued: QueuedPod, message: str) -> None:
        """A plugin has failed: say so, and try again later."""


class BindingCycle:
    """Binds Pods that are assumed on their nodes.

    `api` is the scheduler's client, and `limiter` says when it may send the next binding; `cache`
    and `queue` are the scheduler's. `framework_of` gives a Pod's profile, `handle` is what plugins
    may use, `reports` does what follows for the Pod.
    """

    def __init__(
        self,
        api: Client,
        limiter: RateLimiter,
        cache: SchedulerCache,
        queue: SchedulingQueue,
        handle: Handle,
        framework_of: Callable[[PodInfo], SchedulingFramework],
        reports: Reports,
    ) -> None:
        self.api, self.sim, self._limiter = api, api.sim, limiter
        self._cache, self._queue, self._handle = cache, queue, handle
        self._framework_of, self._reports = framework_of, reports

    def start(self, queued: QueuedPod, assumed: PodInfo, waits: dict[str, float]) -> None:
        """Bind a `queued` Pod, which is `assumed` on its node, once Permit plugins allow it.

        `waits` has the plugins that let it wait, and for how long (s).
        """
        framework, node = self._framework_of(assumed), assumed.pod.spec.node_name
        plugins = iter(framework.at["preBind"])
        slow = framework.pre_bind_pre_flight(assumed, node)
        if waits or slow:
            self.api.patch_status(queued.info.pod, {"nominatedNodeName": node})
        if waits:
            self._wait(queued, assumed, waits)
        elif slow:
            self._soon(queued, lambda: self._pre_bind(queued, assumed, plugins), REQUEST_SECONDS)
        else:
            self._pre_bind(queued, assumed, plugins)

    def unreserve(self, assumed: PodInfo) -> None:
        """Give back what was reserved for a Pod, and forget it."""
        node = assumed.pod.spec.node_name
        try:
            self._framework_of(assumed).unreserve(assumed, self._cache.nodes, node)
        finally:
            self._cache.forget(assumed)

    def _give_back(self, assumed: PodInfo) -> None:
        """The same in the binding cycle: as if the Pod were deleted, others may fit now."""
        try:
            self.unreserve(assumed)
        finally:
            self._queue.move(POD_DELETE)

    def _give_up(self, queued: QueuedPod, assumed: PodInfo, rejection: Rejection) -> None:
        """A plugin has rejected a Pod in the binding cycle."""
        self._give_back(assumed)
        self._reports.rejected(queued, rejection)

    # Permit

    def _wait(self, queued: QueuedPod, assumed: PodInfo, waits: dict[str, float]) -> None:
        """Keep the place until the Permit plugins allow the Pod, reject it, or wait no longer."""
        waiting_pods, uid = self._handle.waiting_pods, assumed.pod.uid

        def done(rejection: Rejection | None) -> None:
            del waiting_pods[uid]
            if rejection is None:
                plugins = iter(self._framework_of(assumed).at["preBind"])
                self._soon(queued, lambda: self._pre_bind(queued, assumed, plugins))
            else:
                self._reports.attempt(queued, lambda: self._give_up(queued, assumed, rejection))

        waiting = waiting_pods[uid] = WaitingPod(assumed, waits, done)
        for plugin, wait in waits.items():
            why = TIMED_OUT.format(wait=wait, plugin=plugin)
            self.sim.at(self.sim.now + wait, partial(waiting.time_out, plugin, why))

    def _soon(self, queued: QueuedPod, act: Callable[[], None], after: float = 0.0) -> None:
        self.sim.at(self.sim.now + after, partial(self._reports.attempt, queued, act))

    # PreBind

    def _pre_bind(self, queued: QueuedPod, assumed: PodInfo, plugins: Iterator[Plugin]) -> None:
        """Run PreBind of one plugin after the other, then bind."""
        node = assumed.pod.spec.node_name
        for plugin in plugins:
            try:
                outcome = plugin.pre_bind(assumed, node, self._handle)
            except Exception as problem:
                self._fail(queued, assumed, plugin, problem)
                return
            if isinstance(outcome, Pending):
                self._poll(queued, assumed, plugin, outcome, plugins)
                return
            if outcome:
                self._give_up(queued, assumed, (plugin.name, outcome))
                return
        self._bind_in_turn(queued, assumed)

    def _poll(
        self,
        queued: QueuedPod,
        assumed: PodInfo,
        plugin: Plugin,
        pending: Pending,
        rest: Iterator[Plugin],
    ) -> None:
        """Ask a plugin each second whether it is done; go on with the `rest` then."""
        until = self.sim.now + pending.timeout

        def look() -> None:
            try:
                done = pending.done()
                if not done and self.sim.now >= until:
                    raise PluginFailure(pending.too_late)
            except Exception as problem:
                self._fail(queued, assumed, plugin, problem)
            else:
                if done:
                    self._pre_bind(queued, assumed, rest)
                else:
                    self._soon(queued, look, POLL_SECONDS)

        self._soon(queued, look, POLL_SECONDS)

    def _fail(
        self, queued: QueuedPod, assumed: PodInfo, plugin: Plugin, problem: Exception
    ) -> None:
        """PreBind has failed: report what the API or the plugin says; raise any other error."""
        self._give_back(assumed)
        if not isinstance(problem, APIError | PluginFailure) or isinstance(problem, Unavailable):
            raise problem
        message = f'running PreBind plugin "{plugin.name}": {problem.what}'
        self._reports.errored(queued, message)

    # Bind

    def _bind_in_turn(self, queued: QueuedPod, assumed: PodInfo) -> None:
        """Bind a Pod when the client may send it; the next one is scheduled meanwhile."""
        wait = self._limiter.reserve()
        if wait:
            self._soon(queued, lambda: self._bind(queued, assumed), wait)
        else:
            self._bind(queued, assumed)

    def _bind(self, queued: QueuedPod, assumed: PodInfo) -> None:
        framework, node = self._framework_of(assumed), assumed.pod.spec.node_name
        try:
            framework.bind(assumed, node, self._handle)
        except (Conflict, NotFound):
            self._give_back(assumed)
            self._queue.retry_later(queued)
            return
        except Exception:
            self._give_back(assumed)
            raise
        self._reports.bound(queued, node)
        framework.post_bind(assumed, node, self._handle)
