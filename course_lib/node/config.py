"""What a container needs from other objects: Secrets, ConfigMaps, claims.

Source: `pkg/kubelet/kubelet_pods.go` (`makeEnvironmentVariables`), `pkg/volume`.
"""

from __future__ import annotations

import base64
import re
from typing import Any

from course_lib.apiserver import APIServer
from course_lib.objects.pod import Container, KeySelector, Pod, SourceName


def missing_config(api: APIServer, pod: Pod, container: Container) -> str:
    """Why a container cannot be configured, in the kubelet's words; empty when it can."""
    for source in container.env_from or ():
        for kind, named in (("ConfigMap", source.config_map_ref), ("Secret", source.secret_ref)):
            problem = _object(api, pod, kind, named)
            if problem:
                return problem
    for variable in container.env or ():
        wanted = variable.value_from
        if wanted is None:
            continue
        for kind, key in (
            ("ConfigMap", wanted.config_map_key_ref),
            ("Secret", wanted.secret_key_ref),
        ):
            problem = _key(api, pod, kind, key)
            if problem:
                return problem
    return ""


def missing_volume(api: APIServer, pod: Pod) -> tuple[str, str]:
    """The volume that cannot be mounted, and why; empty when all can."""
    for volume in pod.spec.volumes or ():
        problem = ""
        if volume.secret:
            source = SourceName(name=volume.secret.secret_name, optional=volume.secret.optional)
            problem = _object(api, pod, "Secret", source)
        elif volume.config_map:
            source = SourceName(name=volume.config_map.name, optional=volume.config_map.optional)
            problem = _object(api, pod, "ConfigMap", source)
        elif volume.persistent_volume_claim:
            name = volume.persistent_volume_claim.claim_name
            claim = api.find("PersistentVolumeClaim", name, pod.namespace)
            if claim is None:
                problem = f'persistentvolumeclaim "{name}" not found'
            elif claim.status.phase != "Bound":
                problem = f'PVC "{name}" is not bound'
        if problem:
            return volume.name, f'MountVolume.SetUp failed for volume "{volume.name}" : {problem}'
    return "", ""


def _object(api: APIServer, pod: Pod, kind: str, source: SourceName | None) -> str:
    if source is None or source.optional or api.find(kind, source.name, pod.namespace):
        return ""
    return f'{kind.lower()} "{source.name}" not found'


def _key(api: APIServer, pod: Pod, kind: str, wanted: KeySelector | None) -> str:
    if wanted is None or wanted.optional:
        return ""
    found = api.find(kind, wanted.name, pod.namespace)
    if found is None:
        return f'{kind.lower()} "{wanted.name}" not found'
    if wanted.key not in (found.data or {}):
        return f"couldn't find key {wanted.key} in {kind} {pod.namespace}/{wanted.name}"
    return ""


def environment(
    api: APIServer, pod: Pod, container: Container, address: str, node: str
) -> list[tuple[str, str]]:
    """A container's environment: values, and what they refer to; `$(NAME)` is replaced.

    What cannot be resolved was found by `missing_config`, or is optional and left out.
    """
    found: dict[str, str] = {}
    for source in container.env_from or ():
        for kind, named in (("ConfigMap", source.config_map_ref), ("Secret", source.secret_ref)):
            held = api.find(kind, named.name, pod.namespace) if named else None
            for key in (held.data or {}) if held else ():
                found[f"{source.prefix}{key}"] = _value(held, key)
    fields = {
        "metadata.name": pod.name,
        "metadata.namespace": pod.namespace,
        "metadata.uid": pod.uid,
        "spec.nodeName": node,
        "status.podIP": address,
    }
    for variable in container.env or ():
        wanted = variable.value_from
        if wanted is None:
            found[variable.name] = re.sub(
                r"\$\((\w+)\)", lambda m: found.get(m[1], m[0]), variable.value
            )
        elif wanted.field_ref is not None:
            found[variable.name] = fields.get(wanted.field_ref.field_path, "")
        else:
            for kind, key in (
                ("ConfigMap", wanted.config_map_key_ref),
                ("Secret", wanted.secret_key_ref),
            ):
                held = api.find(kind, key.name, pod.namespace) if key else None
                if key and held and key.key in (held.data or {}):
                    found[variable.name] = _value(held, key.key)
    return list(found.items())


def _value(held: Any, key: str) -> str:
    text = str(held.data[key])
    if held.kind == "Secret":
        return base64.b64decode(text).decode(errors="replace")
    return text
