"""The log of a container, as the kubelet gives it to the API server.

Source: `pkg/kubelet/kubelet_pods.go` (`GetKubeletContainerLogs`, `validateContainerLogStatus`).
"""

from __future__ import annotations

from course_lib.apiserver.errors import BadRequest
from course_lib.apiserver.pod_logs import LogOptions
from course_lib.node.cri_config import log_directory
from course_lib.node.pod_worker import PodWorker
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod.status import ContainerStatus
from course_lib.runtimes.files import FileSystem
from course_lib.runtimes.logs import said, since

_WAITING = {
    "ErrImagePull": ": image can't be pulled",
    "ImagePullBackOff": ": trying and failing to pull image",
}


def container_log(
    worker: PodWorker | None, disk: FileSystem, pod: Pod, container: str, options: LogOptions
) -> str:
    """What a `container` of a `pod` has said, as far as `options` ask for it.

    `worker` runs the Pod, `disk` has its logs. Raises `BadRequest`, in the kubelet's words, where
    there is no log yet or any more.
    """
    container_id = _chosen(pod, container, options.previous).rpartition("/")[2]
    slots = worker.slots if worker is not None else []
    slot = next((each for each in slots if each.spec.name == container), None)
    if worker is None or slot is None:
        raise BadRequest(f'pod "{pod.name}" cannot be found - no logs available')
    attempt = slot.restarts if slot.current_id == container_id else slot.restarts - 1
    log = disk.read(f"{log_directory(worker.pod)}/{container}/{attempt}.log")
    if options.since:
        log = since(log, options.since)
    text = said(log, options.timestamps)
    if options.tail is not None:
        lines = text.splitlines(keepends=True)
        text = "".join(lines[max(0, len(lines) - options.tail) :])
    return text if options.most is None else text.encode()[: options.most].decode(errors="replace")


def _chosen(pod: Pod, container: str, previous: bool) -> str:
    """The ID of the container whose log is meant; raises `BadRequest` for none."""
    named = f'container "{container}" in pod "{pod.name}"'
    status = _status(pod, container)
    if status is None:
        raise BadRequest(f"{named} is not available")
    state, last = status.state, status.last_state
    ended = last.terminated.container_id if last and last.terminated else ""
    if previous:
        if not ended:
            raise BadRequest(f"previous terminated {named} not found")
        return ended
    if state and state.running:
        return status.container_id
    if state and state.terminated and state.terminated.container_id:
        return state.terminated.container_id
    if ended:
        return ended
    if state and state.terminated:
        raise BadRequest(f"{named} is terminated")
    if state and state.waiting:
        reason = state.waiting.reason
        raise BadRequest(f"{named} is waiting to start{_WAITING.get(reason, f': {reason}')}")
    raise BadRequest(f"{named} is waiting to start - no logs yet")


def _status(pod: Pod, container: str) -> ContainerStatus | None:
    status = pod.status
    for group in (
        status.container_statuses,
        status.init_container_statuses,
        status.ephemeral_container_statuses,
    ):
        for each in group or ():
            if each.name == container:
                return each
    return None
