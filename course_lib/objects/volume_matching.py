"""Which volumes will do for a claim: the rule by itself, asked by the scheduler and the binder.

Source: component-helpers `storage/volume/pv_helpers.go` (`FindMatchingVolume`).
"""

from __future__ import annotations

from course_lib.objects.kinds.node import Node
from course_lib.objects.kinds.persistent_volume import PersistentVolume
from course_lib.objects.kinds.persistent_volume_claim import PersistentVolumeClaim
from course_lib.objects.meta import selector_of
from course_lib.objects.node_selection import meets


def suits(claim: PersistentVolumeClaim, volume: PersistentVolume) -> bool:
    """Whether a free volume has the class, size, modes and labels that a claim asks for."""
    spec, wants = volume.spec, claim.spec
    return (
        not volume.terminating
        and volume.status.phase in ("Pending", "Available")
        and wants.volume_name in ("", volume.name)
        and spec.storage_class_name == (claim.class_name or "")
        and spec.volume_mode == wants.volume_mode
        and set(wants.access_modes or ()) <= set(spec.access_modes or ())
        and (spec.capacity or {})["storage"] >= claim.size
        and (wants.selector is None or selector_of(wants.selector).matches(volume.labels))
    )


def reaches(volume: PersistentVolume, node: Node) -> bool:
    """Whether a volume's node affinity allows a node."""
    affinity = volume.spec.node_affinity
    if affinity is None or affinity.required is None:
        return True
    return any(meets(term, node) for term in affinity.required.node_selector_terms)
