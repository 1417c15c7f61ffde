"""A Pod in one line of `kubectl get pods` (`printPod` in `printers/internalversion`)."""

from __future__ import annotations

from typing import Any

from course_lib.engine.ages import since
from course_lib.engine.timestamps import seconds_at
from course_lib.objects.kinds.pod.requests import is_sidecar
from course_lib.objects.kinds.pod.spec import Pod
from course_lib.objects.kinds.pod.status import FINAL_PHASES, GATED, ContainerStatus
from course_lib.objects.meta import condition, is_true

UNREMARKABLE = ("", "PodInitializing")


class Restarts(int):
    """A number of restarts, shown with the time since the last one: `4 (78s ago)`."""

    ago: str = ""

    def __str__(self) -> str:
        return f"{int(self)} ({self.ago} ago)" if self.ago else str(int(self))


def pod_row(pod: Pod, now: float) -> tuple[str, str, str, Restarts]:
    """Name, ready containers, status in one word, restarts; `now` in simulated seconds."""
    ready, total = ready_counts(pod)
    if _initializing(pod) and not is_true(pod.status.conditions, "Initialized"):
        counted = pod.status.init_container_statuses or []
    else:
        counted = _lasting(pod)
    return pod.name, f"{ready}/{total}", pod_status_word(pod), _restarts(counted, now)


def ready_counts(pod: Pod) -> tuple[int, int]:
    """How many containers are ready and run, and how many there are; sidecars count."""
    running = [status.ready and status.state.running is not None for status in _lasting(pod)]
    return sum(running), len(pod.spec.containers) + len(_sidecars(pod))


def _sidecars(pod: Pod) -> set[str]:
    return {c.name for c in pod.spec.init_containers or () if is_sidecar(c)}


def _lasting(pod: Pod) -> list[ContainerStatus]:
    """The statuses of the sidecars and of the containers."""
    sidecars = [s for s in pod.status.init_container_statuses or () if s.name in _sidecars(pod)]
    return sidecars + list(pod.status.container_statuses or ())


def _restarts(statuses: list[ContainerStatus], now: float) -> Restarts:
    """All restarts of these containers, and how long ago the last one was."""
    count = Restarts(sum(status.restart_count for status in statuses))
    ended = [s.last_state.terminated for s in statuses if s.last_state.terminated is not None]
    last = max((e.finished_at for e in ended if e.finished_at), key=seconds_at, default=None)
    count.ago = since(last, now) if count and last else ""
    return count


def pod_row_wide(pod: Pod) -> tuple[str, str, str, str]:
    """Address, node, the node that it is nominated for, and readiness gates that are true."""
    none = "<none>"
    gates = [gate.get("conditionType", "") for gate in pod.spec.readiness_gates or ()]
    true = sum(is_true(pod.status.conditions, gate) for gate in gates)
    return (
        pod.status.pod_ip or none,
        pod.spec.node_name or none,
        pod.status.nominated_node_name or none,
        f"{true}/{len(gates)}" if gates else none,
    )


def pod_status_word(pod: Pod) -> str:
    """The STATUS column: the most telling reason that can be found."""
    word = pod.status.reason or pod.status.phase
    scheduled = condition(pod.status.conditions, "PodScheduled")
    if scheduled is not None and scheduled.reason == GATED:
        word = GATED
    initializing = _initializing(pod)
    word = initializing or word
    if not initializing or is_true(pod.status.conditions, "Initialized"):
        word = _of_containers(pod, word)
    if pod.terminating and pod.status.reason == "NodeLost":
        return "Unknown"
    if pod.terminating and pod.status.phase not in FINAL_PHASES:
        return "Terminating"
    return word


def _of_containers(pod: Pod, word: str) -> str:
    """What the first container that waits or has ended says; else `word`."""
    running, failed = False, ""
    for status in reversed(pod.status.container_statuses or []):
        state = status.state
        if state.waiting is not None and state.waiting.reason:
            word = state.waiting.reason
        elif state.terminated is not None:
            word = state.terminated.reason or _ended(status)
            failed = word if state.terminated.exit_code else failed
        elif status.ready and state.running is not None:
            running = True
    if word == "Completed":
        if running and is_true(pod.status.conditions, "Ready"):
            return "Running"
        return failed or ("NotReady" if running else word)
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
