"""How much of the node's disk a Pod takes, and whether that is more than it may.

Counted are `emptyDir` volumes and logs. Not simulated: what a container writes into its own layer.
Source: `localStorageEviction` in `pkg/kubelet/eviction/eviction_manager.go`.
"""

from __future__ import annotations

from course_lib.node.cri_config import log_directory
from course_lib.node.volumes import path_of
from course_lib.objects.derived import derived_once
from course_lib.objects.kinds.pod import Container, Pod, PodSpec, Volume
from course_lib.objects.kinds.pod.requests import is_sidecar, total
from course_lib.objects.quantity import Quantity
from course_lib.runtimes.files import FileSystem

STORAGE = "ephemeral-storage"


def has_limits(pod: Pod) -> bool:
    """Whether a Pod has an `emptyDir` with a `sizeLimit`, or a limit of ephemeral storage."""
    return any(map(_size_limit, pod.spec.volumes or ())) or _limited(pod.spec)


@derived_once("containers", "init_containers", "resources")
def _limited(spec: PodSpec) -> bool:
    every = (*spec.containers, *(spec.init_containers or ()))
    return any(STORAGE in (each.resources.limits or {}) for each in every)


def _size_limit(volume: Volume) -> str:
    """What an `emptyDir` on the disk may hold at most; empty where there is no limit."""
    source = volume.empty_dir or {}
    return "" if source.get("medium") == "Memory" else str(source.get("sizeLimit") or "")


def over_limit(disk: FileSystem, pod: Pod) -> str:
    """What of a Pod takes more of the node's `disk` than it may; empty when nothing does."""
    used = {
        volume.name: _used(disk, path_of(pod, volume))
        for volume in pod.spec.volumes or ()
        if volume.empty_dir is not None and volume.empty_dir.get("medium") != "Memory"
    }
    for volume in pod.spec.volumes or ():
        limit = _size_limit(volume)
        if limit and used[volume.name] > Quantity(limit).value:
            return f'Usage of EmptyDir volume "{volume.name}" exceeds the limit "{limit}". '
    if not _limited(pod.spec):
        return ""
    limit_of_pod = total(pod.spec, "limits")[STORAGE]
    logs = log_directory(pod)
    if sum(used.values()) + _used(disk, logs) > limit_of_pod.value:
        exceeds = "exceeds the total limit of containers"
        return f"Pod ephemeral local storage usage {exceeds} {limit_of_pod}. "
    return _container_over_limit(disk, pod, logs)


def _container_over_limit(disk: FileSystem, pod: Pod, logs: str) -> str:
    sidecars = [each for each in pod.spec.init_containers or () if is_sidecar(each)]
    limited: list[Container] = [*pod.spec.containers, *sidecars]
    for container in limited:
        limit = (container.resources.limits or {}).get(STORAGE)
        if (
            limit is not None
            and limit.value
            and _used(disk, f"{logs}/{container.name}") > limit.value
        ):
            exceeded = "exceeded its local ephemeral storage limit"
            return f'Container {container.name} {exceeded} "{limit}". '
    return ""


def _used(disk: FileSystem, folder: str) -> int:
    """Bytes of all files below a folder of the node."""
    return sum(len(file.data) for file in disk.tree(folder).values())
