"""The calls of one runtime: whether they are answered, the steps that they take, and their time.

Each operation is a process in simulated time: a generator that yields, and returns its result or
raises `RuntimeFault`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Any, TypeVar

import msgspec
import simpy

from course_lib.engine import Simulation
from course_lib.runtimes.errors import RuntimeFault

T = TypeVar("T")
Operation = Generator[simpy.Event, Any, T]


class CallStep(msgspec.Struct, frozen=True):
    """One step of an operation: who asks whom for what, and how long it takes (s)."""

    source: str
    target: str
    does: str
    seconds: float = 0.0


class TimedStep(msgspec.Struct, frozen=True, gc=False):
    """A step as it happened (simulated s)."""

    start: float
    end: float
    source: str
    target: str
    does: str


Paths = Mapping[str, tuple[CallStep, ...]]  # the steps of each operation, by the CRI's name of it


class Calls:
    """The calls that one runtime answers, in the time of `sim`, while the process `daemon` lives
    (empty: always); `paths` are the steps of each operation.
    """

    def __init__(self, sim: Simulation, daemon: str, paths: Paths) -> None:
        self.sim, self._daemon, self._paths = sim, daemon, paths
        self._up = True
        self.taken: dict[object, list[TimedStep]] = {}  # by the process that takes the steps
        self._boot = 0  # what was begun before a power loss is never finished
        self._waiting: dict[str, simpy.Event] = {}  # for the end of a container, by its ID
        self._told: list[Callable[[], None]] = []  # called at each change

    @property
    def up(self) -> bool:
        """Whether calls are answered."""
        return self._up

    @up.setter
    def up(self, up: bool) -> None:
        self._up = up
        self.change()

    def on_change(self, changed: Callable[[], None]) -> None:
        """Have `changed` called whenever a call may be answered otherwise than before."""
        self._told.append(changed)

    def change(self) -> None:
        """Calls may be answered otherwise from now on: what the runtime holds has changed."""
        for changed in self._told:
            changed()

    def check(self) -> None:
        """Raise `RuntimeFault` (Unavailable) while the daemon is down."""
        if not self.up:
            socket = f"/run/{self._daemon}/{self._daemon}.sock"
            raise RuntimeFault(
                "Unavailable",
                f'connection error: desc = "transport: Error while dialing: dial unix {socket}: '
                'connect: no such file or directory"',
            )

    def take(self, operation: str) -> Operation[None]:
        """Take an operation's steps, one after the other."""
        for step in self._paths.get(operation, ()):
            yield from self.step(step)

    def step(self, step: CallStep) -> Operation[None]:
        """Take one step; raises `RuntimeFault` when the daemon stops meanwhile."""
        start, boot = self.sim.now, self._boot
        if step.seconds:
            yield self.sim.sleep(step.seconds)
            self._same_boot(boot)
        taken = self.taken.setdefault(self.sim.env.active_process, [])
        taken.append(TimedStep(start, self.sim.now, step.source, step.target, step.does))

    def steps_of_this_process(self) -> tuple[TimedStep, ...]:
        """The steps that the running process took; they are forgotten by this."""
        return tuple(self.taken.pop(self.sim.env.active_process, ()))

    def wait_for_end(self, id: str) -> Operation[None]:
        """Wait until a container has ended; raises `RuntimeFault` when the daemon stops first."""
        boot = self._boot
        yield self._waiting.setdefault(id, self.sim.env.event())
        self._same_boot(boot)

    def ended(self, id: str) -> None:
        """A container has ended: calls that wait for its end continue."""
        if waiting := self._waiting.pop(id, None):
            waiting.succeed()

    @property
    def idle(self) -> bool:
        """Whether nobody waits for an answer."""
        return not self._waiting

    def hang_up(self) -> None:
        """End the calls that are under way: each caller gets an error instead of an answer."""
        self._boot += 1
        waiting, self._waiting = self._waiting, {}
        for event in waiting.values():
            event.succeed()

    def _same_boot(self, boot: int) -> None:
        if boot != self._boot:
            raise RuntimeFault("Unavailable", "error reading from server: EOF")
