"""What a Pod's containers are made with: environment, mounts, resources.

Source: `pkg/kubelet/kubelet_pods.go` (`GenerateRunContainerOptions`),
`pkg/kubelet/kuberuntime/kuberuntime_container.go` (`getTerminationMessage`).
"""

from __future__ import annotations

from collections.abc import Callable

from course_lib.cri import messages as v1
from course_lib.node.config import missing_config, missing_volume
from course_lib.node.cri_config import container_config, log_directory, resources
from course_lib.node.environment import Place, environment
from course_lib.node.hosts_file import hosts_file
from course_lib.node.invalid_config import InvalidConfig
from course_lib.node.machine import MachineInfo
from course_lib.node.object_watches import ObjectWatches
from course_lib.node.slot import Slot
from course_lib.node.volumes import ROOT, mounts_of, refresh
from course_lib.objects.kinds.node import Node
from course_lib.objects.kinds.pod import Container, Pod
from course_lib.runtimes.files import FileSystem
from course_lib.runtimes.logs import said


class ContainerOptions:
    """Options of the containers of one node, from the objects that their Pods name.

    `disk` and `machine` are the node's, `node` gives its object.
    """

    def __init__(
        self,
        objects: ObjectWatches,
        disk: FileSystem,
        machine: MachineInfo,
        node: Callable[[], Node | None],
    ) -> None:
        self._objects, self._disk, self._machine, self._node = objects, disk, machine, node

    def missing_secrets(self, pod: Pod, names: list[str]) -> list[str]:
        """Of the Secrets of these `names`, which a `pod` wants, those that are not there."""
        objects = self._objects.of(pod.uid)
        return [name for name in names if objects.data("Secret", name, pod.namespace) is None]

    def missing_volume(self, pod: Pod) -> str:
        """Why the Pod's volumes cannot be mounted; empty when they can."""
        return missing_volume(self._objects.of(pod.uid), pod, self._disk)[1]

    def refresh_volumes(self, pod: Pod, address: str) -> None:
        """Write the files of a Pod's volumes again where their objects have changed."""
        refresh(self._objects.of(pod.uid), self._disk, pod, self._place(address))

    def config(self, pod: Pod, slot: Slot, image_id: str, address: str) -> v1.ContainerConfig:
        """The configuration of a slot's next container; its volumes are written now.

        `pod` has the slot, `image_id` is on the node, `address` is the Pod's. Raises
        `InvalidConfig`.
        """
        place, container, objects = self._place(address), slot.spec, self._objects.of(pod.uid)
        if missing := missing_config(objects, pod, container):
            raise InvalidConfig(missing)
        variables = environment(objects, pod, container, place)
        mounts = mounts_of(objects, self._disk, pod, container, place, dict(variables))
        mounts += hosts_file(self._disk, pod, container, address)
        message = _message_path(pod, slot, slot.next_attempt)
        self._disk.put(message, b"")
        return container_config(
            pod,
            container,
            slot.next_attempt,
            image_id,
            variables,
            [*mounts, (message, container.termination_message_path, False)],
            self._machine.memory,
        )

    def resources(self, pod: Pod, container: Container) -> v1.LinuxContainerResources:
        """The requests and limits of a `container` of a `pod`, as the kernel takes them."""
        return resources(pod, container, self._machine.memory)

    def termination_message(self, pod: Pod, slot: Slot, attempt: int, failed: bool) -> str:
        """What a container left as its termination message, or the end of its log.

        Source: `getTerminationMessage`: 4096 bytes of the file; of the log 80 lines, 2048 bytes.
        `pod` has the `slot`, `attempt` counts its containers, `failed` says that the container did
        not end with 0.
        """
        written = self._disk.read(_message_path(pod, slot, attempt))[:4096]
        if written or not failed or slot.spec.termination_message_policy == "File":
            return written.decode(errors="replace")
        path = f"{log_directory(pod)}/{slot.spec.name}/{attempt}.log"
        lines = said(self._disk.read(path)).splitlines(keepends=True)[-80:]
        return "".join(lines).encode()[-2048:].decode(errors="replace")

    def _place(self, address: str) -> Place:
        """Where a Pod of this address runs, as its containers may be told."""
        node, machine = self._node(), self._machine
        allocatable = (node.status.allocatable or {}) if node is not None else {}
        return Place(address, machine.name, machine.address, allocatable)


def _message_path(pod: Pod, slot: Slot, attempt: int) -> str:
    """The file on the node that a container's last words go to."""
    return f"{ROOT}/{pod.uid}/containers/{slot.spec.name}/{attempt}"
