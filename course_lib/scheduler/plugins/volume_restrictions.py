"""VolumeRestrictions: a disk that only one node, or one Pod, may hold.

Source: `pkg/scheduler/framework/plugins/volumerestrictions`.
"""

from __future__ import annotations

import numpy as np

from course_lib.objects.kinds.pod import Volume
from course_lib.objects.manifests import Document
from course_lib.scheduler.framework import NODE_ADD, POD_DELETE
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.plugins.claims import ClaimPlugin, claims_of
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.status import UNSCHEDULABLE, NodeToStatus, Refusal
from course_lib.scheduler.types import Bools

DISK = "node(s) had no available disk"
ONE_POD = (
    "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already "
    "in-use by another pod"
)
RWOP = "ReadWriteOncePod"


class VolumeRestrictions(ClaimPlugin):
    """Filter by disks in use on each node, and by claims that one Pod alone may use."""

    name = "VolumeRestrictions"
    events = (NODE_ADD, POD_DELETE)

    def filter(self, pod: PodInfo, nodes: Nodes) -> NodeToStatus | None:
        """Every node where no Pod holds one of the Pod's disks; none, if another Pod anywhere
        uses a claim that is for one Pod.
        """
        disks = [volume for volume in pod.pod.spec.volumes or () if _disk(volume)]
        alone = {c.name for c in claims_of(pod, self.lister) if RWOP in (c.spec.access_modes or ())}
        if not disks and not alone:
            return None
        free = free_of(disks, nodes)
        used = any(
            other.namespace == pod.namespace and alone & set(other.claims)
            for _, other in nodes.every_pod()
        )

        def why(row: int) -> Refusal:
            return UNSCHEDULABLE, (DISK if not free[row] else ONE_POD,)

        return NodeToStatus(free & (not used), why)

    def couples(self, pod: PodInfo, nodes: Nodes) -> bool:
        """Volumes are more than amounts."""
        return super().couples(pod, nodes) or any(map(_disk, pod.pod.spec.volumes or ()))


def free_of(disks: list[Volume], nodes: Nodes) -> Bools:
    """The nodes on which no Pod holds one of these disks."""
    free = np.ones(len(nodes), dtype=bool)
    for row, other in nodes.every_pod() if disks else ():
        for theirs in other.pod.spec.volumes or ():
            if any(conflict(mine, theirs) for mine in disks):
                free[row] = False
    return free


def conflict(mine: Volume, theirs: Volume) -> bool:
    """Whether two volumes are one disk; kinds that can be shared for reading are, by readers."""
    if (a := mine.gce_persistent_disk) and (b := theirs.gce_persistent_disk):
        return a["pdName"] == b["pdName"] and not _both_read(a, b)
    if (a := mine.aws_elastic_block_store) and (b := theirs.aws_elastic_block_store):
        return bool(a["volumeID"] == b["volumeID"])
    if (a := mine.iscsi) and (b := theirs.iscsi):
        return a["iqn"] == b["iqn"] and not _both_read(a, b)
    if (a := mine.rbd) and (b := theirs.rbd):
        shared = set(a["monitors"]) & set(b["monitors"])
        same = _pool(a) == _pool(b) and a["image"] == b["image"]
        return bool(shared) and same and not _both_read(a, b)
    return False


def _both_read(a: Document, b: Document) -> bool:
    return bool(a.get("readOnly") and b.get("readOnly"))


def _pool(disk: Document) -> str:
    pool: str = disk.get("pool", "rbd")
    return pool


def _disk(volume: Volume) -> bool:
    return bool(
        volume.gce_persistent_disk or volume.aws_elastic_block_store or volume.iscsi or volume.rbd
    )
