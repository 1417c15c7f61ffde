"""The files of a node, in memory or on the real machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from pathlib import Path

from course_lib.images.layer import FOLDER, File, Files

USUAL = 0o644  # permissions of a file
MOST_FILES = 1000  # of the real machine, shown in one mount


class FileSystem:
    """The node's files, in memory: what a path holds."""

    live = True  # whether a mount shows what is there now, and takes what is written

    def __init__(self) -> None:
        self.files: dict[str, bytearray] = {}
        self.modes: dict[str, int] = {}  # permissions, where they are not 0644
        # By folder: files that many folders have in common, until one of them changes.
        self._shared: dict[str, Mapping[str, bytes]] = {}
        self._most: float = inf  # bytes in one file, beyond which `_grown` is called
        self._grown: Callable[[], object] = bool

    def has(self, path: str) -> bool:
        """Whether there is a file of this path."""
        folder, _, name = path.rpartition("/")
        return path in self.files or name in self._shared.get(folder, ())

    def share(self, folder: str, files: Mapping[str, bytes]) -> None:
        """Fill a folder with `files` by name, which others have too: they are kept once."""
        for name in files:
            self.files.pop(f"{folder}/{name}", None)
        self._shared[folder] = files

    def _own(self, path: str) -> None:
        """Keep the files beside a path for this folder alone: one of them changes."""
        folder = path.rpartition("/")[0]
        for name, data in self._shared.pop(folder, {}).items():
            self.files[f"{folder}/{name}"] = bytearray(data)

    def append(self, path: str, data: bytes) -> None:
        """Write at the end of a file, which is made if need be."""
        self._own(path)
        file = self.files.setdefault(path, bytearray())
        file.extend(data)
        if len(file) > self._most:
            self._grown()

    def on_growth(self, most: int, grown: Callable[[], object]) -> None:
        """Have `grown` called when something is written to a file of more than `most` bytes."""
        self._most, self._grown = most, grown

    def put(self, path: str, data: bytes, mode: int = USUAL) -> None:
        """Replace the content of the file `path` (absolute) by `data`, with permissions `mode`."""
        self._own(path)
        self.files[path] = bytearray(data)
        if mode != USUAL:
            self.modes[path] = mode
        else:
            self.modes.pop(path, None)

    def read(self, path: str) -> bytes:
        """The whole file; nothing where there is none."""
        if path in self.files:
            return bytes(self.files[path])
        folder, _, name = path.rpartition("/")
        return self._shared.get(folder, {}).get(name, b"")

    def tree(self, path: str) -> Files:
        """What a mount of this path shows: a file under the name `""`, or all below a folder."""
        if self.has(path):
            return {"": self.file(path)}
        below = f"{path.rstrip('/')}/"
        shared = [f"{folder}/{name}" for folder, files in self._shared.items() for name in files]
        paths = [p for p in (*self.files, *shared) if p.startswith(below)]
        return {p[len(below) :]: self.file(p) for p in paths}

    def file(self, path: str) -> File:
        """A file with its permissions."""
        return File(self.read(path), mode=self.modes.get(path, USUAL))

    def size(self, path: str) -> int:
        """Bytes in a file; 0 where there is none."""
        return len(self.files[path]) if path in self.files else len(self.read(path))

    def rename(self, path: str, new: str) -> None:
        """Give a file another name."""
        self._own(path)
        if path in self.files:
            self.files[new] = self.files.pop(path)

    def remove(self, prefix: str) -> None:
        """Remove a file, or all files below a folder."""
        self._own(prefix)
        for folder in [f for f in self._shared if f == prefix or f.startswith(f"{prefix}/")]:
            del self._shared[folder]
        for path in [p for p in self.files if p == prefix or p.startswith(f"{prefix}/")]:
            del self.files[path]
            self.modes.pop(path, None)


class HostFileSystem(FileSystem):
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
