"""Volumes of the host, of claims, and of what the cluster knows as files."""

from __future__ import annotations

from course_lib.objects.field_errors import Errors, invalid, not_supported, required
from course_lib.objects.kinds.pod.validation.containers_of import each
from course_lib.objects.kinds.pod.validation.paths import mode, no_backsteps, unreserved_path
from course_lib.objects.kinds.pod.validation.references import field_reference, resource_reference
from course_lib.objects.manifests import Document

HOST_PATHS = (
    "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate",
    "Socket",
)  # fmt: skip
FILE_FIELDS = (
    "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace",
    "metadata.uid",
)  # fmt: skip


def host_path(source: Document, path: str) -> Errors:
    """A directory or file of the node (`validateHostPathVolumeSource`)."""
    if not source.get("path"):
        yield required(f"{path}.path")
        return
    yield from no_backsteps(source["path"], f"{path}.path")
    kind = source.get("type")
    if kind is not None and kind not in HOST_PATHS:
        yield not_supported(f"{path}.type", kind, HOST_PATHS)


def claim(source: Document, path: str) -> Errors:
    """A PersistentVolumeClaim (`validatePersistentClaimVolumeSource`)."""
    if not source.get("claimName"):
        yield required(f"{path}.claimName")


def secret(source: Document, path: str) -> Errors:
    """A Secret as files (`validateSecretVolumeSource`)."""
    yield from _keyed(source, "secretName", path)


def config_map(source: Document, path: str) -> Errors:
    """A ConfigMap as files (`validateConfigMapVolumeSource`)."""
    yield from _keyed(source, "name", path)


def _keyed(source: Document, name: str, path: str) -> Errors:
    if not source.get(name):
        yield required(f"{path}.{name}")
    yield from mode(source.get("defaultMode"), f"{path}.defaultMode")
    for item, here in each(source.get("items"), f"{path}.items"):
        yield from key_to_path(item, here)


def key_to_path(item: Document, path: str) -> Errors:
    """One key as a file (`validateKeyToPath`)."""
    for field in ("key", "path"):
        if not item.get(field):
            yield required(f"{path}.{field}")
    yield from unreserved_path(item.get("path", ""), f"{path}.path")
    yield from mode(item.get("mode"), f"{path}.mode")


def downward_api(source: Document, path: str) -> Errors:
    """Fields of the Pod as files (`validateDownwardAPIVolumeSource`)."""
    yield from mode(source.get("defaultMode"), f"{path}.defaultMode")
    for item in source.get("items") or ():
        yield from downward_file(item, path)


def downward_file(item: Document, path: str) -> Errors:
    """One field of the Pod as a file (`validateDownwardAPIVolumeFile`)."""
    if not item.get("path"):
        yield required(f"{path}.path")
    yield from unreserved_path(item.get("path", ""), f"{path}.path")
    field, resource = item.get("fieldRef"), item.get("resourceFieldRef")
    if field is not None:
        yield from field_reference(field, FILE_FIELDS, f"{path}.fieldRef")
        if resource is not None:
            rule = "fieldRef and resourceFieldRef can not be specified simultaneously"
            yield invalid(path, "resource", rule)
    elif resource is not None:
        yield from resource_reference(resource, f"{path}.resourceFieldRef", named=True)
    else:
        yield required(path, "one of fieldRef and resourceFieldRef is required")
    yield from mode(item.get("mode"), f"{path}.mode")
