"""The processes of one container: its main program, what it becomes, and who gets which signal.

A main program that the course runs step by step is a task of the container's kernel; one that
serves, or whose image is not known, is a model (`Behaviour`), and its processes are listed only
once somebody looks.
Source: signal(7) and pid_namespaces(7) for what process 1 does not hear.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from course_lib.runtimes.behaviour import Behaviour
from course_lib.runtimes.inside import named
from course_lib.runtimes.kernel import WAIT, Kernel, Running, RunningTask
from course_lib.runtimes.own_time import OwnTime
from course_lib.runtimes.process import Process, Processes
from course_lib.runtimes.programs import main_program, name_of, titles
from course_lib.runtimes.signals import FAST, GOES_ON, IGNORED, SIGKILL, handled
from course_lib.runtimes.world import World


class Host(Protocol):
    """The container, as far as its processes are concerned."""

    time: OwnTime
    behaviour: Behaviour
    program: Callable[[World], Running] | None

    @property
    def running(self) -> bool:
        """Whether its process is there now."""

    @property
    def command(self) -> list[str]:
        """Its command line."""

    @property
    def world(self) -> World:
        """What its programs see."""

    def inside(self) -> World:
        """The same, as it is at its start."""

    def exit(self, code: int) -> None:
        """Its main process is gone."""

    def finish(self) -> None:
        """Its server ends when its work is done."""

    def serve(self, argv: list[str]) -> None:
        """Its program has become a server."""


class ContainerProcesses:
    """The processes that programs of a container see, itself included.

    `host` is the container. `shared` are the processes of the whole Pod, if it has them in common;
    `cores` are the node's, `stop_signal` is the image's.
    """

    __slots__ = ("_cores", "_host", "_kernel", "_listed", "_private", "_rows", "_server",
                 "_stop_signal", "main", "served")  # fmt: skip

    def __init__(
        self,
        host: Host,
        shared: Processes | None,
        cores: float,
        stop_signal: int,
    ) -> None:
        self._host, self._cores, self._stop_signal = host, cores, stop_signal
        self._listed, self._private = shared, shared is None
        self._rows: Sequence[Process] = ()  # of the main program: the first one and its children
        self._kernel: Kernel | None = None  # made for the first program that runs step by step
        self.main: RunningTask | None = None
        self.served: list[str] = []  # the command line of the server that a script has become
        self._server: Process | None = None

    @property
    def kernel(self) -> Kernel:
        """What runs its programs side by side."""
        if self._kernel is None:
            self._kernel = Kernel(self._host.time)
        return self._kernel

    # Who is there

    @property
    def table(self) -> Processes:
        """The processes that it sees: its own, or those of the whole Pod."""
        if self._listed is None:
            self._listed = Processes()
            if self._host.running:
                self._list(self._listed)
        return self._listed

    @property
    def titles(self) -> list[tuple[str, str]]:
        """How its processes name themselves, with users; the first is the one that was started."""
        if self.served and self._server is self._rows[0]:
            return titles(self.served, self._cores)
        if self._host.program is None:
            return titles(self._host.command, self._cores)
        first = self._rows[0].command if self._rows else " ".join(main_program(self._host.command))
        return [(first, "")]

    def _list(self, listed: Processes) -> None:
        """List the main program's processes."""
        seen, self._rows = self._host.inside(), []
        for command, user in self.titles:
            self._rows.append(listed.add(self._row(command, user, seen)))

    def _row(self, command: str, user: str, seen: World, parent: int = 0) -> Process:
        name = command.split(":")[0] if ": " in command else name_of(command.split() or ["?"])
        uid = named(seen, user) if user else seen.uid
        return Process(name, command, uid, parent=parent, receive=self.signal)

    # What happens

    def begin(self) -> None:
        """The container starts."""
        if self._listed is not None:
            self._list(self._listed)

    def run(self, running: Callable[[World, Process], Running]) -> None:
        """Run the main program step by step."""
        world = self._host.world
        first = self._rows[0]  # the world has listed them
        self.main = self.kernel.prepare(first, running(world, first), self._host.exit)
        self.kernel.attend()

    def become(self, argv: list[str], world: World) -> Running:
        """A server takes the place of the program of `world`, and serves until a signal ends it."""
        me, self.served = world.me, argv
        assert me is not None
        listed = titles(argv, self._cores)
        me.command, self._server = listed[0][0], me
        me.name = listed[0][0].split(":")[0] if ": " in listed[0][0] else name_of(argv)
        children = [self._row(c, u, world, parent=me.pid) for c, u in listed[1:]]
        for child in children:
            world.processes.add(child)
        if me is (self._rows[0] if self._rows else None):
            self._rows = [me, *children]
        self._host.serve(argv)
        try:
            while True:
                yield WAIT
        finally:
            for child in children:
                world.processes.remove(child)

    def end(self) -> None:
        """The main process is gone, and all others with it."""
        if self._kernel is not None:
            self._kernel.stop()
        for process in self._rows:
            self.table.remove(process)

    # Signals

    def signal(self, number: int) -> None:
        """A signal to the main process.

        Process 1 gets only what it handles, not even SIGKILL; others end by what they do not.
        """
        if not self._host.running:
            return
        heard = self._heard(number)
        if heard is None and not self._private and number not in IGNORED:
            self._host.exit(128 + number)
        elif heard == "trap":
            assert self.main is not None
            self.kernel.signal(self.main, number)
        elif heard == FAST:
            self._host.time.after(0, lambda: self._host.exit(0))
        elif heard is not None and heard != GOES_ON:
            self._host.finish()

    def _heard(self, number: int) -> str | None:
        """What the main program does on a signal; None for one that it does not handle."""
        if number == SIGKILL:
            return None
        first = self._rows[0] if self._rows else None
        serves = self.served if self._server is first else []
        if self._host.program is None or serves:
            if self._host.behaviour.ignores_sigterm:
                return None
            name = name_of(serves or self._host.command)
            return handled(name, self._stop_signal).get(number)
        return "trap" if first is not None and number in first.traps else None
