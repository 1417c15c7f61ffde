"""What a running shell remembers: variables, functions, options, traps, and its children."""

from __future__ import annotations

from collections.abc import MutableMapping

import msgspec

from course_lib.runtimes.kernel import RunningTask
from course_lib.runtimes.shell.syntax import Command


class ShellFault(Exception):
    """The shell ends, or gives up this command: what it says, and its code."""

    def __init__(self, said: str, code: int) -> None:
        super().__init__(said)
        self.said, self.code = said, code


class ExitShell(Exception):
    """The shell is to end with this code."""

    def __init__(self, code: int) -> None:
        self.code = code % 256


class LeaveLoop(Exception):
    """`break` or `continue` of so many loops."""

    def __init__(self, count: int, again: bool) -> None:
        self.count, self.again = count, again


class ReturnFromFunction(Exception):
    """A function or a sourced file is to end with this code."""

    def __init__(self, code: int) -> None:
        self.code = code


class ShellState(msgspec.Struct):
    """The state of one shell; `variables` are its own, and `exported` those of its children too."""

    variables: MutableMapping[str, str] = {}
    exported: dict[str, None] = {}
    arguments: list[str] = []
    name: str = "sh"
    code: int = 0
    pid: int = 1
    line: int = 1
    options: dict[str, bool] = msgspec.field(
        default_factory=lambda: dict.fromkeys("aefnuvx", False)
    )
    pipefail: bool = False
    functions: dict[str, Command] = {}
    jobs: list[RunningTask] = []
    last: RunningTask | None = None  # the last that was started in the background
    on_exit: str = ""  # what `trap ... EXIT` says
    readonly: dict[str, None] = {}
    locals: dict[str, str | None] | None = None  # of the running function: values before it
    from_file: bool = False  # whether its script is a file
    interactive: bool = False  # whether somebody types it

    def value(self, name: str) -> str | None:
        """The value of a parameter; None where it is not set."""
        match name:
            case "?":
                return str(self.code)
            case "#":
                return str(len(self.arguments))
            case "@" | "*":
                return " ".join(self.arguments)
            case "$":
                return str(self.pid)
            case "!":
                return str(self.last.process.pid) if self.last else None
            case "0":
                return self.name
            case "-":
                return "".join(letter for letter, on in self.options.items() if on)
        if name.isdecimal():
            place = int(name) - 1
            return self.arguments[place] if place < len(self.arguments) else None
        return self.variables.get(name)

    def environment(self) -> dict[str, str]:
        """What a child gets."""
        return {name: self.variables[name] for name in self.exported if name in self.variables}

    def copy(self) -> ShellState:
        """The state of a shell of its own, which changes nothing here."""
        return msgspec.structs.replace(
            self,
            variables=dict(self.variables),
            exported=dict(self.exported),
            arguments=list(self.arguments),
            options=dict(self.options),
            functions=dict(self.functions),
            jobs=[],
            on_exit="",
        )
