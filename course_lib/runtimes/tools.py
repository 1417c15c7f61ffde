"""What the small programs do, one function each: (world, arguments) -> exit code."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

import msgspec

from course_lib.images.layer import FOLDER, File, Files

INSTANT = 0.01  # s, for a command that does next to nothing
NOT_RUNNABLE, NOT_FOUND = 126, 127  # exit codes of a shell that cannot run, or find, a command
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


class Process(msgspec.Struct, eq=False):
    """A running program, by its name."""

    name: str


def _nowhere(stream: str, data: bytes) -> None:
    """Say it to nobody."""


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

    files: Files = {}
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
    processes: list[Process] = []
    write: Callable[[str, bytes], None] = _nowhere  # stream ("stdout", "stderr"), bytes
    stdin: Stdin | None = None  # None: it is at its end
    prompt: str = ""  # what a shell says before it reads a line, on a terminal
    date: Callable[[], str] = str  # the time, as `date` prints it
    trap: str | None = None  # what a script does when it is asked to end
    signalled: bool = False

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


def duration(arguments: list[str]) -> float | None:
    """The seconds of `sleep 5`, `sleep 1m 30s` or `sleep infinity`."""
    total = 0.0
    for argument in arguments or [""]:
        if argument in ("infinity", "inf"):
            return 1e9
        match = re.fullmatch(r"([0-9]*\.?[0-9]+)([smhd]?)", argument)
        if match is None:
            return None
        total += float(match[1]) * _UNITS[match[2]]
    return total


def _split(arguments: list[str]) -> tuple[str, list[str]]:
    flags = "".join(a[1:] for a in arguments if a.startswith("-") and len(a) > 1)
    return flags, [a for a in arguments if not a.startswith("-")]


def _echo(world: World, arguments: list[str]) -> int:
    end, escapes = "\n", False
    while arguments and arguments[0] in ("-n", "-e", "-ne", "-en"):
        end, escapes = ("" if "n" in arguments[0] else end), escapes or "e" in arguments[0]
        arguments = arguments[1:]
    text = " ".join(arguments)
    if escapes:
        text = text.replace("\\n", "\n").replace("\\t", "\t")
    return world.say(text + end)


def _printf(world: World, arguments: list[str]) -> int:
    if not arguments:
        return world.complain("printf: missing operand", 2)
    text = arguments[0].replace("\\n", "\n").replace("\\t", "\t")
    values = iter(arguments[1:])
    return world.say(re.sub(r"%[sd]", lambda _: next(values, ""), text))


def _cat(world: World, arguments: list[str]) -> int:
    code = 0
    for name in arguments:
        file = world.find(name)
        if file is None:
            code = world.complain(f"cat: can't open '{name}': No such file or directory")
        elif file.kind == "folder":
            code = world.complain(f"cat: read error: Is a directory: {name}")
        else:
            world.write("stdout", file.data)
    return code


def _ls(world: World, arguments: list[str]) -> int:
    flags, names = _split(arguments)
    code = 0
    for name in names or ["."]:
        file, path = world.find(name), world.path(name).lstrip("/")
        if file is None:
            code = world.complain(f"ls: {name}: No such file or directory")
            continue
        if file.kind != "folder":
            world.say(f"{name}\n")
            continue
        prefix = f"{path}/" if path else ""
        below = {p[len(prefix) :].split("/")[0] for p in world.files if p.startswith(prefix)}
        shown = sorted(n for n in below if n and ("A" in flags or "a" in flags or n[0] != "."))
        world.say("".join(f"{n}\n" for n in shown))
    return code


def _touch(world: World, arguments: list[str]) -> int:
    for name in _split(arguments)[1]:
        if world.find(name) is None and not world.put(name, b""):
            return world.complain(f"touch: {name}: Read-only file system")
    return 0


def _mkdir(world: World, arguments: list[str]) -> int:
    flags, names = _split(arguments)
    for name in names:
        if world.find(name) is not None:
            if "p" not in flags:
                return world.complain(f"mkdir: can't create directory '{name}': File exists")
        elif world.read_only:
            return world.complain(f"mkdir: can't create directory '{name}': Read-only file system")
        else:
            world.files[world.path(name).lstrip("/")] = FOLDER
    return 0


def _rm(world: World, arguments: list[str]) -> int:
    flags, names = _split(arguments)
    for name in names:
        path = world.path(name).lstrip("/")
        found = [p for p in world.files if p == path or p.startswith(f"{path}/")]
        if not found and "f" not in flags:
            return world.complain(f"rm: can't remove '{name}': No such file or directory")
        if found and world.read_only:
            return world.complain(f"rm: can't remove '{name}': Read-only file system")
        if found and world.find(name) == FOLDER and not {"r", "R"} & set(flags):
            return world.complain(f"rm: '{name}' is a directory")
        for each in found:
            del world.files[each]
    return 0


def _test(world: World, arguments: list[str]) -> int:
    if arguments and arguments[0] == "!":
        return 1 - min(1, _test(world, arguments[1:]))
    match [a for a in arguments if a != "]"]:
        case ["-f", name]:
            file = world.find(name)
            return 0 if file is not None and file.kind == "file" else 1
        case ["-d", name]:
            file = world.find(name)
            return 0 if file is not None and file.kind == "folder" else 1
        case ["-e", name]:
            return 0 if world.find(name) is not None else 1
        case ["-n", text] | [text]:
            return 0 if text else 1
        case ["-z", text]:
            return 1 if text else 0
        case [left, "=" | "==" | "-eq", right]:
            return 0 if left == right else 1
        case [left, "!=" | "-ne", right]:
            return 0 if left != right else 1
        case []:
            return 1
        case _:
            return world.complain(f"{world.shell}: syntax error in test", 2)


def _env(world: World, arguments: list[str]) -> int:
    return world.say("".join(f"{name}={value}\n" for name, value in world.env.items()))


def _id(world: World, arguments: list[str]) -> int:
    groups = list(dict.fromkeys([world.gid, *world.groups]))
    match "".join(sorted(_split(arguments)[0])):
        case "nu":
            return world.say(f"{world.user}\n")
        case "u":
            return world.say(f"{world.uid}\n")
        case "g":
            return world.say(f"{world.gid}\n")
        case "G":
            return world.say(" ".join(map(str, groups)) + "\n")
    return world.say(f"uid={world.uid} gid={world.gid} groups={','.join(map(str, groups))}\n")


def _pgrep(world: World, arguments: list[str]) -> int:
    numbers = [n for n, process in enumerate(world.processes, 1) if process.name in arguments]
    world.say("".join(f"{number}\n" for number in numbers))
    return 0 if numbers else 1


def _ps(world: World, arguments: list[str]) -> int:
    rows = [f"{number:>5} {process.name}" for number, process in enumerate(world.processes, 1)]
    return world.say("\n".join(["  PID COMMAND", *rows]) + "\n")


def _uname(world: World, arguments: list[str]) -> int:
    machine = {"a": f"Linux {world.hostname} 6.1.0 x86_64 GNU/Linux", "m": "x86_64", "n": ""}
    return world.say((machine.get(_split(arguments)[0], "Linux") or world.hostname) + "\n")


TOOLS: dict[str, Callable[[World, list[str]], int]] = {
    "echo": _echo,
    "printf": _printf,
    "cat": _cat,
    "ls": _ls,
    "touch": _touch,
    "mkdir": _mkdir,
    "rm": _rm,
    "test": _test,
    "[": _test,
    "env": _env,
    "printenv": _env,
    "id": _id,
    "pgrep": _pgrep,
    "ps": _ps,
    "uname": _uname,
    "true": lambda world, arguments: 0,
    ":": lambda world, arguments: 0,
    "false": lambda world, arguments: 1,
    "hostname": lambda world, arguments: world.say(f"{world.hostname}\n"),
    "whoami": lambda world, arguments: world.say(f"{world.user}\n"),
    "pwd": lambda world, arguments: world.say(f"{world.cwd}\n"),
    "date": lambda world, arguments: world.say(f"{world.date()}\n"),
}
