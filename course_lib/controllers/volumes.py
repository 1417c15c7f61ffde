"""Claims are bound to volumes, or a provisioner is asked to make one (chapter 03).

Source: `syncClaim` in `pkg/controller/volume/persistentvolume/pv_controller.go`; kubernetes.io
"Persistent Volumes", "Dynamic Volume Provisioning". Who makes the volumes is `provisioning`.
"""

from __future__ import annotations

from course_lib.client import Client
from course_lib.client.informer import InformerFactory
from course_lib.controllers.controller import Controller, Key, key_of
from course_lib.controllers.volume_protection import by_claim
from course_lib.objects.kinds.persistent_volume import PersistentVolume
from course_lib.objects.kinds.persistent_volume_claim import PersistentVolumeClaim
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod.status import FINAL_PHASES
from course_lib.objects.kinds.storage_class import StorageClass, default_class
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object
from course_lib.objects.volume_matching import (
    BIND_COMPLETED,
    BOUND_BY_CONTROLLER,
    SELECTED_NODE,
    STORAGE_PROVISIONERS,
    best_match,
    kept_for,
    mismatch,
    waits,
)

RESYNC_SECONDS = 15.0  # --pvclaimbinder-sync-period
START_SECONDS = 4.0  # until the controller has all claims and volumes, and looks at them first
UNBOUND = ""  # the value of an index
IN_TREE = "kubernetes.io/"
# Plugins that once were in Kubernetes, and the CSI drivers that have replaced them.
MIGRATED = {
    "kubernetes.io/aws-ebs": "ebs.csi.aws.com",
    "kubernetes.io/azure-disk": "disk.csi.azure.com",
    "kubernetes.io/azure-file": "file.csi.azure.com",
    "kubernetes.io/cinder": "cinder.csi.openstack.org",
    "kubernetes.io/gce-pd": "pd.csi.storage.gke.io",
    "kubernetes.io/portworx-volume": "pxd.portworx.com",
    "kubernetes.io/vsphere-volume": "csi.vsphere.vmware.com",
}
LOST_VOLUME = "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
LOST_REFERENCE = "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!"
MISBOUND = "Two claims are bound to the same volume, this one is bound incorrectly"
NO_CLASS = "no persistent volumes available for this claim and no storage class is set"
EXTERNAL = (
    "Waiting for a volume to be created either by the external provisioner '{provisioner}' or "
    "manually by the system administrator. If volume creation is delayed, please verify that the "
    "provisioner is running and correctly registered."
)


def by_reservation(volume: PersistentVolume) -> list[str]:
    """Index function: the claim that a volume is kept for, or that it is kept for none."""
    kept = volume.spec.claim_ref
    return [f"{kept.namespace}/{kept.name}"] if kept is not None and kept.name else [UNBOUND]


def by_binding(claim: PersistentVolumeClaim) -> list[str]:
    """Index function: a claim that the controller has not bound yet."""
    return [] if BIND_COMPLETED in claim.annotations else [UNBOUND]


class VolumeController(Controller):
    """Binds claims, and asks provisioners for what they want."""

    name = "persistentvolume-controller"
    kind = "PersistentVolumeClaim"

    def __init__(self, api: Client, informers: InformerFactory) -> None:
        super().__init__(api, informers)
        self._started = self.sim.now + START_SECONDS
        self._waiting: set[str] = set()  # claims, by uid, that were looked at and are not bound

    def watches(self) -> None:
        """Volumes and classes that claims may wait for."""
        self.watch(PersistentVolume, self._of_volume)
        self.watch(StorageClass, self._pending)
        self.informers.informer(Pod)

    def _pending(self, _: PersistentVolume | StorageClass) -> list[Key]:
        claims = self.informers.informer(PersistentVolumeClaim).by_index(by_binding, UNBOUND)
        return [key_of(claim) for claim in claims]

    def _of_volume(self, volume: PersistentVolume) -> list[Key]:
        """The claim that a volume is kept for, or else those that might get it."""
        kept = volume.spec.claim_ref
        return [(kept.namespace, kept.name)] if kept and kept.name else self._pending(volume)

    def reconcile(self, claim: PersistentVolumeClaim) -> None:
        """Bind one claim, to a volume that fits or to a new one; look again at the next resync."""
        if BIND_COMPLETED in claim.annotations:
            self._keep(claim)
        elif claim.spec.volume_name:
            self._bind_to_named(claim)
        else:
            self._find(claim)

    # Claims without a volume

    def _find(self, claim: PersistentVolumeClaim) -> None:
        """Bind a claim that names no volume; else see to it that one is made."""
        cls = self.informers.find(StorageClass, claim.class_name) if claim.class_name else None
        volume = best_match(claim, self._candidates(claim, waits(cls)))
        if volume is not None:
            self._bind(claim, volume)
            return
        if self._given_default_class(claim):
            return
        self._resync(claim)
        if waits(cls) and SELECTED_NODE not in claim.annotations:
            self._say_who_is_waited_for(claim)
        elif claim.class_name:
            self._provision(claim, cls)
        else:
            self.normal(claim, "FailedBinding", NO_CLASS)

    def _candidates(self, claim: PersistentVolumeClaim, delayed: bool) -> list[PersistentVolume]:
        """The volumes kept for a claim, and the free ones unless the scheduler is to choose."""
        volumes = self.informers.informer(PersistentVolume)
        kept = volumes.by_index(by_reservation, f"{claim.namespace}/{claim.name}")
        return kept if delayed else [*kept, *volumes.by_index(by_reservation, UNBOUND)]

    def _given_default_class(self, claim: PersistentVolumeClaim) -> bool:
        """Give a claim that names no class the default one, which has come later."""
        if claim.class_name is not None:
            return False
        default = default_class(self.informers.list(StorageClass))
        if default is not None:
            self._patch(claim, {"spec": {"storageClassName": default.name}})
        return default is not None

    def _resync(self, claim: PersistentVolumeClaim) -> None:
        """Look at an unbound claim again when the controller looks at all of them."""
        since = (self.sim.now - self._started) % RESYNC_SECONDS
        self.enqueue(key_of(claim), RESYNC_SECONDS - since)

    def _say_who_is_waited_for(self, claim: PersistentVolumeClaim) -> None:
        """Report which Pods must be scheduled first; the first look knows of no later Pods."""
        pods = self.informers.informer(Pod).by_index(by_claim, f"{claim.namespace}/{claim.name}")
        if claim.uid not in self._waiting:
            self._waiting.add(claim.uid)
            pods = [pod for pod in pods if _revision(pod) < _revision(claim)]
        names = [
            pod.name
            for pod in pods
            if not pod.spec.node_name and pod.status.phase not in FINAL_PHASES
        ]
        if not names:
            message = "waiting for first consumer to be created before binding"
            self.normal(claim, "WaitForFirstConsumer", message)
            return
        them = f"pod{'s' * (len(names) > 1)} {','.join(names)}"
        self.normal(claim, "WaitForPodScheduled", f"waiting for {them} to be scheduled")

    def _provision(self, claim: PersistentVolumeClaim, cls: StorageClass | None) -> None:
        """Ask the provisioner of a class for a volume: it looks for its name in annotations."""
        if cls is None:
            message = f'storageclass.storage.k8s.io "{claim.class_name}" not found'
            self.warning(claim, "ProvisioningFailed", message)
            return
        provisioner = MIGRATED.get(cls.provisioner, cls.provisioner)
        if provisioner.startswith(IN_TREE):
            message = f"no volume plugin matched name: {provisioner}"
            self.warning(claim, "ProvisioningFailed", message)
            return
        asked = dict.fromkeys(STORAGE_PROVISIONERS, provisioner)
        if not asked.items() <= claim.annotations.items():
            claim = self._patch(claim, {"metadata": {"annotations": asked}})
        self.normal(claim, "ExternalProvisioning", EXTERNAL.format(provisioner=provisioner))

    # Claims that name one

    def _bind_to_named(self, claim: PersistentVolumeClaim) -> None:
        """Bind a claim to the volume that its user asks for, if it can have that."""
        volume = self.informers.find(PersistentVolume, claim.spec.volume_name)
        if volume is None:
            return
        kept = volume.spec.claim_ref
        if kept is None or not kept.name:
            if why := mismatch(claim, volume):
                message = f'Cannot bind to requested volume "{volume.name}": {why}'
                self.warning(claim, "VolumeMismatch", message)
                self._resync(claim)
            else:
                self._bind(claim, volume)
        elif kept_for(volume, claim):
            self._bind(claim, volume)
        else:
            message = f'volume "{volume.name}" already bound to a different claim.'
            self.warning(claim, "FailedBinding", message)
            self._resync(claim)

    def _keep(self, claim: PersistentVolumeClaim) -> None:
        """A claim that was bound: to its volume, or it is lost."""
        name = claim.spec.volume_name
        volume = self.informers.find(PersistentVolume, name) if name else None
        kept = volume.spec.claim_ref if volume is not None else None
        if volume is None:
            self._lose(claim, "ClaimLost", LOST_VOLUME if name else LOST_REFERENCE)
        elif kept is None or kept.uid in ("", claim.uid):
            self._bind(claim, volume)
        else:
            self._lose(claim, "ClaimMisbound", MISBOUND)

    def _lose(self, claim: PersistentVolumeClaim, reason: str, message: str) -> None:
        if claim.status.phase != "Lost":
            status: Document = {"phase": "Lost", "accessModes": None, "capacity": None}
            self.warning(self.api.patch_status(claim, status), reason, message)

    # Binding

    def _bind(self, claim: PersistentVolumeClaim, volume: PersistentVolume) -> None:
        """Let volume and claim name each other; each of the four writes only where it changes."""
        self._waiting.discard(claim.uid)
        reference = {"apiVersion": "v1"} | reference_to(claim)
        kept = volume.spec.claim_ref
        if kept is None or kept.uid != claim.uid:
            patch: Document = {"spec": {"claimRef": reference}}
            if not kept_for(volume, claim):
                patch["metadata"] = {"annotations": {BOUND_BY_CONTROLLER: "yes"}}
            volume = self.api.patch(PersistentVolume, volume.name, "", patch)
        if volume.status.phase != "Bound":
            self.api.patch_status(volume, {"phase": "Bound"})
        marks = {} if claim.spec.volume_name else {BOUND_BY_CONTROLLER: "yes"}
        marks = {BIND_COMPLETED: "yes"} | marks
        if claim.spec.volume_name != volume.name or not marks.items() <= claim.annotations.items():
            patch = {"metadata": {"annotations": marks}, "spec": {"volumeName": volume.name}}
            claim = self._patch(claim, patch)
        self._state_bound(claim, volume)

    def _state_bound(self, claim: PersistentVolumeClaim, volume: PersistentVolume) -> None:
        """State what a claim has got; its capacity grows only with an expansion."""
        modes, attributes = volume.spec.access_modes, volume.spec.volume_attributes_class_name
        if claim.status.phase == "Bound" and claim.status.access_modes == modes:
            return
        status: Document = {"phase": "Bound", "accessModes": modes}
        if claim.status.phase != "Bound":
            capacity = volume.spec.capacity or {}
            status["capacity"] = {name: str(amount) for name, amount in capacity.items()}
        if claim.status.phase == "Pending" and attributes is not None:
            status["currentVolumeAttributesClassName"] = attributes
        self.api.patch_status(claim, status)

    def _patch(self, claim: PersistentVolumeClaim, patch: Document) -> PersistentVolumeClaim:
        return self.api.patch(PersistentVolumeClaim, claim.name, claim.namespace, patch)


def _revision(of: Object) -> int:
    return int(of.metadata.resource_version)


def reference_to(claim: PersistentVolumeClaim) -> Document:
    """How a volume names its claim."""
    kind, namespace = "PersistentVolumeClaim", claim.namespace
    return {"kind": kind, "namespace": namespace, "name": claim.name, "uid": claim.uid}
