"""A Pod's sandbox and containers, as the kubelet has them made and stopped: each step a CRI call.

What takes time is begun here, and its end wakes the Pod's worker. What the kubelet did itself it
looks at when the call returns; all else it hears of by its relist.
Source: `pkg/kubelet/kuberuntime/kuberuntime_container.go` (`startContainer`, `killContainer`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from course_lib.cri.client import Done
from course_lib.node.cri_config import container_config, log_directory, sandbox_config
from course_lib.node.environment import Place, environment
from course_lib.node.probes import not_simulated
from course_lib.node.slot import CREATING, Seen, Slot
from course_lib.node.volumes import ROOT, mounts_of
from course_lib.objects.kinds import pod as spec
from course_lib.objects.kinds.pod import Pod
from course_lib.runtimes import RuntimeFault
from course_lib.runtimes.logs import said
from course_lib.runtimes.shell import NOT_SIMULATED

if TYPE_CHECKING:
    from course_lib.node.kubelet import Kubelet

SANDBOX_RETRY = 1.0  # s
MINIMUM_GRACE = 2.0  # s that a container gets to shut down, unless it is to be killed at once


class PodContainers:
    """What one Pod has on its node."""

    kubelet: Kubelet
    pod: Pod
    slots: list[Slot]

    def __init__(self, kubelet: Kubelet, pod: Pod) -> None:
        self.kubelet, self.pod = kubelet, pod
        self.sim, self.api = kubelet.sim, kubelet.api
        self.sandbox = ""  # its ID
        self.address = ""
        self._sandboxes = 0  # that the Pod has had here
        self._making_sandbox = False

    def wake(self, after: float = 0.0) -> None:
        """Ask for a sync, now or in so many seconds."""
        raise NotImplementedError

    def report(self) -> None:
        """Write the Pod's status."""
        raise NotImplementedError

    @property
    def current(self) -> bool:
        """Whether this is still the Pod's worker here, on a machine with power."""
        return self.kubelet.powered and self.kubelet.workers.get(self.pod.uid) is self

    def call(self, method: str, done: Done, **fields: object) -> None:
        """Begin a call of the CRI; what comes back after the Pod has gone is of no use."""
        client = self.kubelet.cri

        def ended(result: Any) -> None:
            if self.current and client is self.kubelet.cri:
                done(result)

        client.begin(method, ended, **fields)

    # The sandbox

    def make_sandbox(self) -> None:
        """Have the sandbox made; a failure is told, and tried again."""
        if self._making_sandbox:
            return
        self._making_sandbox = True
        self.kubelet.tell_address_block()
        config = sandbox_config(self.pod, self._sandboxes)
        self.call("RunPodSandbox", self._made_sandbox, config=config)

    def _made_sandbox(self, result: Any) -> None:
        self._making_sandbox = False
        if isinstance(result, RuntimeFault):
            self.kubelet.warning(
                self.pod, "FailedCreatePodSandBox", f"Failed to create pod sandbox: {result}"
            )
            self.wake(SANDBOX_RETRY)
            return
        self._sandboxes += 1
        self.sandbox = result.pod_sandbox_id

        def looked(answer: Any) -> None:
            if isinstance(answer, RuntimeFault):
                self.sandbox = ""  # gone again: the next sync makes another
                self.wake(SANDBOX_RETRY)
                return
            self.address = answer.status.network.ip or self.kubelet.address
            self.wake()

        self.call("PodSandboxStatus", looked, pod_sandbox_id=self.sandbox)

    def lose_sandbox(self) -> None:
        """The sandbox is gone, and what was in it: make another."""
        self.kubelet.normal(
            self.pod, "SandboxChanged", "Pod sandbox changed, it will be killed and re-created."
        )
        self.call("StopPodSandbox", lambda _: None, pod_sandbox_id=self.sandbox)
        self.sandbox = ""
        self.refresh()
        self.wake()

    # Starting

    def start_container(self, slot: Slot, image_id: str) -> None:
        """Create a container and start it."""
        slot.starting, slot.waiting = True, (CREATING, "")
        wanted, kubelet = slot.spec, self.kubelet
        message = self.message_path(slot, slot.next_attempt)
        kubelet.disk.put(message, b"")
        mounts = mounts_of(self.api, kubelet.disk, self.pod, wanted, self.place)
        config = container_config(
            self.pod,
            wanted,
            slot.next_attempt,
            image_id,
            environment(self.api, self.pod, wanted, self.place),
            [*mounts, (message, wanted.termination_message_path, False)],
            kubelet.machine.memory,
        )

        def created(result: Any) -> None:
            if isinstance(result, RuntimeFault):
                self._failed(slot, "CreateContainerError", result)
                return
            kubelet.normal(self.pod, "Created", "Container created")
            id = result.container_id
            self.call("StartContainer", lambda r: self._started(slot, id, r), container_id=id)

        self.call("CreateContainer", created, pod_sandbox_id=self.sandbox, config=config)

    def _started(self, slot: Slot, id: str, result: Any) -> None:
        seen = self.look(id, slot.spec.image)
        if seen is not None:
            slot.take(seen)
            self._hear_last_words(slot)
        if isinstance(result, RuntimeFault):
            self._failed(slot, "RunContainerError", result)
            return
        self.kubelet.normal(self.pod, "Started", "Container started")
        hook = slot.spec.lifecycle.post_start if slot.spec.lifecycle else None
        if hook is None or seen is None:
            self.on_start(slot)
            return

        def hooked(problem: str) -> None:
            if problem:
                self.kubelet.warning(self.pod, "FailedPostStartHook", "PostStartHook failed")
                slot.kill_because = "failed post-start hook"
            self.on_start(slot)

        self.run_hook(slot, hook, 0, hooked)

    @property
    def place(self) -> Place:
        """Where the Pod runs, as its containers may be told."""
        kubelet = self.kubelet
        node: Any = self.api.find("Node", kubelet.name)
        allocatable = (node.status.allocatable or {}) if node is not None else {}
        return Place(self.address, kubelet.name, kubelet.address, allocatable)

    def message_path(self, slot: Slot, attempt: int) -> str:
        """The file on the node that a container's last words go to."""
        return f"{ROOT}/{self.pod.uid}/containers/{slot.spec.name}/{attempt}"

    def last_words(self, slot: Slot, attempt: int, failed: bool) -> str:
        """What a container left as its termination message, or the end of its log.

        Source: `getTerminationMessage`: 4096 bytes of the file; of the log 80 lines, 2048 bytes.
        """
        disk = self.kubelet.disk
        said_there = disk.read(self.message_path(slot, attempt))[:4096]
        if said_there or not failed or slot.spec.termination_message_policy == "File":
            return said_there.decode(errors="replace")
        path = f"{log_directory(self.pod)}/{slot.spec.name}/{attempt}.log"
        lines = said(disk.read(path)).splitlines(keepends=True)[-80:]
        return "".join(lines).encode()[-2048:].decode(errors="replace")

    def on_start(self, slot: Slot) -> None:
        """A container runs: the worker sets its probes on it."""
        raise NotImplementedError

    def _failed(self, slot: Slot, reason: str, fault: RuntimeFault) -> None:
        slot.starting = False
        again = slot.exited is None or slot.restarts_under(self.pod.spec.restart_policy)
        slot.waiting = (reason, fault.what) if again else ("", "")
        self.kubelet.warning(self.pod, "Failed", f"Error: {fault.what}")
        self.report()  # before the next attempt hides it
        self.wake(SANDBOX_RETRY)

    # Looking

    def look(self, id: str, image: str) -> Seen | None:
        """A container as the runtime has it now; None where it has none of that ID."""
        try:
            status = self.kubelet.cri.call("ContainerStatus", container_id=id).status
        except RuntimeFault:
            return None
        return Seen.of(status, image)

    def refresh(self) -> None:
        """Look at all containers of the Pod anew."""
        for slot in self.slots:
            if slot.current is not None and not slot.current.ended:
                seen = self.look(slot.current.id, slot.current.image)
                if seen is not None:
                    slot.see(seen)
                    self._hear_last_words(slot)

    def _hear_last_words(self, slot: Slot) -> None:
        """Add its termination message to a container that has ended."""
        if slot.exited is None:
            return
        words = self.last_words(slot, slot.restarts, slot.exited.exit_code != 0)
        if words:
            slot.current = msgspec.structs.replace(slot.exited, message=words)

    # Stopping

    def stop_container(self, slot: Slot, grace: float) -> None:
        """First the preStop hook, then SIGTERM, and SIGKILL when the grace period is over."""
        assert slot.current is not None
        id, slot.stopping = slot.current.id, True
        began = self.sim.now
        hook = slot.spec.lifecycle.pre_stop if slot.spec.lifecycle else None

        def stop(problem: str) -> None:
            if problem:
                self.kubelet.warning(self.pod, "FailedPreStopHook", "PreStopHook failed")
            left = grace - (self.sim.now - began)
            self.send_stop(id, max(left, MINIMUM_GRACE) if grace > 0 else 0)

        if hook is None or grace <= 0:
            stop("")
        else:
            self.run_hook(slot, hook, grace, stop)

    def send_stop(self, id: str, timeout: float) -> None:
        """Ask the runtime to stop a container, and look at it when that is done."""

        def stopped(result: Any) -> None:
            if isinstance(result, RuntimeFault):  # nobody answers: ask again
                for slot in self.slots:
                    slot.stopping = slot.stopping and slot.current_id != id
                self.wake(SANDBOX_RETRY)
                return
            self.refresh()
            self.wake()

        self.call("StopContainer", stopped, container_id=id, timeout=round(timeout))

    def run_hook(
        self, slot: Slot, hook: spec.LifecycleHandler, limit: float, done: Callable[[str], None]
    ) -> None:
        """Run a hook; `done` gets what went wrong, or nothing. `limit` in s, 0: none."""
        assert slot.current is not None
        over = False

        def end(problem: str) -> None:
            nonlocal over
            if not over and self.current:
                over = True
                done(problem)

        if limit:
            self.sim.at(self.sim.now + limit, lambda: end(""))
        if hook.sleep is not None:
            self.sim.at(self.sim.now + hook.sleep.seconds, lambda: end(""))
        elif hook.exec is not None:
            command = list(hook.exec.command or ())

            def ran(result: Any) -> None:
                failed = isinstance(result, RuntimeFault)
                if not_simulated(result):  # nothing says that it would fail
                    about = f"Pod/{self.pod.name}"
                    words = f"{' '.join(command)}: {NOT_SIMULATED}"
                    self.sim.record(self.kubelet.component, about, "NotSimulated", words)
                    end("")
                    return
                code = 0 if failed else result.exit_code
                end(str(result) if failed else f"exited with {code}" if code else "")

            self.call("ExecSync", ran, container_id=slot.current.id, cmd=command, timeout=0)
        else:
            end("")
