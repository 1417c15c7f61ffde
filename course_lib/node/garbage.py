"""What the kubelet clears away: dead containers, sandboxes without use, images when the disk fills.

Of each container the last dead one is kept, for its log and its exit code. Images are removed,
those unused for longest first, once the disk is fuller than 85 per cent, down to 80.
Source: kubernetes.io "Garbage Collection: containers and images"; `pkg/kubelet/kuberuntime/
kuberuntime_gc.go`, `pkg/kubelet/images/image_gc_manager.go`, with their defaults.
"""

from __future__ import annotations

from collections.abc import Mapping

from course_lib.cri import messages as v1
from course_lib.engine import FOR_EVER, SOON, Simulation
from course_lib.node.cri_config import CONTAINER_NAME, POD_UID
from course_lib.node.machine import MachineInfo
from course_lib.node.node_runtime import NodeRuntime
from course_lib.node.pod_worker import PodWorker
from course_lib.runtimes.files import FileSystem

CONTAINER_PERIOD, IMAGE_PERIOD = 60.0, 300.0  # s
HIGH, LOW = 0.85, 0.80  # of the disk
MINIMUM_AGE = 120.0  # s before an image may go


def collect_containers(
    runtime: NodeRuntime, workers: Mapping[str, PodWorker], disk: FileSystem
) -> float:
    """Remove the dead containers of a node, and the sandboxes of Pods that are gone.

    `runtime` removes them, `workers` know which Pods there are, `disk` has the logs. Returns until
    when there is nothing to remove, if nothing changes. Raises `RuntimeFault`. Simplified: a real
    kubelet lists all of them, and looks for the dead ones itself.
    """
    cri, seen, until = runtime.cri, set(), FOR_EVER
    dead = cri.call("ListContainers", filter={"state": {"state": v1.CONTAINER_EXITED}})
    for container in sorted(dead.containers, key=lambda c: -c.created_at):
        key = container.labels.get(POD_UID), container.labels.get(CONTAINER_NAME)
        if key in seen:
            until = SOON
            _remove(runtime, "RemoveContainer", container_id=container.id)
        seen.add(key)
    unready = cri.call("ListPodSandbox", filter={"state": {"state": v1.SANDBOX_NOTREADY}})
    for sandbox in unready.items:
        uid = sandbox.labels.get(POD_UID, "")
        worker = workers.get(uid)
        of_use = worker is not None and worker.sandbox in ("", sandbox.id)
        if not of_use:
            until = SOON
            _remove(runtime, "RemovePodSandbox", pod_sandbox_id=sandbox.id)
            if worker is None:
                _forget_files(disk, uid)
    return until


def _forget_files(disk: FileSystem, uid: str) -> None:
    """A Pod's sandbox is removed: its volumes go too, and its logs."""
    disk.remove(f"/var/lib/kubelet/pods/{uid}")
    for path in [p for p in disk.files if p.startswith("/var/log/pods/")]:
        if path.split("/")[4].endswith(f"_{uid}"):
            disk.remove(path)


class ImageGC:
    """Removes unused images of one node when its disk fills.

    `sim` has the time, `runtime` lists and removes images, `machine` is the node, `component` its
    kubelet's name in the log.
    """

    def __init__(
        self, sim: Simulation, runtime: NodeRuntime, machine: MachineInfo, component: str
    ) -> None:
        self._sim, self._runtime, self._machine = sim, runtime, machine
        self._component = component
        self._first_seen: dict[str, float] = {}
        self._last_used: dict[str, float] = {}
        self._used: dict[str, None] = {}  # IDs of those used by containers, at the last look

    def collect(self) -> float:
        """Remove unused images until the disk has room again; raises `RuntimeFault`.

        Returns until when there is nothing to remove, if nothing changes.
        """
        cri, now = self._runtime.cri, self._sim.now
        images = cri.call("ListImages").images
        for id in self._used:  # since the last look: none was needed while nothing changed
            self._last_used[id] = now - IMAGE_PERIOD
        listed = cri.call("ListContainers").containers
        self._used = used = {container.image_id: None for container in listed}
        for image in images:
            self._first_seen.setdefault(image.id, now)
            if image.id in used:
                self._last_used[image.id] = now
        disk = self._machine.disk.value
        if self._taken() < HIGH * disk:
            return FOR_EVER
        unused = [i for i in images if i.id not in used and not i.pinned]
        for image in sorted(unused, key=lambda i: self._last_used.get(i.id, 0.0)):
            if self._taken() <= LOW * disk:
                break
            if now - self._first_seen[image.id] >= MINIMUM_AGE:
                _remove(self._runtime, "RemoveImage", image={"image": image.id})
                named = next(iter(image.repo_tags), image.id)
                self._sim.record(self._component, named, "ImageRemoved", f"{image.size}")
        return SOON

    def _taken(self) -> int:
        """Bytes of the disk that images take."""
        info = self._runtime.cri.call("ImageFsInfo")
        return int(info.image_filesystems[0].used_bytes.value)


def _remove(runtime: NodeRuntime, method: str, **fields: object) -> None:
    runtime.cri.begin(method, lambda _: None, **fields)
