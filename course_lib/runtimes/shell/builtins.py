"""The builtins of the shell: commands that change the shell itself, or that it has on its own.

Source: POSIX.1-2017, Shell Command Language, 2.14 Special Built-In Utilities, and Utilities.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from course_lib.runtimes import signals
from course_lib.runtimes.kernel import WAIT, Running, RunningTask
from course_lib.runtimes.process import Process
from course_lib.runtimes.shell.arithmetic import evaluate
from course_lib.runtimes.shell.state import (
    ExitShell,
    LeaveLoop,
    ReturnFromFunction,
    ShellFault,
    ShellState,
)
from course_lib.runtimes.world import World

INSTANT = 0.01  # s, for a command that does next to nothing
_NAME = re.compile(r"[A-Za-z_]\w*")
# Builtins that are programs as well, and do the same.
AS_PROGRAMS = ("echo", "printf", "test", "[", "true", "false", "pwd", "kill")


class BuiltinShell(Protocol):
    """The shell, as far as its builtins are concerned."""

    state: ShellState
    world: World
    me: Process

    @property
    def who(self) -> str:
        """How it begins its errors."""

    def evaluate(self, text: str, world: World) -> Running:
        """A text as a script."""

    def call(self, words: list[str], world: World, given: dict[str, str]) -> Running:
        """Run a command: its `words`, in `world`, with more variables `given`."""

    def external(self, words: list[str], world: World, given: dict[str, str]) -> Running:
        """Run a program: its `words`, in `world`, with more variables `given`."""

    def inside(self, world: World, given: dict[str, str]) -> World:
        """What a child sees."""

    def assign(self, name: str, value: str) -> None:
        """Set a variable."""

    def told(self, task: RunningTask, world: World) -> int:
        """The code of a child that has ended."""

    def complain(self, said: str, code: int, world: World | None = None) -> int:
        """Print an error."""


Builtin = Callable[[BuiltinShell, list[str], World], int | Running]


def _where(shell: BuiltinShell, name: str) -> str:
    """How ash and dash begin the error of a builtin."""
    return f"{name}: line 0" if shell.world.busybox else name


def _number(shell: BuiltinShell, name: str, text: str) -> int:
    if not text.isdecimal():
        raise ShellFault(f"{_where(shell, name)}: Illegal number: {text}", 2)
    return int(text)


def _as_program(name: str) -> Builtin:
    def run(shell: BuiltinShell, arguments: list[str], world: World) -> Running:
        child = shell.inside(world, {})
        child.me, child.shell = shell.me, shell.who
        running = child.launch([name, *arguments], child)
        assert running is not None
        return (yield from running)

    return run


def _exit(shell: BuiltinShell, arguments: list[str], world: World) -> int:
    raise ExitShell(_number(shell, "exit", arguments[0]) if arguments else shell.state.code)


def _return(shell: BuiltinShell, arguments: list[str], world: World) -> int:
    code = _number(shell, "return", arguments[0]) if arguments else shell.state.code
    raise ReturnFromFunction(code)


def _leave(again: bool) -> Builtin:
    def run(shell: BuiltinShell, arguments: list[str], world: World) -> int:
        raise LeaveLoop(int(arguments[0]) if arguments else 1, again)

    return run


def _cd(shell: BuiltinShell, arguments: list[str], world: World) -> int:
    variables = shell.state.variables
    arguments = [a for a in arguments if a not in ("-L", "-P", "--")]
    name = arguments[0] if arguments else variables.get("HOME", "/")
    name = variables.get("OLDPWD", "/") if name == "-" else name
    here = shell.world
    found = here.find(name)
    if found is None or found.kind != "folder":
        missing = "No such file or directory" if found is None else "Not a directory"
        why = f": {missing}" if here.busybox else ""
        return shell.complain(f"{_where(shell, 'cd')}: can't cd to {name}{why}", 2, world)
    variables["OLDPWD"], here.cwd = here.cwd, here.path(name)
    variables["PWD"] = world.cwd = here.cwd
    return world.say(f"{here.cwd}\n") if arguments == ["-"] else 0


def _trap(shell: BuiltinShell, arguments: list[str], world: World) -> int:
    traps, state = shell.me.traps, shell.state
    if not arguments:
        names = {number: name for name, number in signals.NUMBERS.items()}
        listed = [(state.on_exit, "EXIT")] if state.on_exit else []
        listed += [(action, names.get(number, str(number))) for number, action in traps.items()]
        return world.say("".join(f"trap -- '{action}' {name}\n" for action, name in listed))
    action, *names_ = arguments if len(arguments) > 1 else ["-", *arguments]
    for name in names_:
        number = signals.number(name)
        if name in ("EXIT", "0"):
            state.on_exit = "" if action == "-" else action
        elif number is None:
            why = f"{name}: invalid signal specification" if world.busybox else f"{name}: bad trap"
            return shell.complain(f"{_where(shell, 'trap')}: {why}", 1, world)
        elif action == "-":
            traps.pop(number, None)
        else:
            traps[number] = action
    return 0


def _set(shell: BuiltinShell, arguments: list[str], world: World) -> int:
    state = shell.state
    if not arguments:
        rows = sorted(state.variables.items())
        return world.say("".join(f"{name}='{value}'\n" for name, value in rows))
    while arguments:
        first = arguments[0]
        if first == "--" or first[:1] not in "-+" or first in ("-", "+", ""):
            state.arguments = arguments[1:] if first == "--" else arguments
            break
        on, arguments = first[0] == "-", arguments[1:]
        for letter in first[1:]:
            if letter == "o" and arguments:
                _option(shell, world, arguments.pop(0), on)
            elif letter in state.options:
                state.options[letter] = on
            elif letter not in "bmhHBE":
                raise ShellFault(f"{_where(shell, 'set')}: illegal option -{letter}", 2)
    return 0


def _option(shell: BuiltinShell, world: World, name: str, on: bool) -> None:
    named = {"errexit": "e", "nounset": "u", "xtrace": "x", "noglob": "f", "allexport": "a"}
    if name == "pipefail" and (shell.world.busybox or "bash" in shell.state.name):
        shell.state.pipefail = on
    elif name in named:
        shell.state.options[named[name]] = on
    else:
        world.complain(f"{shell.who}: {_where(shell, 'set')}: illegal option -o {name}")
        raise ExitShell(2)


def _export(shell: BuiltinShell, arguments: list[str], world: World) -> int:
    state = shell.state
    arguments = [a for a in arguments if a not in ("-p", "--")]
    if not arguments:
        rows = sorted(state.environment().items())
        return world.say("".join(f"export {name}='{value}'\n" for name, value in rows))
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if not _NAME.fullmatch(name):
            raise ShellFault(f"{_where(shell, 'export')}: {name}: bad variable name", 2)
        if equals:
            shell.assign(name, value)
        state.exported[name] = None
    return 0


def _readonly(shell: BuiltinShell, arguments: list[str], world: World) -> int:
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if equals:
            shell.assign(name, value)
        shell.state.readonly[name] = None
    return 0


def _local(shell: BuiltinShell, arguments: list[str], world: World) -> int:
    state = shell.state
    if state.locals is None:
        raise ShellFault(f"{_where(shell, 'local')}: not in a function", 2)
    for argument in arguments:
        name, equals, value = argument.partition("=")
        state.locals.setdefault(name, state.variables.get(name))
        if equals:
            shell.assign(name, value)
    return 0


def _unset(shell: BuiltinShell, arguments: list[str], world: World) -> int:
    for name in arguments:
        if arguments[0] == "-f":
            shell.state.functions.pop(name, None)
        elif name in shell.state.readonly:
            raise ShellFault(f"{_where(shell, 'unset')}: {name}: is read only", 2)
        else:
            shell.state.variables.pop(name, None)
            shell.state.exported.pop(name, None)
    return 0


def _shift(shell: BuiltinShell, arguments: list[str], world: World) -> int:
    count = _number(shell, "shift", arguments[0]) if arguments else 1
    if count > len(shell.state.arguments):
        if shell.world.busybox:
            return 1
        raise ShellFault("shift: can't shift that many", 2)
    shell.state.arguments = shell.state.arguments[count:]
    return 0


def _eval(shell: BuiltinShell, arguments: list[str], world: World) -> Running:
    return (yield from shell.evaluate(" ".join(arguments), world))


def _source(shell: BuiltinShell, arguments: list[str], world: World) -> Running:
    if not arguments:
        return 0
    file = shell.world.find(arguments[0])
    if file is None or file.kind != "file":
        verb, why = ("can't open", f"'{arguments[0]}': No such file or directory")
        if not shell.world.busybox:
            verb, why = "cannot open", f"{arguments[0]}: No such file"
        raise ShellFault(f"{_where(shell, '.')}: {verb} {why}", 2)
    try:
        return (yield from shell.evaluate(file.data.decode(errors="replace"), world))
    except ReturnFromFunction as end:
        return end.code


def _wait(shell: BuiltinShell, arguments: list[str], world: World) -> Running:
    """Wait for children; a signal that is trapped ends it at once (2.11)."""
    state, code = shell.state, 0
    tasks: list[RunningTask | None] = list(state.jobs)
    if arguments:
        by_number = {str(task.process.pid): task for task in state.jobs}
        by_number |= {f"%{n}": task for n, task in enumerate(state.jobs, 1)}
        tasks = [by_number.get(argument) for argument in arguments]
    for task in tasks:
        while task is not None and task.code is None:
            if shell.me.signalled in shell.me.traps:
                return 128 + shell.me.signalled
            yield WAIT
        code = shell.told(task, world) if task is not None else 127
    if not arguments:
        state.jobs.clear()
        return 0
    return code


def _jobs(shell: BuiltinShell, arguments: list[str], world: World) -> int:
    for number, task in enumerate(shell.state.jobs, 1):
        how = "Running" if task.code is None else f"Done({task.code})" if task.code else "Done"
        world.say(f"[{number}]{'+' if task is shell.state.last else ' '}  {how:<26} \n")
    return 0


def _read(shell: BuiltinShell, arguments: list[str], world: World) -> Running:
    """`read [-r] [-p PROMPT] NAME...`: a line of the input, in fields."""
    raw, names = False, list[str]()
    while arguments:
        first = arguments.pop(0)
        if first == "-p" and arguments:
            world.write("stderr", arguments.pop(0).encode())
        elif first in ("-t", "-n", "-s") and arguments and first != "-s":
            arguments.pop(0)
        elif first.startswith("-"):
            raw = raw or "r" in first
        else:
            names.append(first)
    line = (yield from world.line()).decode(errors="replace")
    text = line.removesuffix("\n")
    while not raw and text.endswith("\\") and line:
        line = (yield from world.line()).decode(errors="replace")
        text = text[:-1] + line.removesuffix("\n")
    separators = shell.state.value("IFS")
    names = names or ["REPLY"]
    for name, value in zip(names, _fields(text, separators, len(names)), strict=True):
        shell.assign(name, value)
    return 0 if line.endswith("\n") else 1


def _fields(text: str, given: str | None, count: int) -> list[str]:
    """A line in so many fields; the last has the rest."""
    if given is None or set(given) <= set(" \t\n"):
        parts = text.split(None, count - 1)
        parts = [*parts[:-1], parts[-1].rstrip()] if parts else []
    elif not given:
        parts = [text]
    else:
        parts = re.split(f"[{re.escape(given)}]", text, maxsplit=count - 1)
    return parts + [""] * (count - len(parts))


def _getopts(shell: BuiltinShell, arguments: list[str], world: World) -> int:
    """`getopts LETTERS NAME`: the next option of the positional parameters."""
    letters, name = arguments[0], arguments[1]
    given, variables = arguments[2:] or shell.state.arguments, shell.state.variables
    index = int(variables.get("OPTIND", "1"))
    place = int(variables.get("_OPTPLACE", "1"))
    argument = given[index - 1] if index <= len(given) else ""
    if not argument.startswith("-") or argument in ("-", "--"):
        variables[name] = "?"
        if argument == "--":
            variables["OPTIND"] = str(index + 1)
        return 1
    letter = argument[place]
    rest, after = argument[place + 1 :], letters.partition(letter)[2]
    variables["_OPTPLACE"] = "1" if not rest else str(place + 1)
    variables["OPTIND"] = str(index + (not rest))
    variables[name] = letter
    if letter == ":" or letter not in letters:
        variables[name] = "?"
        if not letters.startswith(":"):
            world.complain(f"Illegal option -{letter}")
    elif after.startswith(":"):
        value = rest or (given[index] if index < len(given) else "")
        variables["OPTARG"], variables["_OPTPLACE"] = value, "1"
        variables["OPTIND"] = str(index + (1 if rest else 2))
    return 0


def _type(shell: BuiltinShell, arguments: list[str], world: World) -> int:
    code = 0
    for name in arguments:
        child = shell.inside(world, {})
        if name in shell.state.functions:
            world.say(f"{name} is a function\n")
        elif name in BUILTINS:
            world.say(f"{name} is a shell builtin\n")
        elif path := child.where(name):
            world.say(f"{name} is {path}\n")
        else:
            world.say(f"{name}: not found\n")
            code = 127
    return code


def _command(shell: BuiltinShell, arguments: list[str], world: World) -> Running:
    """`command NAME`: no function; `command -v NAME`: where it is."""
    if arguments[:1] in (["-v"], ["-V"]):
        code = 0
        for name in arguments[1:]:
            path = shell.inside(world, {}).where(name)
            own = name in BUILTINS or name in shell.state.functions
            if own or path:
                world.say(f"{name if own else path}\n")
            code = code if own or path else 127
        return code
    if not arguments:
        return 0
    if arguments[0] in BUILTINS:
        return (yield from shell.call(arguments, world, {}))
    return (yield from shell.external(arguments, world, {}))


def _let(shell: BuiltinShell, arguments: list[str], world: World) -> int:
    value = 0
    for argument in arguments:
        try:
            value = evaluate(argument, shell.state.variables)
        except ArithmeticError as problem:
            raise ShellFault(str(problem), 2) from problem
    return int(value == 0)


def _umask(shell: BuiltinShell, arguments: list[str], world: World) -> int:
    return 0 if arguments else world.say("0022\n")


def _ulimit(shell: BuiltinShell, arguments: list[str], world: World) -> int:
    if arguments == ["-n"]:
        return world.say("1048576\n")
    return world.say("unlimited\n") if len(arguments) < 2 else 0


def _nothing(shell: BuiltinShell, arguments: list[str], world: World) -> int:
    return 0


BUILTINS: dict[str, Builtin] = {name: _as_program(name) for name in AS_PROGRAMS} | {
    ":": _nothing,
    ".": _source,
    "source": _source,
    "exit": _exit,
    "return": _return,
    "break": _leave(again=False),
    "continue": _leave(again=True),
    "cd": _cd,
    "trap": _trap,
    "set": _set,
    "export": _export,
    "readonly": _readonly,
    "local": _local,
    "unset": _unset,
    "shift": _shift,
    "eval": _eval,
    "wait": _wait,
    "jobs": _jobs,
    "read": _read,
    "getopts": _getopts,
    "type": _type,
    "command": _command,
    "let": _let,
    "umask": _umask,
    "ulimit": _ulimit,
    "hash": _nothing,
    "alias": _nothing,
    "unalias": _nothing,
    "bg": _nothing,
    "fg": _wait,
}
