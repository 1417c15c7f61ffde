"""Volumes: claims are bound to volumes, which are made on demand where a class can (chapter 03).

Source: `pkg/controller/volume/persistentvolume`; kubernetes.io "Persistent Volumes", "Dynamic
Volume Provisioning". Making a volume takes a moment; its contents are not simulated.
"""

from __future__ import annotations

from course_lib.client import Client
from course_lib.client.informer import InformerFactory
from course_lib.controllers.controller import Controller, Key, key_of
from course_lib.controllers.volume_protection import by_claim, claims_of
from course_lib.objects.kinds.node import Node
from course_lib.objects.kinds.persistent_volume import PersistentVolume
from course_lib.objects.kinds.persistent_volume_claim import PersistentVolumeClaim
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.storage_class import StorageClass
from course_lib.objects.manifests import Document
from course_lib.objects.quantity import Quantity
from course_lib.objects.volume_matching import reaches, suits

PROVISION_SECONDS = 2.0
UNBOUND = ""  # the value of an index
NO_PROVISIONER = "kubernetes.io/no-provisioner"
# Who makes volumes in the simulated cluster: Minikube's own, and the CSI drivers of clouds.
PROVISIONERS = (
    "k8s.io/minikube-hostpath",
    "rancher.io/local-path",
    "ebs.csi.aws.com",
    "pd.csi.storage.gke.io",
    "disk.csi.azure.com",
)


def by_binding(claim: PersistentVolumeClaim) -> list[str]:
    """Index function: a claim without a volume."""
    return [] if claim.status.phase == "Bound" else [UNBOUND]


def by_reservation(volume: PersistentVolume) -> list[str]:
    """Index function: the claim that a volume is kept for, or that it is kept for none."""
    kept = volume.spec.claim_ref
    return [f"{kept.namespace}/{kept.name}"] if kept is not None and kept.name else [UNBOUND]


class VolumeController(Controller):
    """Binds claims, and provisions what they ask for."""

    name = "persistentvolume-controller"
    kind = "PersistentVolumeClaim"

    def __init__(self, api: Client, informers: InformerFactory) -> None:
        self._provisioning: set[str] = set()  # claims, by uid
        super().__init__(api, informers)

    def watches(self) -> None:
        """Volumes and classes that claims may wait for; Pods, as first consumers."""
        self.watch(PersistentVolume, self._of_volume)
        self.watch(StorageClass, self._pending)
        self.watch(Pod, self._of_pod)

    def _pending(self, _: PersistentVolume | StorageClass) -> list[Key]:
        claims = self.informers.informer(PersistentVolumeClaim).by_index(by_binding, UNBOUND)
        return [key_of(claim) for claim in claims]

    def _of_volume(self, volume: PersistentVolume) -> list[Key]:
        """The claim that a volume is kept for, or else those that might get it."""
        kept = volume.spec.claim_ref
        return [(kept.namespace, kept.name)] if kept and kept.name else self._pending(volume)

    def _of_pod(self, pod: Pod) -> list[Key]:
        return claims_of(pod) if pod.spec.node_name else []

    def reconcile(self, claim: PersistentVolumeClaim) -> None:
        """Bind one claim, to a volume that fits or to a new one."""
        if claim.status.phase in ("Bound", "Lost"):  # a claim has one volume in its life
            volume = self.informers.find(PersistentVolume, claim.spec.volume_name)
            if volume is None and claim.status.phase == "Lost":
                return
            if volume is None:
                self.api.patch_status(claim, {"phase": "Lost"})
                message = (
                    "Bound claim has lost its PersistentVolume. Any data on the volume is lost!"
                )
                self.warning(claim, "ClaimLost", message)
            else:
                self._grow(claim, volume)
            return
        cls = self.informers.find(StorageClass, claim.class_name) if claim.class_name else None
        waits = cls is not None and cls.volume_binding_mode == "WaitForFirstConsumer"
        node = self._consumer_node(claim)
        if waits and node is None:
            message = "waiting for first consumer to be created before binding"
            self.normal(claim, "WaitForFirstConsumer", message)
            return
        volume = self._fitting(claim, node if waits else None)
        if volume is not None:
            self._bind(claim, volume)
        elif claim.class_name:
            self._provision(claim, cls)
        else:
            message = "no persistent volumes available for this claim and no storage class is set"
            self.normal(claim, "FailedBinding", message)

    def _grow(self, claim: PersistentVolumeClaim, volume: PersistentVolume) -> None:
        """Enlarge a bound volume whose claim asks for more (external-resizer)."""
        has = (claim.status.capacity or {}).get("storage", Quantity("0"))
        if claim.size <= has:
            return
        size = {"storage": str(claim.size)}
        self.normal(claim, "Resizing", f"External resizer is resizing volume {volume.name}")
        if _capacity(volume) < claim.size:
            self.api.patch(PersistentVolume, volume.name, "", {"spec": {"capacity": size}})
            self.api.patch_status(claim, {"capacity": size})
            self.normal(claim, "VolumeResizeSuccessful", "Resize volume succeeded")

    def _consumer_node(self, claim: PersistentVolumeClaim) -> Node | None:
        """The node of the first Pod that uses the claim and has got one."""
        pods = self.informers.informer(Pod).by_index(by_claim, f"{claim.namespace}/{claim.name}")
        bound = (pod for pod in pods if pod.spec.node_name)
        first = next(bound, None)
        return None if first is None else self.informers.find(Node, first.spec.node_name)

    def _fitting(self, claim: PersistentVolumeClaim, node: Node | None) -> PersistentVolume | None:
        """The volume kept for this claim, or else the smallest that will do (on the node that
        the scheduler chose, where the claim waited for it).
        """
        volumes = self.informers.informer(PersistentVolume)
        for volume in volumes.by_index(by_reservation, f"{claim.namespace}/{claim.name}"):
            if volume.spec.claim_ref and volume.spec.claim_ref.uid in ("", claim.uid):
                return volume
        fitting = [
            volume
            for volume in volumes.by_index(by_reservation, UNBOUND)
            if not volume.terminating
            and suits(claim, volume)
            and (node is None or reaches(volume, node))
        ]
        return min(fitting, key=lambda v: (_capacity(v).nano, v.name), default=None)

    def _bind(self, claim: PersistentVolumeClaim, volume: PersistentVolume) -> None:
        reference = {"apiVersion": "v1"} | _reference(claim)
        self.api.patch(PersistentVolume, volume.name, "", {"spec": {"claimRef": reference}})
        self.api.patch_status(volume, {"phase": "Bound"})
        patch = {"spec": {"volumeName": volume.name}}
        self.api.patch(PersistentVolumeClaim, claim.name, claim.namespace, patch)
        capacity = {name: str(amount) for name, amount in (volume.spec.capacity or {}).items()}
        self.api.patch_status(
            claim, {"phase": "Bound", "capacity": capacity, "accessModes": volume.spec.access_modes}
        )

    def _provision(self, claim: PersistentVolumeClaim, cls: StorageClass | None) -> None:
        if cls is None:
            message = f'storageclass.storage.k8s.io "{claim.class_name}" not found'
            self.warning(claim, "ProvisioningFailed", message)
            return
        if cls.provisioner == NO_PROVISIONER:
            message = "no persistent volumes available for this claim"
            self.normal(claim, "FailedBinding", f"{message} and no storage class is set")
            return
        if cls.provisioner not in PROVISIONERS:
            message = "Waiting for a volume to be created either by the external provisioner "
            message += f"'{cls.provisioner}' or manually by the system administrator."
            self.normal(claim, "ExternalProvisioning", message)
            return
        if claim.uid in self._provisioning:
            return
        self._provisioning.add(claim.uid)
        message = f'External provisioner is provisioning volume for claim "{claim.namespace}/'
        self.normal(claim, "Provisioning", f'{message}{claim.name}"')
        self.sim.at(self.sim.now + PROVISION_SECONDS, lambda: self._make(claim, cls))

    def _make(self, claim: PersistentVolumeClaim, cls: StorageClass) -> None:
        self._provisioning.discard(claim.uid)
        current = self.informers.find(PersistentVolumeClaim, claim.name, claim.namespace)
        if current is None or current.uid != claim.uid:
            return
        name = f"pvc-{claim.uid}"
        self.api.create(
            {
                "apiVersion": "v1",
                "kind": "PersistentVolume",
                "metadata": {
                    "name": name,
                    "annotations": {"pv.kubernetes.io/provisioned-by": cls.provisioner},
                },
                "spec": {
                    "capacity": {"storage": str(claim.size)},
                    "accessModes": claim.spec.access_modes,
                    "storageClassName": cls.name,
                    "persistentVolumeReclaimPolicy": cls.reclaim_policy,
                    "volumeMode": claim.spec.volume_mode,
                    "claimRef": _reference(claim),
                    "hostPath": {
                        "path": f"/tmp/hostpath-provisioner/{claim.namespace}/{claim.name}"
                    },
                },
            }
        )
        self.normal(claim, "ProvisioningSucceeded", f"Successfully provisioned volume {name}")


def _reference(claim: PersistentVolumeClaim) -> Document:
    kind, namespace = "PersistentVolumeClaim", claim.namespace
    return {"kind": kind, "namespace": namespace, "name": claim.name, "uid": claim.uid}


def _capacity(volume: PersistentVolume) -> Quantity:
    return (volume.spec.capacity or {}).get("storage", Quantity("0"))


class ReclaimController(Controller):
    """Retain or delete volumes whose claim was deleted, by their reclaim policy."""

    name = "persistentvolume-reclaimer"
    kind = "PersistentVolume"

    def watches(self) -> None:
        """The claims."""
        self.watch(PersistentVolumeClaim, lambda c: [("", c.spec.volume_name)])

    def reconcile(self, volume: PersistentVolume) -> None:
        """Available without a claim, Bound with one, Released after it."""
        kept = volume.spec.claim_ref
        if kept is None or not kept.uid:
            if volume.status.phase == "Pending" and not volume.terminating:
                self.api.patch_status(volume, {"phase": "Available"})
            return
        claim = self.informers.find(PersistentVolumeClaim, kept.name, kept.namespace)
        if claim is not None and claim.uid == kept.uid:
            return
        if volume.status.phase != "Released":
            volume = self.api.patch_status(volume, {"phase": "Released"})
        if volume.spec.persistent_volume_reclaim_policy == "Delete" and not volume.terminating:
            self.api.delete(PersistentVolume, volume.name, uid=volume.uid)
            self.normal(volume, "VolumeDeleted", f"volume {volume.name} is deleted with its claim")
