"""The kubelet's loop for one Pod: compare what should run with what runs, do the next step.

`sync` never waits: what takes time is begun, and its end wakes the worker again. The steps, in
order: volumes, sandbox, init containers one by one (a sidecar stays), the containers; then
restarts with back-off, and in the end the orderly stop.
Source: `pkg/kubelet/kuberuntime/kuberuntime_manager.go` (`SyncPod`, `computePodActions`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from course_lib.engine import Simulation
from course_lib.network import Network
from course_lib.node.admission import HeldResources
from course_lib.node.backoff import Backoff, shown
from course_lib.node.container_options import ContainerOptions
from course_lib.node.images import ImageManager
from course_lib.node.kubelet_events import KubeletEvents
from course_lib.node.machine import MachineInfo
from course_lib.node.node_runtime import NodeRuntime, PodCalls
from course_lib.node.pod_containers import PodContainers
from course_lib.node.pod_probes import PodProbes
from course_lib.node.pod_sandbox import SANDBOX_RETRY, PodSandbox
from course_lib.node.pod_state import PodState
from course_lib.node.slot import HOOK_FAILED, INITIALIZING, REDEFINED, Slot
from course_lib.node.status_manager import StatusManager
from course_lib.node.volumes import RESYNC, follows
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod.status import FINAL_PHASES
from course_lib.objects.meta import condition
from course_lib.runtimes import RuntimeFault

MOUNT_RETRY = 0.5, 122.0  # s: the first wait for a volume, and the longest (doubling)
CONFIG_RETRY = 10.0  # s between looks for a missing Secret of the environment


class NodeParts(msgspec.Struct, frozen=True):
    """What the workers of one node share."""

    sim: Simulation
    machine: MachineInfo
    network: Network
    runtime: NodeRuntime
    images: ImageManager
    backoff: Backoff  # of crashed containers
    held: HeldResources
    options: ContainerOptions
    status: StatusManager
    events: KubeletEvents
    tell_address_block: Callable[[], str]
    sandbox_lost: Callable[[str], bool]  # whether the relist saw a sandbox stopped
    stir: Callable[[], None]  # called when a worker starts or ends
    ended: Callable[[PodWorker], None]  # gets a worker that has stopped everything


class PodWorker:
    """One Pod on one node, from the kubelet's first sight of it to its end."""

    __slots__ = ("_awake", "_calls", "_containers", "_events", "_failures", "_leaving",
                 "_mount_wait", "_node", "_probes", "_sandbox", "_sim", "state")  # fmt: skip

    def __init__(self, node: NodeParts, pod: Pod) -> None:
        self._node, self._sim, self._events = node, node.sim, node.events
        self.state = PodState(pod, node.sim.now)
        self._calls = PodCalls(node.runtime)
        self._sandbox = PodSandbox(
            self.state,
            self._calls,
            node.events,
            node.machine.address,
            node.tell_address_block,
            self,
        )
        self._containers = PodContainers(
            node.sim,
            self.state,
            self._calls,
            node.runtime,
            node.options,
            node.events,
            self,
        )
        self._probes = PodProbes(node.sim, self.state, self._calls, node.network, node.events, self)
        self._leaving = False  # its sandbox is being stopped for good
        self._mount_wait = 0.0
        self._awake = False
        self._failures = 0  # syncs that failed in a row
        if any(map(follows, pod.spec.volumes or ())):
            self._resync_later()
        if pod.spec.active_deadline_seconds is not None:
            self.wake(pod.spec.active_deadline_seconds)
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

    def update(self, pod: Pod) -> None:
        """The Pod has changed in the API."""
        old, state = self.pod, self.state
        grace = pod.metadata.deletion_grace_period_seconds
        respecified = pod.spec is not old.spec and pod.spec != old.spec
        changed = respecified or pod.terminating != old.terminating
        shorter = grace != old.metadata.deletion_grace_period_seconds
        state.pod = pod
        if respecified:
            self._node.held.change(pod)
            for slot, container in zip(state.mains, pod.spec.containers, strict=False):
                slot.spec = container
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

    def resume(self, pod: Pod) -> None:
        """The node is back after a power loss: restart counts go on where they were."""
        self.state.restore_counts(pod)

    def fail(self, reason: str, message: str) -> None:
        """End the Pod for the node's own reasons: an eviction, a deadline."""
        self.state.final = ("Failed", reason, message)
        self.wake()

    def changed(self) -> None:
        """The kubelet's relist has found something new in the Pod."""
        self._containers.refresh()
        if self.sandbox and self._node.sandbox_lost(self.sandbox) and not self._leaving:
            self._sandbox.lose()
            self._containers.refresh()
        self.wake()

    def _run(self) -> None:
        self._awake = False
        if self._calls.open:
            try:
                self.sync()
            except Exception as error:  # of this Pod alone; its worker looks at it again
                name = f"Pod/{self.pod.name}"
                self._sim.failed(error, self._events.component, name)
                self._failures += 1
                self.wake(min(2.0**self._failures, 60.0))
            else:
                self._failures = 0

    # The loop

    def sync(self) -> None:
        """Do the next step, then report."""
        state = self.state
        late = state.past_deadline(self._sim.now) and not state.final[0]
        if late and state.phase() not in FINAL_PHASES:
            message = "Pod was active on the node longer than the specified deadline"
            state.final = ("Failed", "DeadlineExceeded", message)
            self._events.normal(self.pod, "DeadlineExceeded", message)
        if state.stopping or state.final[0]:
            self._stop()
        elif state.phase() in FINAL_PHASES:
            self._stop_sidecars()
        else:
            self._advance()
        self.report()
        if state.over:
            self._node.held.release(self.pod.uid)
        if state.stopping and state.stopped and not self._leaving:
            self._leave()

    def report(self) -> None:
        """Write the Pod's status, unless the Pod has gone."""
        self._node.status.report(self.state)

    def _leave(self) -> None:
        """All has stopped: the sandbox goes, and the deletion is confirmed."""
        self._leaving = True

        def left(fault: RuntimeFault | None) -> None:
            if fault is not None:  # the deletion waits for the runtime
                self._leaving = False
                self.wake(SANDBOX_RETRY)
            else:
                self._node.ended(self)

        self._sandbox.stop(left)

    def _advance(self) -> None:
        if not self.sandbox:
            if self._volumes_ready():
                self._sandbox.make()
            return
        for slot in self.state.inits:
            self._advance_slot(slot)
            if not (slot.started if slot.sidecar else slot.succeeded):
                for later in self.slots[self.slots.index(slot) + 1 :]:
                    if later.current is None:
                        later.waiting = (INITIALIZING, "")
                return
        for slot in self.state.mains:
            self._advance_slot(slot)

    def _advance_slot(self, slot: Slot) -> None:
        """One container, one step nearer to running."""
        if slot.running:
            self._restart_if_needed(slot)
            return
        if slot.starting:
            return
        if slot.exited is not None:
            if not slot.restarts_under(self.pod.spec.restart_policy):
                slot.waiting = ("", "")
                return
            if self._in_backoff(slot):
                return
        found = self._node.images.ensure(self.pod, slot.spec, self.wake)
        if isinstance(found, tuple):
            slot.waiting = found
        elif missing := self._node.options.missing_config(self.pod, slot.spec):
            slot.waiting = "CreateContainerConfigError", missing
            self._events.warning(self.pod, "Failed", f"Error: {missing}", slot.spec.name)
            self.wake(CONFIG_RETRY)
        else:
            if slot.exited is not None:
                key = f"{self.pod.uid}_{slot.spec.name}"
                self._node.backoff.next(key, slot.exited.finished_at, self._sim.now)
            self._containers.start(slot, found)

    def _restart_if_needed(self, slot: Slot) -> None:
        """Stop a running container that has another image now, or that failed a probe."""
        assert slot.current is not None
        if slot.current.image != slot.spec.image and not slot.kill_because:
            slot.kill_because = REDEFINED
        if slot.kill_because and not slot.stopping:
            self._events.normal(self.pod, "Killing", self._why_killed(slot), slot.spec.name)
            self._containers.stop(slot, self.state.grace)

    def _why_killed(self, slot: Slot) -> str:
        """What the event says; a Pod that is over with this container is killed as a whole.

        Source: `computePodActions` in `kuberuntime_manager.go`, `killContainer`.
        """
        if slot.kill_because == HOOK_FAILED:
            return HOOK_FAILED
        said = f"Container {slot.spec.name} {slot.kill_because}"
        always = slot.kill_because == REDEFINED or slot.sidecar
        if always or self.pod.spec.restart_policy != "Never":
            return f"{said}, will be restarted"
        others = [each for each in self.state.slots if each is not slot]
        alone = all(each.exited is not None and each.current is None for each in others)
        return f"Stopping container {slot.spec.name}" if alone else said

    def _in_backoff(self, slot: Slot) -> bool:
        """Whether a crashed container must wait; its first restart does not (`doBackOff`)."""
        assert slot.exited is not None
        backoff, key = self._node.backoff, f"{self.pod.uid}_{slot.spec.name}"
        since = slot.exited.finished_at
        left = backoff.remaining(key, since, self._sim.now)
        if left <= 0:
            return False
        pod = f"{self.pod.name}_{self.pod.namespace}({self.pod.uid})"
        if slot.waiting[0] != "CrashLoopBackOff":
            said = f"Back-off restarting failed container {slot.spec.name} in pod {pod}"
            self._events.warning(self.pod, "BackOff", said, slot.spec.name)
        failed = f"restarting failed container={slot.spec.name} pod={pod}"
        slot.waiting = ("CrashLoopBackOff", f"back-off {shown(backoff.current(key))} {failed}")
        self.wake(left)
        return True

    def started(self, slot: Slot) -> None:
        """A container runs: set its probes on it."""
        self._probes.watch(slot)
        self.wake()

    # The volumes

    def _volumes_ready(self) -> bool:
        problem = self._node.options.missing_volume(self.pod)
        if not problem:
            return True
        self._events.warning(self.pod, "FailedMount", problem)
        first, longest = MOUNT_RETRY
        self._mount_wait = min(longest, max(first, 2 * self._mount_wait))
        self.wake(self._mount_wait)
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

    def _stop(self) -> None:
        """Stop the containers, then the sidecars, within the grace period."""
        state = self.state
        if state.stop_by is None:
            grace = self.pod.metadata.deletion_grace_period_seconds
            if grace is None or state.gone:
                grace = 0 if state.final[1] == "Evicted" else 1 if state.gone else state.grace
            state.stop_by = self._sim.now + grace
        left = max(0.0, state.stop_by - self._sim.now)
        for slot in self.slots:
            if not slot.sidecar:
                self._kill(slot, left)
        if not any(slot.running or slot.starting for slot in self.slots if not slot.sidecar):
            for slot in reversed([slot for slot in self.slots if slot.sidecar]):
                self._kill(slot, left)

    def _kill(self, slot: Slot, grace: float) -> None:
        if slot.running and not slot.stopping:
            self._events.normal(
                self.pod, "Killing", f"Stopping container {slot.spec.name}", slot.spec.name
            )
            self._containers.stop(slot, grace)

    def _stop_sidecars(self) -> None:
        for slot in reversed(self.state.inits):
            if slot.sidecar:
                self._kill(slot, self.state.grace)
