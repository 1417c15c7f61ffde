"""The claims that are made for the ephemeral volumes of a Pod."""

from __future__ import annotations

from course_lib.objects.field_errors import Errors, forbidden, required
from course_lib.objects.manifests import Document
from course_lib.objects.validation.claims import claim_spec
from course_lib.objects.validation.meta import annotation_map, label_map

# Fields of metadata in the order of the type, as the API server writes them.
_OTHERS = {
    "name": "name", "generateName": "generateName", "namespace": "namespace",
    "selfLink": "selfLink", "uid": "uID", "resourceVersion": "resourceVersion",
    "generation": "generation", "creationTimestamp": "creationTimestamp",
    "deletionTimestamp": "deletionTimestamp",
    "deletionGracePeriodSeconds": "deletionGracePeriodSeconds",
    "ownerReferences": "ownerReferences", "finalizers": "finalizers",
    "managedFields": "managedFields",
}  # fmt: skip


def ephemeral(source: Document, path: str) -> Errors:
    """The template of a claim (`validateEphemeralVolumeSource`)."""
    here = f"{path}.volumeClaimTemplate"
    if (template := source.get("volumeClaimTemplate")) is None:
        yield required(here)
        return
    meta = template.get("metadata") or {}
    yield from annotation_map(meta.get("annotations") or {}, f"{here}.metadata.annotations")
    yield from label_map(meta.get("labels") or {}, f"{here}.metadata.labels")
    for field, shown in _OTHERS.items():
        if meta.get(field):
            yield forbidden(f"{here}.metadata.{shown}", "cannot be set")
    yield from claim_spec(template.get("spec") or {}, f"{here}.spec")
