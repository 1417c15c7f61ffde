"""The files that a container sees: the image's, its own writable layer, and the mounts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping

from course_lib.images.layer import File, Files
from course_lib.runtimes.files import FileSystem


class Overlay(MutableMapping[str, File]):
    """Files that are written above others that stay as they are: `upper` above `lower`.

    So all containers of an image share its files, and each has its own writable layer.
    Source: the kernel's `filesystems/overlayfs.rst`.
    """

    def __init__(self, lower: Mapping[str, File], upper: Files) -> None:
        self.lower, self.upper = lower, upper
        self._hidden: dict[str, None] = {}  # what was deleted of the lower files ("whiteouts")

    def __getitem__(self, path: str) -> File:
        file = self.upper.get(path)
        if file is not None:
            return file
        if path in self._hidden:
            raise KeyError(path)
        return self.lower[path]

    def __setitem__(self, path: str, file: File) -> None:
        self.upper[path] = file

    def __delitem__(self, path: str) -> None:
        if path not in self:
            raise KeyError(path)
        self.upper.pop(path, None)
        if path in self.lower:
            self._hidden[path] = None

    def __contains__(self, path: object) -> bool:
        return path in self.upper or (path in self.lower and path not in self._hidden)

    def __iter__(self) -> Iterator[str]:
        below = [path for path in self.lower if path not in self._hidden]
        yield from below
        yield from (p for p in self.upper if p not in self.lower or p in self._hidden)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Tree(MutableMapping[str, File]):
    """A container's files: its own, and below its mounts those of the node's disk, as they are.

    Two containers that mount one volume see each other's files. Folders made in a volume stay the
    container's own.
    """

    def __init__(
        self, own: MutableMapping[str, File], disk: FileSystem, mounts: dict[str, str]
    ) -> None:
        self.own, self.disk = own, disk
        # Path inside (without a leading slash): path on the node; the longest is looked at first.
        self.mounts = dict(sorted(mounts.items(), key=lambda pair: -len(pair[0])))

    def _place(self, path: str) -> str | None:
        """Where on the node's disk a path is; None for the container's own."""
        for inside, outside in self.mounts.items():
            if path == inside or path.startswith(f"{inside}/"):
                return outside.rstrip("/") + path[len(inside) :]
        return None

    def __getitem__(self, path: str) -> File:
        place = self._place(path)
        if place is not None and self.disk.has(place):
            return self.disk.file(place)
        if place is not None and path not in self.mounts and self.own[path].kind == "file":
            raise KeyError(path)
        return self.own[path]

    def __setitem__(self, path: str, file: File) -> None:
        place = self._place(path)
        if place is None or file.kind != "file":
            self.own[path] = file
        else:
            self.disk.put(place, file.data, file.mode)

    def __delitem__(self, path: str) -> None:
        place = self._place(path)
        if place is not None and self.disk.has(place):
            self.disk.remove(place)
        else:
            del self.own[path]

    def __iter__(self) -> Iterator[str]:
        hidden = set()
        for inside, outside in self.mounts.items():
            for below in self.disk.tree(outside):
                hidden.add(f"{inside}/{below}".rstrip("/"))
        yield from sorted(hidden)
        yield from (path for path in self.own if path not in hidden and path in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)
