"""The kubelet's loop for one Pod: report what is known of it, and do what is to be done.

Each synchronisation begins with the Pod's status. Then come volumes, sandbox, init containers one
by one (a sidecar stays), the containers; restarts with back-off; in the end the orderly stop. A
change that comes in the middle of one has to wait for the next.
Source: `pkg/kubelet/pod_workers.go`, `pkg/kubelet/kubelet.go` (`SyncPod`, `SyncTerminatingPod`).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from course_lib.engine import FOR_EVER, timestamp
from course_lib.engine.timestamps import seconds_at
from course_lib.node.adoption import Found, adopt
from course_lib.node.config import UNATTACHED
from course_lib.node.node_parts import NodeParts
from course_lib.node.node_runtime import PodCalls
from course_lib.node.pod_containers import PodContainers
from course_lib.node.pod_probes import PodProbes
from course_lib.node.pod_sandbox import SANDBOX_RETRY, PodSandbox
from course_lib.node.pod_state import PodState
from course_lib.node.pod_sync import PodSync
from course_lib.node.resizes import completed
from course_lib.node.slot import Slot
from course_lib.node.steps import walk
from course_lib.node.volumes import RESYNC, follows
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod.status import FINAL_PHASES
from course_lib.objects.meta import condition
from course_lib.runtimes import RuntimeFault

ATTACH_POLL = 0.3  # s from the first look at claims to the second (`WaitForAttachAndMount`)
MOUNT_RETRY = 0.5, 122.0  # s: the first wait for a volume, and the longest (doubling)


class PodWorker:
    """One Pod on one node, from the kubelet's first sight of it to its end."""

    __slots__ = ("_again", "_awake", "_busy", "_calls", "_containers", "_due", "_events",
                 "_failures", "_leaving", "_mount_wait", "_node", "_probes", "_sandbox", "_sim",
                 "_sync", "_told", "state")  # fmt: skip

    def __init__(self, node: NodeParts, pod: Pod) -> None:
        self._node, self._sim, self._events = node, node.sim, node.events
        began = pod.status.start_time
        self.state = PodState(pod, node.sim.now if began is None else seconds_at(began))
        self._calls = PodCalls(node.runtime)
        self._sandbox = PodSandbox(
            self.state,
            self._calls,
            node.events,
            node.machine.address,
            node.tell_address_block,
        )
        self._containers = PodContainers(
            node.sim,
            self.state,
            self._calls,
            node.runtime,
            node.network,
            node.options,
            node.events,
            self,
        )
        self._sync = PodSync(node, self.state, self._calls, self._sandbox, self._containers)
        self._probes = PodProbes(node.sim, self.state, self._calls, node.network, node.events, self)
        self._leaving = False  # its sandbox is being stopped for good
        self._told: tuple[str, ...] = ()  # the containers whose stop has been told, by ID
        self._mount_wait = 0.0
        self._awake = False
        self._busy = self._again = False  # a synchronisation is under way; another one is to follow
        self._due = FOR_EVER  # when the next one comes by itself
        self._failures = 0  # syncs that failed in a row
        if any(map(follows, pod.spec.volumes or ())):
            self._resync_later()
        if pod.spec.active_deadline_seconds is not None:
            ends = self.state.started_at + pod.spec.active_deadline_seconds
            self.wake(ends - node.sim.now)
        self.wake()

    @property
    def pod(self) -> Pod:
        """The Pod, as it was last seen in the API."""
        return self.state.pod

    @property
    def slots(self) -> Sequence[Slot]:
        """Its containers, through all their restarts."""
        return self.state.slots

    @property
    def sandbox(self) -> str:
        """The ID of its sandbox; empty where it has none."""
        return self.state.sandbox

    # Being told

    def retire(self) -> None:
        """Do nothing any more: the Pod has ended, or another worker has it."""
        self._calls.open = False

    def wake(self, after: float = 0.0) -> None:
        """Ask for a sync, now or in so many seconds."""
        if after > 0:
            self._sim.at(self._sim.now + after, self.wake)
        elif not self._awake:
            self._awake = True
            self._sim.at(self._sim.now, self._run)

    def _later(self, seconds: float) -> None:
        """Ask for a sync in so many seconds, in place of the one that was to come by itself."""
        self._due = self._sim.now + seconds
        if seconds < FOR_EVER:
            self._sim.at(self._due, self._on_due)

    def _on_due(self) -> None:
        if self._sim.now >= self._due:
            self._due = FOR_EVER
            self.wake()

    def update(self, pod: Pod) -> None:
        """The Pod has changed in the API."""
        old, state = self.pod, self.state
        grace = pod.metadata.deletion_grace_period_seconds
        respecified = pod.spec is not old.spec and pod.spec != old.spec
        changed = respecified or pod.terminating != old.terminating
        shorter = grace != old.metadata.deletion_grace_period_seconds
        state.pod = pod
        if respecified:
            state.follow_spec()
            self._node.resizes.ask(state, self)
        if changed or shorter:
            if shorter and state.stop_by is not None:
                state.stop_by = self._sim.now + (grace or 0)
                self._containers.hurry(grace or 0)
            self.wake()
        ready = condition(pod.status.conditions, "Ready")
        gates = pod.spec.readiness_gates and pod.status.conditions != old.status.conditions
        if gates or (ready is not None and state.ready not in ("", ready.status)):
            self.wake()  # somebody else wrote it: say it again (`NeedToReconcilePodReadiness`)

    def deleted(self) -> None:
        """The Pod has gone from the API without us (deleted by force): stop it now."""
        self.state.gone = True
        self.wake()

    def adopt(self, found: Found) -> None:
        """The kubelet has been started again: go on with what its runtime has of the Pod."""
        node = self._node
        with suppress(RuntimeFault):  # the containers are made anew
            for slot in adopt(found, self.state, node.runtime, node.machine.address):
                self._probes.watch(slot)
            self._sandbox.count = found.sandbox.metadata.attempt + 1

    def resume(self, pod: Pod) -> None:
        """The node is back after a power loss: restart counts go on where they were."""
        if not self.sandbox:
            self.state.restore_counts(pod)

    def disrupt(self, reason: str, message: str) -> None:
        """State why the node ends the Pod: its condition DisruptionTarget."""
        self.state.disruption = {
            "type": "DisruptionTarget",
            "status": "True",
            "lastTransitionTime": timestamp(self._sim.now),
            "reason": reason,
            "message": message,
            "observedGeneration": self.pod.metadata.generation,
        }

    def fail(self, reason: str, message: str) -> None:
        """End the Pod for the node's own reasons: an eviction, a deadline."""
        self.state.final = ("Failed", reason, message)
        self.wake()

    def changed(self) -> None:
        """The kubelet's relist has found something new in the Pod."""
        self._containers.refresh()
        if self.sandbox and self._node.pleg().lost(self.sandbox) and not self._leaving:
            self._sandbox.lose()
            self._containers.refresh()
        self.wake()

    def _run(self) -> None:
        self._awake = False
        if self._busy:
            self._again = True
        elif self._calls.open:
            try:
                self.sync()
            except Exception as error:
                self._failed(error)
            else:
                self._failures = 0

    def _failed(self, error: Exception) -> None:
        """Something went wrong with this Pod alone: look at it again."""
        self._busy = False
        self._sim.failed(error, self._events.component, f"Pod/{self.pod.name}")
        self._failures += 1
        self.wake(min(2.0**self._failures, 60.0))

    # The loop

    def sync(self) -> None:
        """Report what is known of the Pod, then do what is to be done."""
        state = self.state
        late = state.past_deadline(self._sim.now) and not state.final[0]
        if late and state.phase() not in FINAL_PHASES:
            message = "Pod was active on the node longer than the specified deadline"
            state.final = ("Failed", "DeadlineExceeded", message)
            self._events.normal(self.pod, "DeadlineExceeded", message)
        if state.stopping or state.final[0]:
            self._terminate()
            return
        state.shown_address = state.address
        completed(state, self._events)
        self.report()
        if not state.over and (state.sandbox or self._ready_for_sandbox()):
            self._busy = True
            walk(self._sync.steps(), self._synchronised, self._failed)

    def report(self) -> None:
        """Write the Pod's status, unless the Pod has gone."""
        self._node.status.report(self.state)
        if self.state.over:
            self._node.held.release(self.pod.uid)
            self._node.resizes.forget(self.pod.uid)

    def _synchronised(self, again: float) -> None:
        """A synchronisation has ended; the next one comes in so many seconds, or when asked for."""
        self._busy = False
        if again > 0:
            self._later(again)
        else:
            self._node.pleg().look_now(self.sandbox)
            self._again = self._again or self.state.resizing is not None
        if self._again:
            self._again = False
            self.wake()

    def started(self, slot: Slot) -> None:
        """A container runs: set its probes on it."""
        self._probes.watch(slot)

    # The volumes

    def _ready_for_sandbox(self) -> bool:
        """Whether the node's network and the Pod's volumes are there; else it looks again."""
        if self._sandbox.network_problem():
            self._later(SANDBOX_RETRY)
            return False
        return self._volumes_ready()

    def _volumes_ready(self) -> bool:
        problem = self._node.options.missing_volume(self.pod)
        if not problem:
            return True
        if not self._mount_wait and problem.startswith(UNATTACHED):
            self._mount_wait = ATTACH_POLL  # not told yet: a claim may come in this time
            self._later(ATTACH_POLL)
            return False
        self._events.warning(self.pod, "FailedMount", problem)
        first, longest = MOUNT_RETRY
        self._mount_wait = min(longest, max(first, 2 * self._mount_wait))
        self._later(self._mount_wait)
        return False

    def _resync_later(self) -> None:
        """Look at the Pod's volumes again in a minute, or a little later."""
        rng = self._sim.random(f"{self._events.component}/resync")
        self._sim.at(self._sim.now + rng.uniform(*RESYNC), self._resync)

    def _resync(self) -> None:
        if self._calls.open:
            if self.sandbox:
                self._node.options.refresh_volumes(self.pod, self.state.address)
            self._resync_later()

    # The end

    def _terminate(self) -> None:
        """Stop everything, and confirm the deletion when all has stopped."""
        self._stop()
        state = self.state
        state.terminated = state.stopped
        self.report()
        if state.stopping and state.stopped and not self._leaving:
            self._leave()

    def _leave(self) -> None:
        """All has stopped: the sandbox goes, and the deletion is confirmed."""
        self._leaving = True

        def left(fault: RuntimeFault | None) -> None:
            if fault is not None:  # the deletion waits for the runtime
                self._leaving = False
                self.wake(SANDBOX_RETRY)
            else:
                self._node.ended(self.state)

        self._sandbox.stop(left)

    def _stop(self) -> None:
        """Stop the containers, then the sidecars, within the grace period."""
        state = self.state
        if state.stop_by is None:
            grace = self.pod.metadata.deletion_grace_period_seconds
            if grace is None or state.gone:
                grace = 0 if state.final[1] == "Evicted" else 1 if state.gone else state.grace
            state.stop_by = self._sim.now + grace
            self._tell_stop()
        left = max(0.0, state.stop_by - self._sim.now)
        for slot in self.slots:
            if not slot.sidecar:
                self._kill(slot, left)
        if not any(slot.running for slot in self.slots if not slot.sidecar):
            for slot in reversed([slot for slot in self.slots if slot.sidecar]):
                self._kill(slot, left)

    def _tell_stop(self) -> None:
        """Say of each container that it stops; sidecars wait for their turn only after that.

        The first comes first, and the others from the last one (`killContainersWithSyncResult`
        starts a routine for each; the one that is started last runs first).
        """
        running = [slot for slot in self.slots if slot.running and not slot.stopping]
        for slot in (*running[:1], *reversed(running[1:])):
            message = f"Stopping container {slot.spec.name}"
            self._events.normal(self.pod, "Killing", message, slot.spec.name)
            self._told += (slot.current_id,)

    def _kill(self, slot: Slot, grace: float) -> None:
        if slot.running and not slot.stopping:
            if slot.current_id not in self._told:
                message = f"Stopping container {slot.spec.name}"
                self._events.normal(self.pod, "Killing", message, slot.spec.name)
            self._containers.stop(slot, grace)
