"""From a command line to a running program: shells, scripts, tools, servers.

What is understood runs step by step and sees the container's files, environment and neighbours.
Nothing of the real machine is touched. What is not understood is left to the container's
`Behaviour`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Sequence

import msgspec

from course_lib.images.layer import File, Files
from course_lib.runtimes.kernel import Kernel, Running, Stopwatch
from course_lib.runtimes.process import Process
from course_lib.runtimes.programs import asks, is_server, main_program
from course_lib.runtimes.shell.errors import syntax_error
from course_lib.runtimes.shell.grammar import read
from course_lib.runtimes.shell.interpreter import Shell
from course_lib.runtimes.shell.programs import INSTANT, NOT_SIMULATED
from course_lib.runtimes.shell.session import interactive
from course_lib.runtimes.shell.state import ShellState
from course_lib.runtimes.shell.syntax import NotUnderstood, ShellScript, SyntaxFault
from course_lib.runtimes.shell.understood import Locate, understood
from course_lib.runtimes.tools import TOOLS
from course_lib.runtimes.tools.servers import SERVER_TOOLS
from course_lib.runtimes.tools.tool import Tool, ToolFault
from course_lib.runtimes.world import EXECUTABLE, World

Program = Callable[[World], Running]
SHELLS = ("sh", "bash", "ash", "dash")
FOREVER = 1e5  # s, more than a day

__all__ = ["NOT_SIMULATED", "launch", "outcome", "program", "run_build_step"]


def program(
    argv: Sequence[str],
    locate: Locate | None = None,
    every: bool = False,
    complete: bool = True,
) -> Program | None:
    """What a command line does; None when it is more than the course simulates.

    `locate` finds the programs of an image whose files are known: what it does not find is not
    there, and a script that calls it gets 127. A script that calls a program that is there, and
    that the course does not simulate, is not understood; with `every` it is run nevertheless, up to
    that call, which fails and says why. `complete` says that `locate` knows all files.

    `argv` is the command line, word by word.

    >>> program(["sh", "-c", "echo hello; sleep 5; exit 3"]) is None
    False
    >>> program(["python", "app.py"]) is None
    True
    """
    if not argv:
        return None
    argv = main_program(argv)
    name = posixpath.basename(argv[0])
    if name == "busybox" and len(argv) > 1:
        return program(argv[1:], locate, every, complete)
    script = locate(argv[0]) if locate is not None and "/" in argv[0] else None
    if script is not None and script.data.startswith(b"#!") and _runnable(script):
        return program([*_interpreter(script), *argv], locate, every, complete)
    if name in SHELLS:
        return _shell(list(argv), locate, every, complete)
    if is_server(argv):
        return lambda world: _server(world, list(argv))
    tool = SERVER_TOOLS.get(name) or TOOLS.get(name)
    if tool is not None:
        return lambda world: _tool(world, tool, list(argv))
    if asks(argv) is not None:
        return lambda world: _tool(world, SERVER_TOOLS["asks"], ["asks", *argv])
    return None


def launch(argv: Sequence[str], world: World) -> Running | None:
    """Start a command line in a world; None for what the course does not simulate."""
    found = program(argv, world.locate, every=True, complete=world.known)
    if found is None or (world.serve is None and is_server(argv)):
        return None
    return found(world)


def outcome(argv: Sequence[str]) -> tuple[float | None, int] | None:
    """Seconds that a command runs (None: for ever) and its exit code; None if not understood.

    >>> outcome(["sh", "-c", "echo hello; sleep 5; exit 3"])
    (5.01, 3)
    """
    found = program(argv)
    if found is None:
        return None
    seconds, code = run_alone(found, World(), FOREVER)
    return (None, 0) if code is None else (round(seconds, 3), code)


def run_alone(found: Program, world: World, most: float = FOREVER) -> tuple[float, int | None]:
    """Run the program `found` to its end: the time that it took (s), and its exit code.

    It sees `world`. Time passes at once; after `most` seconds it has no exit code yet.
    """
    watch = Stopwatch()
    world.kernel, world.launch = Kernel(watch), launch
    me = world.me = world.processes.add(Process("main", "", world.uid))
    running = found(world)
    task = world.kernel.spawn(me, running)
    watch.run(until=lambda: task.code is not None, most=most)
    return watch.age, task.code


def run_build_step(argv: Sequence[str], files: Files, env: Sequence[str]) -> Files:
    """Run a RUN step of a Dockerfile on the files of the image so far; returns them changed.

    A command that is not understood changes nothing.

    `argv` is the command, word by word, `env` has the variables as `NAME=value`.

    >>> sorted(run_build_step(["/bin/sh", "-c", "mkdir /etc; echo hi > /etc/motd"], {}, []))
    ['etc', 'etc/motd']
    """
    world = World(files=dict(files), env=dict(v.split("=", 1) for v in env))
    found = program(argv)
    if found is not None:
        run_alone(found, world)
    return dict(world.files)


# Shells


def _runnable(file: File) -> bool:
    return file.kind == "file" and bool(file.mode & EXECUTABLE)


def _interpreter(script: File) -> list[str]:
    """The program that the first line of a script names."""
    line = script.data.split(b"\n", 1)[0][2:].decode(errors="replace").split()
    return line[1:] if line and posixpath.basename(line[0]) == "env" else line


def _shell(argv: list[str], locate: Locate | None, every: bool, complete: bool) -> Program | None:
    """`sh`, `sh -c SCRIPT NAME ARGUMENT...` or `sh FILE ARGUMENT...`, with options before."""
    rest, flags, command = argv[1:], "", False
    while rest and re.fullmatch(r"[-+][a-zA-Z]+|--\w+|-", rest[0]):
        option = rest.pop(0)
        if option.startswith("--") or option == "-":
            continue
        if option[1:].endswith("o") and rest:
            flags += {"errexit": "e", "pipefail": "P"}.get(rest.pop(0), "")
        command = command or "c" in option
        flags += option[1:].replace("c", "").replace("o", "")
    if command and not rest:
        return None
    if not rest:
        return lambda world: _session(world, argv)
    if command:
        name, text, from_file = (rest[1:] or argv[:1])[0], rest[0], False
    else:
        path = rest[0] if "/" in rest[0] else f"./{rest[0]}"
        file = locate(path) if locate is not None else None
        if file is None or file.kind != "file":
            if locate is None or not complete:
                return None
            return lambda world: _no_script(world, argv, rest[0])
        name, text, from_file = rest[0], file.data.decode(errors="replace"), True
    try:
        script = read(text)
    except NotUnderstood:
        return None
    except SyntaxFault as fault:
        said = str(fault)
        return lambda world: _bad_script(world, name, said)
    if not every and not understood(script, locate, _simulated):
        return None
    state = ShellState(name=name, arguments=rest[2:] if command else rest[1:], from_file=from_file)
    return lambda world: _run_script(world, script, argv, state, flags)


def _begin(world: World, argv: list[str], state: ShellState, flags: str = "") -> Shell:
    """A shell as it begins: its process, and the variables of the environment."""
    me = world.me or _process(world, argv)
    variables = world.env | {"PWD": world.cwd}
    options = {letter: letter in flags for letter in state.options}
    state = msgspec.structs.replace(
        state.copy(), variables=variables, exported=dict.fromkeys(world.env), options=options,
        pid=me.pid, pipefail="P" in flags,
    )  # fmt: skip
    inside = msgspec.structs.replace(world, me=None)
    return Shell(inside, state, me, final=world.busybox or "bash" in posixpath.basename(argv[0]))


def _process(world: World, argv: list[str]) -> Process:
    return world.processes.add(Process(posixpath.basename(argv[0]), " ".join(argv), world.uid))


def _run_script(
    world: World, script: ShellScript, argv: list[str], state: ShellState, flags: str
) -> Running:
    shell = _begin(world, argv, state, flags)
    return (yield from shell.run(script))


def _session(world: World, argv: list[str]) -> Running:
    """A shell that does what is typed."""
    shell = _begin(world, argv, ShellState(name=argv[0], interactive=True))
    return (yield from interactive(shell))


def _bad_script(world: World, name: str, fault: str) -> Running:
    yield INSTANT
    shell = _begin(world, [name], ShellState(name=name))
    return shell.complain(syntax_error(fault, world.busybox), 2)


def _no_script(world: World, argv: list[str], name: str) -> Running:
    yield INSTANT
    who = argv[0]
    if "bash" in posixpath.basename(who):
        return world.complain(f"{who}: {name}: No such file or directory", 127)
    if world.busybox:
        return world.complain(f"{who}: can't open '{name}': No such file or directory", 2)
    return world.complain(f"{who}: 0: cannot open {name}: No such file", 2)


# Other programs


def _tool(world: World, tool: Tool, argv: list[str]) -> Running:
    """One small program."""
    name = posixpath.basename(argv[0])
    if name != "sleep":  # its own time is long enough
        yield INSTANT
    try:
        done = tool(world, argv[1:])
        return done if isinstance(done, int) else (yield from done)
    except ToolFault as fault:
        return world.complain(f"{name}: {fault.said}", fault.code)


def _server(world: World, argv: list[str]) -> Running:
    """A program that serves: the container answers requests from now on."""
    assert world.serve is not None
    return world.serve(argv, world)


def _simulated(argv: list[str], locate: Locate | None) -> bool:
    """Whether the course simulates a command line."""
    return program(argv, locate) is not None
