"""A process's share of simulated time: what it has begun ends with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import simpy

from course_lib.engine.simulation import Process, Simulation


class Lifetime(Simulation):
    """A simulation as one process sees it: what the process starts ends with the process.

    Clock, random streams, series of numbers, log and reports are those of the world.

    >>> world = Simulation()
    >>> life = Lifetime(world)
    >>> life.at(5, lambda: print("five"))
    >>> life.at(15, lambda: print("fifteen"))
    >>> world.run(10)
    five
    >>> life.end()
    >>> world.run(10)
    """

    def __init__(self, world: Simulation) -> None:
        self.world = world
        self.seed, self.env, self.log = world.seed, world.env, world.log
        self._random, self._numbers = world._random, world._numbers
        self._pending, self._soon, self.ticks = world._pending, world._soon, world.ticks
        self.over = False

    def end(self) -> None:
        """The process is gone: nothing that it has begun goes on."""
        self.over = True

    def at(self, time: float, act: Callable[[], None]) -> None:
        """Call `act` at a simulated time, if the process still lives."""
        self.world.at(time, partial(self._call_if_alive, act))

    def soon(self, act: Callable[[], None]) -> None:
        """Call `act` when the present step has ended, if the process still lives."""
        self.world.soon(partial(self._call_if_alive, act))

    def _call_if_alive(self, act: Callable[[], None]) -> None:
        if not self.over:
            act()

    def start(self, process: Process) -> simpy.Process:
        """Let a part of the process run beside the others, as long as it lives."""
        return self.world.start(self._while_alive(process))

    def _while_alive(self, process: Process) -> Process:
        result: object = None
        problem: Exception | None = None
        while not self.over:
            try:
                event = process.throw(problem) if problem else process.send(result)
            except StopIteration as stop:
                return stop.value
            result = problem = None
            try:
                result = yield event
            except Exception as raised:
                problem = raised
        process.close()
        return None
