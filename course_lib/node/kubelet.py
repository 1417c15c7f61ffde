"""The kubelet: the agent that makes one machine a node (chapter 06).

It registers the node, renews its lease, and runs the Pods that are bound to it: a worker for
each. It hears of Pods and speaks of them through the API server alone.
Source: `pkg/kubelet/kubelet.go`; kubernetes.io "Node Status", "Node heartbeats".
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec

from course_lib.apiserver import APIServer, WatchEvent
from course_lib.apiserver.errors import Conflict, NotFound
from course_lib.apiserver.server import DELETED
from course_lib.engine.simulation import Process, micro_timestamp
from course_lib.errors import CourseError
from course_lib.images import Registry
from course_lib.network import AddressPool, FlatNetwork
from course_lib.node import admission
from course_lib.node.backoff import Backoff
from course_lib.node.eviction import EvictionManager
from course_lib.node.images import ImageManager
from course_lib.node.pod_worker import PodWorker
from course_lib.objects.meta import Condition, Object, set_condition
from course_lib.objects.pod import Pod
from course_lib.objects.quantity import Quantity
from course_lib.objects.selectors import parse_field_selector
from course_lib.runtimes import Behaviours, PlainRuntime

LEASE_RENEWAL = 10.0  # s
LEASE_DURATION = 40  # s
REFUSAL_SECONDS = 0.5  # until a refused Pod's status has reached the API server
EVICTION_HARD_MEMORY = Quantity("100Mi")  # memory.available; kept back from Pods

Document = dict[str, Any]


class Machine(msgspec.Struct, frozen=True):
    """The hardware below a node, and the labels and taints it registers with."""

    name: str
    address: str
    cpu: Quantity
    memory: Quantity
    pods: int = 110
    labels: dict[str, str] = {}
    taints: tuple[dict[str, str], ...] = ()


class Kubelet:
    """The agent of one node."""

    def __init__(
        self,
        api: APIServer,
        machine: Machine,
        registry: Registry,
        behaviours: Behaviours,
        network: FlatNetwork,
    ) -> None:
        self.api, self.sim, self.machine = api, api.sim, machine
        self.name, self.address = machine.name, machine.address
        self.component = f"kubelet/{machine.name}"
        self.behaviours, self.network = behaviours, network
        self.runtime = PlainRuntime(self.sim, self.name, registry, float(machine.cpu))
        self.images = ImageManager(api, self.runtime, self.component)
        self.backoff = Backoff()
        self.workers: dict[str, PodWorker] = {}
        self.pressure = False
        self.powered = True
        self._refused: set[str] = set()  # uids of Pods that did not fit
        self._pool: AddressPool | None = None
        self._images_told: int = 0
        self._register()
        mine = parse_field_selector(f"spec.nodeName={self.name}")
        api.watch("Pod", self._on_pod, fields=mine)
        network.attach(self.address, self._connect)
        self._mine = mine
        self.sim.start(self._heartbeat())
        self.eviction = EvictionManager(self)
        self.sim.start(self.eviction.run())

    # The node

    def _register(self) -> None:
        machine = self.machine
        capacity = {
            "cpu": str(machine.cpu),
            "memory": str(machine.memory),
            "pods": str(machine.pods),
        }
        allocatable = capacity | {"memory": str(machine.memory - EVICTION_HARD_MEMORY)}
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
                    "nodeInfo": {
                        "kubeletVersion": "v1.33.0",
                        "containerRuntimeVersion": "plain://1.0",
                        "operatingSystem": "linux",
                        "architecture": "amd64",
                    },
                },
            }
        )
        self.normal(self.node(), "Starting", "Starting kubelet.")
        self._renew_lease()

    def node(self) -> Any:
        """This kubelet's Node object."""
        return self.api.get("Node", self.name)

    def _heartbeat(self) -> Process:
        """Renew the lease every ten seconds; tell of changed conditions and images."""
        yield self.sim.sleep(self.sim.random(self.component).uniform(0, LEASE_RENEWAL))
        while True:
            if self.powered:
                self._renew_lease()
                self.report_node()
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
        """Write conditions and images to the Node's status, where they changed."""
        node = self.api.find("Node", self.name)
        if node is None:
            return
        status: Document = {"conditions": self._conditions(node.status.conditions or [])}
        if len(self.runtime.images) != self._images_told:
            self._images_told = len(self.runtime.images)
            found = sorted(
                self.runtime.images.values(), key=lambda image: (-image.size, image.name)
            )
            status["images"] = [
                {"names": [image.name], "sizeBytes": image.size} for image in found[:50]
            ]
        self.api.patch_status(node, status)

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
        documents: list[Document] = []
        for kind, state, reason, message in rows:
            same = [c for c in stated if c.type == kind]
            documents += set_condition(same, kind, state, now, reason, message)
        return documents

    # The Pods

    def _on_pod(self, event: WatchEvent) -> None:
        pod = event.object
        assert isinstance(pod, Pod)
        worker = self.workers.get(pod.uid)
        if not self.powered:
            return
        if event.type == DELETED:
            self._refused.discard(pod.uid)
            if worker is not None:
                worker.deleted()
        elif worker is not None:
            worker.update(pod)
        else:
            self._add(pod)

    def _add(self, pod: Pod) -> None:
        if pod.status.phase in ("Succeeded", "Failed"):
            if pod.terminating:
                self._confirm_deleted(pod)
            return
        if pod.uid in self._refused:
            return
        if not pod.terminating and (refusal := admission.refuse(self, pod)):
            self._refused.add(pod.uid)
            self.sim.at(self.sim.now + REFUSAL_SECONDS, lambda: self._refuse(pod, *refusal))
            return
        self.workers[pod.uid] = PodWorker(self, pod)

    def _refuse(self, pod: Pod, reason: str, message: str) -> None:
        """Fail a Pod that does not fit; it will not be tried again."""
        with suppress(NotFound):
            status = {"phase": "Failed", "reason": reason, "message": message}
            self.api.patch_status(pod, status)
            self.warning(pod, reason, message)

    def _connect(self, port: int) -> float | None:
        """Answer a request to the node's own address: Pods on its network share it."""
        for worker in self.workers.values():
            if worker.pod.spec.host_network:
                latency = worker.connect(port)
                if latency is not None:
                    return latency
        return None

    def take_address(self, pod: Pod) -> str:
        """An address for a new sandbox: the node's own, or one from the node's block.

        Empty while the node has no block yet, or none left in it.
        """
        if pod.spec.host_network:
            return self.address
        block = self.node().spec.pod_cidr
        if self._pool is None and block:
            self._pool = AddressPool(block)
        try:
            return self._pool.take() if self._pool else ""
        except CourseError:
            return ""

    def finish(self, worker: PodWorker) -> None:
        """A worker has stopped everything: release what it held, and confirm the deletion."""
        self.workers.pop(worker.pod.uid, None)
        self._release(worker)
        self.images.forget(worker.pod)
        self.backoff.forget(worker.pod.uid)
        if not worker.gone:
            self._confirm_deleted(worker.pod)

    def _release(self, worker: PodWorker) -> None:
        for slot in worker.slots:
            for container in (slot.current, slot.previous):
                if container is not None:
                    self.runtime.remove_container(container)
        if worker.address and not worker.pod.spec.host_network:
            self.network.detach(worker.address)
            if self._pool is not None:
                self._pool.release(worker.address)

    def _confirm_deleted(self, pod: Pod) -> None:
        with suppress(NotFound, Conflict):  # somebody else was faster
            self.api.delete("Pod", pod.name, pod.namespace, grace_period=0, uid=pod.uid)

    def report(self, worker: PodWorker, status: Document) -> None:
        """Write a Pod's status, if the Pod is still there."""
        try:
            worker.pod = self.api.patch_status(worker.pod, status)
        except NotFound:
            worker.gone = True

    # The machine

    def power_off(self) -> None:
        """The machine is gone: no heartbeat, no containers, no answers."""
        self.powered = False
        self.runtime.power_off()
        self.images.restart()
        for worker in self.workers.values():
            self._release(worker)
        self.workers.clear()

    def power_on(self) -> None:
        """The machine is back: its Pods start again, and what was deleted meanwhile stops."""
        self.powered = True
        if self.api.find("Node", self.name) is None:
            self._register()
        self._renew_lease()
        self.report_node()
        for pod in self.api.list("Pod", fields=self._mine):
            self._add(pod)
            if worker := self.workers.get(pod.uid):
                worker.resume(pod)

    # Saying

    def normal(self, about: Object, reason: str, message: str) -> None:
        """Report that something went as it should."""
        self.api.events.normal(self.component, about, reason, message)

    def warning(self, about: Object, reason: str, message: str) -> None:
        """Report that something went wrong."""
        self.api.events.warning(self.component, about, reason, message)
