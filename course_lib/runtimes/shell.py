"""The programs that every small image has: sh, echo, cat, sleep and their neighbours.

A simulated process is a generator: it yields the seconds that it sleeps and returns its exit code.
The programs see the container's files, environment, name and neighbours, so that what a learner
tries with `exec` answers truly. Nothing of the real machine is touched.
Source: POSIX.1-2017, Utilities; BusyBox's own help for its forms.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Generator, Sequence

import msgspec

from course_lib.images.layer import Files
from course_lib.runtimes import tools
from course_lib.runtimes.script import Loop, NotUnderstood, Script, Simple, read
from course_lib.runtimes.tools import INSTANT, NOT_FOUND, NOT_RUNNABLE, Process, World

Running = Generator[float, None, int]
_SHELLS = ("sh", "bash", "ash", "dash")
TYPING = 0.05  # s between two looks at what was typed


class _Exit(Exception):
    """The script is to end with this code."""

    def __init__(self, code: int) -> None:
        self.code = code


class _Trap(Exception):
    """A signal has come: the script is to do what its trap says, and end."""


def program(argv: Sequence[str], complete: bool = False) -> Callable[[World], Running] | None:
    """What a command line does; None when it is more than this module understands.

    `complete` says that all files of the image are known: what is in none of them is not there,
    and a script that calls it gets 127 (not found) or 126 (there, but not to be run).

    >>> program(["sh", "-c", "echo hello; sleep 5; exit 3"]) is None
    False
    >>> program(["nginx", "-g", "daemon off;"]) is None
    True
    """
    if not argv:
        return None
    name = posixpath.basename(argv[0])
    if name in ("busybox", "env") and len(argv) > 1 and "=" not in argv[1]:
        return program(argv[1:], complete)
    if name in _SHELLS:
        if len(argv) == 1:
            return _interactive
        if argv[1] not in ("-c", "-ec", "-xc") or len(argv) < 3:
            return None
        try:
            script = read(argv[2])
        except NotUnderstood:
            return None
        known = complete or _known(script)
        return (lambda world: _shell(world, script, argv[0])) if known else None
    if name in tools.TOOLS or name in ("sleep", "tail", "top"):
        return lambda world: _simple(world, name, list(argv[1:]))
    return None


def outcome(argv: Sequence[str]) -> tuple[float | None, int] | None:
    """Seconds that a command runs (None: for ever) and its exit code; None if not understood.

    >>> outcome(["sh", "-c", "echo hello; sleep 5; exit 3"])
    (5.01, 3)
    """
    found = program(argv)
    if found is None:
        return None
    seconds, running = 0.0, found(World())
    try:
        while seconds < 1e6:
            seconds += next(running)
    except StopIteration as end:
        return round(seconds, 3), end.value
    return None, 0


def run_build_step(argv: Sequence[str], files: Files, env: Sequence[str]) -> Files:
    """Run a RUN step of a Dockerfile on the files of the image so far; returns them changed.

    A command that is not understood changes nothing.

    >>> sorted(run_build_step(["/bin/sh", "-c", "echo hi > /etc/motd"], {}, []))
    ['etc/motd']
    """
    world = World(files=dict(files), env=dict(v.split("=", 1) for v in env))
    found = program(argv)
    for _ in found(world) if found else ():
        pass
    return world.files


def _known(script: Script) -> bool:
    """Whether every command of a script is one that this module understands."""
    return all(
        _known(part.condition) and _known(part.body)
        if isinstance(part, Loop)
        else _known_line(part)
        for _, part in script.parts
    )


def _known_line(line: Simple) -> bool:
    inner = [command for word in line.words for command in word.commands]
    if not all(program(["sh", "-c", command]) for command in inner):
        return False
    words = [word.text for word in line.words]
    return _builtin(words[0]) or program(words) is not None


def _builtin(name: str) -> bool:
    return name in ("exit", "export", "cd", "trap", "set", "exec") or "=" in name


def _shell(world: World, script: Script, name: str) -> Running:
    """A shell that starts with a script."""
    world.shell, world.env = name, world.env | {"PWD": world.cwd}
    return (yield from _run(world, script))


def _interactive(world: World) -> Running:
    """A shell that does what is typed, line by line, until its input ends."""
    code = 0
    while world.stdin is not None:
        if world.prompt:
            world.write("stdout", world.prompt.encode())
        while (line := world.stdin.line()) is None:
            yield TYPING
        if not line:
            break
        try:
            code = yield from _list(world, read(line.decode(errors="replace")))
        except NotUnderstood as problem:
            code = world.complain(f"{world.shell}: this shell does not understand: {problem}", 2)
        except _Exit as end:
            return end.code % 256
    yield INSTANT
    return code


def _run(world: World, script: Script) -> Running:
    """A script from end to end; `exit` ends it early, and so does a signal that it traps."""
    try:
        return (yield from _list(world, script))
    except _Exit as end:
        return end.code % 256
    except _Trap:
        action, world.trap = read(world.trap or ""), None
        return (yield from _run(world, action))


def _list(world: World, script: Script) -> Running:
    code = 0
    for joint, part in script.parts:
        if (joint == "&&" and code) or (joint == "||" and not code):
            continue
        step = _loop(world, part) if isinstance(part, Loop) else _line(world, part)
        code = yield from step
        world.variables["?"] = str(code)
        # A shell looks at its signals when the command in hand is done.
        if world.signalled and world.trap is not None:
            raise _Trap
    return code


def _loop(world: World, loop: Loop) -> Running:
    while True:
        code = yield from _list(world, loop.condition)
        if (code == 0) == loop.until:
            return 0
        yield from _list(world, loop.body)


def _line(world: World, line: Simple) -> Running:
    value, output = world.value, (lambda text: _output(world, text))
    words = [word.expand(value, output) for word in line.words]
    words = [word for word, raw in zip(words, line.words, strict=True) if word or not raw.text]
    out = world
    if line.redirect:
        kind, target = line.redirect
        path = target.expand(value, output)
        out = msgspec.structs.replace(world, write=world.into(path, append=kind == ">>"))
    if not words:
        return 0
    name, arguments = words[0], words[1:]
    match name:
        case "exit":
            raise _Exit(int(arguments[0]) if arguments else int(world.value("?") or "0"))
        case "cd":
            world.cwd = world.env["PWD"] = world.path(arguments[0] if arguments else "/")
            return 0
        case "trap":
            world.trap = arguments[0] if arguments and arguments[0] != "-" else None
            return 0
        case "set":
            return 0
        case "export":
            for argument in arguments:
                variable, equals, given = argument.partition("=")
                world.env[variable] = given if equals else world.value(variable)
            return 0
        case "exec":
            name, arguments = arguments[0], arguments[1:]
    if "=" in name:
        variable, _, given = name.partition("=")
        (world.env if variable in world.env else world.variables)[variable] = given
        return 0
    found = program([name, *arguments])
    if found is None and world.find(name) is not None:
        return out.complain(f"{world.shell}: {name}: Permission denied", NOT_RUNNABLE)
    if found is None:
        return out.complain(f"{world.shell}: {name}: not found", NOT_FOUND)
    # A child sees the same files, and has the environment, but not the shell's own variables.
    return (yield from found(msgspec.structs.replace(out, variables={})))


def _output(world: World, text: str) -> str:
    """What a `$(command)` says, without the last ends of line; it takes no time here."""
    said: list[bytes] = []

    def write(stream: str, data: bytes) -> None:
        if stream == "stdout":
            said.append(data)
        else:
            world.write(stream, data)

    for _ in _run(msgspec.structs.replace(world, write=write), read(text)):
        pass
    return b"".join(said).decode(errors="replace").rstrip("\n")


def _simple(world: World, name: str, arguments: list[str]) -> Running:
    """One program, as a process beside the others."""
    process = Process(name)
    world.processes.append(process)
    try:
        if name == "sleep":
            seconds = tools.duration(arguments)
            if seconds is None:
                world.write("stderr", f"sleep: invalid number '{' '.join(arguments)}'\n".encode())
                return 1
            while seconds > 0:
                step = min(seconds, 86_400.0)
                yield step
                seconds -= step
            return 0
        if name == "top" or (name == "tail" and "-f" in arguments):
            while True:
                yield 86_400.0
        yield INSTANT
        return tools.TOOLS[name](world, arguments)
    finally:
        world.processes.remove(process)
