"""On which nodes each claim finds a volume, and where a class can make one.

Source: `findMatchingVolumes` and `checkVolumeProvisions` in
`pkg/scheduler/framework/plugins/volumebinding/binder.go`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from course_lib.objects.kinds.persistent_volume import PersistentVolume
from course_lib.objects.kinds.persistent_volume_claim import PersistentVolumeClaim
from course_lib.objects.kinds.storage_class import StorageClass
from course_lib.objects.volume_matching import NO_PROVISIONER, capacity_of, open_to
from course_lib.scheduler.handle import SharedLister
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.plugins.node_affinity import meets
from course_lib.scheduler.types import Bools

# A claim with the volumes that it may take, each with the nodes where it takes it.
Match = tuple[PersistentVolumeClaim, list[tuple[PersistentVolume, Bools]]]


def matches(
    claims: list[PersistentVolumeClaim],
    nodes: Nodes,
    lister: SharedLister,
    assumed: dict[str, str],
) -> Iterator[Match]:
    """For each claim the volumes that it may take, with the nodes where it takes them: on each
    node the smallest that will do, and that no smaller claim has taken.

    `claims` are the Pod's that are not bound, `nodes` the snapshot; `lister` has the volumes, and
    `assumed` the uids of the claims that some of them are promised to, by name.
    """
    free: dict[str, Bools] = {}  # where each volume is not yet taken by an earlier claim
    for claim in sorted(claims, key=lambda c: c.size.nano):
        open_ = np.ones(len(nodes), dtype=bool)
        volumes = [
            volume
            for volume in lister.list(PersistentVolume)
            if open_to(claim, volume) and assumed.get(volume.name, claim.uid) == claim.uid
        ]
        found = []
        for volume in sorted(volumes, key=lambda v: (capacity_of(v).nano, v.name)):
            there = free.setdefault(volume.name, np.ones(len(nodes), dtype=bool))
            taken = open_ & there & reachable(volume, nodes)
            there &= ~taken
            open_ &= ~taken
            if taken.any():
                found.append((volume, taken))
        yield claim, found


def reachable(volume: PersistentVolume, nodes: Nodes) -> Bools:
    """The nodes that a volume's node affinity allows."""
    affinity = volume.spec.node_affinity
    if affinity is None or affinity.required is None:
        return np.ones(len(nodes), dtype=bool)
    terms = affinity.required.node_selector_terms
    met: Bools = np.logical_or.reduce([meets(term, nodes) for term in terms])
    return met


def can_provision(cls: StorageClass | None, nodes: Nodes) -> Bools:
    """The nodes for which a class can make a volume: within its allowed topologies."""
    if cls is None or cls.provisioner == NO_PROVISIONER:
        return np.zeros(len(nodes), dtype=bool)
    allowed = [e for term in cls.allowed_topologies or () if (e := term.match_label_expressions)]
    if not allowed:
        return np.ones(len(nodes), dtype=bool)
    met: Bools = np.logical_or.reduce(
        [
            np.logical_and.reduce([nodes.label(want.key).among(want.values) for want in wanted])
            for wanted in allowed
        ]
    )
    return met
