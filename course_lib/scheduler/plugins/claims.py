"""What the plugins share that look at a Pod's PersistentVolumeClaims."""

from __future__ import annotations

from course_lib.objects.kinds.persistent_volume_claim import PersistentVolumeClaim
from course_lib.scheduler.framework import Plugin
from course_lib.scheduler.handle import SharedLister
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import PodInfo


class ClaimPlugin(Plugin):
    """A plugin that reads claims and volumes; without a `lister` it lets every Pod pass."""

    def __init__(self, lister: SharedLister | None = None) -> None:
        self.lister = lister

    def couples(self, pod: PodInfo, nodes: Nodes) -> bool:
        """Volumes are more than amounts."""
        return bool(pod.claims)


def claims_of(pod: PodInfo, lister: SharedLister | None) -> list[PersistentVolumeClaim]:
    """A Pod's claims, as far as they exist."""
    if lister is None or not pod.claims:
        return []
    found = (lister.find(PersistentVolumeClaim, n, pod.namespace) for n in pod.claims)
    return [claim for claim in found if claim is not None]
