"""What an image is made of: a configuration, layers, a manifest that ties them, an index of many.

Each part is named by the SHA-256 of its bytes, its *digest*; what points at it carries digest and
size, a *descriptor*. So the digest of a manifest stands for all that hangs below it.
Source: the OCI image specification 1.1 (`descriptor.md`, `config.md`, `manifest.md`,
`image-index.md`).
"""

from __future__ import annotations

import hashlib

import msgspec

CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def digest(data: bytes) -> str:
    """The content address of bytes.

    >>> digest(b"hello")
    'sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'
    """
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class Platform(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an image can run on: the processor's architecture, and the kernel."""

    architecture: str
    os: str
    variant: str = ""

    def __str__(self) -> str:
        return f"{self.os}/{self.architecture}" + (f"/{self.variant}" if self.variant else "")

    @classmethod
    def parse(cls, text: str) -> Platform:
        """Read `linux/arm64` or `linux/arm/v7`."""
        system, architecture, *variant = text.split("/")
        return cls(architecture, system, *variant)


# Where programs are looked for, unless an image says otherwise.
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
AMD64 = Platform("amd64", "linux")


class Descriptor(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """A pointer to content: what kind, which digest, how many bytes."""

    media_type: str
    digest: str
    size: int
    platform: Platform | None = None
    annotations: dict[str, str] = {}

    @classmethod
    def of(cls, media_type: str, data: bytes, platform: Platform | None = None) -> Descriptor:
        """The descriptor of `data`, of a `media_type`; a manifest in an index has a `platform`."""
        return cls(media_type, digest(data), len(data), platform)


class Execution(msgspec.Struct, frozen=True, omit_defaults=True, rename="pascal"):
    """How a container of the image is started, unless somebody says otherwise."""

    user: str = ""
    exposed_ports: dict[str, dict[str, str]] = {}
    env: list[str] = []
    entrypoint: list[str] = []
    cmd: list[str] = []
    working_dir: str = ""
    labels: dict[str, str] = {}
    stop_signal: str = ""


class RootFS(msgspec.Struct, frozen=True):
    """The layers by the digests of their *uncompressed* tar files, lowest first."""

    type: str
    diff_ids: list[str]


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of an image's history."""

    created_by: str
    empty_layer: bool = False


class Config(msgspec.Struct, frozen=True, omit_defaults=True):
    """The image's configuration; its digest is the image's ID."""

    architecture: str
    os: str
    config: Execution
    rootfs: RootFS
    history: list[Step] = []
    variant: str = ""


class Manifest(msgspec.Struct, frozen=True, rename="camel"):
    """One image for one platform: its configuration and its layers, lowest first."""

    schema_version: int
    media_type: str
    config: Descriptor
    layers: list[Descriptor]


class Index(msgspec.Struct, frozen=True, rename="camel"):
    """One name for several platforms: a manifest for each."""

    schema_version: int
    media_type: str
    manifests: list[Descriptor]


Part = Config | Manifest | Index


def encode(part: Part) -> bytes:
    """The bytes that are hashed, stored and sent; always the same for the same part."""
    return msgspec.json.encode(part)


class Blob(msgspec.Struct, frozen=True):
    """Content by its descriptor. Of weighty layers of well-known images only the weight is kept."""

    descriptor: Descriptor
    data: bytes | None

    @classmethod
    def of(cls, media_type: str, data: bytes, platform: Platform | None = None) -> Blob:
        """Bytes (`data` of a `media_type`) with their descriptor; `platform` as in its `of`."""
        return cls(Descriptor.of(media_type, data, platform), data)

    @classmethod
    def weight(cls, name: str, size: int) -> Blob:
        """A layer that is known by name and size (bytes) only: its digest stands for the name."""
        return cls(Descriptor(LAYER, digest(f"{name}/{size}".encode()), size), None)
