"""The processes of a container, as they see and signal each other."""

from __future__ import annotations

from collections.abc import Callable

import msgspec


class Process(msgspec.Struct, eq=False):
    """A running program: its name, its command line, its user, and the handler of its signals."""

    name: str
    command: str = ""
    uid: int = 0
    pid: int = 0  # within its namespace
    parent: int = 0
    receive: Callable[[int], None] = lambda signal: None
    traps: dict[int, str] = {}  # what a script does when it gets a signal
    signalled: int = 0  # the signal that has come


class Processes:
    """The processes of one PID namespace, by number; numbers are not given twice."""

    def __init__(self) -> None:
        self.rows: dict[int, Process] = {}
        self._last = 0

    def add(self, process: Process) -> Process:
        """A process has started; it gets the next number."""
        self._last += 1
        process.pid = self._last
        self.rows[process.pid] = process
        return process

    def remove(self, process: Process) -> None:
        """A process has ended."""
        self.rows.pop(process.pid, None)
