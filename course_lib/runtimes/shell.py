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

from course_lib.images.layer import File, Files
from course_lib.runtimes import signals, tools
from course_lib.runtimes.programs import asks
from course_lib.runtimes.script import Loop, NotUnderstood, ShellScript, Simple, Word, read
from course_lib.runtimes.tools import INSTANT, NOT_FOUND, NOT_RUNNABLE
from course_lib.runtimes.world import EXECUTABLE, Process, World

Running = Generator[float, None, int]
Locate = Callable[[str], File | None]
NOT_SIMULATED = "the course does not simulate this program"
KEYWORDS = ("exit", "export", "cd", "trap", "set", "exec")
BUILTINS = ("echo", "printf", "test", "[", "true", "false", ":", "pwd", "kill")  # of each shell
NGINX = {"quit": 3, "stop": 15, "reload": 1, "reopen": 10}
_SHELLS = ("sh", "bash", "ash", "dash")
TYPING = 0.05  # s between two looks at what was typed


class _Exit(Exception):
    """The script is to end with this code."""

    def __init__(self, code: int) -> None:
        self.code = code


class _Trap(Exception):
    """A signal has come: the script is to do what its trap says, and end."""


def program(
    argv: Sequence[str], locate: Locate | None = None, every: bool = False
) -> Callable[[World], Running] | None:
    """What a command line does; None when it is more than this module understands.

    `locate` finds the programs of an image whose files are known: what it does not find is not
    there, and a script that calls it gets 127. A script that calls a program that is there, and
    that this module does not know, is not understood; with `every` it is run nevertheless, up to
    that call, which fails and says why.

    `argv` is the command line, word by word.

    >>> program(["sh", "-c", "echo hello; sleep 5; exit 3"]) is None
    False
    >>> program(["nginx", "-g", "daemon off;"]) is None
    True
    """
    if not argv:
        return None
    name = posixpath.basename(argv[0])
    if name in ("busybox", "env") and len(argv) > 1 and "=" not in argv[1]:
        return program(argv[1:], locate, every)
    if name in _SHELLS:
        if len(argv) == 1:
            return _interactive
        if argv[1] not in ("-c", "-ec", "-xc") or len(argv) < 3:
            return None
        try:
            script = read(argv[2])
        except NotUnderstood:
            return None
        known = every or _known(script, locate)
        return (lambda world: _shell(world, script, list(argv))) if known else None
    nginx = name == "nginx" and argv[1:2] == ["-s"] and argv[2:] and argv[2] in NGINX
    if nginx or name in tools.TOOLS or name in ("sleep", "tail", "top") or asks(argv) is not None:
        return lambda world: _simple(world, list(argv))
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

    `argv` is the command, word by word, `env` has the variables as `NAME=value`.

    >>> sorted(run_build_step(["/bin/sh", "-c", "echo hi > /etc/motd"], {}, []))
    ['etc/motd']
    """
    world = World(files=dict(files), env=dict(v.split("=", 1) for v in env))
    found = program(argv)
    for _ in found(world) if found else ():
        pass
    return dict(world.files)


def _known(script: ShellScript, locate: Locate | None) -> bool:
    """Whether every command of a script is one that this module understands."""
    return all(
        _known(part.condition, locate) and _known(part.body, locate)
        if isinstance(part, Loop)
        else _known_line(part, locate)
        for _, part in script.parts
    )


def _known_line(line: Simple, locate: Locate | None) -> bool:
    inner = [command for word in line.words for command in word.commands]
    if not all(program(["sh", "-c", command], locate) for command in inner):
        return False
    words = [word.text for word in line.words]
    words = words[1:] if words[0] == "exec" and len(words) > 1 else words
    if words[0] in (*BUILTINS, *KEYWORDS) or "=" in words[0] or program(words, locate) is not None:
        return True
    if locate is None:
        return False
    file = locate(words[0])
    return words[0].startswith("$") or file is None or not _runnable(file)


def _runnable(file: File) -> bool:
    return file.kind == "file" and bool(file.mode & EXECUTABLE)


def _shell(world: World, script: ShellScript, argv: list[str]) -> Running:
    """A shell that starts with a script."""
    me = _process(world, argv)
    env = world.env | {"PWD": world.cwd}
    inside = msgspec.structs.replace(world, shell=argv[0], env=env, own=me, me=None)
    try:
        return (yield from _run(inside, script))
    finally:
        world.processes.remove(me)


def _process(world: World, argv: Sequence[str]) -> Process:
    """The process that a program is: the one that it takes the place of, or a new one."""
    name, command = posixpath.basename(argv[0]), " ".join(argv)
    if world.me is None:
        return world.processes.add(Process(name, command, world.uid))
    world.me.name, world.me.command = name, command
    return world.me


def _interactive(world: World) -> Running:
    """A shell that does what is typed, line by line, until its input ends."""
    code = 0
    world = msgspec.structs.replace(world, own=world.me, me=None)
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


def _run(world: World, script: ShellScript) -> Running:
    """A script from end to end; `exit` ends it early, and so does a signal that it traps."""
    try:
        return (yield from _list(world, script, last=world.busybox))
    except _Exit as end:
        return end.code % 256
    except _Trap:
        assert world.own is not None
        signal, world.own.signalled = world.own.signalled, 0
        return (yield from _run(world, read(world.own.traps.pop(signal, ""))))


def _list(world: World, script: ShellScript, last: bool = False) -> Running:
    """Commands in order; BusyBox's shell becomes the `last` one, unless it traps signals."""
    code, own = 0, world.own
    for number, (joint, part) in enumerate(script.parts, 1):
        if (joint == "&&" and code) or (joint == "||" and not code):
            continue
        if isinstance(part, Loop):
            code = yield from _loop(world, part)
        else:
            final = last and number == len(script.parts) and own is not None and not own.traps
            code = yield from _line(world, part, final)
        world.variables["?"] = str(code)
        # A shell looks at its signals when the command in hand is done.
        if own is not None and own.signalled in own.traps:
            raise _Trap
    return code


def _loop(world: World, loop: Loop) -> Running:
    while True:
        code = yield from _list(world, loop.condition)
        if (code == 0) == loop.until:
            return 0
        yield from _list(world, loop.body)


def _line(world: World, line: Simple, final: bool = False) -> Running:
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
    if name == "exec" and arguments:
        plain = tuple(Word(((word, False),)) for word in arguments)
        raise _Exit((yield from _line(out, Simple(plain), final=True)))
    if name in KEYWORDS:
        _keyword(world, name, arguments)
        return 0
    if "=" in name:
        variable, _, given = name.partition("=")
        (world.env if variable in world.env else world.variables)[variable] = given
        return 0
    return (yield from _call(world, out, name, arguments, final))


def _keyword(world: World, name: str, arguments: list[str]) -> None:
    """Do what changes the shell itself; `set`, and `exec` without a command, change nothing."""
    match name:
        case "exit":
            raise _Exit(int(arguments[0]) if arguments else int(world.value("?") or "0"))
        case "cd":
            world.cwd = world.env["PWD"] = world.path(arguments[0] if arguments else "/")
        case "trap":
            for signal in filter(None, map(signals.number, arguments[1:])):
                if world.own is not None and arguments[0] == "-":
                    world.own.traps.pop(signal, None)
                elif world.own is not None:
                    world.own.traps[signal] = arguments[0]
        case "export":
            for argument in arguments:
                variable, equals, given = argument.partition("=")
                world.env[variable] = given if equals else world.value(variable)


def _call(world: World, out: World, name: str, arguments: list[str], final: bool) -> Running:
    """Run a program; with `final` it takes the shell's place. `out` is where its output goes."""
    # A child sees the same files, and has the environment, but not the shell's own variables.
    me = world.own if final else None
    child = msgspec.structs.replace(out, variables={}, me=me, own=None)
    if name in BUILTINS:
        child = msgspec.structs.replace(child, me=world.own)
        yield INSTANT
        return tools.TOOLS[name](child, arguments)
    file = world.locate(name)
    if file is not None and not _runnable(file):
        return out.complain(f"{_who(world)}: {name}: Permission denied", NOT_RUNNABLE)
    if file is None and world.known:
        missing = "command not found" if "bash" in world.shell else "not found"
        return out.complain(f"{_who(world)}: {name}: {missing}", NOT_FOUND)
    found = program([name, *arguments], every=True)
    if found is None:
        return out.complain(f"{_who(world)}: {name}: {NOT_SIMULATED}", NOT_RUNNABLE)
    return (yield from found(child))


def _who(world: World) -> str:
    """How a shell begins its errors: dash and bash name the line."""
    if world.busybox:
        return world.shell
    return f"{world.shell}: line 1" if "bash" in world.shell else f"{world.shell}: 1"


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


def _simple(world: World, argv: list[str]) -> Running:
    """One program, as a process beside the others."""
    name, arguments = posixpath.basename(argv[0]), argv[1:]
    process = _process(world, argv)
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
        if (answer := asks(argv)) is not None:
            return (yield from _ask(world, argv, answer))
        yield INSTANT
        if name == "nginx":
            return _signal_nginx(world, arguments)
        return tools.TOOLS[name](world, arguments)
    finally:
        world.processes.remove(process)


def _ask(world: World, argv: list[str], answer: str) -> Running:
    """A client that asks the container's own server whether it is well."""
    seconds = world.server()
    while seconds == float("inf"):
        yield 86_400.0
    yield INSTANT if seconds is None else seconds
    if seconds is None:
        return world.complain(f"{posixpath.basename(argv[0])}: no response")
    return world.say(answer)


def _signal_nginx(world: World, arguments: list[str]) -> int:
    """`nginx -s SIGNAL` sends a signal to the master process."""
    master = next((p for p in world.processes.rows.values() if "master" in p.command), None)
    if master is None:
        missing = 'open() "/run/nginx.pid" failed (2: No such file or directory)'
        return world.complain(f"nginx: [error] {missing}")
    master.receive(NGINX[arguments[1]])
    return 0
