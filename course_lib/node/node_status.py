"""The node as its kubelet reports it: registered, a lease renewed, conditions and images.

Source: kubernetes.io "Node Status", "Node heartbeats"; `pkg/kubelet/kubelet_node_status.go`.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from course_lib.apiserver.errors import APIError
from course_lib.client import Client
from course_lib.client.informer import Informer, is_heartbeat
from course_lib.engine import FOR_EVER, SOON
from course_lib.node.kubelet_events import KubeletEvents
from course_lib.node.machine import MachineInfo
from course_lib.node.node_heartbeat import NodeHeartbeat
from course_lib.node.node_lease import NodeLease
from course_lib.node.node_runtime import NodeRuntime
from course_lib.objects.kinds.node import HOSTNAME, Node
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Condition, Object, set_condition
from course_lib.objects.quantity import Quantity
from course_lib.objects.release import VERSION
from course_lib.objects.selectors import parse_field_selector
from course_lib.runtimes import RuntimeFault

# The conditions of a node that is well, the last one last: type, status, reason and message.
WELL = (
    (
        "MemoryPressure",
        "False",
        "KubeletHasSufficientMemory",
        "kubelet has sufficient memory available",
    ),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)
MEMORY_PRESSURE = (
    "MemoryPressure",
    "True",
    "KubeletHasInsufficientMemory",
    "kubelet has insufficient memory available",
)
LABELS = {
    "beta.kubernetes.io/arch": "amd64",
    "beta.kubernetes.io/os": "linux",
    "kubernetes.io/arch": "amd64",
    "kubernetes.io/os": "linux",
}
ATTACHES = "volumes.kubernetes.io/controller-managed-attach-detach"
FIRST_REGISTER_WAIT, LONGEST_REGISTER_WAIT = 0.1, 7.0  # s, doubling
OS_IMAGE, KERNEL = "Debian GNU/Linux 13 (trixie)", "6.12.0"
RUNTIME_WAIT, RUNTIME_CHECK = 30.0, 5.0  # s that a runtime may be away; s between two looks
KUBELET_PORT = 10250
NETWORK_WAIT = 30.0  # s that a node has for its block of addresses, where one is left
EVICTION_HARD_MEMORY = Quantity("100Mi")  # memory.available; kept back from Pods


class NodeStatusReporter:
    """What the API server knows of one node, as its kubelet writes it.

    `retry` is called some time after a registration that failed, `changed` when somebody changes
    the node's object or its Lease. `client` writes it, `machine` and `runtime` are the node's,
    `events` report. `expects_block` says whether a block of addresses is left for a new node.
    """

    def __init__(
        self,
        client: Client,
        machine: MachineInfo,
        runtime: NodeRuntime,
        events: KubeletEvents,
        retry: Callable[[], None],
        changed: Callable[[], None],
        expects_block: Callable[[], bool],
    ) -> None:
        self._client, self._sim, self._machine = client, client.sim, machine
        self._runtime, self._events, self._retry = runtime, events, retry
        self._changed, self._expects_block = changed, expects_block
        self.lease = NodeLease(client, machine.name, changed)
        self.heartbeat = NodeHeartbeat(client, machine.name, changed)
        self.registered = False
        self.boots = 1  # how often the machine was started
        self.memory_pressure = False
        self.well = False  # whether the last report found the runtime well
        self._in_time = False  # whether the node is ready only because its block is not due yet
        self._images: tuple[str, ...] = ()  # the IDs of those that were reported
        self._network_due = self._sim.now + NETWORK_WAIT  # s, until when it counts as ready
        self._runtime_seen = float("-inf")  # when a report last found the runtime well
        self._register_wait = FIRST_REGISTER_WAIT
        self._node: Informer[Node] | None = None  # from the first registration on

    @property
    def until(self) -> float:
        """The time (simulated s) of the next report that changes something, if nothing else does.

        `SOON` while the runtime is not well, for the condition `Ready` waits for it.
        """
        if not self.well:
            return SOON
        return min(self.heartbeat.until, self._network_due if self._in_time else FOR_EVER)

    def find(self) -> Node | None:
        """This node's object, as it was last seen; None before the node is registered."""
        return self._node.find(self._machine.name) if self._node is not None else None

    def stop(self) -> None:
        """Forget the node's object: the machine has lost its power."""
        self.lease.stop()
        self.heartbeat.stop()
        if self._node is not None:
            self._node.stop()
            self._node = None

    def register(self) -> bool:
        """Tell the API server of this node; where that fails, `retry` later each time."""
        try:
            node: Object | None = self._client.find(Node, self._machine.name)
            if node is None:
                node = self._create_node()
                self._events.normal(node, "Starting", "Starting kubelet.")
            self.lease.renew(node)
        except APIError:
            self.registered = False
            self._register_wait = min(2 * self._register_wait, LONGEST_REGISTER_WAIT)
            self._sim.at(self._sim.now + self._register_wait, self._retry)
            return False
        self.registered = True
        self._register_wait = FIRST_REGISTER_WAIT
        if self._node is None:
            named = parse_field_selector(f"metadata.name={self._machine.name}")
            self._node = Informer(self._client, Node, fields=named)
            self._node.add_handler(self._on_node)
        return True

    def _on_node(self, before: Node | None, after: Node | None) -> None:
        if not is_heartbeat(before, after):  # its own
            self._changed()

    def set_memory_pressure(self, pressure: bool) -> None:
        """Set the condition MemoryPressure, and report it at once."""
        self.memory_pressure = pressure
        reason = "NodeHasInsufficientMemory" if pressure else "NodeHasSufficientMemory"
        message = f"Node {self._machine.name} status is now: {reason}"
        if (node := self.find()) is not None:
            self._events.normal(node, reason, message)
        self.report()

    def _create_node(self) -> Object:
        machine, network = self._machine, ""
        if not self._expects_block():
            self._network_due, network = self._sim.now, self._runtime.network_problem()
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
        return self._client.create(
            {
                "apiVersion": "v1",
                "kind": "Node",
                "metadata": {
                    "name": self._machine.name,
                    "labels": LABELS | {HOSTNAME: self._machine.name} | machine.labels,
                    "annotations": {ATTACHES: "true"},
                },
                "spec": {"taints": list(machine.taints)} if machine.taints else {},
                "status": {
                    "capacity": capacity,
                    "allocatable": allocatable,
                    "conditions": self._stamped(self._conditions([], network)),
                    "addresses": [
                        {"type": "InternalIP", "address": machine.address},
                        {"type": "Hostname", "address": self._machine.name},
                    ],
                    "daemonEndpoints": {"kubeletEndpoint": {"Port": KUBELET_PORT}},
                    "nodeInfo": self._node_info(),
                },
            }
        )

    def _node_info(self) -> Document:
        return {
            "machineID": self._machine.identity("machine").replace("-", ""),
            "systemUUID": self._machine.identity("system"),
            "bootID": self._machine.identity(f"boot {self.boots}"),
            "kernelVersion": KERNEL,
            "osImage": OS_IMAGE,
            "containerRuntimeVersion": f"{self._runtime.name}://{self._runtime.version}",
            "kubeletVersion": VERSION,
            "kubeProxyVersion": "",
            "operatingSystem": "linux",
            "architecture": "amd64",
        }

    def found_well(self, time: float) -> None:
        """Until this time (simulated s), reports would have found the runtime as the last one."""
        if self.well:
            self._runtime_seen = max(self._runtime_seen, time)

    def report(self) -> None:
        """Write conditions, versions and images to the Node's status, where they changed, or where
        the last heartbeat is five minutes old.
        """
        node = self.find()
        if node is None:
            return
        stated, info = node.status.conditions or [], self._node_info()
        conditions = self._conditions(stated, self._runtime.network_problem())
        images = self._image_list()
        same = conditions == list(map(msgspec.to_builtins, stated)) and images is None
        if not same or info != node.status.node_info or self.heartbeat.due:
            status: Document = {"conditions": self._stamped(conditions), "nodeInfo": info}
            if images is not None:
                status["images"] = images
            self._client.patch_status(node, status)
        if node.spec.pod_cidr:  # else the controller that gives blocks needs each heartbeat
            self.heartbeat.keep()

    def _stamped(self, conditions: list[Document]) -> list[Document]:
        """The conditions of a report that is written now."""
        self.heartbeat.reported = self._sim.now
        now = self._sim.timestamp
        return [each | {"lastHeartbeatTime": now} for each in conditions]

    def _image_list(self) -> list[Document] | None:
        """The images on the node, the largest first, if others than were told (at most 50)."""
        try:
            held = self._runtime.cri.call("ListImages").images
        except RuntimeFault:
            return None
        told = tuple(image.id for image in held)
        if told == self._images:
            return None
        self._images = told
        found = sorted(held, key=lambda image: (-image.size, image.id))
        return [
            {"names": [*image.repo_digests, *image.repo_tags], "sizeBytes": image.size}
            for image in found[:50]
        ]

    def _conditions(self, stated: list[Condition], network: str = "") -> list[Document]:
        """The conditions now; `network` is what is wrong with the node's network.

        Simplified: a real node is not ready until its network plugin has started. Here a node for
        which a block of addresses is left is ready before it gets the block, for at most
        `NETWORK_WAIT`.
        """
        now = self._sim.timestamp
        rows = list(WELL)
        if self.memory_pressure:
            rows[0] = MEMORY_PRESSURE
        problem = self._runtime.problem()
        self.well = not problem
        if not problem:
            self._runtime_seen = self._sim.now
        elif self._sim.now - (self._runtime_seen + RUNTIME_CHECK) < RUNTIME_WAIT - 1e-6:
            problem = ""  # it may be back in a moment
        self._in_time = bool(network) and self._sim.now < self._network_due
        if self._in_time:
            network = ""
        if problem or network:
            both = f"[{problem}, {network}]" if problem and network else problem or network
            rows[-1] = ("Ready", "False", "KubeletNotReady", both)
        documents: list[Document] = []
        for kind, state, reason, message in rows:
            same = [c for c in stated if c.type == kind]
            documents += set_condition(same, kind, state, now, reason, message)
        return documents
