"""The environment of a container (`ValidateEnv`, `ValidateEnvFrom`)."""

from __future__ import annotations

from course_lib.objects.field_errors import Errors, invalid, not_found, required
from course_lib.objects.kinds.pod.validation.containers_of import all_containers, each
from course_lib.objects.kinds.pod.validation.references import (
    field_reference,
    file_reference,
    key_reference,
    resource_reference,
)
from course_lib.objects.manifests import Document
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import all_invalid, subdomain_name

FIELDS = (
    "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName",
    "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
)  # fmt: skip
_ONE_OF = (
    "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or "
    "`fileKeyRef`"
)
_ONE = "may not have more than one field specified at a time"


def variables(container: Document, path: str) -> Errors:
    """The single variables of a container."""
    for variable, here in each(container.get("env"), f"{path}.env"):
        if name := variable.get("name", ""):
            yield from all_invalid(f"{here}.name", name, formats.variable_name(name))
        else:
            yield required(f"{here}.name")
        if (source := variable.get("valueFrom")) is not None:
            yield from _source(source, variable.get("value", ""), f"{here}.valueFrom")


def _source(source: Document, value: str, path: str) -> Errors:
    found = 0
    for field in ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"):
        if (reference := source.get(field)) is None:
            continue
        found, here = found + 1, f"{path}.{field}"
        if field == "fieldRef":
            yield from field_reference(reference, FIELDS, here)
        elif field == "resourceFieldRef":
            yield from resource_reference(reference, here)
        elif field == "fileKeyRef":
            yield from file_reference(reference, here)
        else:
            yield from key_reference(reference, here)
    if not found:
        yield invalid(path, "", _ONE_OF)
    elif value:
        yield invalid(path, "", "may not be specified when `value` is not empty")
    elif found > 1:
        yield invalid(path, "", _ONE)


def sources_of_variables(container: Document, path: str) -> Errors:
    """The ConfigMaps and Secrets all of whose keys are variables of a container."""
    for source, here in each(container.get("envFrom"), f"{path}.envFrom"):
        if prefix := source.get("prefix", ""):
            yield from all_invalid(f"{here}.prefix", prefix, formats.variable_name(prefix))
        found = [field for field in ("configMapRef", "secretRef") if source.get(field) is not None]
        for field in found:
            if name := source[field].get("name", ""):
                yield from all_invalid(f"{here}.{field}.name", name, subdomain_name(name, True))
            else:
                yield required(f"{here}.{field}.name")
        if not found:
            yield invalid(
                f"{path}.envFrom", "", "must specify one of: `configMapRef` or `secretRef`"
            )
        elif len(found) > 1:
            yield invalid(f"{path}.envFrom", "", _ONE)


def files_of_variables(spec: Document, path: str) -> Errors:
    """Files with variables lie in volumes of type emptyDir (`validateFileKeyRefVolumes`)."""
    named = {volume.get("name", ""): volume for volume in spec.get("volumes") or ()}
    for container, at in all_containers(spec, path):
        for variable, here in each(container.get("env"), f"{at}.env"):
            reference = (variable.get("valueFrom") or {}).get("fileKeyRef")
            if reference is None:
                continue
            volume, field = (
                reference.get("volumeName", ""),
                f"{here}.valueFrom.fileKeyRef.volumeName",
            )
            if volume not in named:
                yield not_found(field, volume)
            elif named[volume].get("emptyDir") is None:
                yield invalid(field, volume, "referenced volume must be of type emptyDir")
