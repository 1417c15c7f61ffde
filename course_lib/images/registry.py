"""The registries that a cluster pulls from, as one: repositories with tags, and blobs by digest.

A repository that somebody pushed to has the tags that were pushed and no others; of any other
repository every tag is taken to exist, with a weight drawn from its name. Hosts below `.invalid`
never resolve (RFC 2606).
Source: the OCI distribution specification 1.1 (push, pull, cross-repository mounts).
"""

from __future__ import annotations

import msgspec

from course_lib.errors import CourseError
from course_lib.images.image import Image
from course_lib.images.oci import AMD64, Platform
from course_lib.images.wellknown import MB, by_weight, image_of
from course_lib.objects.image_names import Reference


class RegistryError(CourseError):
    """A pull that failed, in the words of containerd."""


class Pushed(msgspec.Struct, frozen=True):
    """What a push cost, in bytes: sent; taken over from another repository; there already."""

    digest: str
    uploaded: int
    mounted: int
    present: int


class Registry:
    """Images by name.

    >>> registry = Registry()
    >>> registry.push("course/shop:v1", size=30_000_000).uploaded >= 30_000_000
    True
    >>> registry.resolve("course/shop:v1")[1]
    30000000
    """

    def __init__(self) -> None:
        self._tags: dict[str, dict[str, Image]] = {}  # by repository, then by tag
        self._digests: dict[str, dict[str, Image]] = {}  # by repository: what was ever pushed
        self._blobs: dict[str, set[str]] = {}  # by repository: digests of its blobs

    def push(self, image: str, size: int = 50 * MB, content: Image | None = None) -> Pushed:
        """Publish an `image` by its tag: `content` that was built, or `size` bytes.

        From now on the repository has only the tags that were pushed. A blob that another
        repository of the same registry has is mounted, not sent.

        >>> registry = Registry()
        >>> _ = registry.push("course/web:v1", size=20 * MB)
        >>> registry.fetch("course/web:v1").variants[0].settings.os
        'linux'
        """
        reference = Reference.parse(image)
        content = content or by_weight(reference, size)
        here = self._blobs.setdefault(reference.name, set())
        host = f"{reference.registry}/"
        elsewhere = set().union(*(b for name, b in self._blobs.items() if name.startswith(host)))
        sums = {"uploaded": 0, "mounted": 0, "present": 0}
        for blob in content.blobs:
            known = blob.descriptor.digest
            kind = "present" if known in here else "mounted" if known in elsewhere else "uploaded"
            sums[kind] += blob.descriptor.size
            here.add(known)
        tag = reference.tag or "latest"
        self._tags.setdefault(reference.name, {})[tag] = content
        self._digests.setdefault(reference.name, {})[content.digest] = content
        return Pushed(content.digest, **sums)

    def withdraw(self, image: str) -> None:
        """Remove a tag: nodes that hold the image keep it, new pulls by the tag fail."""
        reference = Reference.parse(image)
        self._tags.setdefault(reference.name, {}).pop(reference.tag, None)

    def tags(self, repository: str) -> list[str]:
        """The tags that were pushed to a repository, in order."""
        return sorted(self._tags.get(Reference.parse(repository).name, {}))

    def fetch(self, image: str) -> Image:
        """The image of a name, by tag or by digest; raises `RegistryError`."""
        reference = Reference.parse(image)
        failed = f'failed to pull and unpack image "{reference}": failed to resolve reference'
        if reference.registry.split(":")[0].endswith(".invalid"):
            why = f"dial tcp: lookup {reference.registry}: no such host"
            raise RegistryError(f'{failed} "{reference}": failed to do request: {why}')
        if reference.name not in self._tags:
            return image_of(reference)
        if reference.digest:
            found = self._digests.get(reference.name, {}).get(reference.digest)
        else:
            found = self._tags[reference.name].get(reference.tag)
        if found is None:
            raise RegistryError(f'{failed} "{reference}": {reference}: not found')
        return found

    def resolve(self, image: str, platform: Platform = AMD64) -> tuple[str, int]:
        """The digest of an image, and its size for a platform (bytes); raises `RegistryError`.

        Of an image that is known by weight only, the digest that was asked for is taken at its
        word.
        """
        found, asked = self.fetch(image), Reference.parse(image).digest
        return asked or found.digest, found.variant(platform).size
