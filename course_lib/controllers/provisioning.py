"""Provisioners: the programs that make volumes for claims, and enlarge them (chapter 03).

In a real cluster each is a program of its own beside a storage driver; here they run with the
controllers. Making a volume takes a moment; its contents are not simulated, so every volume is a
folder of a node.
Source: sig-storage-lib-external-provisioner; kubernetes-csi external-resizer;
`pkg/controller/volume/expand`; kubernetes.io "Expanding Persistent Volumes Claims".
"""

from __future__ import annotations

import msgspec

from course_lib.client import Client
from course_lib.client.informer import InformerFactory
from course_lib.controllers.controller import Controller
from course_lib.controllers.volume_protection import by_claim, claims_of
from course_lib.controllers.volumes import reference_to
from course_lib.objects.kinds.persistent_volume import PersistentVolume
from course_lib.objects.kinds.persistent_volume_claim import PersistentVolumeClaim
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.storage_class import StorageClass
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Condition, condition, set_condition
from course_lib.objects.quantity import Quantity
from course_lib.objects.volume_matching import (
    PROVISIONED_BY,
    SELECTED_NODE,
    STORAGE_PROVISIONERS,
    capacity_of,
    waits,
)

PROVISION_SECONDS = 2.0
RESIZE_SECONDS = 2.0
# Disks of clouds: once one is larger, the kubelet of a Pod's node enlarges the file system on it.
DISKS = ("ebs.csi.aws.com", "pd.csi.storage.gke.io", "disk.csi.azure.com")
# Who makes volumes in the simulated cluster. Claims of other provisioners wait.
PROVISIONERS = ("k8s.io/minikube-hostpath", "rancher.io/local-path", *DISKS)
IN_PROGRESS, PENDING = "Resizing", "FileSystemResizePending"
ON_THE_NODE = "Waiting for user to (re-)start a pod to finish file system resize of volume on node."


class Provisioner(Controller):
    """Makes a volume for each claim that asks one of `PROVISIONERS` for it."""

    name = "external-provisioner"
    kind = "PersistentVolumeClaim"

    def __init__(self, api: Client, informers: InformerFactory) -> None:
        self._making: set[str] = set()  # claims, by uid
        super().__init__(api, informers)

    def watches(self) -> None:
        """The classes, which say how."""
        self.informers.informer(StorageClass)

    def reconcile(self, claim: PersistentVolumeClaim) -> None:
        """Begin to make a volume for a claim that has none, once it may be made."""
        provisioner = _asked(claim)
        cls = self.informers.find(StorageClass, claim.class_name) if claim.class_name else None
        if claim.spec.volume_name or provisioner not in PROVISIONERS or cls is None:
            return
        if claim.uid in self._making or (waits(cls) and SELECTED_NODE not in claim.annotations):
            return
        self._making.add(claim.uid)
        message = f'External provisioner is provisioning volume for claim "{claim.namespace}/'
        self.api.events.normal(provisioner, claim, "Provisioning", f'{message}{claim.name}"')
        self.sim.at(self.sim.now + PROVISION_SECONDS, lambda: self._make(claim, cls))

    def _make(self, claim: PersistentVolumeClaim, cls: StorageClass) -> None:
        self._making.discard(claim.uid)
        current = self.informers.find(PersistentVolumeClaim, claim.name, claim.namespace)
        if current is None or current.uid != claim.uid or current.spec.volume_name:
            return
        name, provisioner = f"pvc-{claim.uid}", _asked(claim)
        self.api.create(_volume(name, provisioner, claim, cls))
        message = f"Successfully provisioned volume {name}"
        self.api.events.normal(provisioner, claim, "ProvisioningSucceeded", message)


def _asked(claim: PersistentVolumeClaim) -> str:
    """The provisioner that a claim asks for a volume."""
    older, newer = (claim.annotations.get(each, "") for each in STORAGE_PROVISIONERS)
    return newer or older


def _volume(
    name: str, provisioner: str, claim: PersistentVolumeClaim, cls: StorageClass
) -> Document:
    path = f"/tmp/hostpath-provisioner/{claim.namespace}/{claim.name}"
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {PROVISIONED_BY: provisioner}},
        "spec": {
            "capacity": {"storage": str(claim.size)},
            "accessModes": claim.spec.access_modes,
            "storageClassName": cls.name,
            "persistentVolumeReclaimPolicy": cls.reclaim_policy,
            "volumeMode": claim.spec.volume_mode,
            "claimRef": {"apiVersion": "v1"} | reference_to(claim),
            "hostPath": {"path": path},
        },
    }


class ExpandController(Controller):
    """Says of a claim that asks for more than it has whose affair that is."""

    name = "volume_expand"
    kind = "PersistentVolumeClaim"

    def __init__(self, api: Client, informers: InformerFactory) -> None:
        self._told: dict[str, Quantity] = {}  # by the claim's uid, the size that was asked for
        super().__init__(api, informers)

    def reconcile(self, claim: PersistentVolumeClaim) -> None:
        """Report each new wish once: no plugin of Kubernetes itself enlarges volumes any more."""
        if not _asks_for_more(claim) or self._told.get(claim.uid) == claim.size:
            return
        self._told[claim.uid] = claim.size
        volume = self.informers.find(PersistentVolume, claim.spec.volume_name)
        report = self.normal if volume is not None and volume.spec.csi else self.warning
        message = "waiting for an external controller to expand this PVC"
        report(claim, "ExternalExpanding", message)


class Resizer(Controller):
    """Enlarges the volumes that `PROVISIONERS` made, when their claims ask for more.

    The last step for a cloud's disk, the file system, is the kubelet's; it is taken here as soon as
    a Pod on a node names the claim.
    """

    name = "external-resizer"
    kind = "PersistentVolumeClaim"

    def __init__(self, api: Client, informers: InformerFactory) -> None:
        self._growing: set[str] = set()  # claims, by uid
        super().__init__(api, informers)

    def watches(self) -> None:
        """The volumes, and Pods, on whose nodes file systems grow."""
        self.informers.informer(PersistentVolume)
        self.watch(Pod, lambda pod: claims_of(pod) if pod.spec.node_name else [])

    def reconcile(self, claim: PersistentVolumeClaim) -> None:
        """Begin to enlarge a volume, or end it."""
        if not _asks_for_more(claim) or claim.uid in self._growing:
            return
        volume = self.informers.find(PersistentVolume, claim.spec.volume_name)
        maker = volume.annotations.get(PROVISIONED_BY, "") if volume is not None else ""
        if volume is None or maker not in PROVISIONERS:
            return
        if capacity_of(volume) >= claim.size:
            if condition(claim.status.conditions, PENDING) is not None:
                self._grow_file_system(claim, volume)
            return
        self._growing.add(claim.uid)
        message = f"External resizer is resizing volume {volume.name}"
        self.api.events.normal(f"{self.name} {maker}", claim, "Resizing", message)
        self._state(claim, IN_PROGRESS)
        self.sim.at(self.sim.now + RESIZE_SECONDS, lambda: self._grow(claim, volume, maker))

    def _grow(self, claim: PersistentVolumeClaim, volume: PersistentVolume, maker: str) -> None:
        self._growing.discard(claim.uid)
        current = self.informers.find(PersistentVolumeClaim, claim.name, claim.namespace)
        if current is None or current.uid != claim.uid:
            return
        size = {"storage": str(claim.size)}
        self.api.patch(PersistentVolume, volume.name, "", {"spec": {"capacity": size}})
        report, reporter = self.api.events.normal, f"{self.name} {maker}"
        if maker in DISKS:
            message = "Require file system resize of volume on node"
            report(reporter, claim, "FileSystemResizeRequired", message)
            self._state(current, PENDING, ON_THE_NODE)
        else:
            self._done(current, claim.size)
            report(reporter, claim, "VolumeResizeSuccessful", "Resize volume succeeded")

    def _grow_file_system(self, claim: PersistentVolumeClaim, volume: PersistentVolume) -> None:
        pods = self.informers.informer(Pod).by_index(by_claim, f"{claim.namespace}/{claim.name}")
        for pod in pods:
            if pod.status.phase == "Running":
                self._done(claim, capacity_of(volume))
                message = f'MountVolume.NodeExpandVolume succeeded for volume "{volume.name}" '
                message += pod.spec.node_name
                self.api.events.normal("kubelet", pod, "FileSystemResizeSuccessful", message)
                return

    def _state(self, claim: PersistentVolumeClaim, now: str, message: str = "") -> None:
        """A claim is being resized: in this one condition of the two."""
        others = _other_conditions(claim)
        stated = set_condition(others, now, "True", self.sim.timestamp, "", message)
        self.api.patch_status(claim, {"conditions": stated})

    def _done(self, claim: PersistentVolumeClaim, size: Quantity) -> None:
        conditions = list(map(msgspec.to_builtins, _other_conditions(claim)))
        status = {"conditions": conditions, "capacity": {"storage": str(size)}}
        self.api.patch_status(claim, status)


def _other_conditions(claim: PersistentVolumeClaim) -> list[Condition]:
    resizing = IN_PROGRESS, PENDING
    return [each for each in claim.status.conditions or () if each.type not in resizing]


def _asks_for_more(claim: PersistentVolumeClaim) -> bool:
    has = (claim.status.capacity or {}).get("storage", Quantity("0"))
    return claim.status.phase == "Bound" and claim.size > has
