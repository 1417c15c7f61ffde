"""Volumes after their claims: kept, deleted, or free again (chapter 03).

Source: `syncVolume` in `pkg/controller/volume/persistentvolume/pv_controller.go`; kubernetes.io
"Persistent Volumes" (Reclaiming). The policy Recycle takes effect at once: no Pod empties the
volume.
"""

from __future__ import annotations

from functools import partial

from course_lib.client import Client
from course_lib.client.informer import InformerFactory
from course_lib.controllers.controller import Controller
from course_lib.controllers.provisioning import PROVISIONERS
from course_lib.controllers.volumes import IN_TREE, MIGRATED, VolumeController
from course_lib.objects.kinds.persistent_volume import PersistentVolume
from course_lib.objects.kinds.persistent_volume_claim import PersistentVolumeClaim
from course_lib.objects.manifests import Document
from course_lib.objects.volume_matching import BOUND_BY_CONTROLLER, PROVISIONED_BY

DELETABLE = "/tmp/"  # the only folders of a node that the controller deletes
NO_DELETER = (
    'error getting deleter volume plugin for volume "{name}": no deletable volume plugin matched'
)
NO_FOLDER = "host_path deleter only supports /tmp/.+ but received provided {path}"
MODES = "due to incompatible volumeMode."


class ReclaimController(Controller):
    """States which volumes are free, and reclaims those whose claim was deleted."""

    name = "persistentvolume-reclaimer"
    kind = "PersistentVolume"

    def __init__(self, api: Client, informers: InformerFactory) -> None:
        super().__init__(api, informers)
        self.normal = partial(api.events.normal, VolumeController.name)
        self.warning = partial(api.events.warning, VolumeController.name)

    def watches(self) -> None:
        """The claims."""
        self.watch(PersistentVolumeClaim, lambda c: [("", c.spec.volume_name)])

    def reconcile(self, volume: PersistentVolume) -> None:
        """Available without a claim, Bound with one, Released after it."""
        kept = volume.spec.claim_ref
        if kept is None or not kept.uid:
            self._state(volume, "Available")
            return
        claim = self.informers.find(PersistentVolumeClaim, kept.name, kept.namespace)
        if claim is None or claim.uid != kept.uid:
            self._release(volume)
        elif not claim.spec.volume_name:
            if claim.spec.volume_mode != volume.spec.volume_mode:
                self._misfit(claim, volume)
        elif claim.spec.volume_name == volume.name:
            self._state(volume, "Bound")
        elif PROVISIONED_BY in volume.annotations and _policy(volume) == "Delete":
            self._release(volume)
        else:
            self._unbind(volume)

    def _state(self, volume: PersistentVolume, phase: str) -> PersistentVolume:
        if volume.status.phase == phase:
            return volume
        return self.api.patch_status(volume, {"phase": phase})

    def _misfit(self, claim: PersistentVolumeClaim, volume: PersistentVolume) -> None:
        told = f'PersistentVolume to requested PersistentVolumeClaim "{claim.name}"'
        self.warning(volume, "VolumeMismatch", f"Cannot bind {told} {MODES}")
        told = f'PersistentVolume "{volume.name}" to requested PersistentVolumeClaim'
        self.warning(claim, "VolumeMismatch", f"Cannot bind {told} {MODES}")

    def _unbind(self, volume: PersistentVolume) -> None:
        """Its claim has another volume: free again, or kept for that name, as the user wrote."""
        patch: Document = {"spec": {"claimRef": {"uid": None}}}
        if BOUND_BY_CONTROLLER in volume.annotations:
            mark = {"annotations": {BOUND_BY_CONTROLLER: None}}
            patch = {"metadata": mark, "spec": {"claimRef": None}}
        volume = self.api.patch(PersistentVolume, volume.name, "", patch)
        self._state(volume, "Available")

    # Reclaiming

    def _release(self, volume: PersistentVolume) -> None:
        """The claim is gone: do what the reclaim policy says."""
        if volume.status.phase not in ("Released", "Failed"):
            volume = self._state(volume, "Released")
        if _policy(volume) == "Recycle":
            self.normal(volume, "VolumeRecycled", "Volume recycled")
            self._unbind(volume)
        elif _policy(volume) == "Delete" and not volume.terminating:
            self._delete(volume)

    def _delete(self, volume: PersistentVolume) -> None:
        """Delete a volume with what it holds, by the program that can; else say why it fails."""
        deleter = volume.annotations.get(PROVISIONED_BY) or (volume.spec.csi or {}).get("driver")
        deleter = MIGRATED.get(deleter or "", deleter)
        if deleter and not deleter.startswith(IN_TREE):
            if deleter in PROVISIONERS:
                self.api.delete(PersistentVolume, volume.name, uid=volume.uid)
            return  # another program's affair
        path = str((volume.spec.host_path or {}).get("path", ""))
        if path.startswith(DELETABLE):
            self.api.delete(PersistentVolume, volume.name, uid=volume.uid)
        elif volume.status.phase != "Failed":
            why = NO_FOLDER if path else NO_DELETER
            self.api.patch_status(volume, {"phase": "Failed"})
            self.warning(volume, "VolumeFailedDelete", why.format(path=path, name=volume.name))


def _policy(volume: PersistentVolume) -> str:
    return volume.spec.persistent_volume_reclaim_policy
