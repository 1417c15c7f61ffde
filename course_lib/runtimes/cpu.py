"""A container's CPU: requests in turn, a quota for each period (the kernel's `sched-bwc.rst`)."""

from __future__ import annotations

from math import inf
from typing import Protocol

from course_lib.engine import Simulation
from course_lib.runtimes.isolation import PERIOD
from course_lib.runtimes.spec import ContainerSpec


class Limited(Protocol):
    """A container, as far as its limits are concerned."""

    spec: ContainerSpec


class CPU:
    """The CPU of one container; amounts in cores, core-seconds and simulated seconds of `sim`.

    `cores` are the machine's, the `container` has the limits as they are now.
    """

    __slots__ = ("_busy_until", "_container", "_cores", "_period_began", "_period_used", "_sim",
                 "held_periods", "held_up", "work")  # fmt: skip

    def __init__(self, sim: Simulation, cores: float, container: Limited) -> None:
        self._sim, self._cores, self._container = sim, cores, container
        self.work = 0.0  # core-seconds of all requests accepted so far
        self.held_up = 0.0  # s for which requests waited for their next period
        self.held_periods = 0  # periods whose quota was used up while work waited
        self._busy_until = 0.0  # when the work accepted so far will be done
        self._period_began, self._period_used = -inf, 0.0  # s; core-seconds used in it

    @property
    def limit(self) -> float:
        """Cores that the container may use: its limit, or the node's."""
        return min(self._container.spec.resources.cores or self._cores, self._cores)

    def queue(self) -> float:
        """Seconds of work that wait for CPU before a request that came now."""
        return self.left(self._sim.now)

    def left(self, time: float) -> float:
        """Seconds of accepted work that are not done at a time."""
        return max(0.0, self._busy_until - time)

    def accept(self, cost: float) -> float:
        """Take work of so many core-seconds; returns the seconds until it will be done.

        Where requests come faster than the limit allows they queue: that is what throttling
        feels like from outside.
        """
        self.work += cost
        begin = max(self._sim.now, self._busy_until)
        self._busy_until = self._done(begin, cost)
        self.held_up += max(0.0, self._busy_until - begin - cost)
        return self._busy_until - self._sim.now

    def _done(self, begin: float, cost: float) -> float:
        """When work of so many core-seconds is done that gets the CPU from `begin` on.

        Below one core, the kernel gives `cpu.max`'s quota at the start of each period; what has
        used it up stands still until the next one. A period begins with the first work after a
        pause.
        """
        if self.limit >= 1:
            return begin + cost / self.limit
        period = (self._container.spec.resources.cpu_period or PERIOD) / 1e6
        quota = self.limit * period
        if begin >= self._period_began + 2 * period:
            self._period_began, self._period_used = begin, 0.0
        elif begin >= self._period_began + period:
            self._period_began, self._period_used = self._period_began + period, 0.0
        now = begin
        while True:
            ends = self._period_began + period
            runs = min(cost, quota - self._period_used, ends - now)
            cost -= runs
            now, self._period_used = now + runs, self._period_used + runs
            if cost <= 1e-9:
                return now
            self.held_periods += 1
            now, self._period_began, self._period_used = ends, ends, 0.0
