"""What a synchronisation of a Pod has to do: which containers it stops, and which it starts.

Source: `computePodActions` and `computeInitContainerActions` in
`pkg/kubelet/kuberuntime/kuberuntime_manager.go`, `setTerminationGracePeriod`.
"""

from __future__ import annotations

import msgspec

from course_lib.node.pod_state import PodState
from course_lib.node.probes import LIVENESS, STARTUP
from course_lib.node.slot import Slot


class Kill(msgspec.Struct, frozen=True):
    """A container that is to stop, what the Event says, and its grace period (s)."""

    slot: Slot
    message: str
    grace: int


class Actions(msgspec.Struct):
    """What is to be done, in this order; `kill_pod` stops all, and nothing is started then."""

    kill_pod: bool = False
    kills: list[Kill] = []
    starts: list[Slot] = []
    resizes: list[Slot] = []  # containers that get other resources while they run


def compute_actions(state: PodState) -> Actions:
    """What to do for a Pod that has its sandbox."""
    todo = Actions()
    initialized = _initialize(state, todo)
    if todo.kill_pod:
        return todo
    todo.starts[:0] = [slot for slot in state.ephemerals if slot.current is None]
    if not initialized:
        return todo
    kept = starting = 0
    for slot in state.mains:
        if not slot.running:
            again = [slot] if slot.to_be_started(state.stopping) else []
        elif why := why_killed(slot, "Container"):
            changed = _changed(slot)
            again = [slot] if changed or slot.restarts_on_failure else []
            message = f"{why}, will be restarted" if again else why
            todo.kills.append(Kill(slot, message, _grace(state, slot)))
        elif slot.resize_restarts:
            again = [slot]
            message = f"Container {slot.spec.name} resize requires restart"
            todo.kills.append(Kill(slot, message, state.grace))
        else:
            todo.resizes += [slot] if slot.to_be_resized else []
            kept += 1
            continue
        todo.starts += again
        starting += len(again)
    if not kept and not starting:
        return Actions(kill_pod=True)
    return todo


def why_killed(slot: Slot, kind: str) -> str:
    """Why a container that runs cannot go on; empty when it can.

    `slot` has the container, `kind` is `Container` or `Init container`.
    """
    if _changed(slot):
        return f"{kind} {slot.spec.name} definition changed"
    if slot.failed(LIVENESS):
        return f"{kind} {slot.spec.name} failed liveness probe"
    if slot.failed(STARTUP):
        return f"{kind} {slot.spec.name} failed startup probe"
    return ""


def _changed(slot: Slot) -> bool:
    return slot.current is not None and slot.current.image != slot.spec.image


def _grace(state: PodState, slot: Slot) -> int:
    """Seconds that a container gets to shut down; a probe that failed may have its own."""
    probe = None
    if not _changed(slot) and slot.failed(LIVENESS):
        probe = slot.spec.liveness_probe
    elif not _changed(slot) and slot.failed(STARTUP):
        probe = slot.spec.startup_probe
    if probe is not None and probe.termination_grace_period_seconds is not None:
        return probe.termination_grace_period_seconds
    return state.grace


def _initialize(state: PodState, todo: Actions) -> bool:
    """Add what the init containers need; whether all of them have done their work.

    From the last to the first: the last one that has been started tells how far the Pod is.
    """
    if not state.inits:
        return True
    initialized = previously = state.begun
    starts: list[Slot] = []
    for number in range(len(state.inits) - 1, -1, -1):
        slot = state.inits[number]
        if slot.current is None or slot.sandbox != state.sandbox:
            if previously and slot.sidecar:
                starts.append(slot)
            continue
        if previously and not slot.sidecar:
            continue
        if slot.sidecar:
            done = _look_at_sidecar(state, slot, starts, todo)
        elif slot.exited is not None and not slot.succeeded:
            if not slot.to_be_started(state.stopping):
                todo.kill_pod = True
                return False
            starts.append(slot)
            done = False
        else:
            done = slot.succeeded
        if done and number == len(state.inits) - 1:
            initialized = True
        elif done and not previously:
            starts.insert(len(starts) - (slot in starts), state.inits[number + 1])
        previously = True
    if not previously:
        starts.append(state.inits[0])
    todo.starts += reversed(starts)
    return initialized


def _look_at_sidecar(state: PodState, slot: Slot, starts: list[Slot], todo: Actions) -> bool:
    """Add what a sidecar needs; whether it has been started."""
    if slot.exited is not None:
        starts.append(slot)
        return False
    why = why_killed(slot, "Init container")
    if why and (slot.started or slot.failed(STARTUP)):
        todo.kills.append(Kill(slot, why, _grace(state, slot)))
        starts.append(slot)
    elif slot.started and slot.resize_restarts:
        message = f"Container {slot.spec.name} resize requires restart"
        todo.kills.append(Kill(slot, message, state.grace))
        starts.append(slot)
    elif slot.to_be_resized:
        todo.resizes.append(slot)
    return slot.started
