"""Log rotation: a container's log that has grown too large is set aside, and a new one begun.

Source: kubernetes.io "Logging Architecture"; `pkg/kubelet/logs/container_log_manager.go` (10 MiB
and five files by default; rotated files are compressed there, and here they are not).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from course_lib.engine import timestamp
from course_lib.node.cri_config import log_directory
from course_lib.runtimes import RuntimeFault

if TYPE_CHECKING:
    from course_lib.node.kubelet import Kubelet

MOST_BYTES = 10 * 2**20  # containerLogMaxSize
MOST_FILES = 5  # containerLogMaxFiles


def rotate(kubelet: Kubelet) -> None:
    """Look at the logs of all running containers."""
    for worker in kubelet.workers.values():
        for slot in worker.slots:
            if slot.current is None or not slot.running:
                continue
            path = f"{log_directory(worker.pod)}/{slot.spec.name}/{slot.restarts}.log"
            if kubelet.disk.size(path) > MOST_BYTES:
                _set_aside(kubelet, path, slot.current.id)


def _set_aside(kubelet: Kubelet, path: str, container_id: str) -> None:
    """Rename the log, have the runtime open it anew, and drop the oldest."""
    disk = kubelet.disk
    stamp = "".join(c for c in timestamp(kubelet.sim.now) if c.isdigit())
    aside = f"{path}.{stamp[:8]}-{stamp[8:]}"
    disk.rename(path, aside)
    try:
        kubelet.cri.call("ReopenContainerLog", container_id=container_id)
    except RuntimeFault:
        disk.rename(aside, path)  # nothing is lost: it goes on in the old one
        return
    old = sorted(p for p in disk.files if p.startswith(f"{path}."))
    for each in old[: max(0, len(old) - (MOST_FILES - 1))]:
        disk.remove(each)
