"""The claims of a StatefulSet's Pods: made with them, and kept or deleted as its policy says.

Whom a claim is to go with is its owner: the StatefulSet, or the Pod that a smaller size removes.
Source: `pkg/controller/statefulset` (`stateful_pod_control.go`, `stateful_set_utils.go`).
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import msgspec

from course_lib.client import Client
from course_lib.client.informer import InformerFactory
from course_lib.controllers.stateful_pods import desired_ordinals, ordinal_of
from course_lib.errors import CourseError
from course_lib.objects.kinds.persistent_volume_claim import PersistentVolumeClaim
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.stateful_set import StatefulSet
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, OwnerReference, owner_reference

REPORTER = "statefulset-controller"


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


class StatefulClaims:
    """Makes the claims of StatefulSets, and writes who owns them.

    `api` writes, `informers` read.
    """

    def __init__(self, api: Client, informers: InformerFactory) -> None:
        self._api, self._informers = api, informers
        self._normal = partial(api.events.normal, REPORTER)
        self._warning = partial(api.events.warning, REPORTER)

    def stale(self, owner: StatefulSet, ordinal: int) -> bool:
        """Whether a claim of an `ordinal` goes with an earlier Pod of the `owner`."""
        name = f"{owner.name}-{ordinal}"
        found = (self._find(owner, each) for each in claim_names(owner, ordinal).values())
        return any(claim is not None and is_stale(owner, claim, name) for claim in found)

    def make(self, owner: StatefulSet, ordinal: int) -> None:
        """Make the claims of one Pod of an `owner` where they are missing.

        Raises `CourseError` where one is being deleted, or refused.
        """
        names = claim_names(owner, ordinal)
        found = {name: self._find(owner, name) for name in names.values()}
        for name, claim in found.items():
            if claim is not None and claim.terminating:
                raise CourseError(f"pvc {name} is being deleted")
        if None not in found.values():
            return
        document = self._api.document(StatefulSet, owner.name, owner.namespace)
        for template in document["spec"].get("volumeClaimTemplates", []):
            name = names[template["metadata"]["name"]]
            if found[name] is None:
                self._create(owner, f"{owner.name}-{ordinal}", template, name)

    def _create(self, owner: StatefulSet, pod: str, template: Document, name: str) -> None:
        try:
            self._api.create(claim_document(owner, template, name))
        except CourseError as refusal:
            message = f"Create Claim {name} for Pod {pod} in StatefulSet {owner.name}"
            self._warning(owner, "FailedCreate", f"{message} failed error: {refusal.what}")
            raise CourseError(f"failed to create PVC {name}: {refusal.what}") from refusal
        message = f"Create Claim {name} Pod {pod} in StatefulSet {owner.name} success"
        self._normal(owner, "SuccessfulCreate", message)

    def own(self, owner: StatefulSet, ordinal: int, pod: Pod) -> bool:
        """Write who owns the claims of a `pod`; returns whether that changed anything.

        `owner` is the StatefulSet, `ordinal` the Pod's.
        """
        changed, holders = False, Holders(owner, pod)
        for name in claim_names(owner, ordinal).values():
            claim = self._find(owner, name)
            owners = None if claim is None else new_owners(claim, holders)
            if claim is None or owners is None:
                continue
            if has_other_controller(claim, holders):
                message = f"PersistentVolumeClaim {name} has a conflicting OwnerReference that "
                message += "acts as a manging controller, the retention policy is ignored for "
                self._warning(owner, "ConflictingController", f"{message}this claim")
            patch = {"metadata": {"ownerReferences": owners or None}}
            self._api.patch(PersistentVolumeClaim, name, owner.namespace, patch)
            changed = True
        return changed

    def _find(self, owner: StatefulSet, name: str) -> PersistentVolumeClaim | None:
        return self._informers.find(PersistentVolumeClaim, name, owner.namespace)
