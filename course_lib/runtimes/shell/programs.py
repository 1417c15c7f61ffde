"""The programs that a shell starts: as its children, or in its own place.

Source: POSIX.1-2017, Shell Command Language, 2.8.2 Exit Status, 2.9.1 Simple Commands, exec.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from typing import Protocol

import msgspec

from course_lib.runtimes import signals
from course_lib.runtimes.kernel import WAIT, Running, RunningTask
from course_lib.runtimes.process import Process
from course_lib.runtimes.shell.state import ExitShell, ShellState
from course_lib.runtimes.world import EXECUTABLE, World

INSTANT = 0.01  # s, for a command that does next to nothing
NOT_SIMULATED = "the course does not simulate this program"
NOT_RUNNABLE, NOT_FOUND = 126, 127


class Starter(Protocol):
    """The shell, as far as its programs are concerned."""

    state: ShellState
    world: World
    me: Process

    def complain(self, said: str, code: int, world: World | None = None) -> int:
        """Print an error."""


def ended(task: RunningTask) -> Running:
    """Wait for the end of a task."""
    while task.code is None:
        yield WAIT
    return task.code


class ShellPrograms:
    """Starts the programs of one `shell`."""

    def __init__(self, shell: Starter) -> None:
        self._shell = shell

    def run(self, words: list[str], world: World, given: dict[str, str]) -> Running:
        """Run a program as a child, and wait for it.

        `words` is its command line, `world` what it sees, `given` are more variables for it.
        """
        child = self.inside(world, given)
        if refused := self._refused(words, child):
            code, said = refused
            yield INSTANT
            return self._shell.complain(said, code, world)
        task = child.start(words, self._shell.me.pid)
        assert task is not None
        yield from ended(task)
        return self.told(task, world)

    def replace(
        self, words: list[str], world: World, given: dict[str, str], quiet: bool = False
    ) -> Running:
        """`exec`: the program takes the shell's place; with `quiet` nobody has asked for it.

        `words`, `world` and `given` as in `run`. Raises `ExitShell` at its end.
        """
        shell, child = self._shell, self.inside(world, given)
        if refused := self._refused(words, child):
            code, said = refused
            yield INSTANT
            prefix = "" if quiet else "exec: line 0: " if child.busybox else "exec: "
            raise ExitShell(shell.complain(f"{prefix}{said}", code, world))
        shell.me.name, shell.me.command = posixpath.basename(words[0]), " ".join(words)
        shell.me.traps = {n: "" for n, action in shell.me.traps.items() if not action}
        shell.state.on_exit = ""
        child.me = shell.me
        running = child.launch(words, child)
        assert running is not None
        raise ExitShell((yield from running))

    def told(self, task: RunningTask, world: World) -> int:
        """The code of a child that has ended; of one that a signal ended the shell says so."""
        if task.doomed is not None and (said := signals.ENDINGS.get(task.doomed - 128)):
            world.complain(said)
        return task.code or 0

    def inside(self, world: World, given: dict[str, str]) -> World:
        """What a child sees: the same files, and the environment with the variables `given`."""
        env = self._shell.state.environment() | given
        return msgspec.structs.replace(world, cwd=self._shell.world.cwd, env=env, me=None)

    def _refused(self, words: Sequence[str], child: World) -> tuple[int, str] | None:
        """Why a program cannot be run: the exit code, and what the shell says."""
        name = words[0]
        file = child.locate(name)
        if file is not None and (file.kind == "folder" or not file.mode & EXECUTABLE):
            return NOT_RUNNABLE, f"{name}: Permission denied"
        if file is None and child.known:
            missing = "not found"
            if "bash" in posixpath.basename(self._shell.state.name):
                missing = "No such file or directory" if "/" in name else "command not found"
            return NOT_FOUND, f"{name}: {missing}"
        if child.launch(words, child) is None:
            return NOT_RUNNABLE, f"{name}: {NOT_SIMULATED}"
        return None
