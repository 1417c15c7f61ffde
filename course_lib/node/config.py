"""What a container needs from other objects: Secrets, ConfigMaps, claims.

Source: `pkg/kubelet/kubelet_pods.go` (`makeEnvironmentVariables`), `pkg/volume`.

`objects` has what the `pod` and its `container` name, `disk` is the node's.
"""

from __future__ import annotations

from course_lib.node.object_watches import PodObjects
from course_lib.node.volumes import has_token, host_path_problem
from course_lib.objects.kinds.persistent_volume_claim import (
    PROTECTION,
    PersistentVolumeClaim,
    not_owned,
)
from course_lib.objects.kinds.pod import Container, KeySelector, Pod, SourceName
from course_lib.objects.manifests import Document
from course_lib.runtimes.files import FileSystem

NOT_FETCHED = "failed to fetch PVC from API server"
UNATTACHED = "Unable to attach or mount volumes"


def missing_config(objects: PodObjects, pod: Pod, container: Container) -> str:
    """Why a container cannot be configured, in the kubelet's words; empty when it can."""
    for source in container.env_from or ():
        for kind, named in (("ConfigMap", source.config_map_ref), ("Secret", source.secret_ref)):
            problem = _object(objects, pod, kind, named)
            if problem:
                return problem
    for variable in container.env or ():
        wanted = variable.value_from
        if wanted is None:
            continue
        keys = ("ConfigMap", wanted.config_map_key_ref), ("Secret", wanted.secret_key_ref)
        for kind, key in keys:
            problem = _key(objects, pod, kind, key)
            if problem:
                return problem
    return ""


def missing_volume(objects: PodObjects, pod: Pod, disk: FileSystem) -> tuple[str, str]:
    """The volume that cannot be mounted, and why; empty when all can."""
    mounted = _mounted(pod)
    if claims := _unbound_claims(objects, pod, mounted):
        return claims[0][0], _unattached(claims)
    for volume in pod.spec.volumes or ():
        if volume.name not in mounted:
            continue
        problem = host_path_problem(disk, volume)
        if volume.projected is not None and not has_token(volume):
            problem = _missing_source(objects, pod, volume.projected)
        if secret := volume.secret:
            source = SourceName(name=secret.secret_name, optional=secret.optional)
            problem = _missing_item(objects, pod, "Secret", source, secret.items)
        elif config_map := volume.config_map:
            source = SourceName(name=config_map.name, optional=config_map.optional)
            problem = _missing_item(objects, pod, "ConfigMap", source, config_map.items)
        if problem:
            return volume.name, f'MountVolume.SetUp failed for volume "{volume.name}" : {problem}'
    return "", ""


def _mounted(pod: Pod) -> set[str]:
    """The volumes that a container uses: no other is looked at (`GetPodVolumeNames`)."""
    spec = pod.spec
    groups = spec.init_containers or (), spec.containers, spec.ephemeral_containers or ()
    containers = [container for group in groups for container in group]
    return {mount.name for each in containers for mount in each.volume_mounts or ()}


def _unbound_claims(objects: PodObjects, pod: Pod, mounted: set[str]) -> list[tuple[str, str]]:
    """Volumes whose claims have no volume yet, each with the reason.

    Source: `createVolumeSpec` and `getPVCExtractPV` in `pkg/kubelet/volumemanager/populator`.
    """
    found = []
    for volume in pod.spec.volumes or ():
        name = volume.claim_name(pod.name)
        if not name or volume.name not in mounted:
            continue
        claim, problem = objects.find(PersistentVolumeClaim, name, pod.namespace), ""
        if claim is None:
            problem = f'{NOT_FETCHED}: persistentvolumeclaims "{name}" not found'
        elif claim.terminating and PROTECTION[claim.kind] not in (claim.metadata.finalizers or ()):
            problem = "PVC is being deleted"
        elif claim.status.phase != "Bound":
            problem = "PVC is not bound"
        if problem:
            problem = f"error processing PVC {pod.namespace}/{name}: {problem}"
        elif claim is not None and volume.ephemeral is not None:
            problem = not_owned(claim, pod)
        found += [(volume.name, problem)] if problem else []
    return found


def _unattached(claims: list[tuple[str, str]]) -> str:
    """What the kubelet tells of volumes that it cannot process (`WaitForAttachAndMount`)."""
    names = " ".join(sorted(name for name, _ in claims))
    why = "; ".join(problem for _, problem in claims)
    lists = f"unmounted volumes=[{names}], unattached volumes=[]"
    return f"{UNATTACHED}: {lists}, failed to process volumes=[{names}]: {why}"


def _missing_source(objects: PodObjects, pod: Pod, projected: Document) -> str:
    """Which sources a projected volume lacks; empty when all are there."""
    problems = []
    for each in projected.get("sources") or ():
        for kind, field in (("ConfigMap", "configMap"), ("Secret", "secret")):
            if (part := each.get(field)) is not None:
                name, optional = part.get("name", ""), bool(part.get("optional"))
                source = SourceName(name=name, optional=optional)
                problems += [_missing_item(objects, pod, kind, source, part.get("items"))]
    told = list(dict.fromkeys(filter(None, problems)))
    return f"[{', '.join(told)}]" if len(told) > 1 else "".join(told)


def _object(objects: PodObjects, pod: Pod, kind: str, source: SourceName | None) -> str:
    if source is None or source.optional:
        return ""
    if objects.data(kind, source.name, pod.namespace) is not None:
        return ""
    return f'{kind.lower()} "{source.name}" not found'


def _missing_item(
    objects: PodObjects, pod: Pod, kind: str, source: SourceName, items: list[Document] | None
) -> str:
    """Why a volume cannot be filled: its object is missing, or has not a key that is asked for."""
    problem = _object(objects, pod, kind, source)
    if problem or source.optional:
        return problem
    data = objects.files(kind, source.name, pod.namespace) or {}
    absent = [item["key"] for item in items or () if item["key"] not in data]
    if not absent:
        return ""
    word = "config" if kind == "ConfigMap" else "secret"
    start = "configmap references" if kind == "ConfigMap" else "references"
    return f"{start} non-existent {word} key: {absent[0]}"


def _key(objects: PodObjects, pod: Pod, kind: str, wanted: KeySelector | None) -> str:
    if wanted is None or wanted.optional:
        return ""
    data = objects.data(kind, wanted.name, pod.namespace)
    if data is None:
        return f'{kind.lower()} "{wanted.name}" not found'
    if wanted.key not in data:
        return f"couldn't find key {wanted.key} in {kind} {pod.namespace}/{wanted.name}"
    return ""
