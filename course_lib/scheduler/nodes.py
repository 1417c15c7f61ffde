"""All nodes as columns: one NumPy array for each thing that plugins ask of a node.

A plugin answers for every node at once by arithmetic over these columns; the rows are the nodes
in the order in which they joined. Units: CPU in thousandths of a core, everything else whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from course_lib.objects.cluster import Node
from course_lib.objects.pod import Container, Pod, PodSpec, ResourceList
from course_lib.objects.quantity import Quantity
from course_lib.objects.resources import total

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Port = tuple[str, int, str]  # protocol, number, host address

# What a container that asks for nothing counts as in the scores (`pkg/scheduler/util`).
DEFAULT_MILLI_CPU = 100
DEFAULT_MEMORY = 200 * 2**20


class PodInfo(msgspec.Struct, frozen=True, eq=False):
    """A Pod, with what the plugins ask of it worked out once."""

    pod: Pod
    requests: dict[str, int]
    nonzero: dict[str, int]  # CPU and memory, with defaults where a container says nothing
    ports: tuple[Port, ...]

    @property
    def key(self) -> str:
        """Its identity: the uid, or its name where it never passed through an API server."""
        return self.pod.uid or f"{self.pod.namespace}/{self.pod.name}"

    @classmethod
    def of(cls, pod: Pod) -> PodInfo:
        """Work it out."""
        asked = units(total(pod.spec, "requests"))
        asked = {name: amount for name, amount in asked.items() if amount}
        return cls(pod, asked, _nonzero(pod.spec), _host_ports(pod.spec))


def units(amounts: ResourceList) -> dict[str, int]:
    """Amounts in the scheduler's units."""
    return {n: q.milli if n == "cpu" else q.value for n, q in amounts.items()}


def _nonzero(spec: PodSpec) -> dict[str, int]:
    def filled(container: Container) -> Container:
        said = container.resources.requests or {}
        asked = {
            "cpu": said.get("cpu", Quantity(f"{DEFAULT_MILLI_CPU}m")),
            "memory": said.get("memory", Quantity(DEFAULT_MEMORY)),
        }
        resources = msgspec.structs.replace(container.resources, requests=said | asked)
        return msgspec.structs.replace(container, resources=resources)

    assumed = msgspec.structs.replace(
        spec,
        containers=[filled(c) for c in spec.containers],
        init_containers=[filled(c) for c in spec.init_containers or ()],
    )
    sums = units(total(assumed, "requests"))
    return {"cpu": sums.get("cpu", 0), "memory": sums.get("memory", 0)}


def _host_ports(spec: PodSpec) -> tuple[Port, ...]:
    return tuple(
        (port.protocol, port.host_port or port.container_port, port.host_ip or "0.0.0.0")
        for container in spec.containers
        for port in container.ports or ()
        if port.host_port or spec.host_network
    )


class LabelColumn(msgspec.Struct, frozen=True, eq=False):
    """One label over all nodes: each value has a code, -1 stands for no such label."""

    codes: Ints
    vocabulary: dict[str, int]

    def among(self, values: Sequence[str]) -> Bools:
        """The nodes whose label has one of these values."""
        wanted = [self.vocabulary[v] for v in values if v in self.vocabulary]
        return np.isin(self.codes, wanted)

    def where(self, holds: Callable[[str], bool]) -> Bools:
        """The nodes that have the label, with a value of which something holds."""
        return self.among([value for value in self.vocabulary if holds(value)])

    @property
    def present(self) -> Bools:
        """The nodes that have the label."""
        return self.codes >= 0


class Nodes:
    """The scheduler's picture of the cluster: nodes, and the Pods that it counts on each."""

    def __init__(self, nodes: Sequence[Node] = (), pods: Sequence[PodInfo] = ()) -> None:
        self.views = list(nodes)
        self.names = [node.name for node in self.views]
        self.rows = {name: row for row, name in enumerate(self.names)}
        self.pods: list[dict[str, PodInfo]] = [{} for _ in self.views]  # by key
        given = [units(node.status.allocatable or {}) for node in self.views]
        resources = dict.fromkeys(name for row in given for name in row)
        self.allocatable = {
            name: np.array([row.get(name, 0) for row in given], dtype=np.int64)
            for name in resources
        }
        self.requested: dict[str, Ints] = {name: self._zeros() for name in resources}
        self.nonzero = {"cpu": self._zeros(), "memory": self._zeros()}
        self.pod_count = self._zeros()
        self.unschedulable = np.array([n.spec.unschedulable for n in self.views], dtype=bool)
        self._labels: dict[str, LabelColumn] = {}
        self._images: dict[str, tuple[Bools, int]] | None = None
        for info in pods:
            self.add(info, info.pod.spec.node_name)

    def __len__(self) -> int:
        return len(self.views)

    def _zeros(self) -> Ints:
        return np.zeros(len(self.views), dtype=np.int64)

    def column(self, columns: dict[str, Ints], resource: str) -> Ints:
        """A resource's column; zeros for one that no node has."""
        found = columns.get(resource)
        return found if found is not None else self._zeros()

    def add(self, info: PodInfo, node: str) -> None:
        """Count a Pod on a node."""
        self._count(info, node, +1)

    def remove(self, info: PodInfo, node: str) -> None:
        """Count it no more."""
        self._count(info, node, -1)

    def _count(self, info: PodInfo, node: str, sign: int) -> None:
        row = self.rows.get(node)
        if row is None or (info.key in self.pods[row]) == (sign > 0):
            return
        for name, amount in info.requests.items():
            if name not in self.requested:
                self.requested[name] = self._zeros()
            self.requested[name][row] += sign * amount
        for name, amount in info.nonzero.items():
            self.nonzero[name][row] += sign * amount
        self.pod_count[row] += sign
        if sign > 0:
            self.pods[row][info.key] = info
        else:
            del self.pods[row][info.key]

    def one(self, row: int) -> Nodes:
        """A picture of one node alone, to try things on."""
        return Nodes([self.views[row]], list(self.pods[row].values()))

    def copy(self) -> Nodes:
        """The same picture, to count on without changing this one."""
        return Nodes(self.views, [info for pods in self.pods for info in pods.values()])

    def label(self, key: str) -> LabelColumn:
        """One label of all nodes; worked out when first asked for."""
        if key not in self._labels:
            vocabulary: dict[str, int] = {}
            codes = [
                vocabulary.setdefault(node.labels[key], len(vocabulary))
                if key in node.labels
                else -1
                for node in self.views
            ]
            self._labels[key] = LabelColumn(np.array(codes, dtype=np.int64), vocabulary)
        return self._labels[key]

    def image(self, name: str) -> tuple[Bools, int]:
        """Which nodes have an image, and its size in bytes."""
        if self._images is None:
            self._images = {}
            for row, node in enumerate(self.views):
                for image in node.status.images or ():
                    for called in image.names or ():
                        empty = np.zeros(len(self), dtype=bool), image.size_bytes
                        self._images.setdefault(called, empty)[0][row] = True
        return self._images.get(name, (np.zeros(len(self), dtype=bool), 0))
