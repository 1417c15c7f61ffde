"""What is wrong with a new Pod (`ValidatePodCreate`)."""

from __future__ import annotations

from course_lib.objects.field_errors import Errors, forbidden
from course_lib.objects.kinds.pod.validation.annotations import (
    MIRROR,
    annotation_rules,
    profiles_match,
)
from course_lib.objects.kinds.pod.validation.containers import image_without_spaces
from course_lib.objects.kinds.pod.validation.containers_of import each
from course_lib.objects.kinds.pod.validation.spec import spec_errors
from course_lib.objects.kinds.pod.validation.volumes import claim_names
from course_lib.objects.manifests import Document
from course_lib.objects.validation.meta import object_meta


def pod_errors(document: Document) -> Errors:
    """All that is wrong with a Pod that is to be created."""
    spec = document["spec"]
    yield from metadata_and_spec(document)
    if spec.get("ephemeralContainers"):
        yield forbidden("spec.ephemeralContainers", "cannot be set on create")
    if spec.get("nodeName") and spec.get("schedulingGates"):
        rule = "cannot be set until all schedulingGates have been cleared"
        yield forbidden("spec.nodeName", rule)
    yield from profiles_match(_annotations(document), spec, "spec")


def errors_beside_spec(document: Document) -> Errors:
    """The same for a Pod whose spec is right by itself: what depends on its metadata."""
    annotations, spec = _annotations(document), document["spec"]
    yield from object_meta(document)
    if annotations:
        yield from annotation_rules(annotations, spec, "metadata.annotations")
    if any("ephemeral" in volume for volume in spec.get("volumes") or ()):
        yield from claim_names(document)
    if annotations:
        yield from _of_mirror(document)
        yield from profiles_match(annotations, spec, "spec")


def metadata_and_spec(document: Document, sys_admin: bool = False) -> Errors:
    """What is wrong with a Pod, new or not (`validatePodMetadataAndSpec`).

    `document` is the Pod; `sys_admin`: see `InPod`.
    """
    spec, name = document["spec"], document["metadata"].get("name", "")
    yield from object_meta(document)
    yield from annotation_rules(_annotations(document), spec, "metadata.annotations")
    yield from _of_mirror(document)
    yield from spec_errors(spec, "spec", name, of_pod=True, sys_admin=sys_admin)
    if not spec.get("serviceAccountName"):
        yield from _tokens(spec)
    for group in ("containers", "initContainers"):
        for container, path in each(spec.get(group), f"spec.{group}"):
            yield from image_without_spaces(container, path)


def _annotations(document: Document) -> dict[str, str]:
    annotations: dict[str, str] = document["metadata"].get("annotations") or {}
    return annotations


def _of_mirror(document: Document) -> Errors:
    """The mirror of a Pod that a kubelet has from a file."""
    if MIRROR in _annotations(document):
        for _ in document["spec"].get("resourceClaims") or ():
            yield forbidden("", "static pods do not support resource claims")


def _tokens(spec: Document) -> Errors:
    rule = "must not be specified when serviceAccountName is not set"
    for volume, path in each(spec.get("volumes"), "spec.volumes"):
        sources = (volume.get("projected") or {}).get("sources")
        for source, here in each(sources, f"{path}.projected.sources"):
            if source.get("serviceAccountToken") is not None:
                yield forbidden(f"{here}.serviceAccountToken", rule)
