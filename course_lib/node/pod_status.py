"""The status of a Pod, put together from what its worker sees (`generateAPIPodStatus`)."""

from __future__ import annotations

from functools import lru_cache

from course_lib.engine import timestamp
from course_lib.node.pod_state import PodState
from course_lib.objects.decode import encode
from course_lib.objects.derived import derived_once
from course_lib.objects.kinds.pod import Pod, PodSpec, PodStatus
from course_lib.objects.kinds.pod.requests import qos_class, total
from course_lib.objects.kinds.pod.status import FINAL_PHASES
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Condition

READY = -3  # the place of Ready among a Pod's conditions
RESIZE = ("PodResizePending", "PodResizeInProgress")
OWN = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")


def pod_status(
    state: PodState, stated: PodStatus, runtime: str, node_address: str, now: float
) -> Document:
    """What to merge into the Pod's status, which is `stated` until now.

    `runtime` is the name of the runtime that its containers have, `now` in simulated seconds.
    `state` is what is known of the Pod, `node_address` is its node's.
    """
    phase = state.phase()
    generation = state.pod.metadata.generation
    conditions = _conditions(state, stated.conditions, phase, timestamp(now))
    status: Document = {
        "observedGeneration": generation,
        "phase": phase,
        "hostIP": node_address,
        "hostIPs": [{"ip": node_address}],
        "startTime": timestamp(state.started_at),
        **_allocated(state.allocated),
        "conditions": conditions,
        **_container_statuses(state, runtime),
    }
    if state.shown_address:  # from its first sandbox on
        status["podIP"] = state.shown_address
        status["podIPs"] = [{"ip": state.shown_address}]
    elif stated.pod_ip:  # of a sandbox that another runtime, or the last boot, had made
        status["podIP"] = status["podIPs"] = None
    if state.final[0] and phase == state.final[0]:
        status["reason"], status["message"] = state.final[1:]
    return status


def _container_statuses(state: PodState, runtime: str) -> Document:
    """The statuses of all containers; of a Pod that is terminated none is left waiting.

    Source: `TerminatePod` in `pkg/kubelet/status/status_manager.go`.
    """
    deleted, over = state.stopping, state.terminated
    lost = over and (not state.inits or state.initialized())
    told = [slot.status(runtime, deleted, lost) for slot in state.mains]
    statuses: Document = {"containerStatuses": told}
    if state.inits:
        begun = [n for n, slot in enumerate(state.inits) if slot.ended_last or slot.running]
        last = begun[-1] if begun else 0
        statuses["initContainerStatuses"] = [
            slot.status(runtime, deleted, over and number <= last)
            for number, slot in enumerate(state.inits)
        ]
    if state.ephemerals:
        statuses["ephemeralContainerStatuses"] = [
            slot.status(runtime, deleted) for slot in state.ephemerals
        ]
    return statuses


@derived_once("containers", "init_containers", "overhead")
def _allocated(spec: PodSpec) -> Document:
    """What follows from the spec alone: the class of service, and the sums of the containers."""
    sums = {group: encode(total(spec, group)) for group in ("requests", "limits")}
    stated: Document = {
        "qosClass": qos_class(spec),
        "resources": {group: each for group, each in sums.items() if each},
    }
    return stated | ({"allocatedResources": sums["requests"]} if sums["requests"] else {})


def _conditions(
    state: PodState, stated: list[Condition] | None, phase: str, now: str
) -> list[Document]:
    """PodReadyToStartContainers, Initialized, Ready, ContainersReady, PodScheduled; then others."""
    ready = _ready(state, phase)
    lacking = _lacking(state.pod, stated or []) if ready[0] == "True" else ""
    sandbox = bool(state.sandbox) and phase not in FINAL_PHASES
    without = "pod sandbox is not ready" if state.sandbox else "no pod sandbox exists"
    waiting = [s.spec.name for s in state.inits if not (s.started if s.sidecar else s.succeeded)]
    initialized = state.initialized()
    done = "PodCompleted" if phase == "Succeeded" else ""
    rows = [
        (
            "PodReadyToStartContainers",
            "True" if sandbox else "False",
            "" if sandbox else "PodSandboxNotReady",
            "" if sandbox else without,
        ),
        (
            "Initialized",
            "True" if initialized else "False",
            done if initialized else "ContainersNotInitialized",
            "" if initialized else f"containers with incomplete status: {_names(waiting)}",
        ),
        ("Ready", *(("False", "ReadinessGatesNotReady", lacking) if lacking else ready)),
        ("ContainersReady", *ready),
        ("PodScheduled", "True", "", ""),  # also where no scheduler bound it
    ]
    before, generation = {each.type: each for each in stated or ()}, state.pod.metadata.generation
    made: list[Document] = []
    for kind, status, reason, message in rows:
        was = before.pop(kind, None)
        since = was.last_transition_time if was is not None and was.status == status else now
        made.append(_condition(kind, status, reason, message, since, generation))
    stated_here = state.resize_pending, state.resizing, state.disruption
    more = [each for each in stated_here if each is not None]
    for kind in (*RESIZE, *(each["type"] for each in more)):
        before.pop(kind, None)
    return [*map(encode, before.values()), *more, *made]  # those of others come first


@lru_cache(maxsize=4096)
def _condition(
    kind: str, status: str, reason: str, message: str, since: str | None, generation: int | None
) -> Document:
    """A condition, which has had its status `since`; equal ones are one object for all Pods."""
    made: Document = {"type": kind, "status": status, "lastTransitionTime": since}
    if reason:
        made["reason"] = reason
    if message:
        made["message"] = message
    return made | {"observedGeneration": generation}


def _ready(state: PodState, phase: str) -> tuple[str, str, str]:
    """Whether all containers are ready: status, reason and message."""
    if phase in FINAL_PHASES:
        return "False", "PodCompleted" if phase == "Succeeded" else "PodFailed", ""
    sidecars = [slot for slot in state.slots if slot.sidecar]
    unready = [slot.spec.name for slot in [*sidecars, *state.mains] if not slot.ready]
    if unready:
        return "False", "ContainersNotReady", f"containers with unready status: {_names(unready)}"
    return "True", "", ""


def _lacking(pod: Pod, stated: list[Condition]) -> str:
    """Which conditions a Pod's readiness gates still wait for (`GeneratePodReadyCondition`)."""
    found = {condition.type: condition.status for condition in stated}
    gates = [gate["conditionType"] for gate in pod.spec.readiness_gates or ()]
    return ", ".join(
        f'the status of pod readiness gate "{gate}" is not "True", but {found[gate]}'
        if gate in found
        else f'corresponding condition of pod readiness gate "{gate}" does not exist.'
        for gate in gates
        if found.get(gate) != "True"
    )


def _names(names: list[str]) -> str:
    return f"[{' '.join(names)}]"
