"""Images on disk: the OCI image layout, a folder of blobs by digest; and the same as a tar file.

`ctr images import`, `podman load` and `docker load` read the tar file.
Source: the OCI image specification, `image-layout.md`; containerd's annotation for names.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from course_lib.errors import CourseError
from course_lib.images.image import Image, PlatformImage
from course_lib.images.layer import FOLDER, File, Files, pack, unpack
from course_lib.images.oci import INDEX, Blob, Descriptor, Index, Manifest, digest, encode
from course_lib.objects.image_names import Reference

NAME = "io.containerd.image.name"
TAG = "org.opencontainers.image.ref.name"


def layout(images: Mapping[str, Image]) -> Files:
    """The files of a layout of images by name; raises `CourseError` for one known by weight."""
    files: Files = {
        "oci-layout": File(b'{"imageLayoutVersion":"1.0.0"}'),
        "blobs": FOLDER,
        "blobs/sha256": FOLDER,
    }
    tops = []
    for name, image in images.items():
        reference = Reference.parse(name)
        notes = {NAME: str(reference), TAG: reference.tag}
        tops.append(msgspec.structs.replace(image.top.descriptor, annotations=notes))
        for blob in image.blobs:
            if blob.data is None:
                raise CourseError(
                    "this image cannot be written",
                    where=name,
                    expected="layers with content",
                    found=f"{blob.descriptor.digest[:19]}, which is known by its weight only",
                    do="build it FROM scratch",
                )
            files[f"blobs/{blob.descriptor.digest.replace(':', '/')}"] = File(blob.data)
    return files | {"index.json": File(encode(Index(2, INDEX, tops)))}


def write_archive(path: str | Path, images: Mapping[str, Image]) -> None:
    """Write images into one OCI archive, a tar file of the layout."""
    Path(path).write_bytes(pack(layout(images)))


def write_layout(folder: str | Path, images: Mapping[str, Image]) -> None:
    """Write images as an OCI image layout into a folder; raises `CourseError` if it has files."""
    root = Path(folder)
    if root.exists() and any(root.iterdir()):
        raise CourseError("the folder is not empty", where=str(root), do="name a new folder")
    for name, file in sorted(layout(images).items()):
        if file.kind == "folder":
            (root / name).mkdir(parents=True, exist_ok=True)
        else:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(file.data)


def read_archive(path: str | Path) -> dict[str, Image]:
    """The images of an OCI archive by name; every digest is checked.

    Raises `CourseError` for a file that cannot be read, or holds no images.
    """
    try:
        return read(unpack(Path(path).read_bytes()))
    except (OSError, ValueError, KeyError, TypeError, EOFError, tarfile.TarError) as problem:
        raise CourseError(
            "the images cannot be read",
            where=str(path),
            expected="an OCI archive: a tar file with index.json and blobs",
            found=str(problem).partition("\n")[0],
        ) from None


def read(files: Files) -> dict[str, Image]:
    """The images of a layout by name; every digest is checked.

    Raises `CourseError` for content that is missing, or that does not have its digest.
    """
    if "index.json" not in files:
        found = ", ".join(sorted(files)[:5])
        raise CourseError("not an OCI image layout", expected="index.json", found=found)

    def blob(pointer: Descriptor) -> Blob:
        file = files.get(f"blobs/{pointer.digest.replace(':', '/')}")
        if file is None or digest(file.data) != pointer.digest:
            found, wanted = "nothing" if file is None else digest(file.data), pointer.digest
            raise CourseError("a blob is damaged", where="layout", expected=wanted, found=found)
        return Blob(pointer, file.data)

    def variant(pointer: Descriptor) -> PlatformImage:
        manifest = blob(pointer)
        parts = msgspec.json.decode(manifest.data or b"", type=Manifest)
        held = PlatformImage(manifest, blob(parts.config), tuple(map(blob, parts.layers)))
        return PlatformImage.of(held.settings, held.layers) if pointer.platform is None else held

    images = {}
    for top in json.loads(files["index.json"].data)["manifests"]:
        pointer = msgspec.convert(top, Descriptor)
        name = pointer.annotations.get(NAME) or pointer.annotations.get(TAG, pointer.digest)
        plain = msgspec.structs.replace(pointer, annotations={})
        if pointer.media_type == INDEX:
            held = blob(plain)
            parts = msgspec.json.decode(held.data or b"", type=Index).manifests
            images[name] = Image(tuple(map(variant, parts)), held)
        else:
            images[name] = Image((variant(plain),))
    return images
