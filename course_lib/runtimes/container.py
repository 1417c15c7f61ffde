"""One container: a process with an image, limits and a behaviour (chapter 01).

The life of a container:
- creating: its files, namespaces and cgroup are being made;
- created: all is there, the process is not started;
- running: from its start until it ends, is stopped, or exceeds its memory limit; while it is
  paused its time stands still;
- stopped: with an exit code, for good; a restart is a new container.

Source: the OCI runtime specification, `runtime.md`; exit codes 128 + signal as shells report
them; signal(7) and pid_namespaces(7) for what process 1 does not hear.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import cached_property

import msgspec

from course_lib.engine import Simulation
from course_lib.runtimes import isolation
from course_lib.runtimes.behaviour import ENDS, SERVES
from course_lib.runtimes.inside import command_line, named
from course_lib.runtimes.logs import Log
from course_lib.runtimes.programs import (
    ENDS_AT_ONCE,
    WAITS,
    bind_failure,
    main_program,
    name_of,
    titles,
)
from course_lib.runtimes.sandbox import Sandbox
from course_lib.runtimes.shell import Running
from course_lib.runtimes.signals import FAST, GOES_ON, IGNORED, SIGKILL, handled
from course_lib.runtimes.spec import CONTAINER, ContainerSpec
from course_lib.runtimes.store import NodeImage
from course_lib.runtimes.world import Process, Processes, World

NEVER_STARTED = 128  # containerd's exit code for a container that could not be started


class ContainerState(Enum):
    """The states of the OCI runtime specification."""

    CREATING = "creating"
    CREATED = "created"
    RUNNING = "running"
    STOPPED = "stopped"


class Container:
    """A container on a node; amounts in cores, bytes and simulated seconds."""

    def __init__(
        self,
        sim: Simulation,
        id: str,
        number: int,
        spec: ContainerSpec,
        sandbox: Sandbox,
        image: NodeImage,
        world: Callable[[Container], World],
        cores: float,
        log: Log,
        on_exit: Callable[[Container], None],
    ) -> None:
        self.sim, self.id, self.spec, self.sandbox, self.image = sim, id, spec, sandbox, image
        self.number = number  # among all that this runtime ever made: its place in the node's PIDs
        self.behaviour = SERVES
        # What it does step by step, where that is understood.
        self.program: Callable[[World], Running] | None = None
        self.cores = cores  # of the node: the CPU it can have at most
        self.log = log
        self.state = ContainerState.CREATING
        self.frozen = False
        self.created_at = self.started_at = self.finished_at = 0.0
        self.exit_code = 0
        self.never_started = False  # its program could not be started
        self.bound = True  # to its ports
        self.reason = self.message = ""
        self.requests = 0
        self.attached: list[Callable[[str, bytes], None]] = []  # who hears what it says
        self.left: list[Callable[[], None]] = []  # who hears that it has ended
        self._make_world, self._on_exit = world, on_exit
        self._running: Running | None = None
        self._asked_to_end = False
        self._rows: list[Process] = []  # its main program's, the first one and its children
        self._lost = 0.0  # seconds that it was frozen
        self._frozen_at = 0.0
        self._waiting: list[Callable[[], None]] = []  # what is to happen when it is thawed
        self._busy_until = 0.0  # when the work accepted so far will be done
        self._work = 0.0  # core-seconds of all requests accepted so far
        self._held_up = 0.0  # s for which requests waited for their next period
        self._held_periods = 0  # periods whose quota was used up while work waited
        self._period_began, self._period_used = float("-inf"), 0.0  # s; core-seconds used in it

    # What it is

    @property
    def command(self) -> list[str]:
        """Its command line."""
        return command_line(self.spec, self.image)

    @property
    def running(self) -> bool:
        """Whether its process is there now."""
        return self.state is ContainerState.RUNNING

    @property
    def stopped(self) -> bool:
        """Whether its process has ended."""
        return self.state is ContainerState.STOPPED

    @property
    def age(self) -> float:
        """Seconds of its own time since it started."""
        frozen = self.sim.now - self._frozen_at if self.frozen else 0.0
        return self.sim.now - self.started_at - self._lost - frozen

    @property
    def cpu_limit(self) -> float:
        """Cores that it may use: its limit, or the node's."""
        return min(self.spec.resources.cores or self.cores, self.cores)

    @property
    def memory_limit(self) -> int | None:
        """Bytes that it may use; None where there is no limit."""
        return self.spec.resources.memory_limit or None

    @cached_property
    def world(self) -> World:
        """What its programs see."""
        return self._make_world(self)

    @cached_property
    def processes(self) -> Processes:
        """The processes that it sees: its own, or those of the whole Pod."""
        private = self.spec.namespaces.pid == CONTAINER
        return Processes() if private else self.sandbox.processes

    @property
    def titles(self) -> list[tuple[str, str]]:
        """How its processes name themselves, with users; the first is the one that was started."""
        return (
            titles(self.command, self.cores)
            if self.program is None
            else [(" ".join(main_program(self.command)), "")]
        )

    @cached_property
    def namespaces(self) -> dict[str, str]:
        """What it sees, as `/proc/PID/ns` has it."""
        shared = self.sandbox.namespaces
        return isolation.of_container(self.spec.namespaces, shared, self.number)

    def cgroup(self) -> dict[str, str]:
        """What it may use and has used, as its cgroup's files have it."""
        return isolation.cgroup(self)

    # What it does

    def say(self, stream: str, data: bytes) -> None:
        """Its program says something: to the log, and to those who are attached."""
        self.log.write(stream, data)
        for hear in list(self.attached):
            hear(stream, data)

    @property
    def serves(self) -> bool:
        """Whether its program is a server, and no script or tool."""
        return self.program is None and self.behaviour not in (ENDS, ENDS_AT_ONCE, WAITS)

    @property
    def ports(self) -> frozenset[int]:
        """The ports that its server takes: those that the Pod declares, or else the image's."""
        exposed = (int(port.split("/")[0]) for port in self.image.run.exposed_ports)
        return (self.spec.ports or frozenset(exposed)) if self.serves else frozenset()

    def start(self, taken: int | None = None) -> None:
        """Start the process; `taken` is a port that it wants and another program holds."""
        self.state, self.started_at = ContainerState.RUNNING, self.sim.now
        if self.memory_limit is not None:
            dies = self.behaviour.memory.first_above(self.memory_limit)
            if dies is not None:
                self._after(dies, lambda: self.exit(128 + SIGKILL, "OOMKilled"))
        self._rows = list(map(self._process, self.titles))
        if self.program is not None:
            self._running = self.program(msgspec.structs.replace(self.world, me=self._rows[0]))
            self._step()
            return
        if taken is not None:
            self.bound = False
            seconds, lines = bind_failure(self.command, taken)
            self.say("stderr", "".join(f"{line}\n" for line in lines).encode())
            self._after(seconds, lambda: self.exit(1))
            return
        self.say("stdout", f"{' '.join(self.command)}: started (simulated)\n".encode())
        if self.behaviour.runs_for is not None:
            self._after(self.behaviour.runs_for, lambda: self.exit(self.behaviour.exit_code))

    def _step(self) -> None:
        """Let the program go on to its next sleep, or to its end."""
        assert self._running is not None
        try:
            seconds = next(self._running)
        except StopIteration as end:
            self.exit(end.value)
            return
        self._after(seconds, self._step)

    def _after(self, seconds: float, act: Callable[[], None]) -> None:
        """Act after so many seconds of the container's own time, if it is still running."""
        due = self.age + seconds

        def look() -> None:
            if not self.running:
                return
            if self.frozen:
                self._waiting.append(look)
            elif (left := due - self.age) > 1e-9:
                self.sim.at(self.sim.now + left, look)
            else:
                act()

        self.sim.at(self.sim.now + seconds, look)

    def _process(self, title: tuple[str, str]) -> Process:
        """One of its processes, as `ps` shows it."""
        command, user = title
        name = command.split(":")[0] if ": " in command else name_of(command.split() or ["?"])
        uid = named(self.world, user) if user else self.world.uid
        return self.processes.add(Process(name, command, uid, receive=self.signal))

    def signal(self, number: int) -> None:
        """A signal from a process of the same namespace.

        Process 1 gets only what it handles, not even SIGKILL; others end by what they do not.
        """
        if not self.running:
            return
        heard = self._heard(number)
        if heard is None and self.spec.namespaces.pid != CONTAINER and number not in IGNORED:
            self.exit(128 + number)
        elif heard == FAST:
            self._after(0, lambda: self.exit(0))
        elif heard is not None and heard != GOES_ON:
            self._ask_to_end(number)

    def _heard(self, number: int) -> str | None:
        """What its program does on a signal; None for one that it does not handle."""
        if number == SIGKILL:
            return None
        if self.program is None:
            if self.behaviour.ignores_sigterm:
                return None
            return handled(name_of(self.command), self.image.stop_signal).get(number)
        return "trap" if number in self._rows[0].traps else None

    def stop(self, grace: float) -> None:
        """The image's stop signal now, SIGKILL after `grace` seconds (at once when grace is 0)."""
        if not self.running:
            return
        self.sim.at(self.sim.now + grace, lambda: self.exit(128 + SIGKILL))
        if grace > 0 and not self._asked_to_end:
            self.signal(self.image.stop_signal)

    def _ask_to_end(self, number: int) -> None:
        """A signal that the program handles: it finishes its work, or does what its trap says."""
        if self.program is not None:
            self._rows[0].signalled = number
        elif not self._asked_to_end:
            self._asked_to_end = True
            code = self.behaviour.exit_on_sigterm
            self._after(self.behaviour.shutdown, lambda: self.exit(code))

    def fail(self, message: str) -> None:
        """Its program cannot be started at all."""
        self.state, self.started_at = ContainerState.RUNNING, self.sim.now
        self.never_started = True
        self.exit(NEVER_STARTED, "StartError", message)

    def exit(self, code: int, reason: str = "", message: str = "") -> None:
        """The process is gone; the reason is OOMKilled, Completed or Error."""
        if not self.running:
            return
        if self._running is not None:
            self._running.close()
        self.thaw()
        for process in self._rows:
            self.processes.remove(process)
        self.state, self.finished_at = ContainerState.STOPPED, self.sim.now
        self.exit_code, self.reason = code, reason or ("Error" if code else "Completed")
        self.message = message
        self.log.close()
        for hear in list(self.left):
            hear()
        self._on_exit(self)

    def freeze(self) -> None:
        """Pause: the cgroup's freezer takes the CPU away, and time stands still inside."""
        if self.running and not self.frozen:
            self.frozen, self._frozen_at = True, self.sim.now

    def thaw(self) -> None:
        """Go on after a pause."""
        if self.frozen:
            self.frozen = False
            self._lost += self.sim.now - self._frozen_at
            waiting, self._waiting = self._waiting, []
            for look in waiting:
                look()

    def wait_for_answer(self) -> float | None:
        """Seconds until its server would answer one more request; None where it does not."""
        if self.hangs:
            return float("inf")
        return self.queue() + self.behaviour.latency if self.answers else None

    # How it answers

    @property
    def answers(self) -> bool:
        """Whether a probe or a request would get an answer now."""
        hangs = self.behaviour.hangs_after
        up = self.running and self.bound and not self.frozen and self.started_up
        return up and (hangs is None or self.age < hangs)

    @property
    def started_up(self) -> bool:
        """Whether its start is over, so that silence now means that it hangs."""
        return self.age >= self.behaviour.startup - 1e-9

    @property
    def hangs(self) -> bool:
        """Whether it runs, but neither answers nor refuses."""
        return self.running and self.bound and not self.answers and self.started_up

    def queue(self) -> float:
        """Seconds of work that wait for CPU before a request that came now."""
        return max(0.0, self._busy_until - self.sim.now)

    def listens(self, port: int) -> bool:
        """Whether something would accept a connection to this port."""
        return self.serves and self.answers and (not self.spec.ports or port in self.spec.ports)

    def request(self) -> float | None:
        """Accept one request; returns its latency (s), or None when nobody answers.

        Requests share the container's CPU, one after the other: where they come faster than its
        limit allows they queue, and that is what throttling feels like from outside.
        """
        if not self.answers:
            return None
        cost = self.behaviour.cpu_per_request
        self.requests += 1
        self._work += cost
        begin = max(self.sim.now, self._busy_until)
        self._busy_until = self._done(begin, cost)
        self._held_up += max(0.0, self._busy_until - begin - cost)
        return self._busy_until - self.sim.now + self.behaviour.latency

    def _done(self, begin: float, cost: float) -> float:
        """When work of so many core-seconds is done that gets the CPU from `begin` on.

        Below one core, the kernel gives `cpu.max`'s quota at the start of each period; what has
        used it up stands still until the next one. A period begins with the first work after a
        pause. Source: the kernel's `sched-bwc.rst` (CFS bandwidth control).
        """
        if self.cpu_limit >= 1:
            return begin + cost / self.cpu_limit
        period = (self.spec.resources.cpu_period or isolation.PERIOD) / 1e6
        quota = self.cpu_limit * period
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
            self._held_periods += 1
            now, self._period_began, self._period_used = ends, ends, 0.0

    # What it uses

    def cpu_wanted(self) -> float:
        """CPU time that it would have used so far without a limit, in core-seconds."""
        if self.state in (ContainerState.CREATING, ContainerState.CREATED):
            return 0.0
        end = self.sim.now if self.running else self.finished_at
        waiting = max(0.0, self._busy_until - end) * self.cpu_limit  # accepted, not yet done
        lived = self.age if self.running else end - self.started_at - self._lost
        return self.behaviour.cpu.integral(lived) + self._work - waiting

    def cpu_seconds(self) -> float:
        """CPU time used since the start, in core-seconds, never beyond its limit."""
        end = self.sim.now if self.running else self.finished_at
        return min(self.cpu_wanted(), self.cpu_limit * max(0.0, end - self.started_at))

    def throttled_seconds(self) -> float:
        """Seconds for which it wanted CPU and had to wait for its next period."""
        late = max(0.0, self.cpu_wanted() - self.cpu_seconds()) / self.cpu_limit
        return late + self._held_up

    def throttled_periods(self) -> int:
        """Periods in which it used up its quota while work waited (`nr_throttled`)."""
        late = max(0.0, self.throttled_seconds() - self._held_up)
        return self._held_periods + round(late * 1e6 / isolation.PERIOD)

    def memory(self) -> float:
        """Bytes in use now."""
        return self.behaviour.memory.at(self.age) if self.running else 0.0
