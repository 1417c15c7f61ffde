"""Simulated time on SimPy's event kernel, and one random stream for each component.

The life of a simulation: time stands still between calls; `run`, `run_until` and `step` let it
pass. Nothing reads the wall clock, so an hour of cluster life takes as long as its events do.
"""

from __future__ import annotations

import hashlib
import numbers
import random
import warnings
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from operator import attrgetter
from typing import Any, TypeVar, cast

import simpy

from course_lib.engine.log import EventLog, LogEntry
from course_lib.engine.tick_order import TickOrder
from course_lib.engine.timestamps import timestamp
from course_lib.engine.tracing import names_of_next, origin
from course_lib.errors import CourseError, SimulationTimeout

T = TypeVar("T")
Process = Generator[simpy.Event, Any, Any]
MOST_STEPS = 500_000  # at one instant; more are taken for an endless loop
SAMPLE = 1000  # of the steps of an endless loop, that its error names
FIRST_RESTART, LAST_RESTART = 1.0, 60.0  # s, before a loop that failed begins again
ASKED = 1.0  # s after which a condition is asked again, though nothing happens
LONGEST = 100 * 365.25 * 86400.0  # s, that time may run at once


def duration(seconds: object, name: str) -> float:
    """A duration in simulated seconds; raises `CourseError` for what is none.

    >>> duration(1.5, "seconds")
    1.5
    """
    real = isinstance(seconds, numbers.Real) and not isinstance(seconds, bool)
    number = float(seconds) if real else -1.0  # type: ignore[arg-type]
    if not 0 <= number <= LONGEST:
        raise CourseError(
            "time runs forwards, and not for ever",
            where=name,
            expected=f"simulated seconds from 0 to {LONGEST:g} (a hundred years)",
            found=repr(seconds)[:60],
        )
    return number


@lru_cache(maxsize=64)
def _microsecond(time: float) -> float:
    """A time as the log has it; all lines of one instant hold the same object."""
    return round(time, 6)


class StepsUsedUp(Exception):
    """More steps than `Simulation.at_most` allows; no component handles it."""


class Clock(simpy.Environment):
    """SimPy's environment, whose time is read without a call: it is asked for all the time."""

    now = property(attrgetter("_now"))


class Simulation:
    """One simulated world: its clock, its randomness, its log.

    `start` is where its clock begins, in seconds after `EPOCH`: for clients that compare its times
    with their own clock, the wall clock of the process that starts it.

    >>> sim = Simulation(seed=1)
    >>> sim.run(seconds=60)
    >>> sim.now
    60.0
    """

    # Whether an error inside a component ends the run. The project's own tests want that; for a
    # learner the rest of the cluster goes on, as when a real process recovers from a panic.
    strict = False
    # Whether each timer runs and each Pod is scheduled by itself: the plain way, with which tests
    # compare what is shared, done in waves, or asleep.
    plain = False
    over = False  # whether the process whose time this is has ended
    _stands_still_at: float | None = None
    _over_at: float | None = None  # the last instant of which all had happened
    # Read without a call in Python, for it is asked for all the time.
    now = cast(
        "float",
        property(attrgetter("env.now"), doc="Simulated seconds since `EPOCH`."),
    )

    def __init__(self, seed: int = 0, start: float = 0.0) -> None:
        self.seed = seed
        self.env = Clock(initial_time=float(start))
        self.log = EventLog()
        self.ticks = TickOrder(self.env)
        self._random: dict[str, random.Random] = {}
        self._numbers: dict[str, int] = {}
        self._pending: list[Callable[[], Iterable[str]]] = []
        self._soon: deque[Callable[[], None]] = deque()

    @property
    def timestamp(self) -> str:
        """Now, as the API writes it."""
        return timestamp(self.now)

    def random(self, component: str) -> random.Random:
        """The random stream of one component: what others draw does not move it."""
        if component not in self._random:
            digest = hashlib.sha256(f"{self.seed}/{component}".encode()).digest()
            self._random[component] = random.Random(int.from_bytes(digest[:8], "big"))
        return self._random[component]

    def number(self, series: str) -> int:
        """The next number of a series, from 1 on."""
        self._numbers[series] = number = self._numbers.get(series, 0) + 1
        return number

    def record(self, component: str, object: str, reason: str, message: str = "") -> None:
        """Write a line to the event log: who (`component`) did what to an `object`, in a `reason`
        of one word and a `message`.
        """
        self.log.add(LogEntry(_microsecond(self.now), component, object, reason, message))

    def start(self, process: Process) -> simpy.Process:
        """Let a component run beside the others; an error in it ends it alone."""
        return self.env.process(self._watched(process))

    def loop(self, component: str, run: Callable[[], Process]) -> simpy.Process:
        """Let the loop of a component run; after an error it begins again, later each time.

        Source: apimachinery `util/runtime` (HandleCrash); a container that crashes.
        """
        return self.start(self._again(component, run))

    def _watched(self, process: Process) -> Process:
        try:
            return (yield from process)
        except Exception as error:
            self.failed(error)

    def _again(self, component: str, run: Callable[[], Process]) -> Process:
        wait = FIRST_RESTART
        while True:
            began = self.now
            try:
                return (yield from run())
            except Exception as error:
                self.failed(error, component)
            wait = min(2 * wait, LAST_RESTART) if self.now - began < LAST_RESTART else FIRST_RESTART
            yield self.sleep(wait)

    def failed(self, error: Exception, component: str = "", doing: str = "") -> None:
        """Say that a `component`, `doing` something, raised an `error` that nothing handles.

        It stands in the event log with reason `InternalError`, and as a warning of Python's. With
        `strict`, the error is raised.
        """
        if self.strict:
            raise error
        component = component or origin(error)
        said = f"{type(error).__name__}: {' '.join(str(error).split())}"
        self.record(component, doing, "InternalError", said)
        warnings.warn(
            f"{component} failed and goes on: {said}; read cluster.log(reason='InternalError')",
            RuntimeWarning,
            stacklevel=2,
        )

    def guarded(self, listener: Callable[[T], None]) -> Callable[[T], None]:
        """A listener whose errors do not reach its caller."""

        def tell(event: T) -> None:
            try:
                listener(event)
            except Exception as error:
                self.failed(error)

        return tell

    def sleep(self, seconds: float) -> simpy.Event:
        """An event so many simulated seconds from now."""
        return simpy.Timeout(self.env, max(0.0, seconds))

    def at(self, time: float, act: Callable[[], None]) -> None:
        """Call `act` at a simulated time (at once, if that has passed)."""
        event = simpy.Timeout(self.env, max(0.0, time - self.now))
        assert event.callbacks is not None
        event.callbacks.append(partial(self._attempt, act))

    def _attempt(self, act: Callable[[], None], _event: simpy.Event) -> None:
        try:
            act()
        except Exception as error:
            self.failed(error)

    def soon(self, act: Callable[[], None]) -> None:
        """Call `act` at this instant, when the present step has ended.

        What is asked for while time stands still happens when time passes next, or at `settle`.
        """
        self._soon.append(act)

    def settle(self) -> None:
        """Do all that waits for the end of a step; no time passes."""
        steps, most = 0, MOST_STEPS + len(self._soon)
        while self._soon:
            steps += 1
            if steps > most:
                raise self._stands_still(self.now)
            self._soon.popleft()()

    def reports_pending(self, report: Callable[[], Iterable[str]]) -> None:
        """Name a function that lists what is unfinished, for time-out messages."""
        self._pending.append(report)

    def pending(self) -> list[str]:
        """What the components say is unfinished now."""
        return [line for report in self._pending for line in report()]

    def run(self, seconds: float, look: Callable[[], None] | None = None) -> None:
        """Let simulated time pass; `look` is called before each event, and changes nothing."""
        if duration(seconds, "seconds"):
            self._run_to(self.now + seconds, look)

    def _run_to(self, end: float, look: Callable[[], None] | None = None) -> None:
        self.advance(end, None if look is None else lambda: look() is not None, before=True)
        self.env.run(until=end)

    @property
    def instant_over(self) -> bool:
        """Whether all that was due at this instant has happened, as after `run_until`."""
        return self._over_at == self.now and self.env.peek() > self.now

    def go_to(self, time: float, instant_over: bool) -> None:
        """Let simulated time pass until a `time` (s), as an earlier history came to it.

        `instant_over` is what it was there.
        """
        if time > self.now:
            self._run_to(time)
        if instant_over and not self.instant_over:
            self.advance(self.now)

    def advance(
        self, time: float, done: Callable[[], bool] | None = None, before: bool = False
    ) -> None:
        """Do what is due at a simulated time and earlier (with `before`: only earlier).

        It ends sooner when `done()` holds. Raises `CourseError` when the clock stands still:
        after half a million steps at one instant, with the parts of the simulation that run.
        """
        env, instant, steps = self.env, -1.0, 0
        self.settle()
        while done is None or not done():
            following = env.peek()
            if following > time or (before and following == time):
                if not before:
                    self.ticks.reach()
                    self._over_at = env.now
                return
            instant, steps = (instant, steps + 1) if following == instant else (following, 0)
            if steps > MOST_STEPS or following == self._stands_still_at:
                raise self._stands_still(following)
            env.step()
            if self._soon:
                self.settle()

    @contextmanager
    def at_most(self, steps: int) -> Iterator[None]:
        """Within it, the step after so many `steps` raises `StepsUsedUp`."""
        left = steps

        def step() -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise StepsUsedUp
            Clock.step(self.env)

        self.env.step = step  # type: ignore[method-assign]
        try:
            yield
        finally:
            del self.env.step

    def step(self) -> float:
        """Let the next event happen; returns the time of it (or now, when there is none)."""
        self.settle()
        if self.env.peek() != float("inf"):
            self.env.step()
            self.settle()
        return self.now

    def run_until(self, condition: Callable[[], bool], timeout: float = 600.0) -> float:
        """Run until the condition holds; returns the simulated time at which it did.

        The condition is asked after each instant at which something happens, and once a second (a
        thousandth of a longer timeout), for what only time changes.
        Raises `SimulationTimeout` after `timeout` simulated seconds, with what is still pending.
        """
        deadline = self.now + duration(timeout, "timeout")
        if not callable(condition):
            raise CourseError(
                "a condition is a function without arguments",
                expected="such as lambda: cluster.ready('deployment/web')",
                found=repr(condition)[:60],
            )
        self.settle()
        quiet = max(ASKED, timeout / 1000)  # s
        while not condition():
            # All events of one instant happen before the condition is asked again.
            instant, ask = self.env.peek(), quiet * (self.now // quiet + 1)
            if ask <= self.now:  # rounding: now is a multiple that the division does not find
                ask = self.now + quiet
            if instant <= min(ask, deadline):
                self.advance(instant)
                continue
            if ask > deadline:
                self.env.run(until=deadline) if deadline > self.now else None
                raise self._timed_out(timeout)
            self.env.run(until=ask)
        return self.now

    def _stands_still(self, instant: float) -> CourseError:
        """The error for a clock that stands still: names what takes the next steps."""
        self._stands_still_at = instant
        running: Counter[str] = Counter()
        for _ in range(SAMPLE):
            if self.env.peek() != instant:
                break
            running.update(names_of_next(self.env))
            self.env.step()
        shown = ", ".join(f"{name} ({count})" for name, count in running.most_common(3))
        return CourseError(
            "the simulated clock stands still",
            where=f"simulated time {instant:g} s",
            expected=f"at most {MOST_STEPS:,} steps at one instant",
            found=f"the next {running.total():,} steps are of {shown or 'nothing'}",
            do="this is a fault of the simulation: make a new cluster, and report what you did",
        )

    def _timed_out(self, timeout: float) -> SimulationTimeout:
        pending = self.pending()
        shown = "; ".join(pending[:10]) or "nothing was reported pending"
        more = f"; and {len(pending) - 10} more" if len(pending) > 10 else ""
        return SimulationTimeout(
            f"the condition did not hold within {timeout:g} simulated seconds",
            where=f"simulated time {self.now:g} s",
            found=f"still pending: {shown}{more}",
            do="read the log and describe what is pending, or give a longer timeout",
        )
