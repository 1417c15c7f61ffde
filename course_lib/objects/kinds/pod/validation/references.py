"""What variables and files of a container refer to: fields of the Pod, resources, keys.

Source: `validateObjectFieldSelector` and below in `pkg/apis/core/validation`.
"""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.objects.field_errors import Errors, invalid, not_supported, required
from course_lib.objects.kinds.pod.validation.paths import no_backsteps
from course_lib.objects.manifests import Document
from course_lib.objects.quantity import Quantity
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import all_invalid

_LABELS = (
    "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace",
    "metadata.uid", "spec.nodeName", "spec.restartPolicy", "spec.serviceAccountName",
    "spec.schedulerName", "status.phase", "status.hostIP", "status.hostIPs", "status.podIP",
    "status.podIPs",
)  # fmt: skip
RESOURCES = (
    "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu",
    "requests.ephemeral-storage", "requests.memory",
)  # fmt: skip
_HUGE = ("limits.hugepages-", "requests.hugepages-")
_BYTES = ("1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei")
_UNITS = "only divisor's values {} are supported with the {} resource"
_STORES = {"memory": "memory", "ephemeral-storage": "local ephemeral storage"}


def subscripted(path: str) -> tuple[str, str] | None:
    """The two parts of `metadata.labels['app']`; None for a path without a subscript.

    >>> subscripted("metadata.labels['app']")
    ('metadata.labels', 'app')
    """
    field, opened, key = path.removesuffix("']").partition("['")
    return (field, key) if path.endswith("']") and opened and field else None


def field_reference(reference: Document, allowed: Sequence[str], path: str) -> Errors:
    """A field of the Pod, one of those `allowed` or of its labels and annotations.

    `reference` is what stands at the `path`.
    """
    version, field = reference.get("apiVersion", ""), reference.get("fieldPath", "")
    for name, value in (("apiVersion", version), ("fieldPath", field)):
        if not value:
            yield required(f"{path}.{name}")
            return
    parts = subscripted(field)
    problem = ""
    if version != "v1":
        problem = f"unsupported pod version: {version}"
    elif parts and parts[0] not in ("metadata.annotations", "metadata.labels"):
        problem = f"field label does not support subscript: {field}"
    elif not parts and field != "spec.host" and field not in _LABELS:
        problem = f"field label not supported: {field}"
    if problem:
        yield invalid(f"{path}.fieldPath", field, f"error converting fieldPath: {problem}")
    elif parts:
        key = parts[1].lower() if parts[0] == "metadata.annotations" else parts[1]
        yield from all_invalid(path, key, formats.label_key(key))
    else:
        found = "spec.nodeName" if field == "spec.host" else field
        if found not in allowed:
            yield not_supported(f"{path}.fieldPath", found, allowed)


def resource_reference(reference: Document, path: str, named: bool = False) -> Errors:
    """A resource of a container, and the unit in which it is told.

    `reference` stands at the `path`; `named`: it must say which container it means.
    """
    resource = reference.get("resource", "")
    if named and not reference.get("containerName"):
        yield required(f"{path}.containerName")
    elif not resource:
        yield required(f"{path}.resource")
    elif resource not in RESOURCES and not resource.startswith(_HUGE):
        yield not_supported(f"{path}.resource", resource, RESOURCES)
    divisor = Quantity(reference.get("divisor", "0"))
    if divisor.nano == 0:
        return
    units: Sequence[str] = _BYTES
    name = ""
    if resource in ("limits.cpu", "requests.cpu"):
        units, name = ("1m", "1"), "cpu"
    elif resource in RESOURCES:
        name = _STORES[resource.partition(".")[2]]
    elif resource.startswith(_HUGE):
        name = "hugepages"
    if name and str(divisor) not in units:
        told = "1m and 1" if name == "cpu" else ", ".join(units)
        yield invalid(f"{path}.divisor", resource, _UNITS.format(told, name))


def key_reference(reference: Document, path: str) -> Errors:
    """One key of a ConfigMap or of a Secret (`validateConfigMapKeySelector`)."""
    name, key = reference.get("name", ""), reference.get("key", "")
    yield from all_invalid(f"{path}.name", name, formats.subdomain(name))
    if not key:
        yield required(f"{path}.key")
    else:
        yield from all_invalid(f"{path}.key", key, formats.config_key(key))


def file_reference(reference: Document, path: str) -> Errors:
    """A variable in a file of a volume (`validateFileKeySelector`)."""
    rules = {"key": formats.variable_name, "volumeName": formats.label}
    for field, rule in rules.items():
        value = reference.get(field, "")
        if not value:
            yield required(f"{path}.{field}")
        else:
            yield from all_invalid(f"{path}.{field}", value, rule(value))
    if not reference.get("path"):
        yield required(f"{path}.path")
    else:
        yield from no_backsteps(reference["path"], f"{path}.path")
