"""PersistentVolume: storage of the cluster (kubernetes.io "Persistent Volumes")."""

from __future__ import annotations

from course_lib.objects.columns import UNSET, access_modes
from course_lib.objects.field_rules import (
    absolute,
    needs,
    no_way_up,
    one_of,
    optional,
    quantity,
    subdomain,
)
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Problems, Row
from course_lib.objects.kinds.pod.placement import NodeSelector
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import Object, Value
from course_lib.objects.names import Problem
from course_lib.objects.quantity import ResourceList
from course_lib.objects.rules import must_be_one_of


class ClaimReference(Value, frozen=True):
    """The claim that a volume is bound to."""

    UNKEPT = "fieldPath resourceVersion"

    name: str = ""
    namespace: str = ""
    uid: str = ""
    kind: str = ""
    api_version: str = ""


class VolumeNodeAffinity(Value, frozen=True):
    """The nodes from which a volume can be reached."""

    required: NodeSelector | None = None


class VolumeSpec(Value, frozen=True):
    """The size of a volume, how it may be used, and where its storage is."""

    UNKEPT = (
        "awsElasticBlockStore azureDisk azureFile cephfs cinder fc flexVolume flocker "
        "gcePersistentDisk glusterfs iscsi mountOptions photonPersistentDisk portworxVolume "
        "quobyte rbd scaleIO storageos vsphereVolume"
    )

    capacity: ResourceList | None = None
    access_modes: list[str] | None = None
    storage_class_name: str = ""
    persistent_volume_reclaim_policy: str = "Retain"
    claim_ref: ClaimReference | None = None
    volume_mode: str = "Filesystem"
    volume_attributes_class_name: str | None = None
    node_affinity: VolumeNodeAffinity | None = None
    host_path: Document | None = None
    nfs: Document | None = None
    csi: Document | None = None
    local: Document | None = None


class VolumeStatus(Value, frozen=True):
    """Available, Bound, Released or Failed."""

    UNKEPT = "lastPhaseTransitionTime message"

    phase: str = "Pending"
    reason: str = ""


class PersistentVolume(Object, frozen=True, kw_only=True):
    """Storage that exists in the cluster."""

    spec: VolumeSpec = VolumeSpec()
    status: VolumeStatus = VolumeStatus()


def _prepare(volume: Document) -> None:
    """Source: `PrepareForCreate` in `pkg/registry/core/persistentvolume/strategy.go`."""
    since = volume["metadata"]["creationTimestamp"]
    volume["status"] = {"phase": "Pending", "lastPhaseTransitionTime": since}


def _complete(document: Document) -> None:
    for path in places(document, "spec.hostPath", create=False):
        path.setdefault("type", "")


ACCESS_MODE = one_of("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")


_NO_SOURCES = ("mountOptions",)


def _rules(view: PersistentVolume) -> Problems:
    capacity = view.spec.capacity or {}
    if "storage" not in capacity or len(capacity) > 1:
        yield Problem("spec.capacity", "storage alone", list(capacity))
    elif capacity["storage"].nano <= 0:
        yield Problem("spec.capacity[storage]", "must be greater than zero", capacity["storage"])
    if not view.spec.access_modes:
        yield Problem("spec.accessModes", "at least one", [])
    policy, here = view.spec.persistent_volume_reclaim_policy, "spec.persistentVolumeReclaimPolicy"
    yield from must_be_one_of(here, policy, "Retain", "Delete", "Recycle")


def alone(path: str, modes: list[str] | None) -> Problems:
    """ReadWriteOncePod goes with no other access mode."""
    if "ReadWriteOncePod" in (modes or ()) and len(modes or ()) > 1:
        yield Problem(path, "may not use ReadWriteOncePod with other access modes", modes)


def _relations(document: Document) -> Problems:
    spec = document["spec"]
    yield from alone("spec.accessModes", spec["accessModes"])
    root = (spec.get("hostPath") or {}).get("path") == "/"
    if root and spec["persistentVolumeReclaimPolicy"] == "Recycle":
        expected = "may not be 'recycle' for a hostPath mount of '/'"
        yield Problem("spec.persistentVolumeReclaimPolicy", expected, "Recycle")
    if "local" in spec and not (spec.get("nodeAffinity") or {}).get("required"):
        expected = "Required value: Local volume requires node affinity"
        yield Problem("spec.nodeAffinity", expected, "")
    known = ("hostPath", "nfs", "csi", "local", *VolumeSpec.UNKEPT.split())
    sources = [field for field in known if field in spec and field not in _NO_SOURCES]
    if not sources:
        yield Problem("spec", "Required value: must specify a volume type", None)
    if len(sources) > 1:
        path = f"spec.{sources[1]}"
        yield Problem(path, "may not specify more than 1 volume type", " and ".join(sources))


def _row(v: PersistentVolume, now: float) -> Row:
    claim = v.spec.claim_ref
    return (
        v.name,
        str((v.spec.capacity or {}).get("storage", "0")),
        access_modes(v.spec.access_modes),
        v.spec.persistent_volume_reclaim_policy,
        "Terminating" if v.terminating else v.status.phase,
        f"{claim.namespace}/{claim.name}" if claim else "",
        v.spec.storage_class_name,
        v.spec.volume_attributes_class_name or UNSET,
        v.status.reason,
        v.spec.volume_mode,
    )


PERSISTENT_VOLUME = Kind(
    "v1",
    PersistentVolume,
    ("pv",),
    namespaced=False,
    not_simulated=("spec.volumeAttributesClassName",),
    defaults={"spec.persistentVolumeReclaimPolicy": "Retain", "spec.volumeMode": "Filesystem"},
    complete=_complete,
    prepare=_prepare,
    fields={
        "spec.capacity.*": quantity,
        "spec.accessModes[*]": ACCESS_MODE,
        "spec.volumeMode": one_of("Block", "Filesystem"),
        "spec.storageClassName": optional(subdomain),
        "spec.nodeAffinity": needs("required"),
        "spec.nodeAffinity.required": needs("nodeSelectorTerms"),
        "spec.hostPath": needs("path"),
        "spec.hostPath.path": no_way_up,
        "spec.hostPath.type": one_of(
            "BlockDevice",
            "CharDevice",
            "Directory",
            "DirectoryOrCreate",
            "File",
            "FileOrCreate",
            "Socket",
        ),
        "spec.nfs.path": absolute,
        "spec.nfs": needs("server", "path"),
        "spec.csi": needs("driver", "volumeHandle"),
        "spec.local": needs("path"),
        "spec.local.path": no_way_up,
    },
    rules=_rules,
    relations=_relations,
    fixed=("spec.hostPath", "spec.nfs", "spec.csi", "spec.local", "spec.volumeMode"),
    columns=table_columns(
        "Name  Capacity  Access Modes  Reclaim Policy  Status  Claim  StorageClass"
        "  VolumeAttributesClass  Reason  Age  +VolumeMode"
    ),
    row=_row,
)
