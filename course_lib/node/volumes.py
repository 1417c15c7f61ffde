"""Volumes: what the kubelet puts on the node's disk for a Pod, and shows to its containers.

ConfigMaps, Secrets and the downward API become files, one a key, before a container is made, and
follow their objects when the kubelet looks after the Pod again, once in 60 to 90 seconds. What is
mounted by `subPath` stays as it was when the container was made.
Source: kubernetes.io "Volumes", "ConfigMaps" (mounted ConfigMaps are updated automatically);
`pkg/volume` (`configmap`, `secret`, `projected`, `downwardapi`, `hostpath`); `pkg/kubelet`
(`resyncInterval`). A simulated node has no mount points: containers look at the node's files.

`objects` has what volumes are made of, `disk` is the node's; `pod` has the `volume` and the
`container`, `place` says where it runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from course_lib.apiserver.tokens import token_text
from course_lib.node.environment import Place, expand, field, named, resource_field
from course_lib.node.invalid_config import InvalidConfig
from course_lib.node.object_watches import PodObjects
from course_lib.objects.kinds.pod import Container, Pod, Volume, VolumeMount
from course_lib.objects.kinds.pod.volumes import TOKEN
from course_lib.objects.manifests import Document
from course_lib.runtimes.files import FileSystem

ROOT = "/var/lib/kubelet/pods"
RESYNC = 60.0, 90.0  # s between two looks at a Pod that is well: a minute, with jitter
# Folders that every node has, devices, and the like.
FOLDERS = """/ /bin /boot /dev /etc /etc/cni/net.d /etc/kubernetes /etc/ssl/certs /home /lib
/lib/modules /mnt /opt /opt/cni/bin /proc /root /run /sbin /srv /sys /sys/fs/cgroup /tmp /usr
/usr/lib /usr/local /usr/share /var /var/lib /var/lib/kubelet /var/log /var/log/pods
/var/log/containers /var/run /run/containerd /usr/share/ca-certificates"""
FILES = "/etc/hostname /etc/hosts /etc/localtime /etc/machine-id /etc/passwd /etc/resolv.conf"
CHARACTER_DEVICES = "/dev/null /dev/zero /dev/random /dev/urandom /dev/tty /dev/fuse /dev/kmsg"
SOCKETS = "/run/containerd/containerd.sock /var/run/containerd/containerd.sock"
KINDS = {
    "Directory": "directory",
    "DirectoryOrCreate": "directory",
    "File": "file",
    "FileOrCreate": "file",
    "Socket": "socket file",
    "CharDevice": "character device",
    "BlockDevice": "block device",
}


def mounts_of(
    objects: PodObjects,
    disk: FileSystem,
    pod: Pod,
    container: Container,
    place: Place,
    variables: Mapping[str, str],
) -> list[tuple[str, str, bool]]:
    """For each mount: the path on the node, the path inside, and whether it is read-only.

    `variables` are the container's. Raises `InvalidConfig` where a `subPathExpr` names another one.
    """
    volumes = {volume.name: volume for volume in pod.spec.volumes or ()}
    mounts = []
    for number, mount in enumerate(container.volume_mounts or ()):
        volume = volumes.get(mount.name)
        if volume is None:
            continue
        path = prepare(objects, disk, pod, volume, place)
        sub_path = _sub_path(mount, variables)
        if sub_path and files_of(objects, pod, volume, place) is not None:
            copy = f"{ROOT}/{pod.uid}/volume-subpaths/{volume.name}/{container.name}/{number}"
            disk.remove(copy)
            for below, file in disk.tree(f"{path}/{sub_path}").items():
                disk.put(f"{copy}/{below}".rstrip("/"), file.data, file.mode)
            path = copy
        elif sub_path:
            path = f"{path}/{sub_path}"
        mounts.append((path, mount.mount_path, mount.read_only))
    return mounts


def _sub_path(mount: VolumeMount, variables: Mapping[str, str]) -> str:
    """The part of a volume that is mounted (`ExpandContainerVolumeMounts`)."""
    if not mount.sub_path_expr:
        return mount.sub_path
    missing = sorted({name for name in named(mount.sub_path_expr) if not variables.get(name)})
    if missing:
        raise InvalidConfig(f"missing value for {', '.join(missing)}")
    path = expand(mount.sub_path_expr, variables)
    if path.startswith("/"):
        raise InvalidConfig(f"error SubPath `{path}` must not be an absolute path")
    if ".." in path.split("/"):
        raise InvalidConfig(f"unable to provision SubPath `{path}`: must not contain '..'")
    return path


def has_token(volume: Volume) -> bool:
    """Whether admission has added a volume: token, certificate and namespace, for the API server.

    Its files are the same for all Pods of an account, and they do not change.
    """
    return volume.projected is not None and volume.name.startswith(TOKEN)


@lru_cache(maxsize=1024)
def _account_files(namespace: str, account: str) -> dict[str, bytes]:
    """The files of a service account, the same for all its Pods."""
    return {
        "token": token_text(namespace, account).encode(),
        "namespace": namespace.encode(),
        "ca.crt": b"the simulated cluster's certificate\n",
    }


def prepare(objects: PodObjects, disk: FileSystem, pod: Pod, volume: Volume, place: Place) -> str:
    """Where a volume's files are; those that come from objects are written now."""
    if volume.host_path:
        path = str(volume.host_path.get("path", "/"))
        if volume.host_path.get("type") == "FileOrCreate" and not disk.has(path):
            disk.put(path, b"")
        return path
    path = path_of(pod, volume)
    if has_token(volume):
        disk.share(path, _account_files(pod.namespace, pod.spec.service_account_name or "default"))
        return path
    files = files_of(objects, pod, volume, place)
    if files is not None:
        disk.remove(path)
        for name, (data, mode) in files.items():
            disk.put(f"{path}/{name}", data, mode)
    return path


def path_of(pod: Pod, volume: Volume) -> str:
    """The folder of a volume on its node."""
    kinds = {
        "configmap": volume.config_map,
        "secret": volume.secret,
        "projected": volume.projected,
        "downward-api": volume.downward_api,
        "csi": volume.persistent_volume_claim or volume.ephemeral,
    }
    kind = next((name for name, source in kinds.items() if source is not None), "empty-dir")
    return f"{ROOT}/{pod.uid}/volumes/kubernetes.io~{kind}/{volume.name}"


def refresh(objects: PodObjects, disk: FileSystem, pod: Pod, place: Place) -> None:
    """Write the files of a Pod's volumes again where their objects have changed."""
    for volume in pod.spec.volumes or ():
        if follows(volume):
            prepare(objects, disk, pod, volume, place)


def follows(volume: Volume) -> bool:
    """Whether a volume's files come from objects that can change."""
    return not has_token(volume) and any(
        (volume.config_map, volume.secret, volume.projected, volume.downward_api)
    )


def files_of(
    objects: PodObjects, pod: Pod, volume: Volume, place: Place
) -> dict[str, tuple[bytes, int]] | None:
    """The files of a volume that is made of objects: content and mode; None for another kind.

    An object that is missing leaves the files as they are.
    """
    if volume.projected is not None:
        return _projected(objects, pod, volume.projected, place)
    if volume.downward_api is not None:
        mode = volume.downward_api.get("defaultMode")
        return _downward(pod, volume.downward_api.get("items"), mode, place)
    if volume.config_map is not None:
        source = volume.config_map
        return _keys(objects, pod, "ConfigMap", source.name, source.items, source.default_mode)
    if volume.secret is not None:
        secret = volume.secret
        return _keys(objects, pod, "Secret", secret.secret_name, secret.items, secret.default_mode)
    return None


def _projected(
    objects: PodObjects, pod: Pod, source: Document, place: Place
) -> dict[str, tuple[bytes, int]]:
    mode = source.get("defaultMode")
    files: dict[str, tuple[bytes, int]] = {}
    for each in source.get("sources") or ():
        for kind, field_name in (("ConfigMap", "configMap"), ("Secret", "secret")):
            if (part := each.get(field_name)) is not None:
                name, items = part.get("name", ""), part.get("items")
                files |= _keys(objects, pod, kind, name, items, mode) or {}
        if (part := each.get("downwardAPI")) is not None:
            files |= _downward(pod, part.get("items"), mode, place)
        if (part := each.get("serviceAccountToken")) is not None:
            files[part.get("path", "token")] = b"simulated token", 0o644
    return files


def _keys(
    objects: PodObjects,
    pod: Pod,
    kind: str,
    name: str,
    items: list[Document] | None,
    mode: int | None,
) -> dict[str, tuple[bytes, int]] | None:
    """The keys of a ConfigMap or Secret as files; `items` chooses them, and names the files."""
    data = objects.files(kind, name, pod.namespace)
    if data is None:
        return None
    chosen: list[Document] = [{"key": key, "path": key} for key in data] if items is None else items
    return {
        item["path"]: (data[item["key"]], item.get("mode") or mode or 0o644)
        for item in chosen
        if item["key"] in data
    }


def _downward(
    pod: Pod, items: list[Document] | None, mode: int | None, place: Place
) -> dict[str, tuple[bytes, int]]:
    files = {}
    for item in items or ():
        if (named := item.get("fieldRef")) is not None:
            text = field(pod, place, named.get("fieldPath", ""))
        else:
            text = resource_field(pod, pod.spec.containers[0], place, item["resourceFieldRef"])
        files[item["path"]] = text.encode(), item.get("mode") or mode or 0o644
    return files


def host_path_problem(disk: FileSystem, volume: Volume) -> str:
    """Why a `hostPath` of this type cannot be mounted; empty when it can."""
    source = volume.host_path or {}
    kind, path = source.get("type") or "", str(source.get("path", "/"))
    there = _type_of(disk, path)
    if not kind or (kind.endswith("OrCreate") and there is None):
        return ""
    expected = KINDS.get(kind, kind)
    if there == expected:
        return ""
    if there is None:
        why = f'unable to determine its type: path "{path}" does not exist'
        return f"hostPath type check failed, {path} is not a {expected}, {why}"
    found = next(kind for kind, words in KINDS.items() if words == there)
    return f"hostPath type check failed: {path} is not a {expected}, it's a {found}"


def _type_of(disk: FileSystem, path: str) -> str | None:
    """What a path of the node is; None where there is nothing."""
    path = path.rstrip("/") or "/"
    for known, kind in (
        (FOLDERS, "directory"),
        (FILES, "file"),
        (CHARACTER_DEVICES, "character device"),
        (SOCKETS, "socket file"),
    ):
        if path in known.split():
            return kind
    if disk.has(path):
        return "file"
    return "directory" if disk.tree(path) else None
