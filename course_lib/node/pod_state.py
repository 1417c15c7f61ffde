"""What a kubelet knows of one Pod: its sandbox, its containers, and what was decided about it."""

from __future__ import annotations

from typing import Protocol

import msgspec

from course_lib.node.slot import Slot, restarts
from course_lib.objects.kinds.pod import Pod, PodSpec, PodStatus
from course_lib.objects.manifests import Document


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

    __slots__ = ("accepted", "address", "allocated", "disruption", "ephemerals", "final", "gone",
                 "inits", "mains", "over", "pod", "ready", "resize_pending", "resizing", "sandbox",
                 "shown_address", "slots", "started_at", "stop_by", "terminated",
                 "written")  # fmt: skip

    def __init__(self, pod: Pod, started_at: float) -> None:
        self.pod, self.started_at = pod, started_at
        self.allocated = pod.spec  # with the resources that the Pod has got of the node
        self.resize_pending: Document | None = None  # conditions of a resize
        self.resizing: Document | None = None
        self.disruption: Document | None = None  # the condition of a Pod that the node ends
        inits = [Slot(each, pod.spec, "init") for each in pod.spec.init_containers or ()]
        self.inits = tuple(inits)  # sidecars too
        self.mains = tuple([Slot(each, pod.spec) for each in pod.spec.containers])
        self.ephemerals: tuple[Slot, ...] = ()
        self.slots = self.inits + self.mains
        self.follow_spec()
        self.sandbox = ""  # its ID
        self.address = self.shown_address = ""  # the one that is, and the one in its status
        self.stop_by: float | None = None  # set once the stop has begun
        self.final = ("", "", "")  # phase, reason and message that the kubelet decided on
        self.gone = False  # from the API server, or from this node
        self.terminated = False  # everything has stopped for good
        self.over = False  # as the last status says
        self.ready = ""  # the status of its condition Ready, as the API server was told last
        # Of what the status was made that was written last, and what the API server made of it.
        self.written: tuple[object, ...] = ()
        self.accepted: PodStatus | None = None

    @property
    def node(self) -> str:
        """The name of the node that runs the Pod."""
        return self.pod.spec.node_name

    def allocate(self) -> None:
        """Give the Pod what its spec desires of the node."""
        self.allocated = self.pod.spec
        self.follow_spec()

    def follow_spec(self) -> None:
        """Take over what can change in the spec of a Pod that runs, but for its resources."""
        spec = self.allocated = with_resources(self.pod.spec, self.allocated)
        for group, containers in (
            (self.inits, spec.init_containers),
            (self.mains, spec.containers),
        ):
            for slot, container in zip(group, containers or (), strict=False):
                slot.spec = container
        known = len(self.ephemerals)
        if new := (spec.ephemeral_containers or ())[known:]:
            self.ephemerals += tuple([Slot(each, spec, "ephemeral") for each in new])
            self.slots = self.inits + self.mains + self.ephemerals

    @property
    def stopping(self) -> bool:
        """Whether the Pod is to end, whatever its containers do."""
        return self.pod.terminating or self.gone

    @property
    def stopped(self) -> bool:
        """Whether no container runs."""
        return not any(slot.running for slot in self.slots)

    @property
    def grace(self) -> int:
        """Seconds that the Pod's containers get to shut down."""
        return self.pod.spec.termination_grace_period_seconds

    def phase(self) -> str:
        """The phase that the containers' states add up to (`getPhase`)."""
        if self.final[0]:
            return self.final[0] if self.stopped else "Running"
        waiting = False  # for an init container that has not ended yet
        for slot in self.inits:
            ended = slot.ended_last
            if slot.sidecar:
                continue
            if slot.running or ended is None:
                waiting = True
            elif ended.exit_code and not restarts(slot.spec, slot.policy, ended.exit_code):
                # A phase is final only once no container runs (`mergePodStatus`).
                return "Failed" if self.stopped else "Running" if self.begun else "Pending"
        sidecars = [slot for slot in self.inits if slot.sidecar]
        unstarted = [s for s in sidecars if not (s.started if s.running else s.ended_last)]
        if waiting or (unstarted and not self.begun):
            return "Pending"
        if any(not (s.running or s.ended_last) for s in (*sidecars, *self.mains)):
            return "Pending"
        if any(slot.running for slot in (*sidecars, *self.mains)):
            return "Running"
        return self._phase_of_the_ended()

    def _phase_of_the_ended(self) -> str:
        """The phase of a Pod whose containers have all ended."""
        ended = [(slot, last) for slot in self.mains if (last := slot.ended_last) is not None]
        again = any(restarts(slot.spec, slot.policy, last.exit_code) for slot, last in ended)
        if again and not self.stopping:
            return "Running"
        return "Failed" if any(last.exit_code for _, last in ended) else "Succeeded"

    @property
    def begun(self) -> bool:
        """Whether one of its own containers has been started in this sandbox."""
        return any(slot.current and slot.sandbox == self.sandbox for slot in self.mains)

    def facts(self) -> tuple[object, ...]:
        """All that the Pod's status is made of, but for what it is in the API."""
        decided = self.phase(), self.sandbox, self.shown_address, self.final, self.stopping
        slots = [slot.facts() for slot in self.slots]
        resize = self.resize_pending, self.resizing, self.disruption
        return self.pod.metadata.generation, *decided, self.terminated, *resize, *slots

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


def with_resources(spec: PodSpec, allocated: PodSpec) -> PodSpec:
    """A spec with the resources that are `allocated`; all else as it says itself."""
    changed = {}
    for group in ("containers", "init_containers"):
        new, old = getattr(spec, group) or (), getattr(allocated, group) or ()
        kept = [
            each
            if before.resources == each.resources
            else msgspec.structs.replace(each, resources=before.resources)
            for each, before in zip(new, old, strict=False)
        ]
        if any(mine is not its for mine, its in zip(kept, new, strict=False)):
            changed[group] = kept
    return msgspec.structs.replace(spec, **changed) if changed else spec
