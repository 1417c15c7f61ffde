"""VolumeBinding: a Pod can only go where its volumes can be reached, or made.

A claim that binds at once must be bound; one that waits for its first consumer must find a volume
on the node, or a class that can make one there. Of several nodes it prefers the one where the
claims leave most of the volumes that they take unused (since 1.37; the default shape). Once a node
is chosen, PreBind gives the claims their volumes, or tells the provisioner the node, and waits
until the claims are bound. How much room CSIStorageCapacity objects promise is not looked at.
Source: `pkg/scheduler/framework/plugins/volumebinding` (`volume_binding.go`, `binder.go`,
`scorer.go`).
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np

from course_lib.objects.kinds.node import Node
from course_lib.objects.kinds.persistent_volume import PersistentVolume
from course_lib.objects.kinds.persistent_volume_claim import PersistentVolumeClaim, not_owned
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.storage_class import StorageClass
from course_lib.objects.manifests import Document
from course_lib.objects.volume_matching import (
    BOUND_BY_CONTROLLER,
    SELECTED_NODE,
    capacity_of,
    is_bound,
    reaches,
    waits,
)
from course_lib.scheduler.framework import CLAIM_UPDATE, NODE_ADD, PreFilterResult
from course_lib.scheduler.handle import Handle, Pending, PluginFailure, SharedLister
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.plugins.claims import ClaimPlugin, claims_of
from course_lib.scheduler.plugins.node_resources_fit import Shape, broken_line, per_cent
from course_lib.scheduler.plugins.volume_matches import (
    Match,
    can_provision,
    matches,
    reachable,
)
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.status import UNRESOLVABLE, NodeToStatus, Refusal
from course_lib.scheduler.types import Amounts, Bools

NOT_FOUND = 'persistentvolumeclaim "{name}" not found'
NOT_MADE = 'waiting for ephemeral volume controller to create the persistentvolumeclaim "{name}"'
LOST = 'persistentvolumeclaim "{name}" bound to non-existent persistentvolume "{volume}"'
DELETED = 'persistentvolumeclaim "{name}" is being deleted'
UNBOUND = "pod has unbound immediate PersistentVolumeClaims"
NODE_CONFLICT = "node(s) didn't match PersistentVolume's node affinity"
BIND_CONFLICT = "node(s) didn't find available persistent volumes to bind"
NO_VOLUME = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"
BIND_TIMEOUT = 600  # s, the default of bindTimeoutSeconds
MOST_UNUSED: Shape = ((0, 10), (100, 0))


class PodVolumes(msgspec.Struct, frozen=True, eq=False):
    """What a Pod's claims get on its node: volumes that exist, or new ones."""

    node: str
    bindings: list[tuple[PersistentVolumeClaim, PersistentVolume]]
    provisions: list[PersistentVolumeClaim]


class VolumeBinding(ClaimPlugin):
    """Filter by what each of a Pod's claims is bound to, or may be bound to; score by how much of
    the volumes it would use; bind them.

    `lister` has claims, volumes and classes; `shape` is the line from used shares to scores;
    `timeout` (s) is how long claims may take until they are bound.
    """

    name = "VolumeBinding"
    events = (CLAIM_UPDATE, NODE_ADD)

    def __init__(
        self,
        lister: SharedLister | None = None,
        shape: Shape = (),
        timeout: float = BIND_TIMEOUT,
    ) -> None:
        super().__init__(lister)
        self.shape, self.timeout = shape or MOST_UNUSED, timeout
        self._assumed: dict[str, PodVolumes] = {}  # by the Pod's uid, until they are bound

    def pre_filter(self, pod: PodInfo, nodes: Nodes) -> PreFilterResult | None:
        """Why the Pod must wait; None when its claims are there (`podHasPVCs`)."""
        if self.lister is None or not pod.claims:
            return None
        found = []
        for volume in pod.pod.spec.volumes or ():
            if not (name := volume.claim_name(pod.pod.name)):
                continue
            claim = self.lister.find(PersistentVolumeClaim, name, pod.namespace)
            if claim is None:
                why = NOT_FOUND if volume.ephemeral is None else NOT_MADE
                return PreFilterResult(why.format(name=name))
            if claim.status.phase == "Lost":
                return PreFilterResult(LOST.format(name=name, volume=claim.spec.volume_name))
            if claim.terminating:
                return PreFilterResult(DELETED.format(name=name))
            if volume.ephemeral is not None and (why := not_owned(claim, pod.pod)):
                return PreFilterResult(why)
            found.append(claim)
        for claim in found:
            delayed = waits(self._class_of(claim)) and not claim.spec.volume_name
            if not is_bound(claim) and not delayed:
                return PreFilterResult(UNBOUND)
        return None

    def filter(self, pod: PodInfo, nodes: Nodes) -> NodeToStatus | None:
        """Every node from which the bound volumes can be reached, and that can have the others."""
        claims = claims_of(pod, self.lister)
        if not claims or self.lister is None:
            return None
        every = np.ones(len(nodes), dtype=bool)
        reached, exist = every, every.copy()
        for claim in filter(is_bound, claims):
            volume = self.lister.find(PersistentVolume, claim.spec.volume_name)
            if volume is None:  # the claims behind it are not looked at any more
                exist &= ~reached
                break
            reached = reached & reachable(volume, nodes)
        found = self._can_bind(self._unbound(pod), nodes)

        def why(row: int) -> Refusal:
            pairs = ((reached, NODE_CONFLICT), (found, BIND_CONFLICT), (exist, NO_VOLUME))
            return UNRESOLVABLE, [reason for fits, reason in pairs if not fits[row]]

        return NodeToStatus(reached & found & exist, why)

    def _unbound(self, pod: PodInfo) -> list[PersistentVolumeClaim]:
        """The Pod's claims that wait for their first consumer."""
        return [claim for claim in claims_of(pod, self.lister) if not is_bound(claim)]

    def _class_of(self, claim: PersistentVolumeClaim) -> StorageClass | None:
        assert self.lister is not None
        return self.lister.find(StorageClass, claim.class_name or "")

    def _can_bind(self, claims: list[PersistentVolumeClaim], nodes: Nodes) -> Bools:
        """The nodes where each claim gets a volume of its own, the smallest that will do, or a
        new one; for a claim whose node was selected before, that node alone.
        """
        good = np.ones(len(nodes), dtype=bool)
        selected = self._selected(claims)
        for claim in claims:
            if node := selected.get(claim.uid):
                good &= np.array([name == node for name in nodes.names], dtype=bool)
                good &= can_provision(self._class_of(claim), nodes)
        for claim, volumes in self._matches(claims, nodes):
            found = np.logical_or.reduce([taken for _, taken in volumes], axis=0, initial=False)
            good &= found | can_provision(self._class_of(claim), nodes)
        return good

    def _selected(self, claims: list[PersistentVolumeClaim]) -> dict[str, str]:
        """The nodes that were selected for claims, by uid: what is made for them is made there."""
        assumed = {c.uid: v.node for v in self._assumed.values() for c in v.provisions}
        noted = {
            c.uid: c.annotations[SELECTED_NODE] for c in claims if SELECTED_NODE in c.annotations
        }
        return assumed | noted

    def _matches(self, claims: list[PersistentVolumeClaim], nodes: Nodes) -> Iterator[Match]:
        """For each claim the volumes that it may take; none for those that get new ones."""
        if self.lister is None:
            return iter(())
        selected = self._selected(claims)
        taken = {v.name: c.uid for each in self._assumed.values() for c, v in each.bindings}
        return matches([c for c in claims if c.uid not in selected], nodes, self.lister, taken)

    def pre_score(self, pod: PodInfo, nodes: Nodes, fits: Bools) -> bool:
        """Whether any of the Pod's unbound claims may take a volume that exists."""
        return any(volumes for _, volumes in self._matches(self._unbound(pod), nodes))

    def score(self, pod: PodInfo, nodes: Nodes, fits: Bools) -> Amounts:
        """By class, the share of the volumes' size that the claims ask for, on the shape's line;
        the mean of the classes. Volumes that would be made count for nothing: no CSIStorageCapacity
        says what is left.
        """
        asked: dict[str, Amounts] = {}
        capacity: dict[str, Amounts] = {}
        for claim, volumes in self._matches(self._unbound(pod), nodes):
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

    # Binding

    def reserve(self, pod: PodInfo, nodes: Nodes, node: str) -> str:
        """Assume the volumes that the Pod's claims get on its node (`AssumePodVolumes`)."""
        claims = self._unbound(pod)
        if not claims:
            return ""
        row, bindings = nodes.rows[node], []
        for claim, volumes in self._matches(claims, nodes):
            bindings += [(claim, volume) for volume, taken in volumes if taken[row]]
        found = {claim.uid for claim, _ in bindings}
        provisions = [claim for claim in claims if claim.uid not in found]
        self._assumed[pod.pod.uid] = PodVolumes(node, bindings, provisions)
        return ""

    def unreserve(self, pod: PodInfo, nodes: Nodes, node: str) -> None:
        """Assume them no more."""
        self._assumed.pop(pod.pod.uid, None)

    def pre_bind_pre_flight(self, pod: PodInfo, node: str) -> bool:
        """Whether any of the Pod's claims is to be bound."""
        return pod.pod.uid in self._assumed

    def pre_bind(self, pod: PodInfo, node: str, handle: Handle) -> str | Pending:
        """Let volumes and claims know (`bindAPIUpdate`), and wait until the claims are bound."""
        volumes = self._assumed.get(pod.pod.uid)
        if volumes is None:
            return ""
        for claim, volume in volumes.bindings:
            handle.client.patch(PersistentVolume, volume.name, "", _kept_for(claim, volume))
        for claim in volumes.provisions:
            mark = {"annotations": {SELECTED_NODE: node}}
            patch = {"metadata": mark | {"resourceVersion": claim.metadata.resource_version}}
            handle.client.patch(PersistentVolumeClaim, claim.name, claim.namespace, patch)

        def done() -> bool:
            if not self._all_bound(pod, volumes):
                return False
            self._assumed.pop(pod.pod.uid, None)
            return True

        return Pending(done, self.timeout, "binding volumes: context deadline exceeded")

    def _all_bound(self, pod: PodInfo, volumes: PodVolumes) -> bool:
        """Whether all of a Pod's claims are bound; raises `PluginFailure` where one will not be
        (`checkBindings`).
        """
        assert self.lister is not None
        if self.lister.find(Pod, pod.pod.name, pod.namespace) is None:
            raise _failure(f'pod does not exist any more: pod "{pod.pod.name}" not found')
        node = self.lister.find(Node, volumes.node)
        if node is None:
            raise _failure(f'failed to get node "{volumes.node}": node "{volumes.node}" not found')
        pairs: list[tuple[PersistentVolumeClaim, str]] = [
            *((claim, volume.name) for claim, volume in volumes.bindings),
            *((claim, "") for claim in volumes.provisions),
        ]
        return all(self._is_bound_on(node, claim, name) for claim, name in pairs)

    def _is_bound_on(self, node: Node, claim: PersistentVolumeClaim, name: str) -> bool:
        """Whether one claim is bound: to the volume of this name, or a new one on its node."""
        assert self.lister is not None
        lister, key = self.lister, f"{claim.namespace}/{claim.name}"
        current = lister.find(PersistentVolumeClaim, claim.name, claim.namespace)
        doing = "check binding" if name else "check provisioning pvc"
        volume = lister.find(
            PersistentVolume, name or (current.spec.volume_name if current else "")
        )
        if name and volume is None:
            raise _failure(f'failed to {doing}: persistentvolumes "{name}" not found')
        if current is None or current.uid != claim.uid:
            raise _failure(f'failed to {doing}: persistentvolumeclaims "{key}" not found')
        if not name and current.annotations.get(SELECTED_NODE) != node.name:
            raise _failure(f'provisioning failed for PVC "{claim.name}"')
        if volume is not None and not reaches(volume, node):
            told = f'pv "{volume.name}" node affinity doesn\'t match node "{node.name}"'
            raise _failure(f"{told}: no matching NodeSelectorTerms")
        if (
            name
            and volume is not None
            and not (volume.spec.claim_ref and volume.spec.claim_ref.uid)
        ):
            raise _failure(f'ClaimRef got reset for pv "{name}"')
        return is_bound(current)


def _failure(why: str) -> PluginFailure:
    return PluginFailure(f"binding volumes: {why}")


def _kept_for(claim: PersistentVolumeClaim, volume: PersistentVolume) -> Document:
    """The patch that keeps a volume for a claim (`GetBindVolumeToClaim`)."""
    reference = {"apiVersion": "v1", "kind": claim.kind or "PersistentVolumeClaim"}
    reference |= {"namespace": claim.namespace, "name": claim.name, "uid": claim.uid}
    kept = volume.spec.claim_ref
    meta: Document = {"resourceVersion": volume.metadata.resource_version}
    if kept is None or not kept.name:
        meta["annotations"] = {BOUND_BY_CONTROLLER: "yes"}
    return {"metadata": meta, "spec": {"claimRef": reference}}
