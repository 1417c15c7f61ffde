"""What a claim asks for and has: of PersistentVolumeClaims, and of templates for them.

Source: `printPersistentVolumeClaim` and `describeVolumeClaimTemplates` in
`pkg/describe/describe.go` of k8s.io/kubectl.
"""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.kubectl.describing.values import access_modes, go_list, quantity
from course_lib.kubectl.describing.writing import (
    NONE,
    Lines,
    field,
    indented,
    labels,
    notes,
    stated,
    titled,
)
from course_lib.objects.manifests import Document

BETA_CLASS = "volume.beta.kubernetes.io/storage-class"


def class_of(document: Document) -> str:
    """The storage class of a claim or of a volume; an old annotation counts first."""
    notes = (document.get("metadata") or {}).get("annotations") or {}
    name = (document.get("spec") or {}).get("storageClassName")
    return str(notes.get(BETA_CLASS, name or ""))


def inside(claim: Document) -> Lines:
    """The template of a volume that lives as long as its Pod."""
    metadata, spec = claim.get("metadata") or {}, claim.get("spec") or {}
    yield field("StorageClass", class_of(claim))
    yield field("Volume", spec.get("volumeName"))
    # As in the real one, their values stand further to the right.
    marks = [*labels("Labels", metadata.get("labels")), *notes(metadata.get("annotations"))]
    yield from (line.replace("\t", "\t    ", 1) for line in marks)
    yield from contents(claim)


def contents(claim: Document) -> Lines:
    """Capacity and access modes of a claim with a volume, its mode, and from what it is filled."""
    spec, status = claim.get("spec") or {}, claim.get("status") or {}
    capacity, modes = "", ""
    if spec.get("volumeName"):
        capacity = quantity((status.get("capacity") or {}).get("storage"))
        modes = access_modes(status.get("accessModes"))
    yield field("Capacity", capacity)
    yield field("Access Modes", modes)
    yield from stated(("VolumeMode", spec.get("volumeMode")))
    origin = spec.get("dataSource")
    if origin:
        group = stated(("APIGroup", origin.get("apiGroup")))
        yield from titled(
            "DataSource", [*group, field("Kind", origin["kind"]), field("Name", origin["name"])]
        )


def templates(claims: Sequence[Document]) -> Lines:
    """The templates of a StatefulSet."""
    if not claims:
        yield field("Volume Claims", NONE)
        return
    yield "Volume Claims:"
    for claim in claims:
        yield from indented(_template(claim))


def _template(claim: Document) -> Lines:
    metadata, spec = claim.get("metadata") or {}, claim.get("spec") or {}
    requests = (spec.get("resources") or {}).get("requests") or {}
    yield field("Name", metadata.get("name"))
    yield field("StorageClass", class_of(claim))
    yield from labels("Labels", metadata.get("labels"))
    yield from labels("Annotations", metadata.get("annotations"))
    amount = quantity(requests["storage"]) if "storage" in requests else "<default>"
    yield field("Capacity", amount)
    yield field("Access Modes", go_list(spec.get("accessModes")))
