"""A Pod in one line: READY, STATUS and RESTARTS as `kubectl get pods` works them out.

Source: `printPod` in `pkg/printers/internalversion/printers.go`.
"""

from __future__ import annotations

from typing import Any

from course_lib.objects.pod import ContainerStatus, Pod
from course_lib.objects.resources import is_sidecar

UNREMARKABLE = ("", "PodInitializing", "ContainerCreating")
WIDE = ["IP", "NODE", "NOMINATED NODE"]


def pod_row(pod: Pod) -> tuple[str, str, str, int]:
    """Name, ready containers, status in one word, restarts."""
    statuses = pod.status.container_statuses or []
    sidecars = [c for c in pod.spec.init_containers or () if is_sidecar(c)]
    inits = {s.name: s for s in pod.status.init_container_statuses or ()}
    every = [*statuses, *(inits[c.name] for c in sidecars if c.name in inits)]
    total = len(pod.spec.containers) + len(sidecars)
    restarts = sum(status.restart_count for status in [*statuses, *inits.values()])
    return pod.name, f"{sum(s.ready for s in every)}/{total}", pod_status_word(pod), restarts


def pod_row_wide(pod: Pod) -> tuple[str, str, str]:
    """Address, node, and the node that it is nominated for."""
    none = "<none>"
    return (
        pod.status.pod_ip or none,
        pod.spec.node_name or none,
        pod.status.nominated_node_name or none,
    )


def pod_status_word(pod: Pod) -> str:
    """The STATUS column: the most telling reason that can be found."""
    word = pod.status.reason or pod.status.phase
    scheduled = [c for c in pod.status.conditions or () if c.type == "PodScheduled"]
    if scheduled and scheduled[0].reason == "SchedulingGated":
        word = "SchedulingGated"
    initializing = _initializing(pod)
    if initializing:
        word = initializing
    else:
        running = False
        for status in reversed(pod.status.container_statuses or []):
            state = status.state
            if state.waiting is not None and state.waiting.reason:
                word = state.waiting.reason
            elif state.terminated is not None:
                word = state.terminated.reason or _ended(status)
            elif status.ready and state.running is not None:
                running = True
        if word == "Completed" and running:
            ready = any(
                c.type == "Ready" and c.status == "True" for c in pod.status.conditions or ()
            )
            word = "Running" if ready else "NotReady"
    if pod.terminating:
        word = "Unknown" if pod.status.reason == "NodeLost" else "Terminating"
    return word


def _initializing(pod: Pod) -> str:
    """`Init:...` while the init containers are at work."""
    wanted = {c.name: c for c in pod.spec.init_containers or ()}
    for number, status in enumerate(pod.status.init_container_statuses or ()):
        state = status.state
        if state.terminated is not None and state.terminated.exit_code == 0:
            continue
        container: Any = wanted.get(status.name)
        if container is not None and is_sidecar(container) and status.started:
            continue
        if state.terminated is not None:
            return f"Init:{state.terminated.reason or _ended(status)}"
        if state.waiting is not None and state.waiting.reason not in UNREMARKABLE:
            return f"Init:{state.waiting.reason}"
        return f"Init:{number}/{len(wanted)}"
    return ""


def _ended(status: ContainerStatus) -> str:
    assert status.state.terminated is not None
    signal = status.state.terminated.signal
    return f"Signal:{signal}" if signal else f"ExitCode:{status.state.terminated.exit_code}"
