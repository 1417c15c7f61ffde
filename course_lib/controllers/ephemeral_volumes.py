"""Generic ephemeral volumes: a Pod's own claims, made of the templates in its volumes (chapter 03).

Source: `pkg/controller/volume/ephemeral`; kubernetes.io "Ephemeral Volumes".
"""

from __future__ import annotations

from course_lib.controllers.controller import Controller, Key, key_of
from course_lib.controllers.volume_protection import by_claim
from course_lib.errors import CourseError
from course_lib.objects.kinds.persistent_volume_claim import PersistentVolumeClaim, not_owned
from course_lib.objects.kinds.pod import Pod, Volume
from course_lib.objects.meta import owner_reference


class EphemeralVolumeController(Controller):
    """Makes the claims of a Pod's ephemeral volumes; the garbage collector deletes them with it."""

    name = "ephemeral_volume"
    kind = "Pod"

    def watch_objects(self) -> None:
        """Look at a Pod when it comes, and when one of its claims has been deleted."""
        self.informers.informer(Pod).add_handler(self._on_pod)
        self.informers.informer(PersistentVolumeClaim).add_handler(self._on_claim)

    def _on_pod(self, before: Pod | None, after: Pod | None) -> None:
        if before is None and after is not None:
            self.enqueue_all(_key_of(after))

    def _on_claim(
        self, before: PersistentVolumeClaim | None, after: PersistentVolumeClaim | None
    ) -> None:
        if before is not None and after is None:
            name = f"{before.namespace}/{before.name}"
            for pod in self.informers.informer(Pod).by_index(by_claim, name):
                self.enqueue_all(_key_of(pod))

    def reconcile(self, pod: Pod) -> None:
        """Make the claims that the Pod's volumes lack; raises `CourseError` where one cannot be."""
        if pod.terminating:
            return
        for volume in pod.spec.volumes or ():
            if volume.ephemeral is None:
                continue
            if why := self._problem(pod, volume):
                told = f"ephemeral volume {volume.name}: {why}"
                self.warning(pod, "FailedBinding", told)
                raise CourseError(f"pod {pod.namespace}/{pod.name}, {told}")

    def _problem(self, pod: Pod, volume: Volume) -> str:
        """Make a volume's claim if it is missing; why it cannot be used (`handleVolume`)."""
        name = volume.claim_name(pod.name)
        claim = self.informers.find(PersistentVolumeClaim, name, pod.namespace)
        if claim is not None:
            return not_owned(claim, pod)
        template = (volume.ephemeral or {})["volumeClaimTemplate"]
        given = template.get("metadata") or {}
        metadata = {field: given[field] for field in ("annotations", "labels") if field in given}
        own = {"name": name, "namespace": pod.namespace, "ownerReferences": [owner_reference(pod)]}
        try:
            self.api.create({
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": metadata | own,
                "spec": template["spec"],
            })  # fmt: skip
        except CourseError as refusal:
            return f"create PVC {name}: {refusal.what}"
        return ""


def _key_of(pod: Pod) -> list[Key]:
    """The key of a Pod that has an ephemeral volume and stays."""
    has_one = any(volume.ephemeral is not None for volume in pod.spec.volumes or ())
    return [key_of(pod)] if has_one and not pod.terminating else []
