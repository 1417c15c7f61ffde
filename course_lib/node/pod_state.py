"""What a kubelet knows of one Pod: its sandbox, its containers, and what was decided about it."""

from __future__ import annotations

from typing import Protocol

from course_lib.node.slot import Slot
from course_lib.objects.kinds.pod import Pod, PodStatus


class Worker(Protocol):
    """The worker of a Pod, as its parts see it."""

    def wake(self, after: float = 0.0) -> None:
        """Ask for a sync, now or in so many seconds."""

    def report(self) -> None:
        """Write the Pod's status."""

    def started(self, slot: Slot) -> None:
        """A container runs."""


class PodState:
    """One Pod on one node; times in simulated seconds."""

    __slots__ = ("accepted", "address", "final", "gone", "inits", "mains", "over", "pod", "ready",
                 "sandbox", "slots", "started_at", "stop_by", "written")  # fmt: skip

    def __init__(self, pod: Pod, started_at: float) -> None:
        self.pod, self.started_at = pod, started_at
        inits = [Slot(each, init=True) for each in pod.spec.init_containers or ()]
        self.inits = tuple(inits)  # sidecars too
        self.mains = tuple([Slot(each, init=False) for each in pod.spec.containers])
        self.slots = self.inits + self.mains
        self.sandbox = ""  # its ID
        self.address = ""
        self.stop_by: float | None = None  # set once the stop has begun
        self.final = ("", "", "")  # phase, reason and message that the kubelet decided on
        self.gone = False  # from the API server, or from this node
        self.over = False  # as the last status says
        self.ready = ""  # the status of its condition Ready, as the API server was told last
        # Of what the status was made that was written last, and what the API server made of it.
        self.written: tuple[object, ...] = ()
        self.accepted: PodStatus | None = None

    @property
    def stopping(self) -> bool:
        """Whether the Pod is to end, whatever its containers do."""
        return self.pod.terminating or self.gone

    @property
    def stopped(self) -> bool:
        """Whether no container runs, or is being started."""
        return not any(slot.running or slot.starting for slot in self.slots)

    @property
    def grace(self) -> int:
        """Seconds that the Pod's containers get to shut down."""
        return self.pod.spec.termination_grace_period_seconds

    def phase(self) -> str:
        """The phase that the containers' states add up to (`getPhase`)."""
        if self.final[0]:
            return self.final[0] if self.stopped else "Running"
        policy = self.pod.spec.restart_policy
        for slot in self.inits:
            if slot.exited and not slot.sidecar and slot.exited.exit_code and policy == "Never":
                return "Failed"
        ended = True
        for slot in self.mains:
            if slot.current is None and not slot.restarts:
                return "Pending"
            ended = ended and slot.exited is not None and not slot.starting
        if not ended:
            return "Running"
        if not self.stopping and any(slot.restarts_under(policy) for slot in self.mains):
            return "Running"
        return "Succeeded" if all(slot.succeeded for slot in self.mains) else "Failed"

    def facts(self) -> tuple[object, ...]:
        """All that the Pod's status is made of, but for what it is in the API."""
        decided = self.phase(), self.sandbox, self.address, self.final
        return self.pod.metadata.generation, *decided, *(slot.facts() for slot in self.slots)

    def initialized(self) -> bool:
        """Whether all init containers have done their work."""
        done = all(slot.started if slot.sidecar else slot.succeeded for slot in self.inits)
        return done or any(slot.current for slot in self.mains)

    def past_deadline(self, now: float) -> bool:
        """Whether the Pod was active for longer than its `activeDeadlineSeconds`."""
        deadline = self.pod.spec.active_deadline_seconds
        return deadline is not None and now - self.started_at >= deadline - 1e-6

    def restore_counts(self, pod: Pod) -> None:
        """Go on with the restart counts of a status, after the node lost its power."""
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
