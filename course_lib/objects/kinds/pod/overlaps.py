"""Files of one volume that lie at one path, or one inside of the other.

Source: `warningsForOverlappingVirtualPaths` in `pkg/api/pod/warnings.go`.
"""

from __future__ import annotations

from collections.abc import Iterator

from course_lib.objects.manifests import Document

File = tuple[str, str]  # its path, and what it comes from
_CERTIFICATE = {
    "certificateChainPath": "PodCertificate chain",
    "keyPath": "PodCertificate key",
    "credentialBundlePath": "PodCertificate credential bundle",
}


def overlapping_paths(volumes: list[Document]) -> Iterator[str]:
    """The warnings about all volumes of a Pod."""
    for volume in volumes:
        name = volume.get("name", "")
        sources = (
            ("configMap", "ConfigMap", "name"),
            ("secret", "Secret", "secretName"),
            ("downwardAPI", "DownwardAPI", ""),
        )
        for field, kind, key in sources:
            if (source := volume.get(field)) is not None:
                what = f'{kind} "{source.get(key, "")}"' if key else kind
                yield from _overlaps([_items(source, "")], name, what)
        if (projected := volume.get("projected")) is not None:
            groups = []
            for source in projected.get("sources") or ():
                if not source:
                    yield f'volume "{name}" (Projected) has no sources provided'
                groups.append(_projected(source))
            yield from _overlaps(groups, name, "Projected")


def _overlaps(groups: list[list[File]], volume: str, what: str) -> Iterator[str]:
    known: list[File] = []
    for group in groups:
        for path, source in group:
            path = path.rstrip("/")
            for other in known:
                if path and other[0] and _clash(path, other[0]):
                    told = f"{_shown((path, source))} with {_shown(other)}"
                    yield f'volume "{volume}" ({what}): overlapping paths: {told}'
            known.append((path, source))


def _clash(one: str, other: str) -> bool:
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


def _shown(file: File) -> str:
    path, source = file
    return f'"{path}" ({source})' if source else f'"{path}"'


def _items(source: Document, what: str) -> list[File]:
    return [(item.get("path", ""), what) for item in source.get("items") or ()]


def _projected(source: Document) -> list[File]:
    """The files of one source of a projected volume; the first one that names files counts."""
    for field, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
        if (source.get(field) or {}).get("items"):
            return _items(source[field], f'{kind} "{source[field].get("name", "")}"')
    if (source.get("downwardAPI") or {}).get("items"):
        return _items(source["downwardAPI"], "DownwardAPI")
    if (token := source.get("serviceAccountToken")) is not None:
        return [(token.get("path", ""), "ServiceAccountToken")]
    if (bundle := source.get("clusterTrustBundle")) is not None:
        name = bundle.get("name", bundle.get("signerName", ""))
        return [(bundle.get("path", ""), f'ClusterTrustBundle "{name}"')]
    certificate = source.get("podCertificate") or {}
    return [(certificate[key], what) for key, what in _CERTIFICATE.items() if certificate.get(key)]
