"""The claims of a StatefulSet's Pods: made with them, and kept or deleted as its policy says.

Whom a claim is to go with is its owner: the StatefulSet, or the Pod that a smaller size removes.
Source: `pkg/controller/statefulset` (`stateful_pod_control.go`, `stateful_set_utils.go`).
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from course_lib.controllers.stateful_pods import desired_ordinals, ordinal_of
from course_lib.objects.kinds.persistent_volume_claim import PersistentVolumeClaim
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.stateful_set import StatefulSet
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, OwnerReference, owner_reference


class Holders(NamedTuple):
    """A StatefulSet and one of its Pods, with which a claim may go."""

    owner: StatefulSet
    pod: Pod

    def ours(self, reference: OwnerReference) -> Object | None:
        """The one of both whose name a reference has, be it of another UID."""
        named = (reference.api_version, reference.kind, reference.name)
        same = (each for each in self if named == (each.api_version, each.kind, each.name))
        return next(same, None)

    def desired(self) -> list[Object]:
        """With which of both a claim is to go."""
        policy = self.owner.spec.persistent_volume_claim_retention_policy
        ordinal = ordinal_of(self.pod)
        stays = ordinal is not None and ordinal in desired_ordinals(self.owner)
        if policy.when_scaled == "Delete" and not stays:
            return [self.pod]
        return [self.owner] if policy.when_deleted == "Delete" else []


def claim_names(owner: StatefulSet, ordinal: int) -> dict[str, str]:
    """The names of the claims of one Pod, by the names of its volumes."""
    templates = owner.spec.volume_claim_templates or ()
    return {each.name: f"{each.name}-{owner.name}-{ordinal}" for each in templates}


def claim_document(owner: StatefulSet, template: Document, name: str) -> Document:
    """A claim made of a `template` of the `owner`; `name` is its own."""
    metadata = template["metadata"]
    labels = metadata.get("labels", {}) | (owner.spec.selector.match_labels or {})
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata | {"name": name, "namespace": owner.namespace, "labels": labels},
        "spec": template["spec"],
    }


def is_stale(owner: StatefulSet, claim: PersistentVolumeClaim, pod: str) -> bool:
    """Whether a claim goes with an earlier Pod of the name `pod`, so that it cannot be used.

    `owner` is the StatefulSet. The next Pod waits until the claim is gone (`PodClaimIsStale`).
    """
    if owner.spec.persistent_volume_claim_retention_policy.when_scaled == "Retain":
        return False
    owners = claim.metadata.owner_references or ()
    return any((each.kind, each.name) == ("Pod", pod) for each in owners)


def has_other_controller(claim: PersistentVolumeClaim, holders: Holders) -> bool:
    """Whether somebody else decides when a claim goes, so that the policy does not count."""
    policy = holders.owner.spec.persistent_volume_claim_retention_policy
    if policy.when_scaled == policy.when_deleted == "Retain":
        return False
    for reference in claim.metadata.owner_references or ():
        ours = holders.ours(reference)
        if (ours is None and reference.controller) or (ours and ours.uid != reference.uid):
            return True
    return False


def new_owners(claim: PersistentVolumeClaim, holders: Holders) -> list[Document] | None:
    """The owner references that a claim is to have; None where they are right.

    Those of an earlier StatefulSet or Pod are left alone (`isClaimOwnerUpToDate`,
    `updateClaimOwnerRefForSetAndPod`).
    """
    known = claim.metadata.owner_references or []
    ours = [(reference, holders.ours(reference)) for reference in known]
    if any(each and each.uid != reference.uid for reference, each in ours):
        return None
    others = [msgspec.to_builtins(reference) for reference, each in ours if each is None]
    kept = [(reference, each) for reference, each in ours if each is not None]
    desired = holders.desired()
    if has_other_controller(claim, holders):
        return others if kept else None
    right = all(reference.controller for reference, _ in kept)
    if right and {each.uid for _, each in kept if each} == {each.uid for each in desired}:
        return None
    return [*others, *map(owner_reference, desired)]
