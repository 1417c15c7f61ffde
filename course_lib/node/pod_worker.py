"""The kubelet's loop for one Pod: compare what should run with what runs, do the next step.

`sync` never waits: what takes time is begun, and its end wakes the worker again. The steps, in
order: volumes, sandbox, init containers one by one (a sidecar stays), the containers; then
restarts with back-off, and in the end the orderly stop.
Source: `pkg/kubelet/kuberuntime/kuberuntime_manager.go` (`SyncPod`, `computePodActions`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from course_lib.node.backoff import shown
from course_lib.node.config import missing_config, missing_volume
from course_lib.node.pod_containers import SANDBOX_RETRY, PodContainers
from course_lib.node.pod_status import pod_status
from course_lib.node.probes import LIVENESS, READINESS, STARTUP, Prober, ask
from course_lib.node.slot import INITIALIZING, Seen, Slot
from course_lib.node.volumes import RESYNC, follows, refresh
from course_lib.objects.kinds import pod as spec
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.meta import condition
from course_lib.runtimes import RuntimeFault

if TYPE_CHECKING:
    from course_lib.node.kubelet import Kubelet

MOUNT_RETRY = 0.5, 122.0  # s: the first wait for a volume, and the longest (doubling)
CONFIG_RETRY = 10.0  # s between looks for a missing Secret of the environment
FINAL = ("Succeeded", "Failed")


class PodWorker(PodContainers):
    """One Pod on one node, from the kubelet's first sight of it to its end."""

    def __init__(self, kubelet: Kubelet, pod: Pod) -> None:
        super().__init__(kubelet, pod)
        self.slots = [
            *(Slot(c, init=True) for c in pod.spec.init_containers or ()),
            *(Slot(c, init=False) for c in pod.spec.containers),
        ]
        self.started_at = self.sim.now
        self.stop_by: float | None = None  # set once the stop has begun
        self.final = ("", "", "")  # phase, reason and message that the kubelet decided on
        self.gone = False  # from the API server, or from this node
        self.told_ready = ""  # what the API server was told last
        self._leaving = False  # its sandbox is being stopped for good
        self._mount_wait = 0.0
        self._awake = False
        self._failures = 0  # syncs that failed in a row
        if any(map(follows, pod.spec.volumes or ())):
            self._resync_later()
        if pod.spec.active_deadline_seconds is not None:
            self.wake(pod.spec.active_deadline_seconds)
        self.wake()

    # Being told

    def wake(self, after: float = 0.0) -> None:
        """Ask for a sync, now or in so many seconds."""
        if after > 0:
            self.sim.at(self.sim.now + after, self.wake)
        elif not self._awake:
            self._awake = True
            self.sim.at(self.sim.now, self._run)

    def update(self, pod: Pod) -> None:
        """The Pod has changed in the API."""
        changed = pod.terminating != self.pod.terminating or pod.spec != self.pod.spec
        shorter = (
            pod.metadata.deletion_grace_period_seconds
            != self.pod.metadata.deletion_grace_period_seconds
        )
        self.pod = pod
        for slot, container in zip(self._mains(), pod.spec.containers, strict=False):
            slot.spec = container
        if changed or shorter:
            if shorter and self.stop_by is not None:
                self.stop_by = self.sim.now + (pod.metadata.deletion_grace_period_seconds or 0)
                for slot in self.slots:
                    if slot.current is not None and slot.running:
                        self.send_stop(slot.current.id, self.stop_by - self.sim.now)
            self.wake()
        ready = condition(pod.status.conditions, "Ready")
        if ready is not None and self.told_ready not in ("", ready.status):
            self.wake()  # somebody else wrote it: say it again (`needsReconcile`)

    def deleted(self) -> None:
        """The Pod has gone from the API without us (deleted by force): stop it now."""
        self.gone = True
        self.wake()

    def resume(self, pod: Pod) -> None:
        """The node is back after a power loss: restart counts go on where they were."""
        counts = {
            status.name: status.restart_count + 1
            for status in (
                *(pod.status.container_statuses or ()),
                *(pod.status.init_container_statuses or ()),
            )
            if status.container_id
        }
        for slot in self.slots:
            slot.restarts = counts.get(slot.spec.name, 0)

    def fail(self, reason: str, message: str) -> None:
        """End the Pod for the node's own reasons: an eviction, a deadline."""
        self.final = ("Failed", reason, message)
        self.wake()

    def changed(self) -> None:
        """The kubelet's relist has found something new in the Pod."""
        self.refresh()
        if self.sandbox and self.kubelet.pleg.lost(self.sandbox) and not self._leaving:
            self.lose_sandbox()
        self.wake()

    def _run(self) -> None:
        self._awake = False
        if self.current:
            try:
                self.sync()
            except Exception as error:  # of this Pod alone; its worker looks at it again
                name = f"Pod/{self.pod.name}"
                self.sim.failed(error, self.kubelet.component, name)
                self._failures += 1
                self.wake(min(2.0**self._failures, 60.0))
            else:
                self._failures = 0

    # The loop

    def sync(self) -> None:
        """Do the next step, then report."""
        if self._past_deadline() and not self.final[0] and self.phase() not in FINAL:
            message = "Pod was active on the node longer than the specified deadline"
            self.final = ("Failed", "DeadlineExceeded", message)
        if self.pod.terminating or self.gone or self.final[0]:
            self._stop()
        elif self.phase() in FINAL:
            self._stop_sidecars()
        else:
            self._advance()
        self.report()
        if (self.pod.terminating or self.gone) and self._stopped() and not self._leaving:
            self._leave()

    def _leave(self) -> None:
        """All has stopped: the sandbox goes, and the deletion is confirmed."""
        self._leaving = True

        def left(result: Any) -> None:
            if isinstance(result, RuntimeFault):  # the deletion waits for the runtime
                self._leaving = False
                self.wake(SANDBOX_RETRY)
            else:
                self.kubelet.finish(self)

        if self.sandbox:
            self.call("StopPodSandbox", left, pod_sandbox_id=self.sandbox)
        else:
            self.kubelet.finish(self)

    def _past_deadline(self) -> bool:
        deadline = self.pod.spec.active_deadline_seconds
        return deadline is not None and self.sim.now - self.started_at >= deadline - 1e-6

    def _advance(self) -> None:
        if not self.sandbox:
            if self._volumes_ready():
                self.make_sandbox()
            return
        for slot in self._inits():
            self._advance_slot(slot)
            if not (slot.started if slot.sidecar else slot.succeeded):
                for later in self.slots[self.slots.index(slot) + 1 :]:
                    if later.current is None:
                        later.waiting = (INITIALIZING, "")
                return
        for slot in self._mains():
            self._advance_slot(slot)

    def _advance_slot(self, slot: Slot) -> None:
        """One container, one step nearer to running."""
        if slot.running:
            assert slot.current is not None
            if slot.current.image != slot.spec.image and not slot.kill_because:
                slot.kill_because = "definition changed"
            if slot.kill_because and not slot.stopping:
                message = f"Container {slot.spec.name} {slot.kill_because}, will be restarted"
                self.kubelet.normal(self.pod, "Killing", message)
                self.stop_container(slot, self.pod.spec.termination_grace_period_seconds)
            return
        if slot.starting:
            return
        if slot.exited is not None:
            if not slot.restarts_under(self.pod.spec.restart_policy):
                slot.waiting = ("", "")
                return
            if self._in_backoff(slot):
                return
        found = self.kubelet.images.ensure(self.pod, slot.spec, self.wake)
        waiting = found if isinstance(found, tuple) else None
        if waiting is None and (missing := missing_config(self.api, self.pod, slot.spec)):
            waiting = "CreateContainerConfigError", missing
            self.kubelet.warning(self.pod, "Failed", f"Error: {missing}")
            self.wake(CONFIG_RETRY)
        if waiting is not None:
            slot.waiting = waiting
            return
        assert isinstance(found, str)
        if slot.exited is not None:
            key = f"{self.pod.uid}_{slot.spec.name}"
            self.kubelet.backoff.next(key, slot.exited.finished_at, self.sim.now)
        self.start_container(slot, found)

    def _in_backoff(self, slot: Slot) -> bool:
        """Whether a crashed container must wait; its first restart does not (`doBackOff`)."""
        assert slot.exited is not None
        key = f"{self.pod.uid}_{slot.spec.name}"
        since = slot.exited.finished_at
        left = self.kubelet.backoff.remaining(key, since, self.sim.now)
        if left <= 0:
            return False
        wait = shown(self.kubelet.backoff.current(key))
        where = f"pod={self.pod.name}_{self.pod.namespace}({self.pod.uid})"
        message = f"back-off {wait} restarting failed container={slot.spec.name} {where}"
        if slot.waiting[0] != "CrashLoopBackOff":
            where = f"{self.pod.name}_{self.pod.namespace}({self.pod.uid})"
            said = f"Back-off restarting failed container {slot.spec.name} in pod {where}"
            self.kubelet.warning(self.pod, "BackOff", said)
        slot.waiting = ("CrashLoopBackOff", message)
        self.wake(left)
        return True

    def on_start(self, slot: Slot) -> None:
        """A container runs: set its probes on it."""
        assert slot.current is not None
        for kind, probe in (
            (STARTUP, slot.spec.startup_probe),
            (LIVENESS, slot.spec.liveness_probe),
            (READINESS, slot.spec.readiness_probe),
        ):
            if probe is not None:
                self._watch(slot, slot.current, kind, probe)
        self.wake()

    def _watch(self, slot: Slot, container: Seen, kind: str, probe: spec.Probe) -> None:
        def alive() -> bool:
            same = slot.current is not None and slot.current.id == container.id
            return self.current and same and slot.running

        def on_result(kind: str, good: bool, problem: str) -> None:
            slot.observe(kind, good, problem)
            self.wake()

        Prober(
            self.sim,
            kind,
            probe,
            container.started_at,
            alive=alive,
            ask=lambda done: ask(self, container.id, slot.spec, probe, done),
            held_back=lambda: kind != STARTUP and not slot.started,
            on_result=on_result,
            on_failure=lambda _, said: self.kubelet.warning(self.pod, "Unhealthy", said),
        )

    def _resync_later(self) -> None:
        """Look at the Pod's volumes again in a minute, or a little later."""
        rng = self.sim.random(f"{self.kubelet.component}/resync")
        self.sim.at(self.sim.now + rng.uniform(*RESYNC), self._resync)

    def _resync(self) -> None:
        if self.current:
            if self.sandbox:
                refresh(self.api, self.kubelet.disk, self.pod, self.place)
            self._resync_later()

    # Before the containers

    def _volumes_ready(self) -> bool:
        _, problem = missing_volume(self.api, self.pod, self.kubelet.disk)
        if not problem:
            return True
        self.kubelet.warning(self.pod, "FailedMount", problem)
        first, longest = MOUNT_RETRY
        self._mount_wait = min(longest, max(first, 2 * self._mount_wait))
        self.wake(self._mount_wait)
        return False

    # The end

    def _stop(self) -> None:
        """Stop the containers, then the sidecars, within the grace period."""
        if self.stop_by is None:
            grace = self.pod.metadata.deletion_grace_period_seconds
            if grace is None or self.gone:
                grace = 0 if self.final[1] == "Evicted" else 1 if self.gone else self._grace()
            self.stop_by = self.sim.now + grace
        left = max(0.0, self.stop_by - self.sim.now)
        for slot in self.slots:
            if not slot.sidecar:
                self._kill(slot, left)
        if not any(slot.running or slot.starting for slot in self.slots if not slot.sidecar):
            for slot in reversed([slot for slot in self.slots if slot.sidecar]):
                self._kill(slot, left)

    def _kill(self, slot: Slot, grace: float) -> None:
        if slot.running and not slot.stopping:
            self.kubelet.normal(self.pod, "Killing", f"Stopping container {slot.spec.name}")
            self.stop_container(slot, grace)

    def _stop_sidecars(self) -> None:
        for slot in reversed(self._inits()):
            if slot.sidecar:
                self._kill(slot, self._grace())

    def _stopped(self) -> bool:
        return not any(slot.running or slot.starting for slot in self.slots)

    def _grace(self) -> int:
        return self.pod.spec.termination_grace_period_seconds

    # Reporting

    def report(self) -> None:
        """Write the Pod's status, unless the Pod has gone."""
        status = pod_status(self)
        if not self.gone and status is not None:
            self.kubelet.report(self, status)

    def phase(self) -> str:
        """The phase that the containers' states add up to (`getPhase`)."""
        if self.final[0]:
            return self.final[0] if self._stopped() else "Running"
        policy = self.pod.spec.restart_policy
        for slot in self._inits():
            if slot.exited and not slot.sidecar and slot.exited.exit_code and policy == "Never":
                return "Failed"
        mains = self._mains()
        if any(slot.current is None and not slot.restarts for slot in mains):
            return "Pending"
        if any(slot.running or slot.starting or slot.current is None for slot in mains):
            return "Running"
        stopping = self.pod.terminating or self.gone
        if not stopping and any(slot.restarts_under(policy) for slot in mains):
            return "Running"
        return "Succeeded" if all(slot.succeeded for slot in mains) else "Failed"

    def initialized(self) -> bool:
        """Whether all init containers have done their work."""
        done = all(slot.started if slot.sidecar else slot.succeeded for slot in self._inits())
        return done or any(slot.current for slot in self._mains())

    def _inits(self) -> list[Slot]:
        return [slot for slot in self.slots if slot.init]

    def _mains(self) -> list[Slot]:
        return [slot for slot in self.slots if not slot.init]
