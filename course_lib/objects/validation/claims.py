"""What a PersistentVolumeClaim asks for (`ValidatePersistentVolumeClaimSpec`)."""

from __future__ import annotations

from course_lib.objects.field_errors import Errors, forbidden, invalid, not_supported, required
from course_lib.objects.manifests import Document
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import all_invalid, label_selector
from course_lib.objects.validation.resources import positive_amount

ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
VOLUME_MODES = ("Block", "Filesystem")


def claim_spec(spec: Document, path: str) -> Errors:
    """The spec of a claim, or of the template of one, at a path."""
    modes = spec.get("accessModes") or []
    if not modes:
        yield required(f"{path}.accessModes", "at least 1 access mode is required")
    yield from label_selector(spec.get("selector"), f"{path}.selector")
    for mode in modes:
        if mode not in ACCESS_MODES:
            yield not_supported(f"{path}.accessModes", mode, ACCESS_MODES)
    others = [mode for mode in modes if mode in ACCESS_MODES and mode != "ReadWriteOncePod"]
    if "ReadWriteOncePod" in modes and others:
        rule = "may not use ReadWriteOncePod with other access modes"
        yield forbidden(f"{path}.accessModes", rule)
    requests = (spec.get("resources") or {}).get("requests") or {}
    if "storage" in requests:
        yield from positive_amount(requests["storage"], f"{path}.resources[storage]")
    else:
        yield required(f"{path}.resources[storage]")
    if name := spec.get("storageClassName"):
        yield from all_invalid(f"{path}.storageClassName", name, formats.subdomain(name))
    mode = spec.get("volumeMode")
    if mode is not None and mode not in VOLUME_MODES:
        yield not_supported(f"{path}.volumeMode", mode, VOLUME_MODES)
    yield from _sources(spec, path)
    if name := spec.get("volumeAttributesClassName"):
        yield from all_invalid(f"{path}.volumeAttributesClassName", name, formats.subdomain(name))


def _sources(spec: Document, path: str) -> Errors:
    """Where the first data of a volume come from."""
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    for field, value in (("dataSource", source), ("dataSourceRef", reference)):
        if value is not None:
            yield from _source(value, f"{path}.{field}")
    if source is None or reference is None:
        return
    if reference.get("namespace"):
        rule = "may not be specified when dataSourceRef.namespace is specified"
        yield invalid(path, {}, rule)
    elif any(source.get(field) != reference.get(field) for field in ("apiGroup", "kind", "name")):
        yield invalid(path, {}, "must match dataSourceRef")


def _source(source: Document, path: str) -> Errors:
    for field in ("name", "kind"):
        if not source.get(field):
            yield required(f"{path}.{field}")
    group, kind = source.get("apiGroup") or "", source.get("kind", "")
    if not group and kind != "PersistentVolumeClaim":
        rule = "must be 'PersistentVolumeClaim' when referencing the default apiGroup"
        yield invalid(path, kind, rule)
    if group:
        yield from all_invalid(f"{path}.apiGroup", group, formats.subdomain(group))
    if space := source.get("namespace"):
        yield from all_invalid(f"{path}.namespace", space, formats.label(space))
