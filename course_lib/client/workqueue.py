"""The work queue of a control loop: each key once, and a key that failed later each time.

A key is waiting, being processed, or both: one that is added while it is processed is handed out
again when it is done, and never to two workers at once. Source: client-go `util/workqueue`. Not
here: the limit of 10 keys a second that all keys share.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Hashable
from math import inf
from typing import Generic, TypeVar

import simpy

from course_lib.engine import Simulation

FIRST_DELAY, LAST_DELAY = 0.005, 1000.0  # s (`DefaultTypedControllerRateLimiter`)
KeyT = TypeVar("KeyT", bound=Hashable)


class ExponentialFailureRateLimiter(Generic[KeyT]):
    """A delay for each failure of a key, doubled from failure to failure.

    >>> limiter = ExponentialFailureRateLimiter[str](first=1.0, last=3.0)
    >>> [limiter.when("web") for _ in range(3)]
    [1.0, 2.0, 3.0]
    >>> limiter.forget("web")
    >>> limiter.failures("web")
    0
    """

    def __init__(self, first: float = FIRST_DELAY, last: float = LAST_DELAY) -> None:
        self._first, self._last = first, last
        self._failures: dict[KeyT, int] = {}

    def when(self, key: KeyT) -> float:
        """Count a failure; returns the seconds until the next try."""
        before = self.failures(key)
        self._failures[key] = before + 1
        return min(self._first * 2.0 ** min(before, 30), self._last)

    def forget(self, key: KeyT) -> None:
        """Count the failures of a key from 0 again."""
        self._failures.pop(key, None)

    def failures(self, key: KeyT) -> int:
        """How often a key has failed in a row."""
        return self._failures.get(key, 0)


class WorkQueue(Generic[KeyT]):
    """Keys in the order in which they were added.

    >>> queue = WorkQueue[str](Simulation())
    >>> for key in ("web", "db", "web"):
    ...     queue.add(key)
    >>> len(queue)
    2
    """

    def __init__(
        self, sim: Simulation, limiter: ExponentialFailureRateLimiter[KeyT] | None = None
    ) -> None:
        self._sim = sim
        self._limiter = limiter or ExponentialFailureRateLimiter[KeyT]()
        self._waiting: deque[KeyT] = deque()
        self._dirty: set[KeyT] = set()  # to be processed: waiting, or added while in process
        self._processing: set[KeyT] = set()
        self._due: dict[KeyT, float] = {}  # of keys that are added later: the earliest time
        self._idle: simpy.Event | None = None  # for all workers that wait

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, key: KeyT) -> None:
        """Add a key, unless it waits already."""
        if key in self._dirty:
            return
        self._dirty.add(key)
        if key not in self._processing:
            self._append(key)

    def add_after(self, key: KeyT, seconds: float) -> None:
        """Add a key in so many simulated seconds; of several delays the earliest to end counts."""
        due = self._sim.now + seconds
        if seconds <= 0:
            self.add(key)
        elif due < self._due.get(key, inf):
            self._due[key] = due
            self._sim.at(due, lambda: self._add_due(key, due))

    def _add_due(self, key: KeyT, due: float) -> None:
        if self._due.get(key) == due:  # no earlier time was asked for since
            del self._due[key]
            self.add(key)

    def add_rate_limited(self, key: KeyT) -> None:
        """Add a key that failed, after the delay that the rate limiter gives it."""
        self.add_after(key, self._limiter.when(key))

    def forget(self, key: KeyT) -> None:
        """Tell the rate limiter that a key succeeded."""
        self._limiter.forget(key)

    def ready(self) -> Generator[simpy.Event, None, None]:
        """Wait until there is a key: `yield from queue.ready()`."""
        while not self._waiting:
            if self._idle is None or self._idle.triggered:
                self._idle = self._sim.env.event()
            yield self._idle

    def get(self) -> KeyT:
        """Take the next key; call `done` when it is processed. Raises `IndexError` for none."""
        key = self._waiting.popleft()
        self._dirty.discard(key)
        self._processing.add(key)
        return key

    def done(self, key: KeyT) -> None:
        """A key is processed; it waits again if it was added meanwhile."""
        self._processing.discard(key)
        if key in self._dirty:
            self._append(key)

    def _append(self, key: KeyT) -> None:
        self._waiting.append(key)
        if self._idle is not None and not self._idle.triggered:
            self._idle.succeed()
