"""The node as its kubelet tells of it: registered, a lease renewed, conditions and images.

Source: kubernetes.io "Node Status", "Node heartbeats"; `pkg/kubelet/kubelet_node_status.go`.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec

from course_lib.apiserver.errors import APIError
from course_lib.client import Client
from course_lib.cri import CRIClient
from course_lib.engine import Simulation
from course_lib.engine.simulation import Process, micro_timestamp
from course_lib.objects.meta import Condition, Object, set_condition
from course_lib.objects.quantity import Quantity
from course_lib.objects.release import VERSION
from course_lib.runtimes import RuntimeFault

LEASE_RENEWAL = 10.0  # s
LEASE_DURATION = 40  # s
FIRST_REGISTER_WAIT, LONGEST_REGISTER_WAIT = 0.1, 7.0  # s, doubling
OS_IMAGE, KERNEL = "Debian GNU/Linux 13 (trixie)", "6.12.0"
RUNTIME_WAIT, RUNTIME_CHECK = 30.0, 5.0  # s that a runtime may be away; s between two looks
EVICTION_HARD_MEMORY = Quantity("100Mi")  # memory.available; kept back from Pods

Document = dict[str, Any]


class Machine(msgspec.Struct, frozen=True):
    """The hardware below a node, and the labels and taints it registers with."""

    name: str
    address: str
    cpu: Quantity
    memory: Quantity
    pods: int = 110
    disk: Quantity = Quantity("100Gi")  # for images
    labels: dict[str, str] = {}
    taints: tuple[dict[str, str], ...] = ()


class NodeReporter:
    """The part of a kubelet that speaks of its node."""

    api: Client
    sim: Simulation
    cri: CRIClient
    machine: Machine
    name: str
    component: str
    runtime_name: str
    runtime_version: str
    powered: bool
    pressure: bool
    registered: bool
    _images_told: tuple[str, ...]
    _runtime_seen = float("-inf")  # when a heartbeat last found the runtime
    _register_wait = FIRST_REGISTER_WAIT

    def normal(self, about: Object, reason: str, message: str) -> None:
        """Report that something went as it should."""
        raise NotImplementedError

    def runtime_problem(self) -> str:
        """Why no Pod can be run now; empty when all is well."""
        raise NotImplementedError

    def tell_address_block(self) -> None:
        """Tell the runtime from which block its Pods get their addresses."""
        raise NotImplementedError

    def take_up(self) -> None:
        """Start the Pods that the API server has for this node."""
        raise NotImplementedError

    def catch_up(self) -> None:
        """Tell what could not be told before."""
        raise NotImplementedError

    def rotate_logs(self) -> None:
        """Begin new log files where the present ones are large."""
        raise NotImplementedError

    def _register(self) -> None:
        """Tell the API server of this node, or try again, later each time."""
        try:
            if self.api.find("Node", self.name) is None:
                self._create_node()
            self._renew_lease()
            self.registered = True
        except APIError:
            self.registered = False
            self._register_wait = min(2 * self._register_wait, LONGEST_REGISTER_WAIT)
            self.sim.at(self.sim.now + self._register_wait, self._register_again)
            return
        self._register_wait = FIRST_REGISTER_WAIT

    def _register_again(self) -> None:
        if self.powered and not self.registered:
            self._register()
            if self.registered:
                self.report_node()
                self.take_up()

    def _create_node(self) -> None:
        machine = self.machine
        capacity = {
            "cpu": str(machine.cpu),
            "memory": str(machine.memory),
            "pods": str(machine.pods),
            "ephemeral-storage": str(machine.disk),
        }
        kept = machine.disk.value // 10  # nodefs.available: 10% is kept free
        allocatable = capacity | {
            "memory": str(machine.memory - EVICTION_HARD_MEMORY),
            "ephemeral-storage": str(machine.disk.value - kept),
        }
        self.api.create(
            {
                "apiVersion": "v1",
                "kind": "Node",
                "metadata": {
                    "name": self.name,
                    "labels": {
                        "kubernetes.io/hostname": self.name,
                        "kubernetes.io/os": "linux",
                        "kubernetes.io/arch": "amd64",
                    }
                    | machine.labels,
                },
                "spec": {"taints": list(machine.taints)} if machine.taints else {},
                "status": {
                    "capacity": capacity,
                    "allocatable": allocatable,
                    "conditions": self._conditions([]),
                    "addresses": [
                        {"type": "InternalIP", "address": machine.address},
                        {"type": "Hostname", "address": self.name},
                    ],
                    "nodeInfo": self._node_info(),
                },
            }
        )
        self.normal(self.node(), "Starting", "Starting kubelet.")

    def _node_info(self) -> Document:
        return {
            "kubeletVersion": VERSION,
            "containerRuntimeVersion": f"{self.runtime_name}://{self.runtime_version}",
            "operatingSystem": "linux",
            "osImage": OS_IMAGE,
            "kernelVersion": KERNEL,
            "architecture": "amd64",
        }

    def node(self) -> Any:
        """This kubelet's Node object."""
        return self.api.get("Node", self.name)

    def _heartbeat(self) -> Process:
        """Renew the lease every ten seconds; tell of changed conditions and images."""
        yield self.sim.sleep(self.sim.random(self.component).uniform(0, LEASE_RENEWAL))
        while True:
            if self.powered:
                if self.registered:
                    with suppress(APIError):  # the next heartbeat may get through
                        self._renew_lease()
                        self.tell_address_block()
                        self.report_node()
                        self.catch_up()
                self.rotate_logs()
            yield self.sim.sleep(LEASE_RENEWAL)

    def _renew_lease(self) -> None:
        now = micro_timestamp(self.sim.now)
        if self.api.find("Lease", self.name, "kube-node-lease"):
            patch = {"spec": {"renewTime": now}}
            self.api.patch("Lease", self.name, "kube-node-lease", patch)
        else:
            spec = {"holderIdentity": self.name, "leaseDurationSeconds": LEASE_DURATION}
            self.api.create(
                {
                    "apiVersion": "coordination.k8s.io/v1",
                    "kind": "Lease",
                    "metadata": {"name": self.name, "namespace": "kube-node-lease"},
                    "spec": spec | {"renewTime": now},
                }
            )

    def report_node(self) -> None:
        """Write conditions, versions and images to the Node's status, where they changed."""
        node = self.api.find("Node", self.name)
        if node is None:
            return
        status: Document = {
            "conditions": self._conditions(node.status.conditions or []),
            "nodeInfo": self._node_info(),
        }
        if (images := self._image_list()) is not None:
            status["images"] = images
        self.api.patch_status(node, status)

    def _image_list(self) -> list[Document] | None:
        """The images on the node, the largest first, if others than were told (at most 50)."""
        try:
            held = self.cri.call("ListImages").images
        except RuntimeFault:
            return None
        told = tuple(image.id for image in held)
        if told == self._images_told:
            return None
        self._images_told = told
        found = sorted(held, key=lambda image: (-image.size, image.id))
        return [
            {"names": [*image.repo_digests, *image.repo_tags], "sizeBytes": image.size}
            for image in found[:50]
        ]

    def _conditions(self, stated: list[Condition]) -> list[Document]:
        now = self.sim.timestamp
        pressure = (
            ("True", "KubeletHasInsufficientMemory")
            if self.pressure
            else (
                "False",
                "KubeletHasSufficientMemory",
            )
        )
        rows = [
            ("MemoryPressure", *pressure, ""),
            ("DiskPressure", "False", "KubeletHasNoDiskPressure", ""),
            ("PIDPressure", "False", "KubeletHasSufficientPID", ""),
            ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
        ]
        problem = self.runtime_problem()
        if not problem:
            self._runtime_seen = self.sim.now
        elif self.sim.now - (self._runtime_seen + RUNTIME_CHECK) < RUNTIME_WAIT - 1e-6:
            problem = ""  # it may be back in a moment
        if problem:
            rows[-1] = ("Ready", "False", "KubeletNotReady", problem)
        documents: list[Document] = []
        for kind, state, reason, message in rows:
            same = [c for c in stated if c.type == kind]
            documents += set_condition(same, kind, state, now, reason, message)
        return documents
