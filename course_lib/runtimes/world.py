"""What a program sees of its container: files, environment, processes, and where it may write."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, MutableMapping

import msgspec

from course_lib.images.layer import FOLDER, File, Files
from course_lib.images.oci import PATH
from course_lib.runtimes.files import FileSystem

EXECUTABLE = 0o111


class Process(msgspec.Struct, eq=False):
    """A running program: its name, its command line, its user, and the handler of its signals."""

    name: str
    command: str = ""
    uid: int = 0
    pid: int = 0  # within its namespace
    parent: int = 0
    receive: Callable[[int], None] = lambda signal: None
    traps: dict[int, str] = {}  # what a script does when it gets a signal
    signalled: int = 0  # the signal that has come


class Processes:
    """The processes of one PID namespace, by number; numbers are not given twice."""

    def __init__(self) -> None:
        self.rows: dict[int, Process] = {}
        self._last = 0

    def add(self, process: Process) -> Process:
        """A process has started; it gets the next number."""
        self._last += 1
        process.pid = self._last
        self.rows[process.pid] = process
        return process

    def remove(self, process: Process) -> None:
        """A process has ended."""
        self.rows.pop(process.pid, None)


def _nowhere(stream: str, data: bytes) -> None:
    """Say it to nobody."""


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


class Stdin:
    """What somebody types, on its way to a program."""

    def __init__(self) -> None:
        self._typed = b""
        self._closed = False

    def feed(self, data: bytes) -> None:
        """More was typed."""
        self._typed += data

    def close(self) -> None:
        """No more will come."""
        self._closed = True

    def line(self) -> bytes | None:
        """The next line, its end included; nothing at the end of input; None: not yet."""
        line, end, rest = self._typed.partition(b"\n")
        if not end and not self._closed:
            return None
        self._typed = rest
        return line + end


class World(msgspec.Struct):
    """What a program sees: files, environment, names, its neighbours, and where it may write."""

    files: MutableMapping[str, File] = {}
    env: dict[str, str] = {}
    variables: dict[str, str] = {}  # of the running shell alone, not of its children
    cwd: str = "/"
    hostname: str = "localhost"
    shell: str = "sh"  # what the running shell was called
    uid: int = 0
    user: str = "root"
    gid: int = 0
    groups: tuple[int, ...] = ()
    read_only: bool = False
    processes: Processes = msgspec.field(default_factory=Processes)
    me: Process | None = None  # the process that the next program is to be; None: a new one
    own: Process | None = None  # the running shell's
    server: Callable[[], float | None] = lambda: None  # s that the own server takes to answer
    known: bool = False  # whether all programs of the image are among the files
    busybox: bool = True  # whose tools these are; else GNU's, and the shell is dash
    cores: float = 1.0  # of the machine
    write: Callable[[str, bytes], None] = _nowhere  # stream ("stdout", "stderr"), bytes
    stdin: Stdin | None = None  # None: it is at its end
    prompt: str = ""  # what a shell says before it reads a line, on a terminal
    date: Callable[[], str] = str  # the time, as `date` prints it

    def value(self, name: str) -> str:
        """A variable of the shell, or of the environment; nothing where there is none."""
        return self.variables.get(name, self.env.get(name, ""))

    def path(self, name: str) -> str:
        """An absolute path."""
        return posixpath.normpath(posixpath.join(self.cwd, name))

    def find(self, name: str) -> File | None:
        """The file at a path, links followed."""
        path = self.path(name).lstrip("/")
        for _ in range(8):
            file = self.files.get(path)
            if file is None or file.kind != "link":
                break
            path = posixpath.normpath(
                posixpath.join("/", posixpath.dirname(path), file.target)
            ).lstrip("/")
        if file is None and (not path or any(p.startswith(f"{path}/") for p in self.files)):
            return FOLDER
        return file

    def locate(self, name: str) -> File | None:
        """The file that runs when somebody calls a program by this name; None: there is none.

        A file that may not be run is found only if there is no other.
        """
        if "/" in name:
            return self.find(name)
        refused = None
        for folder in self.env.get("PATH", PATH).split(":"):
            file = self.files.get(posixpath.join(folder, name).lstrip("/"))
            if file is not None and file.kind == "link":
                file = self.find(posixpath.join(folder, name))
            if file is not None and file.kind == "file":
                if file.mode & EXECUTABLE:
                    return file
                refused = refused or file
        return refused

    def put(self, name: str, data: bytes) -> bool:
        """Write a file; False where the file system is read-only."""
        if self.read_only:
            return False
        self.files[self.path(name).lstrip("/")] = File(data, uid=self.uid, gid=self.gid)
        return True

    def into(self, name: str, append: bool) -> Callable[[str, bytes], None]:
        """Where `> name` sends what a program says."""
        if name in ("/dev/null", "/dev/stdout", "/dev/stderr", "/proc/1/fd/1", "/proc/1/fd/2"):
            return _nowhere if name == "/dev/null" else self.write
        old = self.find(name)
        if not self.put(name, old.data if append and old else b""):
            return _nowhere

        def write(stream: str, data: bytes) -> None:
            if stream == "stdout":
                here = self.find(name)
                self.put(name, (here.data if here else b"") + data)
            else:
                self.write(stream, data)

        return write

    def say(self, text: str) -> int:
        """Print, and succeed."""
        self.write("stdout", text.encode())
        return 0

    def complain(self, text: str, code: int = 1) -> int:
        """Print an error, and fail."""
        self.write("stderr", f"{text}\n".encode())
        return code
