"""VolumeZone: a volume labelled with a zone or region is reached only from there.

Source: `pkg/scheduler/framework/plugins/volumezone`.
"""

from __future__ import annotations

import numpy as np

from course_lib.objects.kinds.persistent_volume import PersistentVolume
from course_lib.scheduler.framework import CLAIM_UPDATE, NODE_ADD
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.plugins.claims import ClaimPlugin, claims_of
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.status import UNRESOLVABLE, NodeToStatus
from course_lib.scheduler.types import Bools

REASON = "node(s) had no available volume zone"
# The labels that matter; those from before 1.17 on the left, today's on the right.
BETA = {
    "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
}
KEYS = (*BETA, *BETA.values())


class VolumeZone(ClaimPlugin):
    """Filter by the zone labels of bound volumes."""

    name = "VolumeZone"
    events = (CLAIM_UPDATE, NODE_ADD)

    def filter(self, pod: PodInfo, nodes: Nodes) -> NodeToStatus | None:
        """Every node in the zones of all volumes."""
        labels = [
            (key, value)
            for claim in claims_of(pod, self.lister)
            if self.lister
            and (volume := self.lister.find(PersistentVolume, claim.spec.volume_name))
            for key, value in volume.labels.items()
            if key in KEYS
        ]
        return NodeToStatus.where(in_zones(labels, nodes), REASON, UNRESOLVABLE) if labels else None


def in_zones(labels: list[tuple[str, str]], nodes: Nodes) -> Bools:
    """The nodes with one of the values (`a__b` means a or b) of each label; a node without any
    such label belongs to a cluster that knows no zones, and will do.
    """
    fits = np.ones(len(nodes), dtype=bool)
    for key, value in labels:
        values = value.split("__")
        here = nodes.label(key)
        later = nodes.label(BETA.get(key, key))
        fits &= np.where(here.present, here.among(values), later.among(values))
    unaware = ~np.logical_or.reduce([nodes.label(key).present for key in KEYS])
    allowed: Bools = fits | unaware
    return allowed
