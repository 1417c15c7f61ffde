"""Container logs in the CRI's format: a line of time, stream, tag and text for each line said.

`2026-01-01T00:00:05.000000000Z stdout F hello`: F for a full line, P for a part of one that was
too long. The runtime writes; the kubelet, which rotates, asks it to open the file anew.
Source: Kubernetes design proposal "CRI: logging"; containerd, `internal/cri/io/logger.go`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from course_lib.engine.simulation import EPOCH
from course_lib.images.layer import FOLDER, File, Files

LONGEST = 16 * 1024  # bytes of text in one entry
MOST_FILES = 1000  # of the real machine, shown in one mount


def stamp(nanoseconds: int) -> str:
    """A time since 1970 as logs and statuses write it (RFC 3339, nanoseconds).

    >>> stamp(1_767_225_605_000_000_001)
    '2026-01-01T00:00:05.000000001Z'
    """
    seconds, rest = divmod(nanoseconds - int(EPOCH.timestamp()) * 10**9, 10**9)
    return f"{(EPOCH + timedelta(seconds=seconds)):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


class Disk:
    """The node's files, in memory: what a path holds."""

    live = True  # whether a mount shows what is there now, and takes what is written

    def __init__(self) -> None:
        self.files: dict[str, bytearray] = {}
        self.modes: dict[str, int] = {}  # permissions, where they are not 0644

    def append(self, path: str, data: bytes) -> None:
        """Write at the end of a file, which is made if need be."""
        self.files.setdefault(path, bytearray()).extend(data)

    def put(self, path: str, data: bytes, mode: int = 0o644) -> None:
        """Write a file anew."""
        self.files[path] = bytearray(data)
        self.modes[path] = mode

    def read(self, path: str) -> bytes:
        """The whole file; nothing where there is none."""
        return bytes(self.files.get(path, b""))

    def tree(self, path: str) -> Files:
        """What a mount of this path shows: a file under the name `""`, or all below a folder."""
        if path in self.files:
            return {"": self.file(path)}
        below = f"{path.rstrip('/')}/"
        return {p[len(below) :]: self.file(p) for p in self.files if p.startswith(below)}

    def file(self, path: str) -> File:
        """A file with its permissions."""
        return File(self.read(path), mode=self.modes.get(path, 0o644))

    def size(self, path: str) -> int:
        """Bytes in a file; 0 where there is none."""
        return len(self.files.get(path, b""))

    def rename(self, path: str, new: str) -> None:
        """Give a file another name."""
        if path in self.files:
            self.files[new] = self.files.pop(path)

    def remove(self, prefix: str) -> None:
        """Remove a file, or all files below a folder."""
        for path in [p for p in self.files if p == prefix or p.startswith(f"{prefix}/")]:
            del self.files[path]
            self.modes.pop(path, None)


class HostDisk(Disk):
    """The real machine's files, for clients that read logs from there."""

    live = False  # simulated programs see a copy: they change nothing of the real machine

    def append(self, path: str, data: bytes) -> None:
        """Write at the end of a file, which is made if need be."""
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with open(path, "ab") as file:
            file.write(data)

    def read(self, path: str) -> bytes:
        """The whole file; nothing where there is none."""
        return Path(path).read_bytes() if Path(path).exists() else b""

    def tree(self, path: str) -> Files:
        """What a mount of this path shows now."""
        root = Path(path)
        if root.is_file():
            return {"": File(root.read_bytes())}
        found = sorted(root.rglob("*"))[:MOST_FILES]
        return {
            p.relative_to(root).as_posix(): FOLDER if p.is_dir() else File(p.read_bytes())
            for p in found
            if p.is_dir() or p.is_file()
        }

    def rename(self, path: str, new: str) -> None:
        """Give a file another name."""
        if Path(path).exists():
            Path(path).rename(new)

    def remove(self, prefix: str) -> None:
        """Leave the machine's files to those who asked for them."""


class Log:
    """What one container says, on its way to its file."""

    def __init__(self, disk: Disk, path: str, clock: Callable[[], int]) -> None:
        self.disk, self.path, self.clock = disk, path, clock
        self._rest = {"stdout": b"", "stderr": b""}
        if path:
            disk.append(path, b"")

    def write(self, stream: str, data: bytes) -> None:
        """Take bytes; whole lines go to the file, and so do parts that grow too long."""
        *lines, self._rest[stream] = (self._rest[stream] + data).split(b"\n")
        for line in lines:
            self._entry(stream, "F", self._parts(stream, line))
        self._rest[stream] = self._parts(stream, self._rest[stream])

    def close(self) -> None:
        """The process is gone: what it left without an end of line stays a part."""
        for stream, rest in self._rest.items():
            if rest:
                self._entry(stream, "P", rest)
            self._rest[stream] = b""

    def _parts(self, stream: str, line: bytes) -> bytes:
        while len(line) > LONGEST:
            self._entry(stream, "P", line[:LONGEST])
            line = line[LONGEST:]
        return line

    def _entry(self, stream: str, tag: str, text: bytes) -> None:
        if self.path:
            head = f"{stamp(self.clock())} {stream} {tag} ".encode()
            self.disk.append(self.path, head + text + b"\n")


def said(log: bytes, stamps: bool = False, stream: str = "") -> str:
    r"""The text of a log in this format, as `kubectl logs` shows it; all of it, or one stream's.

    >>> said(b"2026-01-01T00:00:00Z stdout P hel\n2026-01-01T00:00:00Z stdout F lo\n")
    'hello\n'
    """
    shown = []
    for entry in log.splitlines():
        time, source, tag, text = entry.split(b" ", 3)
        if stream and source.decode() != stream:
            continue
        shown.append((time + b" " if stamps else b"") + text + (b"\n" if tag == b"F" else b""))
    return b"".join(shown).decode(errors="replace")
