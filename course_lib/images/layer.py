"""Layers: what a step of a build changed, as a tar file; and the view that a container has of all.

A layer adds and replaces files; what it deletes it names by a *whiteout*: an empty file
`.wh.NAME`. An *opaque* folder (`.wh..wh..opq` in it) hides all that lower layers have there.
Source: the OCI image specification, `layer.md`.
"""

from __future__ import annotations

import io
import tarfile
import zlib
from collections.abc import Iterable, Mapping

import msgspec

from course_lib.errors import CourseError
from course_lib.images.oci import LAYER, Blob, digest

WHITEOUT, OPAQUE = ".wh.", ".wh..wh..opq"
END = 1_024  # bytes: two blocks of zeros end a tar file (POSIX.1-2017, pax, ustar format)
STORED_BLOCK = 65_535  # bytes, the most that an uncompressed block of DEFLATE holds
_KINDS = {"file": tarfile.REGTYPE, "folder": tarfile.DIRTYPE, "link": tarfile.SYMTYPE}
_NAMES = {kind: name for name, kind in _KINDS.items()} | {tarfile.AREGTYPE: "file"}


class File(msgspec.Struct, frozen=True):
    """A file, a folder or a symbolic link, with its content or target."""

    data: bytes = b""
    kind: str = "file"  # or folder, link
    mode: int = 0o644
    target: str = ""  # of a link
    uid: int = 0
    gid: int = 0


FOLDER = File(kind="folder", mode=0o755)
Files = dict[str, File]  # by path, without a leading slash


def pack(files: Mapping[str, File]) -> bytes:
    """A tar file of these files; the same files always give the same bytes."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path in sorted(files):
            file, entry = files[path], tarfile.TarInfo(path)
            entry.type, entry.mode, entry.linkname = _KINDS[file.kind], file.mode, file.target
            entry.uid, entry.gid = file.uid, file.gid
            entry.size = len(file.data) if file.kind == "file" else 0
            tar.addfile(entry, io.BytesIO(file.data))  # times stay 0: they would change the digest
        size = tar.offset
    # Python fills up to 10,240 bytes, as tapes want it; the builders of images (Go) do not.
    return out.getvalue()[: size + END]


def gzipped(data: bytes) -> bytes:
    """A gzip file with stored blocks (RFC 1951, 3.2.4; RFC 1952).

    Compressors differ from machine to machine, and so would the digests of their output. Here the
    bytes are wrapped, not squeezed: every machine gets the same digest, and a layer weighs what
    its tar file weighs.
    """
    blocks = [data[i : i + STORED_BLOCK] for i in range(0, len(data), STORED_BLOCK)] or [b""]
    out = [b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"]
    for number, block in enumerate(blocks):
        size = len(block).to_bytes(2, "little")
        last = bytes([number == len(blocks) - 1])
        out += [last, size, bytes(0xFF - byte for byte in size), block]
    out += [zlib.crc32(data).to_bytes(4, "little"), (len(data) % 2**32).to_bytes(4, "little")]
    return b"".join(out)


class Layer(msgspec.Struct, frozen=True):
    """One layer: its blob, and the digest of its tar file (`diff_id`)."""

    blob: Blob
    diff_id: str
    files: Files

    @classmethod
    def of(cls, files: Mapping[str, File]) -> Layer:
        """Pack files into a layer."""
        tar = pack(files)
        return cls(Blob.of(LAYER, gzipped(tar)), digest(tar), dict(files))

    @classmethod
    def read(cls, blob: Blob) -> Layer:
        """Unpack a layer (no files if known by weight only); raises `CourseError` for no layer."""
        if blob.data is None:
            return cls(blob, blob.descriptor.digest, {})
        try:
            tar = zlib.decompress(blob.data, wbits=31)
            return cls(blob, digest(tar), unpack(tar))
        except (zlib.error, tarfile.TarError) as problem:
            raise CourseError(
                "not a layer",
                where=blob.descriptor.digest,
                expected="a tar file inside gzip",
                found=str(problem),
            ) from problem


def unpack(tar: bytes) -> Files:
    """The files of a tar file; what leads out of it, or is none of our kinds, is refused."""
    files: Files = {}
    with tarfile.open(fileobj=io.BytesIO(tar)) as reader:
        for entry in reader:
            path = entry.name.removeprefix("./").strip("/")
            if ".." in path.split("/") or entry.type not in _NAMES:
                raise tarfile.TarError(f"{entry.name!r} leads out of the layer, or is no file")
            opened = reader.extractfile(entry) if entry.isreg() else None
            data, kind = opened.read() if opened else b"", _NAMES[entry.type]
            files[path] = File(data, kind, entry.mode, entry.linkname, entry.uid, entry.gid)
    files.pop("", None)
    return files


def union(layers: Iterable[Mapping[str, File]]) -> Files:
    """What a container sees of its layers, lowest first.

    >>> low = {"etc": FOLDER, "etc/motd": File(b"hello"), "etc/hosts": File(b"")}
    >>> sorted(union([low, {"etc/.wh.motd": File()}]))
    ['etc', 'etc/hosts']
    """
    seen: Files = {}
    for layer in layers:
        for path in sorted(layer):
            folder, _, name = path.rpartition("/")
            if name == OPAQUE:
                _hide_below(seen, folder)
            elif name.startswith(WHITEOUT):
                hidden = f"{folder}/{name[len(WHITEOUT) :]}".lstrip("/")
                seen.pop(hidden, None)
                _hide_below(seen, hidden)
        for path, file in layer.items():
            if not path.rpartition("/")[2].startswith(WHITEOUT):
                if file.kind != "folder":
                    _hide_below(seen, path)
                seen[path] = file
    return seen


def _hide_below(seen: Files, folder: str) -> None:
    prefix = f"{folder}/" if folder else ""
    for path in [path for path in seen if path.startswith(prefix)]:
        del seen[path]


def changes(before: Mapping[str, File], after: Mapping[str, File]) -> Files:
    """The layer that turns one view into another: what is new or other, and whiteouts.

    >>> sorted(changes({"a": File(), "b": File()}, {"b": File(b"new")}))
    ['.wh.a', 'b']
    """
    layer = {path: file for path, file in after.items() if before.get(path) != file}
    for path in before:
        folder, _, name = path.rpartition("/")
        # The whiteout of a folder hides all below it.
        if path not in after and (not folder or folder in after or folder not in before):
            layer[f"{folder}/{WHITEOUT}{name}".lstrip("/")] = File()
    return layer
