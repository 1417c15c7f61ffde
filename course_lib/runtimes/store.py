"""The images that a node holds: by name, by digest, by ID; and the bytes of their layers."""

from __future__ import annotations

from functools import cached_property

import msgspec

from course_lib.images import PlatformImage, Reference
from course_lib.images.contents import Contents, contents_of
from course_lib.images.layer import Files
from course_lib.images.oci import Execution
from course_lib.runtimes import signals


class NodeImage(msgspec.Struct, frozen=True, dict=True):
    """An image on a node: its content, and the names by which it was pulled."""

    variant: PlatformImage
    tags: tuple[str, ...]  # docker.io/library/nginx:1.27
    digests: tuple[str, ...]  # docker.io/library/nginx@sha256:...
    pulled_at: float
    pinned: bool = False  # never collected: the sandbox's own image

    @property
    def id(self) -> str:
        """The digest of its configuration."""
        return self.variant.id

    @property
    def size(self) -> int:
        """Bytes, as transferred."""
        return self.variant.size

    @cached_property
    def run(self) -> Execution:
        """How its containers are started, unless a Pod says otherwise."""
        return self.variant.settings.config

    @cached_property
    def complete(self) -> bool:
        """Whether its files are known, not only their weight."""
        return all(layer.data is not None for layer in self.variant.layers)

    @cached_property
    def contents(self) -> Contents | None:
        """What is known of an image whose layers are known by weight only."""
        named = (contents_of(Reference.parse(name)) for name in (*self.tags, *self.digests))
        return next((found for found in named if found is not None), None)

    @cached_property
    def known(self) -> bool:
        """Whether one can say which programs it has."""
        return self.complete or self.contents is not None

    @cached_property
    def stop_signal(self) -> int:
        """The signal that asks its program to end (STOPSIGNAL; SIGTERM unless it says so)."""
        return signals.number(self.run.stop_signal) or signals.SIGTERM

    @property
    def tree(self) -> Files:
        """What a container of it sees at its start: one tree for all of them, on every node."""
        if not self.complete and (contents := self.contents) is not None:
            return contents.files
        return self.variant.tree


class ImageStore:
    """All images of a node."""

    def __init__(self) -> None:
        self.images: dict[str, NodeImage] = {}  # by ID, in the order in which they came

    def add(
        self,
        reference: Reference,
        digest: str,
        variant: PlatformImage,
        now: float,
        pinned: bool = False,
    ) -> NodeImage:
        """Keep an image under the name by which it was pulled; a tag moves to it.

        `reference` is that name, `digest` the manifest's, `variant` the image for this platform,
        `now` the time (simulated s); a `pinned` image is never collected.
        """
        tag = "" if reference.digest else str(reference)
        if tag:
            self._drop_tag(tag, keep=variant.id)
        known = self.images.get(variant.id)
        tags = tuple(dict.fromkeys((*(known.tags if known else ()), *([tag] if tag else ()))))
        whole = f"{reference.name}@{digest}"
        digests = tuple(dict.fromkeys((*(known.digests if known else ()), whole)))
        names = tags, digests, pinned
        if (
            known
            and known.variant is variant
            and names == (known.tags, known.digests, known.pinned)
        ):
            return known  # containers have it in common, whichever Pod pulled it
        pulled_at = known.pulled_at if known else now
        image = self.images[variant.id] = NodeImage(variant, tags, digests, pulled_at, pinned)
        return image

    def _drop_tag(self, tag: str, keep: str) -> None:
        for image in self.images.values():
            if tag in image.tags and image.id != keep:
                left = tuple(t for t in image.tags if t != tag)
                self.images[image.id] = msgspec.structs.replace(image, tags=left)
                return

    def find(self, name: str) -> NodeImage | None:
        """An image by ID (with or without `sha256:`), by tag or by digest."""
        if name in self.images or f"sha256:{name}" in self.images:
            return self.images.get(name) or self.images[f"sha256:{name}"]
        reference = Reference.parse(name)
        full = str(reference)
        digested = f"{reference.name}@{reference.digest}" if reference.digest else ""
        for image in self.images.values():
            if full in image.tags or (digested and digested in image.digests):
                return image
        return None

    def remove(self, image: NodeImage) -> None:
        """Give an image up, with all its names."""
        self.images.pop(image.id, None)

    def missing(self, variant: PlatformImage) -> int:
        """Bytes of a variant (configuration, layers) that the node does not have yet."""
        held = {b.descriptor.digest for i in self.images.values() for b in i.variant.blobs}
        wanted = {b.descriptor.digest: b.descriptor.size for b in (variant.config, *variant.layers)}
        return sum(size for digest, size in wanted.items() if digest not in held)
