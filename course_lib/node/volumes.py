"""Volumes: what the kubelet puts on the node's disk for a Pod, and shows to its containers.

ConfigMaps and Secrets become files, one a key, before a container is made.
Source: kubernetes.io "Volumes"; `pkg/volume/configmap`, `pkg/volume/secret` (a simulated node has
no mount points: a file is copied where the kernel would show it).
"""

from __future__ import annotations

import base64

from course_lib.apiserver import APIServer
from course_lib.objects.pod import Container, Pod, Volume
from course_lib.runtimes.logs import Disk

ROOT = "/var/lib/kubelet/pods"


def mounts_of(
    api: APIServer, disk: Disk, pod: Pod, container: Container
) -> list[tuple[str, str, bool]]:
    """For each mount: the path on the node, the path inside, and whether it is read-only."""
    volumes = {volume.name: volume for volume in pod.spec.volumes or ()}
    mounts = []
    for mount in container.volume_mounts or ():
        volume = volumes.get(mount.name)
        if volume is None:
            continue
        path = _prepare(api, disk, pod, volume)
        below = f"{path}/{mount.sub_path}" if mount.sub_path else path
        mounts.append((below, mount.mount_path, mount.read_only))
    return mounts


def _prepare(api: APIServer, disk: Disk, pod: Pod, volume: Volume) -> str:
    """Where a volume's files are; those of ConfigMaps and Secrets are written now."""
    if volume.host_path:
        return str(volume.host_path.get("path", "/"))
    kind, name = "empty-dir", ""
    if volume.config_map:
        kind, name = "configmap", volume.config_map.name
    elif volume.secret:
        kind, name = "secret", volume.secret.secret_name
    elif volume.persistent_volume_claim:
        kind = "csi"
    path = f"{ROOT}/{pod.uid}/volumes/kubernetes.io~{kind}/{volume.name}"
    found = api.find({"configmap": "ConfigMap"}.get(kind, "Secret"), name, pod.namespace)
    if name and found is not None:
        disk.remove(path)
        for key, value in (found.data or {}).items():
            data = base64.b64decode(value) if kind == "secret" else value.encode()
            disk.append(f"{path}/{key}", data)
    return path
