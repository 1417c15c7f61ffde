"""The volumes of a Pod as `kubectl describe pod` writes them.

Source: `describeVolumes` in `pkg/describe/describe.go` of k8s.io/kubectl.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from course_lib.cluster.describe_words import NONE, UNSET, flag
from course_lib.objects.manifests import Document

Lines = list[tuple[str, str]]


def volume_lines(volumes: Sequence[Document]) -> list[str]:
    """Each volume, and what it is made of."""
    if not volumes:
        return [f"Volumes:\t{NONE}"]
    lines = ["Volumes:"]
    for volume in volumes:
        lines.append(f"  {volume['name']}:")
        source = next((name for name in SOURCES if volume.get(name) is not None), "")
        if not source:
            lines.append("  <unknown>")
            continue
        words, describe = SOURCES[source]
        described = [("Type", words), *describe(volume[source])]
        lines += [f"    {title}:\t{value}" for title, value in described]
    return lines


def _host_path(source: Document) -> Lines:
    return [("Path", source["path"]), ("HostPathType", source.get("type") or NONE)]


def _empty_dir(source: Document) -> Lines:
    size = str(source.get("sizeLimit") or UNSET)
    return [("Medium", source.get("medium", "")), ("SizeLimit", size)]


def _named(title: str, field: str) -> Callable[[Document], Lines]:
    """A Secret or ConfigMap, named in a field, and whether it may be missing."""
    return lambda source: [
        (title, source.get(field, "")),
        ("Optional", flag(source.get("optional", False))),
    ]


def _claim(source: Document) -> Lines:
    return [("ClaimName", source["claimName"]), ("ReadOnly", flag(source.get("readOnly", False)))]


def _projected(source: Document) -> Lines:
    lines: Lines = []
    for part in source.get("sources") or ():
        for field, title in (("secret", "SecretName"), ("configMap", "ConfigMapName")):
            if field in part:
                lines += _named(title, "name")(part[field])
        if "downwardAPI" in part:
            lines.append(("DownwardAPI", "true"))
        if "serviceAccountToken" in part:
            lasts = part["serviceAccountToken"].get("expirationSeconds", 3600)
            lines.append(("TokenExpirationSeconds", str(lasts)))
    return lines


SOURCES: dict[str, tuple[str, Callable[[Document], Lines]]] = {
    "hostPath": ("HostPath (bare host directory volume)", _host_path),
    "emptyDir": ("EmptyDir (a temporary directory that shares a pod's lifetime)", _empty_dir),
    "secret": ("Secret (a volume populated by a Secret)", _named("SecretName", "secretName")),
    "configMap": ("ConfigMap (a volume populated by a ConfigMap)", _named("Name", "name")),
    "persistentVolumeClaim": (
        "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
        _claim,
    ),
    "downwardAPI": (
        "DownwardAPI (a volume populated by information about the pod)",
        lambda source: [],
    ),
    "projected": (
        "Projected (a volume that contains injected data from multiple sources)",
        _projected,
    ),
}
