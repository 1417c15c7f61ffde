"""CSINode: the storage drivers of a node (Kubernetes API reference, `storage.k8s.io/v1`)."""

from __future__ import annotations

import msgspec

from course_lib.objects.kind import Kind
from course_lib.objects.meta import Object, Value


class VolumeNodeResources(Value, frozen=True):
    """How many volumes a driver can have on a node."""

    count: int


class CSINodeDriver(Value, frozen=True):
    """A storage driver on a node."""

    name: str
    node_id: str = msgspec.field(default="", name="nodeID")
    topology_keys: list[str] | None = None
    allocatable: VolumeNodeResources | None = None


class CSINodeSpec(Value, frozen=True):
    """The drivers of a node."""

    drivers: list[CSINodeDriver] | None = None


class CSINode(Object, frozen=True, kw_only=True):
    """What a node's kubelet tells of its storage drivers."""

    UNKEPT = "status"

    spec: CSINodeSpec = CSINodeSpec()


CSI_NODE = Kind(
    "storage.k8s.io/v1",
    CSINode,
    namespaced=False,
    first_status=lambda view: {},
    columns="NAME  DRIVERS  AGE",
    row=lambda node, now: (node.name, len(node.spec.drivers or ())),
)
