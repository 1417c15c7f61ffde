"""Protection of storage in use: a claim waits for its Pods, a volume for its claim (chapter 03).

Source: `pkg/controller/volume/pvcprotection`, `pkg/controller/volume/pvprotection`;
kubernetes.io "Storage Object in Use Protection".
"""

from __future__ import annotations

from course_lib.controllers.controller import Controller, Key
from course_lib.objects.kinds.persistent_volume import PersistentVolume
from course_lib.objects.kinds.persistent_volume_claim import PROTECTION, PersistentVolumeClaim
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.meta import Object, condition, is_true, set_condition


def claims_of(pod: Pod) -> list[Key]:
    """The keys of the claims that a Pod names."""
    return [
        (pod.namespace, volume.persistent_volume_claim.claim_name)
        for volume in pod.spec.volumes or ()
        if volume.persistent_volume_claim
    ]


def by_claim(pod: Pod) -> list[str]:
    """Index function: namespace and name of each claim that a Pod names."""
    return ["/".join(key) for key in claims_of(pod)]


class ProtectionController(Controller):
    """Removes the finalizer of what is to be deleted and no longer used; adds it where missing."""

    def reconcile(self, namespace: str, name: str) -> None:
        """Let one object go, if nobody uses it."""
        existing = self.informers.find(self.kind, name, namespace)
        if existing is None:
            return
        finalizer, present = PROTECTION[self.kind], existing.metadata.finalizers or []
        if existing.terminating and finalizer in present and not self.in_use(existing):
            self._finalizers(existing, [each for each in present if each != finalizer])
        elif not existing.terminating and finalizer not in present:
            self._finalizers(existing, [*present, finalizer])

    def in_use(self, used: Object) -> bool:
        """Whether somebody still uses an object."""
        raise NotImplementedError

    def _finalizers(self, of: Object, finalizers: list[str]) -> None:
        patch = {"metadata": {"uid": of.uid, "finalizers": finalizers or None}}
        self.api.patch(of.kind, of.name, of.namespace, patch)


class ClaimProtectionController(ProtectionController):
    """Keeps a claim that is being deleted until no Pod on a node names it."""

    name = "pvc-protection-controller"
    kind = "PersistentVolumeClaim"

    def watches(self) -> None:
        """The Pods, which use claims."""
        self.watch(Pod, claims_of)

    def _pods(self, claim: Object) -> list[Pod]:
        return self.informers.informer(Pod).by_index(by_claim, f"{claim.namespace}/{claim.name}")

    def reconcile(self, namespace: str, name: str) -> None:
        """State whether a bound claim is unused, then protect it or let it go."""
        existing = self.informers.find(self.kind, name, namespace)
        if existing is not None and not existing.terminating and existing.status.phase == "Bound":
            self._state_unused(existing)
        super().reconcile(namespace, name)

    def _state_unused(self, claim: PersistentVolumeClaim) -> None:
        """The condition `Unused` (`PersistentVolumeClaimUnusedSinceTime`, beta in 1.37)."""
        pods = self._pods(claim)
        used = any(pod.status.phase not in ("Succeeded", "Failed") for pod in pods)
        status, reason, message = (
            "True",
            "NoPodsUsingPVC",
            "No pods are currently referencing this PVC",
        )
        if used:
            status, reason, message = (
                "False",
                "PodUsingPVC",
                "A pod is currently referencing this PVC",
            )
        before = claim.status.conditions
        if before and condition(before, "Unused") and is_true(before, "Unused") != used:
            return
        conditions = set_condition(before, "Unused", status, self.sim.timestamp, reason, message)
        self.api.patch_status(claim, {"conditions": conditions})

    def in_use(self, used: Object) -> bool:
        """Whether a Pod that has a node names the claim, be it ended or not."""
        return any(pod.spec.node_name for pod in self._pods(used))


class VolumeProtectionController(ProtectionController):
    """Keeps a volume that is being deleted while it is bound."""

    name = "pv-protection-controller"
    kind = "PersistentVolume"

    def in_use(self, used: Object) -> bool:
        """Whether a claim has the volume."""
        assert isinstance(used, PersistentVolume)
        return bool(used.status.phase == "Bound")
