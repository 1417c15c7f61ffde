"""Which volumes will do for a claim, and who is bound to whom: asked by the scheduler and the
binder.

Source: component-helpers `storage/volume/pv_helpers.go` (`FindMatchingVolume`).
"""

from __future__ import annotations

from collections.abc import Iterable

from course_lib.objects.kinds.node import Node
from course_lib.objects.kinds.persistent_volume import PersistentVolume
from course_lib.objects.kinds.persistent_volume_claim import BETA_CLASS, PersistentVolumeClaim
from course_lib.objects.kinds.storage_class import StorageClass
from course_lib.objects.meta import selector_of
from course_lib.objects.node_selection import meets
from course_lib.objects.quantity import Quantity

# Annotations by which controllers, the scheduler and provisioners tell each other of a claim.
BIND_COMPLETED = "pv.kubernetes.io/bind-completed"  # claim and volume name each other
BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller"  # and not by a user
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
SELECTED_NODE = "volume.kubernetes.io/selected-node"  # where the first consumer will be
STORAGE_PROVISIONERS = (
    "volume.beta.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/storage-provisioner",
)
WAIT = "WaitForFirstConsumer"
NO_PROVISIONER = "kubernetes.io/no-provisioner"


def is_bound(claim: PersistentVolumeClaim) -> bool:
    """Whether a claim is fully bound: it names its volume, and the controller has finished."""
    return bool(claim.spec.volume_name) and BIND_COMPLETED in claim.annotations


def waits(cls: StorageClass | None) -> bool:
    """Whether claims of a class wait for the first Pod that uses them."""
    return cls is not None and cls.volume_binding_mode == WAIT


def capacity_of(volume: PersistentVolume) -> Quantity:
    """How much a volume holds."""
    return (volume.spec.capacity or {}).get("storage", Quantity("0"))


def class_of(volume: PersistentVolume) -> str:
    """The class of a volume; an old annotation comes first."""
    return volume.annotations.get(BETA_CLASS, volume.spec.storage_class_name)


def kept_for(volume: PersistentVolume, claim: PersistentVolumeClaim) -> bool:
    """Whether a volume is kept for a claim, by name, and by uid where it has one."""
    kept = volume.spec.claim_ref
    return (
        kept is not None
        and (kept.namespace, kept.name) == (claim.namespace, claim.name)
        and kept.uid in ("", claim.uid)
    )


def open_to(claim: PersistentVolumeClaim, volume: PersistentVolume) -> bool:
    """Whether a claim may have a volume: one that is kept for it, or a free one that suits it."""
    kept = volume.spec.claim_ref
    if kept is not None and kept.name:
        return kept_for(volume, claim) and _holds(claim, volume)
    return suits(claim, volume)


def _holds(claim: PersistentVolumeClaim, volume: PersistentVolume) -> bool:
    """What a volume that is kept for a claim must meet too."""
    return (
        not volume.terminating
        and capacity_of(volume) >= claim.size
        and volume.spec.volume_mode == claim.spec.volume_mode
        and (volume.spec.volume_attributes_class_name or "")
        == (claim.spec.volume_attributes_class_name or "")
    )


def suits(claim: PersistentVolumeClaim, volume: PersistentVolume) -> bool:
    """Whether a free volume has the class, size, modes and labels that a claim asks for."""
    spec, wants = volume.spec, claim.spec
    return (
        _holds(claim, volume)
        and volume.status.phase in ("Pending", "Available")
        and wants.volume_name in ("", volume.name)
        and class_of(volume) == (claim.class_name or "")
        and set(wants.access_modes or ()) <= set(spec.access_modes or ())
        and (wants.selector is None or selector_of(wants.selector).matches(volume.labels))
    )


def best_match(
    claim: PersistentVolumeClaim, volumes: Iterable[PersistentVolume]
) -> PersistentVolume | None:
    """The volume that a claim gets of `volumes`: with the fewest access modes, then the one that
    is kept for it, then the smallest (`findByClaim` in `pkg/controller/volume/persistentvolume`).
    """
    return min(
        (volume for volume in volumes if open_to(claim, volume)),
        key=lambda v: (
            len({*(v.spec.access_modes or ())}),
            not kept_for(v, claim),
            capacity_of(v).nano,
            v.name,
        ),
        default=None,
    )


def mismatch(claim: PersistentVolumeClaim, volume: PersistentVolume) -> str:
    """Why a claim cannot have the volume that it names (`checkVolumeSatisfyClaim`)."""
    if volume.terminating:
        return f'the volume is marked for deletion "{volume.name}"'
    if capacity_of(volume) < claim.size:
        return "requested PV is too small"
    if class_of(volume) != (claim.class_name or ""):
        return "storageClassName does not match"
    attributes = claim.spec.volume_attributes_class_name, volume.spec.volume_attributes_class_name
    if (attributes[0] or "") != (attributes[1] or ""):
        return "volumeAttributesClassName does not match"
    if volume.spec.volume_mode != claim.spec.volume_mode:
        return "incompatible volumeMode"
    modes = set(claim.spec.access_modes or ()) <= set(volume.spec.access_modes or ())
    return "" if modes else "incompatible accessMode"


def reaches(volume: PersistentVolume, node: Node) -> bool:
    """Whether a volume's node affinity allows a node."""
    affinity = volume.spec.node_affinity
    if affinity is None or affinity.required is None:
        return True
    return any(meets(term, node) for term in affinity.required.node_selector_terms)
