"""The builtins that read and change variables, parameters and options.

Source: POSIX.1-2017, Shell Command Language, 2.14 Special Built-In Utilities, and Utilities.
"""

from __future__ import annotations

import re

from course_lib.runtimes.kernel import Running
from course_lib.runtimes.shell.arithmetic import evaluate
from course_lib.runtimes.shell.builtin import Builtin, BuiltinShell, number_of, where
from course_lib.runtimes.shell.state import (
    ExitShell,
    ShellFault,
)
from course_lib.runtimes.world import World

_NAME = re.compile(r"[A-Za-z_]\w*")


# Builtins that are programs as well, and do the same.
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
                raise ShellFault(f"{where(shell, 'set')}: illegal option -{letter}", 2)
    return 0


def _option(shell: BuiltinShell, world: World, name: str, on: bool) -> None:
    named = {"errexit": "e", "nounset": "u", "xtrace": "x", "noglob": "f", "allexport": "a"}
    if name == "pipefail" and (shell.world.busybox or "bash" in shell.state.name):
        shell.state.pipefail = on
    elif name in named:
        shell.state.options[named[name]] = on
    else:
        world.complain(f"{shell.who}: {where(shell, 'set')}: illegal option -o {name}")
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
            raise ShellFault(f"{where(shell, 'export')}: {name}: bad variable name", 2)
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
        raise ShellFault(f"{where(shell, 'local')}: not in a function", 2)
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
            raise ShellFault(f"{where(shell, 'unset')}: {name}: is read only", 2)
        else:
            shell.state.variables.pop(name, None)
            shell.state.exported.pop(name, None)
    return 0


def _shift(shell: BuiltinShell, arguments: list[str], world: World) -> int:
    count = number_of(shell, "shift", arguments[0]) if arguments else 1
    if count > len(shell.state.arguments):
        if shell.world.busybox:
            return 1
        raise ShellFault("shift: can't shift that many", 2)
    shell.state.arguments = shell.state.arguments[count:]
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


def _let(shell: BuiltinShell, arguments: list[str], world: World) -> int:
    value = 0
    for argument in arguments:
        try:
            value = evaluate(argument, shell.state.variables)
        except ArithmeticError as problem:
            raise ShellFault(str(problem), 2) from problem
    return int(value == 0)


VARIABLE_BUILTINS: dict[str, Builtin] = {
    "set": _set,
    "export": _export,
    "readonly": _readonly,
    "local": _local,
    "unset": _unset,
    "shift": _shift,
    "read": _read,
    "getopts": _getopts,
    "let": _let,
}
