"""The order of what happens at one instant, where tickers may sleep.

Ticks come after everything else of their instant, in the order in which their tickers were made.
This order does not depend on which of them sleep (`course_lib.engine.ticker`).
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappush
from math import inf

import simpy

AFTER_ALL = 2  # a priority of SimPy, after URGENT (0) and NORMAL (1)


class TickOrder:
    """The order of the ticks of one world: how many tickers there are, and which tick was last."""

    def __init__(self, env: simpy.Environment) -> None:
        self._env = env
        self._made = 0
        self._reached = (-inf, 0.0)  # time, and the number of the ticker

    def number(self) -> int:
        """The place of a new ticker among those that tick at the same instant."""
        self._made += 1
        return self._made

    def reach(self, number: float = inf) -> None:
        """The tick of this number is now; without a number, all ticks of this instant are over."""
        self._reached = (self._env.now, number)

    def is_over(self, time: float, number: int) -> bool:
        """Whether the ticker with a number has had its tick of a time, or has slept through it."""
        return time < self._env.now or (time, number) <= self._reached

    def at(self, time: float, number: int, act: Callable[[simpy.Event], None]) -> None:
        """Call `act` at exactly this time: the tick of the ticker with this `number`."""
        event = self._env.event()
        event._ok, event._value = True, None
        assert event.callbacks is not None
        event.callbacks.append(act)
        place = (number, next(self._env._eid))
        heappush(self._env._queue, (time, AFTER_ALL, place, event))  # type: ignore[misc]
