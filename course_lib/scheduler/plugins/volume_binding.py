"""VolumeBinding: a Pod can only go where its volumes can be reached, or made.

A claim that binds at once must be bound; one that waits for its first consumer must find a volume
on the node, or a class that can make one there. Of several nodes it prefers the one where the
claims leave most of the volumes that they take unused (since 1.37; the default shape).
Source: `pkg/scheduler/framework/plugins/volumebinding` (`volume_binding.go`, `binder.go`,
`scorer.go`).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from course_lib.objects.kinds.persistent_volume import PersistentVolume
from course_lib.objects.kinds.persistent_volume_claim import PersistentVolumeClaim
from course_lib.objects.kinds.storage_class import StorageClass
from course_lib.objects.quantity import Quantity
from course_lib.objects.volume_matching import suits
from course_lib.scheduler.framework import CLAIM_UPDATE, NODE_ADD, PreFilterResult
from course_lib.scheduler.handle import SharedLister
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.plugins.claims import ClaimPlugin, claims_of
from course_lib.scheduler.plugins.node_affinity import meets
from course_lib.scheduler.plugins.node_resources_fit import Shape, broken_line, per_cent
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.status import UNRESOLVABLE, NodeToStatus, Refusal
from course_lib.scheduler.types import Amounts, Bools

NOT_FOUND = 'persistentvolumeclaim "{name}" not found'
UNBOUND = "pod has unbound immediate PersistentVolumeClaims"
NODE_CONFLICT = "node(s) didn't match PersistentVolume's node affinity"
BIND_CONFLICT = "node(s) didn't find available persistent volumes to bind"
NO_VOLUME = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"
WAIT = "WaitForFirstConsumer"
NO_PROVISIONER = "kubernetes.io/no-provisioner"
MOST_UNUSED: Shape = ((0, 10), (100, 0))
# A claim with the volumes that it may take, each with the nodes where it takes it.
Match = tuple[PersistentVolumeClaim, list[tuple[PersistentVolume, Bools]]]


class VolumeBinding(ClaimPlugin):
    """Filter by what each of a Pod's claims is bound to, or may be bound to; score by how much of
    the volumes it would use.
    """

    name = "VolumeBinding"
    events = (CLAIM_UPDATE, NODE_ADD)

    def __init__(self, lister: SharedLister | None = None, shape: Shape = ()) -> None:
        super().__init__(lister)
        self.shape = shape or MOST_UNUSED

    def pre_filter(self, pod: PodInfo, nodes: Nodes) -> PreFilterResult | None:
        """Why the Pod must wait; None when its claims are there."""
        for name in pod.claims if self.lister else ():
            assert self.lister is not None
            claim = self.lister.find(PersistentVolumeClaim, name, pod.namespace)
            if claim is None:
                return PreFilterResult(NOT_FOUND.format(name=name))
            if claim.status.phase != "Bound" and waiting_class(self.lister, claim) is None:
                return PreFilterResult(UNBOUND)
        return None

    def filter(self, pod: PodInfo, nodes: Nodes) -> NodeToStatus | None:
        """Every node from which the bound volumes can be reached, and that can have the others."""
        claims = claims_of(pod, self.lister)
        if not claims or self.lister is None:
            return None
        bound = [c for c in claims if c.status.phase == "Bound"]
        volumes = [self.lister.find(PersistentVolume, c.spec.volume_name) for c in bound]
        exist = all(volume is not None for volume in volumes)
        reached = np.ones(len(nodes), dtype=bool)
        for volume in volumes:
            reached &= reachable(volume, nodes) if volume is not None else True
        found = self._can_bind([c for c in claims if c.status.phase != "Bound"], nodes)

        def why(row: int) -> Refusal:
            if not exist:
                return UNRESOLVABLE, (NO_VOLUME,)
            pairs = ((reached, NODE_CONFLICT), (found, BIND_CONFLICT))
            return UNRESOLVABLE, [reason for fits, reason in pairs if not fits[row]]

        return NodeToStatus(reached & found if exist else np.zeros(len(nodes), dtype=bool), why)

    def _can_bind(self, claims: list[PersistentVolumeClaim], nodes: Nodes) -> Bools:
        """The nodes where each claim gets a volume of its own, the smallest that will do, or a
        new one.
        """
        assert self.lister is not None
        good = np.ones(len(nodes), dtype=bool)
        for claim, volumes in matches(claims, nodes, self.lister):
            found = np.logical_or.reduce([taken for _, taken in volumes], axis=0, initial=False)
            good &= found | can_provision(waiting_class(self.lister, claim), nodes)
        return good

    def pre_score(self, pod: PodInfo, nodes: Nodes, fits: Bools) -> bool:
        """Whether any of the Pod's unbound claims may take a volume that exists."""
        return any(volumes for _, volumes in self._matches(pod, nodes))

    def score(self, pod: PodInfo, nodes: Nodes, fits: Bools) -> Amounts:
        """By class, the share of the volumes' size that the claims ask for, on the shape's line;
        the mean of the classes. Volumes that would be made count for nothing: no CSIStorageCapacity
        says what is left.
        """
        asked: dict[str, Amounts] = {}
        capacity: dict[str, Amounts] = {}
        for claim, volumes in self._matches(pod, nodes):
            for volume, taken in volumes:
                cls = volume.spec.storage_class_name
                sizes = claim.size, capacity_of(volume)
                for sums, size in zip((asked, capacity), sizes, strict=True):
                    sums[cls] = sums.get(cls, nodes.zeros()) + taken * size.value
        total, classes = nodes.zeros(), nodes.zeros()
        for cls, whole in capacity.items():
            used = per_cent(asked[cls], np.where(whole > 0, whole, np.inf))
            total += broken_line(used, self.shape) * (whole > 0)
            classes += whole > 0
        return np.floor(total / np.maximum(classes, 1) + 0.5)

    def _matches(self, pod: PodInfo, nodes: Nodes) -> Iterator[Match]:
        """The Pod's unbound claims, each with the volumes that it may take."""
        if self.lister is None:
            return iter(())
        claims = [c for c in claims_of(pod, self.lister) if c.status.phase != "Bound"]
        return matches(claims, nodes, self.lister)


def matches(
    claims: list[PersistentVolumeClaim], nodes: Nodes, lister: SharedLister
) -> Iterator[Match]:
    """For each claim the volumes that it may take, with the nodes where it takes them: on each
    node the smallest that will do, and that no smaller claim has taken.

    `claims` are the Pod's that are not bound, `nodes` the snapshot; `lister` has the volumes.
    """
    free: dict[str, Bools] = {}  # where each volume is not yet taken by an earlier claim
    for claim in sorted(claims, key=lambda c: c.size.nano):
        open_ = np.ones(len(nodes), dtype=bool)
        volumes = [v for v in lister.list(PersistentVolume) if open_to(claim, v)]
        found = []
        for volume in sorted(volumes, key=lambda v: (capacity_of(v).nano, v.name)):
            there = free.setdefault(volume.name, np.ones(len(nodes), dtype=bool))
            taken = open_ & there & reachable(volume, nodes)
            there &= ~taken
            open_ &= ~taken
            if taken.any():
                found.append((volume, taken))
        yield claim, found


def capacity_of(volume: PersistentVolume) -> Quantity:
    """How much a volume holds."""
    return (volume.spec.capacity or {})["storage"]


def waiting_class(lister: SharedLister, claim: PersistentVolumeClaim) -> StorageClass | None:
    """The claim's class, if that makes it wait for its first consumer."""
    cls = lister.find(StorageClass, claim.class_name or "")
    return cls if cls is not None and cls.volume_binding_mode == WAIT else None


def reachable(volume: PersistentVolume, nodes: Nodes) -> Bools:
    """The nodes that a volume's node affinity allows."""
    affinity = volume.spec.node_affinity
    if affinity is None or affinity.required is None:
        return np.ones(len(nodes), dtype=bool)
    terms = affinity.required.node_selector_terms
    met: Bools = np.logical_or.reduce([meets(term, nodes) for term in terms])
    return met


def open_to(claim: PersistentVolumeClaim, volume: PersistentVolume) -> bool:
    """Whether a claim may have a volume: one that is kept for it, or a free one that suits it."""
    kept = volume.spec.claim_ref
    if kept is not None and kept.name:
        return (kept.namespace, kept.name) == (claim.namespace, claim.name)
    return suits(claim, volume)


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
