"""A Pod's containers, as the kubelet has them made and stopped: each step a CRI call.

What the kubelet did itself it looks at when the call returns; all else it hears of by its relist.
Source: `pkg/kubelet/kuberuntime/kuberuntime_container.go` (`startContainer`, `killContainer`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import msgspec

from course_lib.cri import messages as v1
from course_lib.engine import Simulation
from course_lib.network import Network
from course_lib.node.container_options import ContainerOptions
from course_lib.node.cri_config import effective_security, runs_as_root
from course_lib.node.hooks import HandlerRunner
from course_lib.node.invalid_config import InvalidConfig
from course_lib.node.kubelet_events import KubeletEvents
from course_lib.node.node_runtime import NodeRuntime, PodCalls
from course_lib.node.pod_sandbox import SANDBOX_RETRY
from course_lib.node.pod_state import PodState, Worker
from course_lib.node.slot import Seen, Slot
from course_lib.node.steps import Steps
from course_lib.objects.kinds.pod import LifecycleHandler
from course_lib.runtimes import RuntimeFault

MINIMUM_GRACE = 2.0  # s that a container always gets to shut down
Failure = tuple[str, str]  # why a container was not started: a reason, and a message
STARTED: Failure = ("", "")


class PodContainers:
    """The containers of one Pod.

    `sim` has the time, `state` is what is known of the Pod, `calls` and `runtime` reach the
    runtime, `network` the hooks, `options` configure containers, `events` report, `worker` is told
    of results.
    """

    __slots__ = ("_calls", "_events", "_network", "_options", "_runtime", "_sim", "_state",
                 "_worker")  # fmt: skip

    def __init__(
        self,
        sim: Simulation,
        state: PodState,
        calls: PodCalls,
        runtime: NodeRuntime,
        network: Network,
        options: ContainerOptions,
        events: KubeletEvents,
        worker: Worker,
    ) -> None:
        self._sim, self._state, self._calls, self._runtime = sim, state, calls, runtime
        self._network = network
        self._options, self._events, self._worker = options, events, worker

    def start(self, slot: Slot, image_id: str) -> Steps[Failure]:
        """Create a slot's next container, start it, and run its hook; why that failed, if so.

        `image_id` is on the node.
        """
        state, fault = self._state, partial(self._fault, slot)
        try:
            config = self._options.config(state.pod, slot, image_id, state.address)
        except InvalidConfig as problem:
            return fault("CreateContainerConfigError", problem.what)
        if root := self._root_problem(slot, image_id):
            return fault("CreateContainerConfigError", root)
        sandbox = state.sandbox
        made = yield self._calls.step("CreateContainer", pod_sandbox_id=sandbox, config=config)
        if isinstance(made, RuntimeFault):
            return fault("CreateContainerError", made.what)
        self._events.normal(state.pod, "Created", "Container created", slot.spec.name)
        id = made.container_id
        begun = yield self._calls.step("StartContainer", container_id=id)
        seen = self._look(id, slot.spec.image)
        if seen is not None:
            slot.take(seen, sandbox)
            self._add_message(slot)
        if isinstance(begun, RuntimeFault):
            return fault("RunContainerError", begun.what)
        self._events.normal(state.pod, "Started", "Container started", slot.spec.name)
        if seen is not None:
            self._worker.started(slot)
        hook = slot.spec.lifecycle.post_start if slot.spec.lifecycle else None
        return (yield from self._after_start(slot, id, hook)) if hook else STARTED

    def _after_start(self, slot: Slot, id: str, hook: LifecycleHandler) -> Steps[Failure]:
        """Run the hook postStart; a container whose hook fails is killed."""
        state = self._state
        run = self._hooks().run
        problem: str = yield lambda done: run(state.pod, slot.spec, id, hook, 0, done)
        if not problem:
            return STARTED
        message = "PostStartHook failed"
        self._events.warning(state.pod, "FailedPostStartHook", message, slot.spec.name)
        yield from self.kill(slot, "FailedPostStartHook", state.grace)
        return "PostStartHookError", problem

    def _root_problem(self, slot: Slot, image_id: str) -> str:
        """Why a container that must not run as root cannot be made; empty when it can."""
        pod = self._state.pod
        if not effective_security(pod, slot.spec).run_as_non_root:
            return ""
        image = self._runtime.cri.call("ImageStatus", image={"image": image_id}).image
        return runs_as_root(pod, slot.spec, image)

    def _hooks(self) -> HandlerRunner:
        component, state = self._events.component, self._state
        return HandlerRunner(self._sim, self._calls, component, self._network, state)

    def _fault(self, slot: Slot, reason: str, message: str) -> Failure:
        self._events.warning(self._state.pod, "Failed", f"Error: {message}", slot.spec.name)
        return reason, message

    def resize(self, slot: Slot) -> Steps[bool]:
        """Write what is allocated into a container that runs; whether that went well."""
        wanted = slot.spec.resources
        made = self._options.resources(self._state.pod, slot.spec)
        told = yield self._calls.step(
            "UpdateContainerResources", container_id=slot.current_id, linux=made
        )
        if isinstance(told, RuntimeFault):
            return False
        slot.actuated = wanted
        return True

    # Looking

    def _look(self, id: str, image: str) -> Seen | None:
        """A container as the runtime has it now; None where it has none of that ID."""
        try:
            status = self._runtime.cri.call("ContainerStatus", container_id=id).status
        except RuntimeFault:
            return None
        return Seen.of(status, image)

    def refresh(self) -> None:
        """Look at all containers of the Pod again."""
        for slot in self._state.slots:
            if slot.current is not None and not slot.current.ended:
                seen = self._look(slot.current.id, slot.current.image)
                if seen is not None:
                    slot.see(seen)
                    self._add_message(slot)

    def _add_message(self, slot: Slot) -> None:
        """Add its termination message to a container that has ended."""
        if slot.exited is None:
            return
        failed = slot.exited.exit_code != 0
        words = self._options.termination_message(self._state.pod, slot, slot.restarts, failed)
        if words:
            slot.current = msgspec.structs.replace(slot.exited, message=words)

    # Stopping

    def kill(self, slot: Slot, message: str, grace: float) -> Steps[None]:
        """Stop the container of a `slot` within its `grace` period (s), and wait for its end.

        `message` is the Event's.
        """
        self._events.normal(self._state.pod, "Killing", message, slot.spec.name)
        yield lambda done: self.stop(slot, grace, lambda: done(None))

    def stop(self, slot: Slot, grace: float, done: Callable[[], None] = lambda: None) -> None:
        """First the preStop hook, then SIGTERM, and SIGKILL when the grace period is over.

        `slot` has the container, `grace` is in s; `done` is called at its end.
        """
        assert slot.current is not None
        id, slot.stopping = slot.current.id, True
        began, pod = self._sim.now, self._state.pod
        hook = slot.spec.lifecycle.pre_stop if slot.spec.lifecycle else None

        def stop(problem: str) -> None:
            if problem:
                self._events.warning(pod, "FailedPreStopHook", "PreStopHook failed", slot.spec.name)
            left = grace - (self._sim.now - began)
            self._send_stop(id, max(left, MINIMUM_GRACE), done)

        if hook is None or grace <= 0:
            stop("")
        else:
            self._hooks().run(pod, slot.spec, id, hook, grace, stop)

    def hurry(self, grace: float) -> None:
        """Give the containers that run less time to shut down (s)."""
        for slot in self._state.slots:
            if slot.current is not None and slot.running:
                self._send_stop(slot.current.id, max(grace, MINIMUM_GRACE), lambda: None)

    def _send_stop(self, id: str, timeout: float, done: Callable[[], None]) -> None:
        """Ask the runtime to stop a container, and look at it when that is done."""

        def stopped(result: v1.StopContainerResponse | RuntimeFault) -> None:
            if isinstance(result, RuntimeFault):  # nobody answers: ask again
                for slot in self._state.slots:
                    slot.stopping = slot.stopping and slot.current_id != id
                self._worker.wake(SANDBOX_RETRY)
            else:
                self.refresh()
                self._worker.wake()
            done()

        self._calls.begin("StopContainer", stopped, container_id=id, timeout=round(timeout))
