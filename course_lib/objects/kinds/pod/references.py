"""What variables and files of a container refer to: fields of the Pod, and its resources.

Source: `pkg/apis/core/validation/validation.go` of Kubernetes (`validateEnvVarValueFrom`).
"""

from __future__ import annotations

import re

from course_lib.objects.field_rules import matching, needs
from course_lib.objects.names import is_label_key

_FIELDS = (
    "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName",
    "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
)  # fmt: skip
_VOLUME_FIELDS = (
    "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace",
    "metadata.uid",
)  # fmt: skip
_IN_MAPS = re.compile(r"metadata\.(labels|annotations)\['([^']+)'\]")
_UNITS = ("", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_RESOURCES = re.compile(r"(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-[0-9]+[KMG]i)")


def _in_map(path: str) -> bool:
    """Whether a field path is one label or one annotation, by a name that it may have."""
    found = _IN_MAPS.fullmatch(path)
    return found is not None and is_label_key(found[2].lower())


field_path = matching(
    lambda path: path in _FIELDS or _in_map(path),
    "supported values: " + ", ".join(f'"{path}"' for path in _FIELDS),
)
volume_field = matching(
    lambda path: path in _VOLUME_FIELDS or _in_map(path),
    "supported values: " + ", ".join(f'"{path}"' for path in _VOLUME_FIELDS),
)
resource_field = matching(
    lambda name: _RESOURCES.fullmatch(name) is not None,
    'supported values: "limits.cpu", "limits.memory", "requests.cpu", "requests.memory", ...',
)
env_name = matching(
    lambda name: bool(name) and all(" " <= letter <= "~" and letter != "=" for letter in name),
    "a name of printable ASCII characters other than '='",
)


def resource_reference(value: object) -> str:
    """A resource of a container, and the unit that it is told in."""
    if missing := needs("resource")(value):
        return missing
    assert isinstance(value, dict)
    name, divisor = str(value["resource"]), str(value.get("divisor", "0"))
    units = ("0", "1", "1m") if name.endswith(".cpu") else ("0", *(f"1{unit}" for unit in _UNITS))
    return "" if divisor in units else f"divisor: only {', '.join(units[1:])} are supported"
