"""What the kubelet clears away: dead containers, sandboxes without use, images when the disk fills.

Of each container the last dead one is kept, for its log and its exit code. Images are removed,
those unused for longest first, once the disk is fuller than 85 per cent, down to 80.
Source: kubernetes.io "Garbage Collection: containers and images"; `pkg/kubelet/kuberuntime/
kuberuntime_gc.go`, `pkg/kubelet/images/image_gc_manager.go`, with their defaults.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from course_lib.cri import messages as v1
from course_lib.engine.simulation import Process
from course_lib.node.cri_config import CONTAINER_NAME, POD_UID
from course_lib.runtimes import RuntimeFault

if TYPE_CHECKING:
    from course_lib.node.kubelet import Kubelet

CONTAINER_PERIOD, IMAGE_PERIOD = 60.0, 300.0  # s
HIGH, LOW = 0.85, 0.80  # of the disk
MINIMUM_AGE = 120.0  # s before an image may go


class GarbageCollector:
    """Clears one node."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet, self.sim = kubelet, kubelet.sim
        self._first_seen: dict[str, float] = {}
        self._last_used: dict[str, float] = {}

    def run(self) -> Process:
        """Look every minute for containers, every five for images."""
        while True:
            for _ in range(round(IMAGE_PERIOD / CONTAINER_PERIOD)):
                yield self.sim.sleep(CONTAINER_PERIOD)
                self._safely(self.collect_containers)
            self._safely(self.collect_images)

    def _safely(self, collect: Any) -> None:
        if self.kubelet.powered:
            try:
                collect()
            except RuntimeFault as fault:
                name = f"Node/{self.kubelet.name}"
                self.sim.record(self.kubelet.component, name, "ContainerGCFailed", str(fault))

    def collect_containers(self) -> None:
        """Remove older dead containers, and the sandboxes of Pods that are gone."""
        cri, seen = self.kubelet.cri, set()
        dead = [
            container
            for container in cri.call("ListContainers").containers
            if container.state == v1.CONTAINER_EXITED
        ]
        for container in sorted(dead, key=lambda c: -c.created_at):
            key = container.labels.get(POD_UID), container.labels.get(CONTAINER_NAME)
            if key in seen:
                self._remove("RemoveContainer", container_id=container.id)
            seen.add(key)
        for sandbox in cri.call("ListPodSandbox").items:
            uid = sandbox.labels.get(POD_UID, "")
            worker = self.kubelet.workers.get(uid)
            of_use = worker is not None and worker.sandbox in ("", sandbox.id)
            if not of_use and sandbox.state == v1.SANDBOX_NOTREADY:
                self._remove("RemovePodSandbox", pod_sandbox_id=sandbox.id)
                if worker is None:
                    self.kubelet.forget_files(uid)

    def collect_images(self) -> None:
        """Remove unused images until the disk has room again."""
        cri, now = self.kubelet.cri, self.sim.now
        images = cri.call("ListImages").images
        used = {c.image_id for c in cri.call("ListContainers").containers}
        for image in images:
            self._first_seen.setdefault(image.id, now)
            if image.id in used:
                self._last_used[image.id] = now
        disk = self.kubelet.machine.disk.value
        taken = cri.call("ImageFsInfo").image_filesystems[0].used_bytes.value
        if taken < HIGH * disk:
            return
        unused = [i for i in images if i.id not in used and not i.pinned]
        for image in sorted(unused, key=lambda i: self._last_used.get(i.id, 0.0)):
            taken = cri.call("ImageFsInfo").image_filesystems[0].used_bytes.value
            if taken <= LOW * disk:
                return
            if now - self._first_seen[image.id] >= MINIMUM_AGE:
                self._remove("RemoveImage", image={"image": image.id})
                named = next(iter(image.repo_tags), image.id)
                self.sim.record(self.kubelet.component, named, "ImageRemoved", f"{image.size}")

    def _remove(self, method: str, **fields: object) -> None:
        self.kubelet.cri.begin(method, lambda _: None, **fields)
