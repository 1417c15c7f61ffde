"""A container's own time, which stands still while the container is frozen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from course_lib.engine import Simulation


class Runs(Protocol):
    """A container, as far as its time is concerned."""

    @property
    def running(self) -> bool:
        """Whether its process is there now."""


class OwnTime:
    """The time of one container, in simulated seconds; it begins with the container's start."""

    __slots__ = ("_container", "_frozen_at", "_lost", "_sim", "_waiting", "frozen", "started_at")

    def __init__(self, sim: Simulation, container: Runs) -> None:
        self._sim, self._container = sim, container
        self.started_at = 0.0
        self.frozen = False
        self._lost = 0.0  # seconds that it was frozen
        self._frozen_at = 0.0
        self._waiting: tuple[Callable[[], None], ...] = ()  # what happens when it is thawed

    def begin(self) -> None:
        """The container starts now."""
        self.started_at = self._sim.now

    @property
    def age(self) -> float:
        """Seconds of its own time since it started."""
        return self.age_at(self._sim.now)

    def age_at(self, now: float) -> float:
        """What its age was at a time (simulated s) since which it was not frozen or thawed."""
        frozen = now - self._frozen_at if self.frozen else 0.0
        return self.at(now) - frozen

    def at(self, end: float) -> float:
        """Seconds of its own time from its start to an end, which must not be in a freeze."""
        return end - self.started_at - self._lost

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Act after so many seconds of the container's own time, if it is still running."""
        due = self.age + seconds

        def look() -> None:
            if not self._container.running:
                return
            if self.frozen:
                self._waiting += (look,)
            elif (left := due - self.age) > 1e-9:
                self._sim.at(self._sim.now + left, look)
            else:
                act()

        self._sim.at(self._sim.now + seconds, look)

    def freeze(self) -> None:
        """Stand still: the cgroup's freezer takes the CPU away."""
        if self._container.running and not self.frozen:
            self.frozen, self._frozen_at = True, self._sim.now

    def thaw(self) -> None:
        """Go on after a freeze."""
        if self.frozen:
            self.frozen = False
            self._lost += self._sim.now - self._frozen_at
            waiting, self._waiting = self._waiting, ()
            for look in waiting:
                look()
