"""VolumeBinding, its first part: a Pod waits for the claims that it names.

A claim that binds at once must be bound; one that waits for its first consumer must not be.
Source: `pkg/scheduler/framework/plugins/volumebinding` (the choice of nodes by volume comes with
chapter 04).
"""

from __future__ import annotations

from typing import Protocol

from course_lib.objects.meta import Object
from course_lib.scheduler.framework import CLAIM_UPDATE, NODE_ADD, Plugin
from course_lib.scheduler.nodes import Nodes, PodInfo

NOT_FOUND = 'persistentvolumeclaim "{name}" not found'
UNBOUND = "pod has unbound immediate PersistentVolumeClaims"
WAIT = "WaitForFirstConsumer"


class VolumeLister(Protocol):
    """What the plugin reads; the API server is one."""

    def find(self, kind: str, name: str, namespace: str = "") -> Object | None:
        """The object of that name, or None."""


class VolumeBinding(Plugin):
    """Refuse a Pod whose claims are missing or still unbound."""

    name = "VolumeBinding"
    events = (CLAIM_UPDATE, NODE_ADD)

    def __init__(self, volumes: VolumeLister | None = None) -> None:
        self.volumes = volumes

    def pre_filter(self, pod: PodInfo, nodes: Nodes) -> str:
        """Why the Pod must wait; empty when its claims are there."""
        for volume in pod.pod.spec.volumes or ():
            if volume.persistent_volume_claim is None or self.volumes is None:
                continue
            name = volume.persistent_volume_claim.claim_name
            claim = self.volumes.find("PersistentVolumeClaim", name, pod.pod.namespace)
            if claim is None:
                return NOT_FOUND.format(name=name)
            if claim.status.phase != "Bound" and not self._waits(claim.class_name or ""):  # type: ignore[attr-defined]
                return UNBOUND
        return ""

    def _waits(self, class_name: str) -> bool:
        found = self.volumes.find("StorageClass", class_name) if self.volumes else None
        return found is not None and found.volume_binding_mode == WAIT  # type: ignore[attr-defined]
