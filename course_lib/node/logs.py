"""Log rotation: a container's log that has grown too large is set aside, and a new one begun.

Source: kubernetes.io "Logging Architecture"; `pkg/kubelet/logs/container_log_manager.go` (10 MiB
and five files by default; rotated files are compressed there, and here they are not).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from course_lib.engine import timestamp
from course_lib.node.cri_config import log_directory
from course_lib.node.node_runtime import NodeRuntime
from course_lib.node.pod_worker import PodWorker
from course_lib.runtimes import RuntimeFault
from course_lib.runtimes.files import FileSystem

MOST_BYTES = 10 * 2**20  # containerLogMaxSize
MOST_FILES = 5  # containerLogMaxFiles


def follow_logs(disk: FileSystem, grown: Callable[[], object]) -> None:
    """Have `grown` called when a log of a node's `disk` has become too large."""
    disk.on_growth(MOST_BYTES, grown)


def rotate_logs(
    runtime: NodeRuntime, workers: Mapping[str, PodWorker], disk: FileSystem, now: float
) -> bool:
    """Begin new files for running containers whose logs are large; whether there are none left.

    `runtime` opens a log again, `workers` have the containers, `disk` has the files; `now` in
    simulated seconds.
    """
    done = True
    for worker in workers.values():
        for slot in worker.slots:
            if slot.current is None or not slot.running:
                continue
            path = f"{log_directory(worker.pod)}/{slot.spec.name}/{slot.restarts}.log"
            if disk.size(path) > MOST_BYTES:
                _set_aside(runtime, disk, path, slot.current.id, now)
                done = done and disk.size(path) <= MOST_BYTES
    return done


def _set_aside(
    runtime: NodeRuntime, disk: FileSystem, path: str, container_id: str, now: float
) -> None:
    """Rename the log, have the runtime open it again, and drop the oldest."""
    stamp = "".join(c for c in timestamp(now) if c.isdigit())
    aside = f"{path}.{stamp[:8]}-{stamp[8:]}"
    disk.rename(path, aside)
    try:
        runtime.cri.call("ReopenContainerLog", container_id=container_id)
    except RuntimeFault:
        disk.rename(aside, path)  # nothing is lost: it goes on in the old one
        return
    old = sorted(p for p in disk.files if p.startswith(f"{path}."))
    for each in old[: max(0, len(old) - (MOST_FILES - 1))]:
        disk.remove(each)
