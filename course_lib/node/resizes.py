"""In-place resize: other requests and limits for containers that run.

A Pod's spec says what is desired. The kubelet allocates it when the node has room, and until then
goes on with what it allocated before. What is allocated it writes into the containers.
Source: `pkg/kubelet/allocation`, `pkg/kubelet/events/resize.go`; `SetPodResizePendingCondition` in
`pkg/kubelet/status/status_manager.go`.
"""

from __future__ import annotations

import json

from course_lib.engine import Simulation, timestamp
from course_lib.node.admission import HeldResources, refusal
from course_lib.node.kubelet_events import KubeletEvents
from course_lib.node.node_status import NodeStatusReporter
from course_lib.node.pod_state import PodState, Worker
from course_lib.objects.decode import encode
from course_lib.objects.kinds.pod import PodSpec
from course_lib.objects.kinds.pod.requests import ZERO, qos_class, total
from course_lib.objects.manifests import Document

RETRY = 180.0  # s between two looks at resizes that wait (`retryDelay`)
QUALITIES = ("Guaranteed", "Burstable", "BestEffort")


class Resizes:
    """The resizes of one node's Pods that wait for room.

    `sim` has the time, `held` is what the Pods hold of the node, `node_status` has the node,
    `events` report.
    """

    def __init__(
        self,
        sim: Simulation,
        held: HeldResources,
        node_status: NodeStatusReporter,
        events: KubeletEvents,
    ) -> None:
        self._sim, self._held, self._node_status, self._events = sim, held, node_status, events
        self._pending: dict[str, tuple[PodState, Worker]] = {}  # by UID, the longest wait first
        self._due = False

    def ask(self, state: PodState, worker: Worker) -> None:
        """A Pod's spec has changed: allocate what it desires, now or when there is room.

        `state` is what is known of the Pod, `worker` is its own.
        """
        if state.over:
            return
        if _reached(state):
            state.resize_pending = None  # it is as it was before
            self._pending.pop(state.pod.uid, None)
        else:
            self._pending.setdefault(state.pod.uid, (state, worker))
            self.retry()

    def forget(self, uid: str) -> None:
        """A Pod, by its UID, has ended; there may be room for others now."""
        self._pending.pop(uid, None)
        if self._pending:
            self._sim.at(self._sim.now, self.retry)

    def retry(self) -> None:
        """Allocate what there is room for: the smaller first, then by priority and quality."""
        for uid, (state, worker) in sorted(self._pending.items(), key=lambda each: _rank(each[1])):
            if self._allocated(state):
                del self._pending[uid]
            worker.wake()
        if self._pending and not self._due:
            self._due = True
            self._sim.at(self._sim.now + RETRY, self._again)

    def _again(self) -> None:
        self._due = False
        self.retry()

    def _allocated(self, state: PodState) -> bool:
        """Whether a resize is allocated; else the Pod says why it waits."""
        pod, node = state.pod, self._node_status.find()
        generation = pod.metadata.generation or 0
        self._held.release(pod.uid)
        why = refusal(pod, node, self._held, memory_pressure=False) if node else None
        if why is None:
            state.allocate()
            self._held.hold(pod)
            state.resize_pending = None
            state.resizing = _condition("PodResizeInProgress", "", "", generation, self._sim.now)
            said = f"Pod resize started: {_summary(pod.spec, generation)}"
            self._events.normal(pod, "ResizeStarted", said)
            return True
        self._held.hold(pod, state.allocated)
        reason, message = why
        before = state.resize_pending
        since = self._sim.now if before is None else before["lastTransitionTime"]
        state.resize_pending = _condition(
            "PodResizePending", "Deferred", message, generation, since
        )
        if before is None or before["observedGeneration"] != generation:
            said = f"Pod resize {reason}: {_summary(pod.spec, generation, message)}"
            self._events.warning(pod, "ResizeDeferred", said)
        return False


def completed(state: PodState, events: KubeletEvents) -> None:
    """Say that what was allocated is what the containers have, if that is new."""
    if state.resizing is None or any(slot.to_be_resized for slot in state.slots):
        return
    generation = state.resizing["observedGeneration"]
    state.resizing = None
    said = f"Pod resize completed: {_summary(state.allocated, generation)}"
    events.normal(state.pod, "ResizeCompleted", said)


def _reached(state: PodState) -> bool:
    """Whether all that is desired is allocated."""
    desired, allocated = state.pod.spec, state.allocated
    return all(
        new.resources == old.resources
        for group in ("containers", "init_containers")
        for new, old in zip(getattr(desired, group) or (), getattr(allocated, group) or (),
                            strict=False)
    )  # fmt: skip


def _rank(waiting: tuple[PodState, Worker]) -> tuple[bool, int, int]:
    """First who asks for no more than it has, then by priority, then by quality of service."""
    state, _ = waiting
    desired, before = (total(spec, "requests") for spec in (state.pod.spec, state.allocated))
    more = any(amount.nano > before.get(name, ZERO).nano for name, amount in desired.items())
    quality = QUALITIES.index(qos_class(state.pod.spec))
    return more, -state.pod.spec.priority, quality


def _condition(
    kind: str, reason: str, message: str, generation: int, since: float | str
) -> Document:
    """A condition of a resize that is under way, `since` a time."""
    began = since if isinstance(since, str) else timestamp(since)
    made: Document = {
        "type": kind,
        "status": "True",
        "lastProbeTime": began,
        "lastTransitionTime": began,
        "observedGeneration": generation,
    }
    return made | ({"reason": reason, "message": message} if reason else {})


def _summary(spec: PodSpec, generation: int, error: str = "") -> str:
    """What an Event tells of the resources of a Pod's containers, as JSON."""
    groups = ("initContainers", spec.init_containers), ("containers", spec.containers)
    told: Document = {
        name: [{"name": c.name, "resources": _sorted(encode(c.resources))} for c in containers]
        for name, containers in groups
        if containers
    }
    told["generation"] = generation
    return json.dumps(told | ({"error": error} if error else {}), separators=(",", ":"))


def _sorted(resources: Document) -> Document:
    return {group: dict(sorted(resources[group].items())) for group in sorted(resources)}
