"""A Pod's containers, as the kubelet has them made and stopped: each step a CRI call.

What takes time is begun here, and its end wakes the Pod's worker. What the kubelet did itself it
looks at when the call returns; all else it hears of by its relist.
Source: `pkg/kubelet/kuberuntime/kuberuntime_container.go` (`startContainer`, `killContainer`).
"""

from __future__ import annotations

import msgspec

from course_lib.cri import messages as v1
from course_lib.engine import Simulation
from course_lib.node.container_options import ContainerOptions
from course_lib.node.hooks import HandlerRunner
from course_lib.node.kubelet_events import KubeletEvents
from course_lib.node.node_runtime import NodeRuntime, PodCalls
from course_lib.node.pod_sandbox import SANDBOX_RETRY
from course_lib.node.pod_state import PodState, Worker
from course_lib.node.slot import CREATING, HOOK_FAILED, Seen, Slot
from course_lib.runtimes import RuntimeFault

MINIMUM_GRACE = 2.0  # s that a container gets to shut down, unless it is to be killed at once


class PodContainers:
    """The containers of one Pod.

    `sim` has the time, `state` is what is known of the Pod, `calls` and `runtime` reach the
    runtime, `options` configure containers, `events` report, `worker` is told of results.
    """

    __slots__ = ("_calls", "_events", "_options", "_runtime", "_sim", "_state", "_worker")

    def __init__(
        self,
        sim: Simulation,
        state: PodState,
        calls: PodCalls,
        runtime: NodeRuntime,
        options: ContainerOptions,
        events: KubeletEvents,
        worker: Worker,
    ) -> None:
        self._sim, self._state, self._calls, self._runtime = sim, state, calls, runtime
        self._options, self._events, self._worker = options, events, worker

    def _hooks(self) -> HandlerRunner:
        return HandlerRunner(self._sim, self._calls, self._events.component)

    def start(self, slot: Slot, image_id: str) -> None:
        """Create a slot's next container and start it."""
        slot.starting, slot.waiting = True, (CREATING, "")
        state = self._state
        config = self._options.config(state.pod, slot, image_id, state.address)

        def created(result: v1.CreateContainerResponse | RuntimeFault) -> None:
            if isinstance(result, RuntimeFault):
                self._failed(slot, "CreateContainerError", result)
                return
            self._events.normal(state.pod, "Created", "Container created", slot.spec.name)
            id = result.container_id

            def started(result: v1.StartContainerResponse | RuntimeFault) -> None:
                self._started(slot, id, result if isinstance(result, RuntimeFault) else None)

            self._calls.begin("StartContainer", started, container_id=id)

        self._calls.begin("CreateContainer", created, pod_sandbox_id=state.sandbox, config=config)

    def _started(self, slot: Slot, id: str, fault: RuntimeFault | None) -> None:
        seen = self._look(id, slot.spec.image)
        if seen is not None:
            slot.take(seen)
            self._add_message(slot)
        if fault is not None:
            self._failed(slot, "RunContainerError", fault)
            return
        self._events.normal(self._state.pod, "Started", "Container started", slot.spec.name)
        hook = slot.spec.lifecycle.post_start if slot.spec.lifecycle else None
        if hook is None or seen is None:
            self._worker.started(slot)
            return

        def hooked(problem: str) -> None:
            if problem:
                message = "PostStartHook failed"
                self._events.warning(
                    self._state.pod, "FailedPostStartHook", message, slot.spec.name
                )
                slot.kill_because = HOOK_FAILED
            self._worker.started(slot)

        self._hooks().run(self._state.pod, seen.id, hook, 0, hooked)

    def _failed(self, slot: Slot, reason: str, fault: RuntimeFault) -> None:
        slot.starting = False
        again = slot.exited is None or slot.restarts_under(self._state.pod.spec.restart_policy)
        slot.waiting = (reason, fault.what) if again else ("", "")
        self._events.warning(self._state.pod, "Failed", f"Error: {fault.what}", slot.spec.name)
        self._worker.report()  # before the next attempt hides it
        self._worker.wake(SANDBOX_RETRY)

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

    def stop(self, slot: Slot, grace: float) -> None:
        """First the preStop hook, then SIGTERM, and SIGKILL when the grace period is over."""
        assert slot.current is not None
        id, slot.stopping = slot.current.id, True
        began = self._sim.now
        hook = slot.spec.lifecycle.pre_stop if slot.spec.lifecycle else None

        def stop(problem: str) -> None:
            if problem:
                self._events.warning(
                    self._state.pod, "FailedPreStopHook", "PreStopHook failed", slot.spec.name
                )
            left = grace - (self._sim.now - began)
            self._send_stop(id, max(left, MINIMUM_GRACE) if grace > 0 else 0)

        if hook is None or grace <= 0:
            stop("")
        else:
            self._hooks().run(self._state.pod, id, hook, grace, stop)

    def hurry(self, grace: float) -> None:
        """Give the containers that run less time to shut down (s)."""
        for slot in self._state.slots:
            if slot.current is not None and slot.running:
                self._send_stop(slot.current.id, grace)

    def _send_stop(self, id: str, timeout: float) -> None:
        """Ask the runtime to stop a container, and look at it when that is done."""

        def stopped(result: v1.StopContainerResponse | RuntimeFault) -> None:
            if isinstance(result, RuntimeFault):  # nobody answers: ask again
                for slot in self._state.slots:
                    slot.stopping = slot.stopping and slot.current_id != id
                self._worker.wake(SANDBOX_RETRY)
                return
            self.refresh()
            self._worker.wake(0.0)

        self._calls.begin("StopContainer", stopped, container_id=id, timeout=round(timeout))
