"""Programs that run side by side, and the pipes between them.

A simulated program is a generator: it yields the seconds that it sleeps, or `WAIT` until something
happens (input, a signal, the end of a child), and returns its exit code. The life of a task:
- ready: it is stepped at the next turn;
- asleep: until its time has come; a signal that it handles wakes it;
- waiting: it looks again each time that something has happened (`Kernel.ring`);
- ended: with an exit code; 128 + signal for one that a signal ended.

Source: signal(7), pipe(7); exit codes as POSIX.1-2017, Shell Command Language, 2.8.2.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Generator
from math import inf
from typing import Protocol

from course_lib.runtimes.process import Process
from course_lib.runtimes.signals import IGNORED, SIGPIPE

Running = Generator[float, None, int]
WAIT = inf


class Timer(Protocol):
    """The time that passes for the programs (s)."""

    @property
    def age(self) -> float:
        """Now."""

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Act later."""


class BrokenPipe(Exception):
    """Nobody reads what is written any more."""


class Pipe:
    """Bytes on their way to a program; `changed` is called when there is more to look at."""

    def __init__(self, changed: Callable[[], object] = bool) -> None:
        self.changed = changed
        self._data = b""
        self.closed = False  # no more will come
        self.abandoned = False  # nobody reads
        self.waited_for = False  # somebody looked for more than there is

    def feed(self, data: bytes) -> None:
        """More has come; raises `BrokenPipe` where nobody reads."""
        if self.abandoned:
            raise BrokenPipe
        self._data += data
        self.waited_for = False
        self.changed()

    def close(self) -> None:
        """No more will come."""
        self.closed, self.waited_for = True, False
        self.changed()

    def abandon(self) -> None:
        """The reader has gone."""
        self.abandoned = True
        self.changed()

    def line(self) -> bytes | None:
        """The next line, its end included; nothing at the end of input; None: not yet."""
        line, end, rest = self._data.partition(b"\n")
        if not end and not self.closed:
            self.waited_for = True
            return None
        self._data = rest
        return line + end

    def chunk(self) -> bytes | None:
        """All that has come; nothing at the end of input; None: not yet."""
        if not self._data and not self.closed:
            self.waited_for = True
            return None
        found, self._data = self._data, b""
        return found


class RunningTask:
    """A running program: its `process`, the generator, and who hears of its end (`ended`)."""

    def __init__(self, process: Process, running: Running, ended: Callable[[int], None]) -> None:
        self.process, self.running, self.ended = process, running, ended
        self.code: int | None = None  # once it has ended
        self.waiting = False
        self.turn = 0  # changes when a sleep is cut short
        self.doomed: int | None = None  # the code with which a signal ends it


class Kernel:
    """The programs of one container, each stepped when its time has come, in a fixed order.

    `time` is what passes for them.
    """

    def __init__(self, time: Timer) -> None:
        self._time = time
        self.tasks: list[RunningTask] = []
        self._ready: list[RunningTask] = []
        self._rung = self._busy = False
        self._current: RunningTask | None = None

    @property
    def now(self) -> float:
        """Seconds of the programs' own time."""
        return self._time.age

    def spawn(
        self, process: Process, running: Running, ended: Callable[[int], None] = lambda code: None
    ) -> RunningTask:
        """Start a program (`running`) as a `process` beside the others; `ended` gets its code."""
        task = self.prepare(process, running, ended)
        process.receive = lambda signal: self.signal(task, signal)
        self.attend()
        return task

    def prepare(
        self, process: Process, running: Running, ended: Callable[[int], None]
    ) -> RunningTask:
        """A program that starts as soon as somebody calls `attend`; else as `spawn`.

        `running` is the program, `process` how it is listed; `ended` gets its exit code.
        """
        task = RunningTask(process, running, ended)
        self.tasks.append(task)
        self._ready.append(task)
        return task

    def attend(self) -> None:
        """Step what is ready."""
        if not self._busy:
            self._attend()

    def ring(self) -> None:
        """Something has happened: every program that waits looks again."""
        self._rung = True
        self.attend()

    def ring_after(self, seconds: float) -> None:
        """Ring later: for a program that waits for something, and not for ever."""
        self._time.after(seconds, self.ring)

    def signal(self, task: RunningTask, signal: int) -> None:
        """Send a signal: it is handled, ignored, or ends the program."""
        process = task.process
        if task.code is not None:
            return
        if signal in process.traps:
            process.signalled = signal
            task.waiting, task.turn = False, task.turn + 1
            self._ready.append(task)
        elif signal not in IGNORED:
            self._doom(task, 128 + signal)
        self.attend()

    def end(self, task: RunningTask, code: int) -> None:
        """End a program from outside."""
        self._doom(task, code)
        self.attend()

    def stop(self) -> None:
        """End all programs without a word: their namespace is gone."""
        tasks, self.tasks, self._ready = self.tasks, [], []
        for task in tasks:
            if task is not self._current:
                task.running.close()

    def _doom(self, task: RunningTask, code: int) -> None:
        task.doomed = code
        task.waiting, task.turn = False, task.turn + 1
        self._ready.append(task)

    def _attend(self) -> None:
        """Step what is ready, and what waits as often as something happens, until all is quiet."""
        self._busy = True
        try:
            while self._ready or self._rung:
                if not self._ready:
                    self._rung = False
                    self._ready = [task for task in self.tasks if task.waiting]
                    for task in self._ready:
                        task.waiting = False
                    continue
                self._step(self._ready.pop(0))
        finally:
            self._busy = False

    def _step(self, task: RunningTask) -> None:
        if task not in self.tasks:
            return
        if task.doomed is not None:
            task.running.close()
            self._finish(task, task.doomed)
            return
        self._current = task
        try:
            seconds = next(task.running)
        except StopIteration as end:
            self._finish(task, end.value if task.doomed is None else task.doomed)
        except BrokenPipe:
            self._finish(task, 128 + SIGPIPE)
        else:
            self._rest(task, seconds)
        finally:
            self._current = None

    def _rest(self, task: RunningTask, seconds: float) -> None:
        if task.doomed is not None:  # by itself
            self._ready.append(task)
        elif seconds == WAIT:
            task.waiting = True
        else:
            task.turn += 1
            turn = task.turn
            self._time.after(seconds, lambda: self._due(task, turn))

    def _due(self, task: RunningTask, turn: int) -> None:
        if task.turn == turn:
            self._ready.append(task)
            self.attend()

    def _finish(self, task: RunningTask, code: int) -> None:
        if task in self.tasks:
            self.tasks.remove(task)
        task.code = code
        task.ended(code)
        self._rung = True


class Stopwatch:
    """Time without a simulation: it passes when `run` is called."""

    def __init__(self) -> None:
        self.age = 0.0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._number = 0

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Act later."""
        self._number += 1
        heapq.heappush(self._due, (self.age + seconds, self._number, act))

    def run(self, until: Callable[[], bool], most: float) -> None:
        """Let time pass until something is so, nothing is left to do, or `most` (s) are over."""
        while self._due and not until() and self.age <= most:
            self.age, _, act = heapq.heappop(self._due)
            act()
