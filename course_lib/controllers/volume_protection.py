"""Protection of storage in use: a claim waits for its Pods, a volume for its claim (chapter 03).

Source: `pkg/controller/volume/pvcprotection`, `pkg/controller/volume/pvprotection`;
kubernetes.io "Storage Object in Use Protection".
"""

from __future__ import annotations

from course_lib.client import Client
from course_lib.controllers.controller import Controller, Key
from course_lib.objects.kinds.persistent_volume import PersistentVolume
from course_lib.objects.kinds.persistent_volume_claim import PROTECTION, PersistentVolumeClaim
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod.status import FINAL_PHASES
from course_lib.objects.meta import Object, condition, is_true, set_condition


def claims_of(pod: Pod) -> list[Key]:
    """The keys of the claims that a Pod names."""
    return [
        (pod.namespace, name)
        for volume in pod.spec.volumes or ()
        if (name := volume.claim_name(pod.name))
    ]


def by_claim(pod: Pod) -> list[str]:
    """Index function: namespace and name of each claim that a Pod names."""
    return ["/".join(key) for key in claims_of(pod)]


def protect(api: Client, existing: Object, in_use: bool) -> None:
    """Add the finalizer where it is missing; let an object go that is to be deleted and not used.

    `api` writes, `existing` is a claim or a volume, `in_use` whether somebody uses it.
    """
    finalizer, present = PROTECTION[existing.kind], existing.metadata.finalizers or []
    if existing.terminating and finalizer in present and not in_use:
        kept = [each for each in present if each != finalizer]
    elif not existing.terminating and finalizer not in present:
        kept = [*present, finalizer]
    else:
        return
    patch = {"metadata": {"uid": existing.uid, "finalizers": kept or None}}
    api.patch(existing.kind, existing.name, existing.namespace, patch)


class ClaimProtectionController(Controller):
    """Keeps a claim that is being deleted until no Pod on a node names it."""

    name = "pvc-protection-controller"
    kind = "PersistentVolumeClaim"

    def watches(self) -> None:
        """The Pods, which use claims."""
        self.watch(Pod, claims_of)

    def _pods(self, claim: PersistentVolumeClaim) -> list[Pod]:
        return self.informers.informer(Pod).by_index(by_claim, f"{claim.namespace}/{claim.name}")

    def reconcile(self, claim: PersistentVolumeClaim) -> None:
        """State whether a bound claim is unused, then protect it or let it go."""
        if not claim.terminating and claim.status.phase == "Bound":
            self._state_unused(claim)
        # A Pod that has a node uses the claim, also when it has ended.
        protect(self.api, claim, any(pod.spec.node_name for pod in self._pods(claim)))

    def _state_unused(self, claim: PersistentVolumeClaim) -> None:
        """The condition `Unused` (`PersistentVolumeClaimUnusedSinceTime`, beta in 1.37)."""
        pods = self._pods(claim)
        used = any(pod.status.phase not in FINAL_PHASES for pod in pods)
        status, reason = ("False", "PodUsingPVC") if used else ("True", "NoPodsUsingPVC")
        message = f"{'A pod is' if used else 'No pods are'} currently referencing this PVC"
        before = claim.status.conditions
        if before and condition(before, "Unused") and is_true(before, "Unused") != used:
            return
        conditions = set_condition(before, "Unused", status, self.sim.timestamp, reason, message)
        self.api.patch_status(claim, {"conditions": conditions})


class VolumeProtectionController(Controller):
    """Keeps a volume that is being deleted while it is bound."""

    name = "pv-protection-controller"
    kind = "PersistentVolume"

    def reconcile(self, volume: PersistentVolume) -> None:
        """Protect the volume or let it go."""
        protect(self.api, volume, volume.status.phase == "Bound")


class AttributesProtectionController(Controller):
    """Keeps a class of attributes that is being deleted while a claim or a volume names it.

    Source: `pkg/controller/volume/vacprotection`.
    """

    name = "volumeattributesclass-protection-controller"
    kind = "VolumeAttributesClass"

    def watches(self) -> None:
        """Claims and volumes, which use classes."""
        self.watch(PersistentVolumeClaim, self._named)
        self.watch(PersistentVolume, self._named)

    def _named(self, user: Object) -> list[Key]:
        assert isinstance(user, PersistentVolumeClaim | PersistentVolume)
        name = user.spec.volume_attributes_class_name
        return [("", name)] if name else []

    def reconcile(self, attributes: Object) -> None:
        """Protect the class or let it go."""
        if not attributes.terminating:
            protect(self.api, attributes, in_use=True)
            return
        users: list[Object] = [
            *self.informers.informer(PersistentVolumeClaim).list(),
            *self.informers.informer(PersistentVolume).list(),
        ]
        named = any(("", attributes.name) in self._named(each) for each in users)
        protect(self.api, attributes, named)
