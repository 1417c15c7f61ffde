"""An image in the hand: its blobs, as a builder makes it and a registry keeps it."""

from __future__ import annotations

from functools import cached_property

import msgspec

from course_lib.errors import CourseError
from course_lib.images.layer import Files, Layer, union
from course_lib.images.oci import (
    AMD64,
    CONFIG,
    INDEX,
    MANIFEST,
    Blob,
    Config,
    Index,
    Manifest,
    Platform,
    encode,
)


class PlatformImage(msgspec.Struct, frozen=True, dict=True):
    """An image for one platform: manifest, configuration, layers (lowest first)."""

    manifest: Blob
    config: Blob
    layers: tuple[Blob, ...]

    @classmethod
    def of(cls, config: Config, layers: tuple[Blob, ...]) -> PlatformImage:
        """Tie a configuration and layers together."""
        held = Blob.of(CONFIG, encode(config))
        tied = Manifest(2, MANIFEST, held.descriptor, [layer.descriptor for layer in layers])
        platform = Platform(config.architecture, config.os, config.variant)
        return cls(Blob.of(MANIFEST, encode(tied), platform), held, layers)

    @property
    def id(self) -> str:
        """The image's ID: the digest of its configuration."""
        return self.config.descriptor.digest

    @cached_property
    def settings(self) -> Config:
        """Its configuration, decoded."""
        return msgspec.json.decode(self.config.data or b"", type=Config)

    @property
    def platform(self) -> Platform:
        """What it runs on."""
        assert self.manifest.descriptor.platform is not None
        return self.manifest.descriptor.platform

    @cached_property
    def size(self) -> int:
        """Bytes to transfer: configuration and layers."""
        return sum(blob.descriptor.size for blob in (self.config, *self.layers))

    @property
    def blobs(self) -> tuple[Blob, ...]:
        """All its parts, what is pointed at first."""
        return (*self.layers, self.config, self.manifest)

    @cached_property
    def tree(self) -> Files:
        """What a container of it sees at its start: one tree for all of them."""
        return union(Layer.read(layer).files for layer in self.layers)

    def files(self) -> Files:
        """What a container of it sees at its start, in a dict that the caller may change."""
        return dict(self.tree)


class Image(msgspec.Struct, frozen=True):
    """An image for one platform or more; several are tied together by an index.

    >>> from course_lib.images import File, build
    >>> image = build("FROM scratch\\nCOPY hello /hello", {"hello": File(b"hi")}).image
    >>> image.variants[0].files()["hello"].data
    b'hi'
    """

    variants: tuple[PlatformImage, ...]
    index: Blob | None = None

    @classmethod
    def of(cls, variants: tuple[PlatformImage, ...]) -> Image:
        """One variant stands for itself; several get an index."""
        if len(variants) == 1:
            return cls(variants)
        tied = Index(2, INDEX, [variant.manifest.descriptor for variant in variants])
        return cls(variants, Blob.of(INDEX, encode(tied)))

    @property
    def top(self) -> Blob:
        """What a tag points at: the index, or the only manifest."""
        return self.index or self.variants[0].manifest

    @property
    def digest(self) -> str:
        """The digest by which the whole image is known."""
        return self.top.descriptor.digest

    @property
    def blobs(self) -> tuple[Blob, ...]:
        """All parts, each once, what is pointed at first."""
        parts = [blob for variant in self.variants for blob in variant.blobs]
        parts += [self.index] if self.index else []
        return tuple({blob.descriptor.digest: blob for blob in parts}.values())

    def variant(self, platform: Platform = AMD64) -> PlatformImage:
        """The one for a platform; raises `CourseError` when there is none."""
        for variant in self.variants:
            if variant.platform == platform:
                return variant
        raise CourseError(
            "no match for platform in manifest: not found",
            expected=" or ".join(str(variant.platform) for variant in self.variants),
            found=str(platform),
            do="build the image for this platform too",
        )
