"""The registries that a cluster pulls from, as one: which images there are, and how large.

A first, small version: sizes and pull times are simulated. A repository that somebody pushed to
has the tags that were pushed and no others; of any other repository every tag is taken to exist,
with a size drawn from its name. Hosts below `.invalid` never resolve (RFC 2606).
"""

from __future__ import annotations

import hashlib

from course_lib.errors import CourseError
from course_lib.images.reference import Reference

MB = 1_000_000
# Compressed sizes of well-known images, rounded (Docker Hub, 2025), so that pulls feel right.
KNOWN_SIZES = {
    "docker.io/library/busybox": 2 * MB,
    "docker.io/library/alpine": 4 * MB,
    "docker.io/library/nginx": 70 * MB,
    "docker.io/library/redis": 45 * MB,
    "docker.io/library/mysql": 230 * MB,
    "docker.io/library/postgres": 155 * MB,
    "docker.io/library/python": 380 * MB,
    "docker.io/library/wordpress": 250 * MB,
    "registry.k8s.io/pause": 1 * MB,
}


class RegistryError(CourseError):
    """A pull that failed, in the words of containerd."""


class Registry:
    """Images by name, with their compressed size in bytes.

    >>> registry = Registry()
    >>> registry.push("course/shop:v1", size=30_000_000)
    >>> registry.resolve("course/shop:v1")[1]
    30000000
    """

    def __init__(self) -> None:
        self._pushed: dict[str, dict[str, int]] = {}

    def push(self, image: str, size: int = 50 * MB) -> None:
        """Publish a tag; from now on the repository has only the tags that were pushed."""
        reference = Reference.parse(image)
        self._pushed.setdefault(reference.name, {})[reference.tag] = size

    def withdraw(self, image: str) -> None:
        """Remove a tag: nodes that hold the image keep it, new pulls fail."""
        reference = Reference.parse(image)
        self._pushed.setdefault(reference.name, {}).pop(reference.tag, None)

    def resolve(self, image: str) -> tuple[str, int]:
        """The digest and the size (bytes) of an image; raises `RegistryError`."""
        reference = Reference.parse(image)
        failed = f'failed to pull and unpack image "{reference}": failed to resolve reference'
        if reference.registry.split(":")[0].endswith(".invalid"):
            host = reference.registry
            raise RegistryError(
                f'{failed} "{reference}": failed to do request: '
                f"dial tcp: lookup {host}: no such host"
            )
        tags = self._pushed.get(reference.name)
        if tags is not None and not reference.digest and reference.tag not in tags:
            raise RegistryError(f'{failed} "{reference}": {reference}: not found')
        if tags is not None and reference.tag in tags:
            size = tags[reference.tag]
        else:
            drawn = int(_sha256(reference.name)[:6], 16) % (80 * MB)
            size = KNOWN_SIZES.get(reference.name, 20 * MB + drawn)
        # The content stands for itself: another content under the same tag has another digest.
        return reference.digest or f"sha256:{_sha256(f'{reference}/{size}')}", size


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
