"""A PersistentVolume: how large it is, where it can be used, and what it is made of.

Source: `describePersistentVolume` in `pkg/describe/describe.go` of k8s.io/kubectl.
"""

from __future__ import annotations

from course_lib.kubectl.describing import claims
from course_lib.kubectl.describing.described import DescribedObject
from course_lib.kubectl.describing.placement import terms
from course_lib.kubectl.describing.values import access_modes, go_list, quantity
from course_lib.kubectl.describing.volumes import PERSISTENT, source_lines
from course_lib.kubectl.describing.writing import NONE, Lines, field, indented, stated
from course_lib.objects.manifests import Document


def lines(volume: DescribedObject) -> Lines:
    """All but the events."""
    spec = volume.spec
    claim = spec.get("claimRef")
    yield field("Name", volume.name)
    yield from volume.marks()
    yield field("Finalizers", go_list(volume.metadata.get("finalizers")))
    yield field("StorageClass", claims.class_of(volume.document))
    yield field("Status", volume.until_gone() or volume.status.get("phase"))
    yield field("Claim", f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else "")
    yield field("Reclaim Policy", spec.get("persistentVolumeReclaimPolicy"))
    yield field("Access Modes", access_modes(spec.get("accessModes")))
    yield from stated(("VolumeMode", spec.get("volumeMode")))
    yield field("Capacity", quantity((spec.get("capacity") or {}).get("storage")))
    yield from _node_affinity(volume.at("spec.nodeAffinity.required"))
    yield field("Message", volume.status.get("message"))
    yield "Source:"
    yield from source_lines(spec, PERSISTENT)


def _node_affinity(required: Document | None) -> Lines:
    yield field("Node Affinity", NONE if required is None else "")
    if required is not None:
        alternatives = required.get("nodeSelectorTerms") or ()
        yield "  " + field("Required Terms", "" if alternatives else NONE)
        yield from indented(terms(alternatives, "matchExpressions"), 2)
