"""Tickers: what happens again and again, at a rest that costs nothing.

A component of a cluster looks at something every few seconds, and nearly always finds nothing to
do. A ticker can sleep through such ticks: a tick returns until when the following ones would
change nothing, and `wake` ends the sleep sooner. The next tick is then at the instant at which it
would have been without the sleep, so that a sleep changes no result.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, inf

from course_lib.engine.simulation import Simulation

SOON = -inf  # what a tick returns when the next one may change something
FOR_EVER = inf  # what a tick returns when only `wake` can change something


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
    True
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

    def wake(self) -> bool:
        """Something has changed on which the ticks depend: let the next one happen.

        Returns whether it slept until now.
        """
        self._woken = True
        following = self._following()
        slept = following < self._next and not self._stopped
        if slept:
            self._schedule(following)
        return slept

    @property
    def last(self) -> float | None:
        """When the last tick was, whether it happened or not; None before the first one."""
        following = self._following()
        return self._time(following - 1) if following else None

    def past(self, most: int) -> tuple[float, ...]:
        """The times of the last ticks, at most so many, whether they happened or not."""
        following = self._following()
        return tuple(map(self._time, range(max(0, following - most), following)))

    def first_from(self, time: float) -> float:
        """The first tick at a time or after it, whether it happens or not."""
        index = max(0, ceil((time - self._first) / self._period) - 1)
        while self._time(index) < time:
            index += 1
        return self._time(index)

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
