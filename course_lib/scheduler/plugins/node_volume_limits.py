"""NodeVolumeLimits: a node can hold only so many volumes of a driver.

The limits stand in each node's CSINode; volumes that several Pods share count once.
Source: `pkg/scheduler/framework/plugins/nodevolumelimits/csi.go`.
"""

from __future__ import annotations

import numpy as np

from course_lib.objects.kinds.csi_node import CSINode
from course_lib.objects.kinds.persistent_volume import PersistentVolume
from course_lib.objects.kinds.storage_class import StorageClass
from course_lib.scheduler.framework import CLAIM_UPDATE, NODE_ADD, POD_DELETE
from course_lib.scheduler.handle import SharedLister
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.plugins.claims import ClaimPlugin, claims_of
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.status import NodeToStatus

REASON = "node(s) exceed max volume count"
Handle = tuple[str, str]  # driver, and what it calls the volume


class NodeVolumeLimits(ClaimPlugin):
    """Filter by the number of volumes that each driver has on a node."""

    name = "NodeVolumeLimits"
    events = (NODE_ADD, POD_DELETE, CLAIM_UPDATE)

    def filter(self, pod: PodInfo, nodes: Nodes) -> NodeToStatus | None:
        """Every node that stays within its limits."""
        new = handles(pod, self.lister)
        if not new or self.lister is None:
            return None
        fits = np.ones(len(nodes), dtype=bool)
        for row, name in enumerate(nodes.names):
            limits = self._limits(name)
            if any(driver in limits for driver, _ in new):
                held = {
                    h for other in nodes.pods[row].values() for h in handles(other, self.lister)
                }
                for driver in sorted({driver for driver, _ in new - held} & set(limits)):
                    count = sum(d == driver for d, _ in held | new)
                    fits[row] &= count <= limits[driver]
        return NodeToStatus.where(fits, REASON)

    def _limits(self, node: str) -> dict[str, int]:
        assert self.lister is not None
        found = self.lister.find(CSINode, node)
        drivers = found.spec.drivers if found is not None else ()
        return {
            driver.name: driver.allocatable.count
            for driver in drivers or ()
            if driver.allocatable and driver.allocatable.count is not None
        }


def handles(pod: PodInfo, lister: SharedLister | None) -> set[Handle]:
    """The CSI volumes of a Pod; one that is still to be made is known by its claim."""
    found: set[Handle] = set()
    for claim in claims_of(pod, lister):
        assert lister is not None
        volume = lister.find(PersistentVolume, claim.spec.volume_name)
        if volume is not None:
            if volume.spec.csi:
                found.add((volume.spec.csi["driver"], volume.spec.csi["volumeHandle"]))
        elif cls := lister.find(StorageClass, claim.class_name or ""):
            found.add((cls.provisioner, f"{claim.namespace}/{claim.name}"))
    return found
