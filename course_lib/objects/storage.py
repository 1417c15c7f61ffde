"""Storage: volumes, the claims on them, and the classes that make them.

Source: the Kubernetes API reference, `core/v1` and `storage.k8s.io/v1`; "Persistent Volumes".
"""

from __future__ import annotations

from typing import Any

import msgspec

from course_lib.objects.meta import Condition, LabelSelector, Object, Value
from course_lib.objects.pod import NodeSelector, ResourceList, ResourceRequirements
from course_lib.objects.quantity import Quantity

BETA_CLASS = "volume.beta.kubernetes.io/storage-class"  # the annotation before storageClassName
# The finalizers that keep a claim, or a volume, for as long as it is used.
PROTECTION = {
    "PersistentVolumeClaim": "kubernetes.io/pvc-protection",
    "PersistentVolume": "kubernetes.io/pv-protection",
}
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


class ClaimSpec(Value, frozen=True):
    """What volume is wanted."""

    access_modes: list[str] | None = None
    resources: ResourceRequirements = ResourceRequirements()
    storage_class_name: str | None = None
    volume_name: str = ""
    volume_mode: str = "Filesystem"
    selector: LabelSelector | None = None


class ClaimStatus(Value, frozen=True):
    """Pending until bound to a volume; Lost if that volume went away."""

    phase: str = "Pending"
    access_modes: list[str] | None = None
    capacity: ResourceList | None = None
    conditions: list[Condition] | None = None


class PersistentVolumeClaim(Object, frozen=True, kw_only=True):
    """A wish for storage that outlives Pods."""

    spec: ClaimSpec = ClaimSpec()
    status: ClaimStatus = ClaimStatus()

    @property
    def class_name(self) -> str | None:
        """The storage class asked for; None leaves it to the default class."""
        return self.annotations.get(BETA_CLASS, self.spec.storage_class_name)

    @property
    def size(self) -> Quantity:
        """The least capacity that will do."""
        return (self.spec.resources.requests or {}).get("storage", Quantity("0"))


class ClaimReference(Value, frozen=True):
    """The claim that a volume is bound to."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    kind: str = ""
    api_version: str = ""


class VolumeNodeAffinity(Value, frozen=True):
    """The nodes from which a volume can be reached."""

    required: NodeSelector | None = None


class VolumeSpec(Value, frozen=True):
    """A piece of storage."""

    capacity: ResourceList | None = None
    access_modes: list[str] | None = None
    storage_class_name: str = ""
    persistent_volume_reclaim_policy: str = "Retain"
    claim_ref: ClaimReference | None = None
    volume_mode: str = "Filesystem"
    node_affinity: VolumeNodeAffinity | None = None
    host_path: dict[str, Any] | None = None
    nfs: dict[str, Any] | None = None
    csi: dict[str, Any] | None = None
    local: dict[str, Any] | None = None


class VolumeStatus(Value, frozen=True):
    """Available, Bound, Released or Failed."""

    phase: str = "Pending"


class PersistentVolume(Object, frozen=True, kw_only=True):
    """Storage that exists in the cluster."""

    spec: VolumeSpec = VolumeSpec()
    status: VolumeStatus = VolumeStatus()


class TopologySelectorLabelRequirement(Value, frozen=True):
    """A label of nodes, and the values that will do."""

    key: str
    values: list[str]


class TopologySelectorTerm(Value, frozen=True):
    """Labels that must all fit."""

    match_label_expressions: list[TopologySelectorLabelRequirement] | None = None


class StorageClass(Object, frozen=True, kw_only=True):
    """A kind of storage, and who makes it on demand."""

    provisioner: str
    reclaim_policy: str = "Delete"
    volume_binding_mode: str = "Immediate"
    allow_volume_expansion: bool = False
    parameters: dict[str, str] | None = None
    allowed_topologies: list[TopologySelectorTerm] | None = None


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

    spec: CSINodeSpec = CSINodeSpec()
