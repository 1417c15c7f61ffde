"""What a program sees of its container: files, environment, processes, and where it may write."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Generator, MutableMapping, Sequence

import msgspec

from course_lib.images.layer import FOLDER, File
from course_lib.images.oci import PATH
from course_lib.runtimes.container_network import ContainerNetwork, LonelyNetwork
from course_lib.runtimes.kernel import WAIT, Kernel, Pipe, Running, RunningTask, Stopwatch
from course_lib.runtimes.process import Process, Processes
from course_lib.runtimes.spec import Mount

EXECUTABLE = 0o111
Write = Callable[[str, bytes], None]  # stream ("stdout", "stderr"), bytes
Reading = Generator[float, None, bytes]
Serve = Callable[[list[str], "World"], Running]
Launch = Callable[[Sequence[str], "World"], Running | None]


def _nowhere(stream: str, data: bytes) -> None:
    """Say it to nobody."""


def _nothing(argv: Sequence[str], world: World) -> Running | None:
    """Know no program."""
    return None


class World(msgspec.Struct):
    """What a program sees: files, environment, names, its neighbours, and where it may write."""

    files: MutableMapping[str, File] = {}
    env: dict[str, str] = {}
    cwd: str = "/"
    hostname: str = "localhost"
    shell: str = "sh"  # how the calling shell begins its errors
    uid: int = 0
    user: str = "root"
    gid: int = 0
    groups: tuple[int, ...] = ()
    read_only: bool = False
    mounts: tuple[Mount, ...] = ()
    processes: Processes = msgspec.field(default_factory=Processes)
    me: Process | None = None  # the process that the next program is to be; None: a new one
    server: Callable[[], float | None] = lambda: None  # s that the own server takes to answer
    known: bool = False  # whether all programs of the image are among the files
    busybox: bool = True  # whose tools these are; else GNU's, and the shell is dash
    cores: float = 1.0  # of the machine
    memory: int = 8 * 2**30  # bytes of the machine
    memory_limit: int | None = None  # bytes that the container may use
    write: Write = _nowhere  # where its output and its errors go
    log: Write = _nowhere  # where those of process 1 go
    stdin: Pipe | None = None  # None: it is at its end
    tty: bool = False  # whether a terminal is at the other end
    clock: Callable[[], int] = int  # ns since 1970
    kernel: Kernel = msgspec.field(default_factory=lambda: Kernel(Stopwatch()))
    network: ContainerNetwork = msgspec.field(default_factory=LonelyNetwork)
    serve: Serve | None = None  # how the container's program becomes a server
    launch: Launch = _nothing  # what a command line does

    def path(self, name: str) -> str:
        """An absolute path."""
        return posixpath.normpath(posixpath.join(self.cwd, name))

    def resolve(self, name: str) -> str:
        """An absolute path without a leading slash, links followed."""
        path = self.path(name).lstrip("/")
        for _ in range(8):
            file = self.files.get(path)
            if file is None or file.kind != "link":
                break
            path = posixpath.normpath(
                posixpath.join("/", posixpath.dirname(path), file.target)
            ).lstrip("/")
        return path

    def find(self, name: str) -> File | None:
        """The file at a path, links followed."""
        path = self.resolve(name)
        file = self.files.get(path)
        if file is None and (not path or any(p.startswith(f"{path}/") for p in self.files)):
            return FOLDER
        return file

    def below(self, name: str) -> list[str]:
        """The names in a folder, in order."""
        path = self.resolve(name)
        prefix = f"{path}/" if path else ""
        found = {p[len(prefix) :].split("/")[0] for p in self.files if p.startswith(prefix)}
        return sorted(found - {""})

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

    def where(self, name: str) -> str:
        """The path of the program that runs by this name; empty: there is none."""
        folders = self.env.get("PATH", PATH).split(":") if "/" not in name else [""]
        for folder in folders:
            path = posixpath.join(folder, name)
            file = self.find(path)
            if file is not None and file.kind == "file" and file.mode & EXECUTABLE:
                return path
        return ""

    # Writing

    def refusal(self, name: str) -> str:
        """Why a file cannot be written or made at a path, in the kernel's words; empty: it can."""
        path = self.path(name)
        file, above = self.find(path), self.find(posixpath.dirname(path))
        if above is None:
            return "No such file or directory"
        if above.kind != "folder":
            return "Not a directory"
        if file is not None and file.kind == "folder":
            return "Is a directory"
        if not self.writable(path):
            return "Read-only file system"
        return "" if self._may_write(path, file or above) else "Permission denied"

    def writable(self, name: str) -> bool:
        """Whether the file system at a path takes anything at all."""
        mount = self.mounted(name)
        return not (mount.read_only if mount else self.read_only)

    def mounted(self, name: str) -> Mount | None:
        """The mount that a path is in; None for the container's own files."""
        path = self.path(name)
        found = [m for m in self.mounts if f"{path}/".startswith(f"{m.container_path}/")]
        return max(found, key=lambda mount: len(mount.container_path), default=None)

    def _may_write(self, path: str, file: File) -> bool:
        """Whether the user may change a file, or make one in a folder (path_resolution(7))."""
        if self.uid == 0 or self.mounted(path) is not None:
            return True
        if file.uid == self.uid:
            return bool(file.mode & 0o200)
        group = file.gid == self.gid or file.gid in self.groups
        return bool(file.mode & (0o020 if group else 0o002))

    def put(self, name: str, data: bytes) -> str:
        """Write a file; returns why that was refused, or nothing."""
        if refused := self.refusal(name):
            return refused
        old, path = self.find(name), self.resolve(name)
        made = File(data, uid=self.uid, gid=self.gid)
        kept = msgspec.structs.replace(old, data=data) if old is not None else made
        self.files[path] = kept
        return ""

    def sink(self, name: str, append: bool) -> Callable[[bytes], None] | str:
        """Where `> name` sends what a program says; or why it cannot."""
        special: dict[str, Callable[[bytes], None]] = {
            "/dev/null": lambda data: None,
            "/dev/stdout": lambda data: self.write("stdout", data),
            "/dev/stderr": lambda data: self.write("stderr", data),
            "/proc/1/fd/1": lambda data: self.log("stdout", data),
            "/proc/1/fd/2": lambda data: self.log("stderr", data),
        }
        path = f"/{self.resolve(name)}"
        if path in special:
            return special[path]
        old = self.find(path)
        if refused := self.put(path, old.data if append and old else b""):
            return refused

        def write(data: bytes) -> None:
            here = self.find(path)
            self.put(path, (here.data if here else b"") + data)

        return write

    def say(self, text: str) -> int:
        """Print, and succeed."""
        self.write("stdout", text.encode())
        return 0

    def complain(self, text: str, code: int = 1) -> int:
        """Print an error, and fail."""
        self.write("stderr", f"{text}\n".encode())
        return code

    # Starting programs

    def start(
        self, argv: Sequence[str], parent: int = 0, ended: Callable[[int], None] = lambda code: None
    ) -> RunningTask | None:
        """Start a program (`argv`) beside this one; None for one that the course does not simulate.

        `parent` is the number of the process that starts it, `ended` gets the exit code.
        """
        process = Process(posixpath.basename(argv[0]), " ".join(argv), self.uid, parent=parent)
        running = self.launch(argv, msgspec.structs.replace(self, me=process))
        if running is None:
            return None
        self.processes.add(process)

        def over(code: int) -> None:
            self.processes.remove(process)
            ended(code)

        return self.kernel.spawn(process, running, over)

    # Reading

    def line(self) -> Reading:
        """Wait for the next line of the input; nothing at its end."""
        return _read(self.stdin, Pipe.line)

    def chunk(self) -> Reading:
        """Wait for more of the input; nothing at its end."""
        return _read(self.stdin, Pipe.chunk)

    def all_input(self) -> Reading:
        """Wait for the end of the input: all of it."""
        found = b""
        while more := (yield from self.chunk()):
            found += more
        return found


def _read(pipe: Pipe | None, take: Callable[[Pipe], bytes | None]) -> Reading:
    if pipe is None:
        return b""
    while (found := take(pipe)) is None:
        yield WAIT
    return found
