"""Simulated time that follows the clock, beside programs that live in real time.

Such programs are clients of a simulated runtime, or an API server whose clients are simulated
components. No two runs are the same then. Elsewhere in the package nothing reads the clock. One
lock stands around the simulation.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from course_lib.engine.simulation import Simulation

IDLE, TICK = 0.5, 0.005  # s at most, and at least, between two looks at what is due
SLICE = 0.1  # simulated s that run at a time; then the end is noticed
LEAST = 1e-6  # simulated s; less than that cannot be added to a time


class RealTime:
    """A simulation that runs beside the clock, `speed` simulated seconds for each real one."""

    def __init__(self, sim: Simulation, speed: float) -> None:
        self.sim, self.speed = sim, speed
        self.ended = False
        self._began = 0.0
        self._lock = threading.Condition()
        self._driver = threading.Thread(target=self._drive, name="simulated time", daemon=True)

    def start(self) -> None:
        """Let time pass from now on."""
        self._began = time.monotonic() - self.sim.now / self.speed
        self._driver.start()

    def end(self) -> None:
        """Let no more time pass; the driver ends with its next look, even when it is far behind."""
        self.ended = True
        with self._lock:
            self._lock.notify_all()

    def join(self) -> None:
        """Wait until the driver has ended."""
        if self._driver.is_alive():
            self._driver.join()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the simulation, as it is now; what is changed meanwhile is looked at at once."""
        with self._lock:
            self._advance()
            yield
            self._lock.notify()

    def _advance(self) -> None:
        """Let all happen that is due by now; under the lock."""
        due = (time.monotonic() - self._began) * self.speed
        while not self.ended and (behind := due - self.sim.now) > LEAST:
            self.sim.run(min(behind, SLICE))

    def _drive(self) -> None:
        with self._lock:
            while not self.ended:
                self._advance()
                due = (self.sim.env.peek() - self.sim.now) / self.speed
                self._lock.wait(min(max(due, TICK), IDLE))
