"""Tickers: what happens again and again, at a rest that costs nothing.

A component of a cluster looks at something every few seconds, and nearly always finds nothing to
do. A ticker can sleep through such ticks: a tick returns until when the following ones would
change nothing, and `wake` ends the sleep sooner. The next tick is then at the instant at which it
would have been, so that nobody can see whether the ticker slept.

Ticks of one instant come after everything else of that instant, in the order in which their
tickers were made. This order does not depend on who sleeps.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappush
from math import ceil, inf
from typing import TYPE_CHECKING

import simpy

if TYPE_CHECKING:
    from course_lib.engine.simulation import Simulation

AFTER_ALL = 2  # a priority of SimPy, after URGENT (0) and NORMAL (1)
SOON = float("-inf")  # what a tick returns when the next one may change something
FOR_EVER = inf  # what a tick returns when only `wake` can change something


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
        """Have a tick happen at exactly this time."""
        event = self._env.event()
        event._ok, event._value = True, None
        assert event.callbacks is not None
        event.callbacks.append(act)
        place = (number, next(self._env._eid))
        heappush(self._env._queue, (time, AFTER_ALL, place, event))  # type: ignore[misc]


class Ticker:
    """Calls `tick` at `first` (or now, where that has passed), and then every `period` seconds.

    `tick` returns until when (simulated s) the following ticks would change nothing, if nobody
    calls `wake` before: `SOON` when the next one may, `FOR_EVER` when none will.

    >>> from course_lib.engine import Simulation
    >>> sim, stock = Simulation(), []
    >>> def look():
    ...     print(f"{sim.now:g}: {len(stock)}")
    ...     return FOR_EVER
    >>> ticker = Ticker(sim, 1.0, 10.0, look)
    >>> sim.run(75)
    1: 0
    >>> stock.append("apple")
    >>> ticker.wake()
    >>> sim.run(100)
    81: 1
    """

    __slots__ = ("_first", "_next", "_number", "_period", "_sim", "_stopped", "_tick", "_woken")

    def __init__(
        self, sim: Simulation, first: float, period: float, tick: Callable[[], float]
    ) -> None:
        self._sim, self._period, self._tick = sim, period, tick
        self._first = max(first, sim.now)
        self._number = sim.ticks.number()
        self._woken = self._stopped = False
        self._next: float = 0  # the index of the next tick that happens
        self._schedule(0)

    def stop(self) -> None:
        """Tick no more."""
        self._stopped = True

    def wake(self) -> None:
        """Something has changed on which the ticks depend: let the next one happen."""
        self._woken = True
        following = self._following()
        if following < self._next and not self._stopped:
            self._schedule(following)

    @property
    def last(self) -> float | None:
        """When the last tick was, whether it happened or not; None before the first one."""
        following = self._following()
        return self._time(following - 1) if following else None

    def _time(self, index: float) -> float:
        return self._first + index * self._period

    def _following(self) -> int:
        """The index of the first tick that is not over."""
        now = self._sim.now
        index = max(0, ceil((now - self._first) / self._period) - 1)
        while self._sim.ticks.is_over(self._time(index), self._number):
            index += 1
        return index

    def _schedule(self, index: float) -> None:
        self._next = index
        self._sim.ticks.at(self._time(index), self._number, lambda _: self._happen(index))

    def _happen(self, index: float) -> None:
        if self._stopped or self._next != index or self._sim.over:
            return
        self._sim.ticks.reach(self._number)
        self._woken, until = False, SOON
        try:
            until = self._tick()
        except Exception as error:
            self._sim.failed(error)
        if self._stopped:
            return
        if self._woken or self._sim.plain or until <= self._time(index + 1):
            self._schedule(index + 1)
        elif until == FOR_EVER:
            self._next = FOR_EVER
        else:
            after = index + max(1, ceil((until - self._time(index)) / self._period) - 1)
            while self._time(after) < until:
                after += 1
            self._schedule(after)
