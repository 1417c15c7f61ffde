"""Where a container has its volumes: as files, and as raw devices."""

from __future__ import annotations

from course_lib.objects.field_errors import (
    Errors,
    forbidden,
    invalid,
    not_found,
    not_supported,
    required,
)
from course_lib.objects.kinds.pod.validation.containers_of import InPod, each
from course_lib.objects.kinds.pod.validation.paths import descending_path, no_backsteps
from course_lib.objects.manifests import Document

PROPAGATIONS = ("Bidirectional", "HostToContainer", "None")
RECURSIVE = ("Disabled", "Enabled", "IfPossible")


def mounts(container: Document, pod: InPod, path: str) -> Errors:
    """The mounts of a container at a path (`ValidateVolumeMounts`).

    `pod` is what the rules ask of the Pod around it.
    """
    listed = f"{path}.volumeMounts"
    devices = {each.get("name", ""): each.get("devicePath", "")
               for each in container.get("volumeDevices") or ()}  # fmt: skip
    seen: list[str] = []
    for mount, here in each(container.get("volumeMounts"), listed):
        name, where = mount.get("name", ""), mount.get("mountPath", "")
        if not name:
            yield required(f"{here}.name")
        if name not in pod.volumes:
            yield not_found(f"{here}.name", name)
        if not where:
            yield required(f"{here}.mountPath")
        if where in seen:
            yield invalid(f"{here}.mountPath", where, "must be unique")
        seen.append(where)
        if name in devices:
            yield invalid(f"{here}.name", name, "must not already exist in volumeDevices")
        if where in devices.values():
            rule = "must not already exist as a path in volumeDevices"
            yield invalid(f"{here}.mountPath", where, rule)
        yield from _subpaths(mount, listed, here)
        yield from _sharing(mount, container, listed)


def _subpaths(mount: Document, listed: str, path: str) -> Errors:
    if inner := mount.get("subPath"):
        yield from descending_path(inner, f"{listed}.subPath")
    if expression := mount.get("subPathExpr"):
        if inner:
            rule = "subPathExpr and subPath are mutually exclusive"
            yield invalid(f"{path}.subPathExpr", expression, rule)
        yield from descending_path(expression, f"{listed}.subPathExpr")


def _sharing(mount: Document, container: Document, listed: str) -> Errors:
    """What mounts of the host and of the container see of each other."""
    propagation, here = mount.get("mountPropagation"), f"{listed}.mountPropagation"
    if propagation is not None and propagation not in PROPAGATIONS:
        yield not_supported(here, propagation, PROPAGATIONS)
    privileged = (container.get("securityContext") or {}).get("privileged")
    if propagation == "Bidirectional" and not privileged:
        rule = "Bidirectional mount propagation is available only to privileged containers"
        yield forbidden(here, rule)
    recursive, here = mount.get("recursiveReadOnly"), f"{listed}.recursiveReadOnly"
    if recursive in ("Enabled", "IfPossible"):
        if not mount.get("readOnly"):
            yield forbidden(here, "may only be specified when readOnly is true")
        if propagation not in (None, "None"):
            rule = "may only be specified when mountPropagation is None or not specified"
            yield forbidden(here, rule)
    elif recursive not in (None, "Disabled"):
        yield not_supported(here, recursive, RECURSIVE)


def devices(container: Document, pod: InPod, path: str) -> Errors:
    """The raw devices of a container at a path (`ValidateVolumeDevices`).

    `pod` is what the rules ask of the Pod around it.
    """
    mounted = {each.get("name", ""): each.get("mountPath", "")
               for each in container.get("volumeMounts") or ()}  # fmt: skip
    names: list[str] = []
    paths: list[str] = []
    for device, here in each(container.get("volumeDevices"), f"{path}.volumeDevices"):
        name, where = device.get("name", ""), device.get("devicePath", "")
        yield from _device(name, names, pod, f"{here}.name")
        if not where:
            yield required(f"{here}.devicePath")
        if where in paths:
            yield invalid(f"{here}.devicePath", where, "must be unique")
        if where and list(no_backsteps(where, here)):
            yield invalid(f"{here}.devicePath", where, "can not contain backsteps ('..')")
        else:
            paths.append(where)
        if name in mounted:
            yield invalid(f"{here}.name", name, "must not already exist in volumeMounts")
        if where in mounted.values():
            rule = "must not already exist as a path in volumeMounts"
            yield invalid(f"{here}.devicePath", where, rule)
        if name:
            names.append(name)


def _device(name: str, names: list[str], pod: InPod, path: str) -> Errors:
    volume = pod.volumes.get(name)
    if not name:
        yield required(path)
    if name in names:
        yield invalid(path, name, "must be unique")
    if volume is None:
        yield not_found(path, name)
    elif volume.get("persistentVolumeClaim") is None and volume.get("ephemeral") is None:
        rule = (
            "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"
        )
        yield invalid(path, name, rule)
