"""What the builtins of a shell have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from course_lib.runtimes.kernel import Running
from course_lib.runtimes.process import Process
from course_lib.runtimes.shell.programs import ShellPrograms
from course_lib.runtimes.shell.state import (
    ShellFault,
    ShellState,
)
from course_lib.runtimes.world import World

AS_PROGRAMS = ("echo", "printf", "test", "[", "true", "false", "pwd", "kill")


class BuiltinShell(Protocol):
    """The shell, as far as its builtins are concerned."""

    state: ShellState
    world: World
    me: Process
    programs: ShellPrograms

    @property
    def who(self) -> str:
        """How it begins its errors."""

    def evaluate(self, text: str, world: World) -> Running:
        """A text as a script."""

    def call(self, words: list[str], world: World, given: dict[str, str]) -> Running:
        """Run a command: its `words`, in `world`, with more variables `given`."""

    def assign(self, name: str, value: str) -> None:
        """Set a variable."""

    def complain(self, said: str, code: int, world: World | None = None) -> int:
        """Print an error."""


Builtin = Callable[[BuiltinShell, list[str], World], int | Running]


def where(shell: BuiltinShell, name: str) -> str:
    """How ash and dash begin the error of a builtin."""
    return f"{name}: line 0" if shell.world.busybox else name


def number_of(shell: BuiltinShell, name: str, text: str) -> int:
    """The number that a builtin `name` of the `shell` is given as `text`; raises `ShellFault`."""
    if not text.isdecimal():
        raise ShellFault(f"{where(shell, name)}: Illegal number: {text}", 2)
    return int(text)
