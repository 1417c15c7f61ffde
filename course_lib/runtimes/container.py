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

from course_lib.engine import FOR_EVER
from course_lib.runtimes import isolation
from course_lib.runtimes.behaviour import ENDS, SERVES
from course_lib.runtimes.container_network import HTTPQuestion, HTTPReply
from course_lib.runtimes.container_processes import ContainerProcesses
from course_lib.runtimes.cpu import CPU
from course_lib.runtimes.http_servers import HTTPSite, answer
from course_lib.runtimes.inside import command_line, world_of
from course_lib.runtimes.kernel import Running
from course_lib.runtimes.launch import launch
from course_lib.runtimes.logs import ContainerLog
from course_lib.runtimes.machine import RuntimeMachine
from course_lib.runtimes.own_time import OwnTime
from course_lib.runtimes.process import Processes
from course_lib.runtimes.programs import (
    ENDS_AT_ONCE,
    WAITS,
    behaviour_of,
    bind_failure,
    main_program,
    name_of,
    ports_of,
)
from course_lib.runtimes.sandbox import Sandbox
from course_lib.runtimes.signals import SIGKILL
from course_lib.runtimes.spec import CONTAINER, ContainerSpec
from course_lib.runtimes.store import NodeImage
from course_lib.runtimes.world import World

HAIR = 1e-6  # s, by which a time is named too early rather than too late
NEVER_STARTED = 128  # containerd's exit code for a container that could not be started


class OCIStatus(Enum):
    """The states of the OCI runtime specification."""

    CREATING = "creating"
    CREATED = "created"
    RUNNING = "running"
    STOPPED = "stopped"


class RuntimeContainer:
    """A container on a node; amounts in cores, bytes and simulated seconds.

    Its parts: `time`, which stands still while it is frozen, and `cpu`, which its requests share.

    `machine` is the node, `id` and `number` name the container, `spec` is what the kubelet asked
    for; it runs in `sandbox` from `image`, writes to `log`, and calls `on_exit` at its end.
    """

    def __init__(
        self,
        machine: RuntimeMachine,
        id: str,
        number: int,
        spec: ContainerSpec,
        sandbox: Sandbox,
        image: NodeImage,
        log: ContainerLog,
        on_exit: Callable[[RuntimeContainer], None],
    ) -> None:
        self.sim, self.id, self.spec, self.sandbox = machine.sim, id, spec, sandbox
        self.image, self.log = image, log
        self.number = number  # among all that this runtime ever made: its place in the node's PIDs
        self.time = OwnTime(self.sim, self)
        self.cpu = CPU(self.sim, machine.cores, self)
        self.behaviour = SERVES
        # What it does step by step, where that is understood.
        self.program: Callable[[World], Running] | None = None
        self.state = OCIStatus.CREATING
        self.created_at = self.finished_at = 0.0
        self.exit_code = 0
        self.never_started = False  # its program could not be started
        self.bound = True  # to its ports
        self.reason = self.message = ""
        self.attached: list[Callable[[str, bytes], None]] = []  # who hears what it says
        self.left: list[Callable[[], None]] = []  # who hears that it has ended
        self._machine, self._on_exit = machine, on_exit
        self._asked_to_end = False
        self._serving_since = 0.0  # in its own time
        shared = None if spec.namespaces.pid == CONTAINER else sandbox.processes
        self.tasks = ContainerProcesses(self, shared, machine.cores, image.stop_signal)

    # What it is

    @property
    def command(self) -> list[str]:
        """Its command line."""
        return command_line(self.spec, self.image)

    @property
    def running(self) -> bool:
        """Whether its process is there now."""
        return self.state is OCIStatus.RUNNING

    @property
    def stopped(self) -> bool:
        """Whether its process has ended."""
        return self.state is OCIStatus.STOPPED

    @property
    def started_at(self) -> float:
        """When its process was started."""
        return self.time.started_at

    @property
    def memory_limit(self) -> int | None:
        """Bytes that it may use; None where there is no limit."""
        return self.spec.resources.memory_limit or None

    @cached_property
    def world(self) -> World:
        """What its programs see, from the first one on that may change it."""
        machine, found = self._machine, self.inside()
        found.write = found.log = self.say
        found.processes, found.kernel = self.processes, self.tasks.kernel
        found.cores, found.clock = machine.cores, machine.clock
        found.memory_limit = self.memory_limit
        found.server, found.serve, found.launch = self.wait_for_answer, self.tasks.become, launch
        found.network = machine.network_of(self.sandbox)
        if found.stdin is not None:
            found.stdin.changed = self.tasks.kernel.ring
        return found

    def inside(self) -> World:
        """Files, environment and user as they are at its start.

        Raises `RuntimeFault` for a user that the container does not know.
        """
        machine = self._machine
        return world_of(self.spec, self.sandbox, self.image, machine.name, machine.disk)

    @property
    def processes(self) -> Processes:
        """The processes that it sees: its own, or those of the whole Pod."""
        return self.tasks.table

    @property
    def titles(self) -> list[tuple[str, str]]:
        """How its processes name themselves, with users; the first is the one that was started."""
        return self.tasks.titles

    @cached_property
    def namespaces(self) -> dict[str, str]:
        """What it sees, as `/proc/PID/ns` has it."""
        shared = self.sandbox.namespaces
        return isolation.of_container(self.spec.namespaces, shared, self.number)

    def cgroup(self) -> dict[str, str]:
        """What it may use and has used, as its cgroup's files have it."""
        used = round(self.cpu_seconds() * 1e6)
        late = round(self.throttled_seconds() * 1e6)
        periods = self.throttled_periods()
        return isolation.cgroup_files(self.spec.resources) | {
            "cgroup.freeze": "1" if self.time.frozen else "0",
            "cpu.stat": f"usage_usec {used} nr_throttled {periods} throttled_usec {late}",
            "memory.current": str(round(self.memory())),
            "memory.events": f"oom_kill {int(self.reason == 'OOMKilled')}",
        }

    # What it does

    def say(self, stream: str, data: bytes) -> None:
        """Its program says something: to the log, and to those who are attached."""
        stream = "stdout" if self.spec.tty else stream
        self.log.write(stream, data)
        for hear in list(self.attached):
            hear(stream, data)

    @property
    def serves(self) -> bool:
        """Whether its program is a server, and no script or tool."""
        if self.tasks.served:
            return True
        return self.program is None and self.behaviour not in (ENDS, ENDS_AT_ONCE, WAITS)

    def serve(self, argv: list[str]) -> None:
        """Its script has become a server: from now on it answers."""
        self._machine.before_change()
        self.behaviour, self._serving_since = behaviour_of(argv), self.time.age
        self.say("stdout", f"{' '.join(argv)}: started (simulated)\n".encode())
        self.sandbox.change()

    @property
    def ports(self) -> frozenset[int]:
        """The ports that its server takes; of one that takes any, none are named."""
        return (self._ports or frozenset()) if self.serves else frozenset()

    @property
    def _ports(self) -> frozenset[int] | None:
        """The ports on which its server listens; None: on any."""
        if self.image.contents is None:
            return self.spec.ports or None
        exposed = (int(port.split("/")[0]) for port in self.image.run.exposed_ports)
        argv = self.tasks.served or self.command
        return ports_of(argv, frozenset(exposed), self.spec.ports)

    def _takes(self, port: int) -> bool:
        """Whether its server listens on a port, when it listens at all."""
        return (ports := self._ports) is None or port in ports

    def start(self, taken: int | None = None) -> None:
        """Start the process; `taken` is a port that it wants and another program holds."""
        self._machine.before_change()
        self.state = OCIStatus.RUNNING
        self.time.begin()
        self.sandbox.change()
        if self.memory_limit is not None:
            dies = self.behaviour.memory.first_above(self.memory_limit)
            if dies is not None:
                self.time.after(dies, lambda: self.exit(128 + SIGKILL, "OOMKilled"))
        self.tasks.begin()
        if self.program is not None:
            program = self.program
            self.tasks.run(lambda world, me: program(msgspec.structs.replace(world, me=me)))
            return
        if taken is not None:
            self.bound = False
            seconds, lines = bind_failure(self.command, taken)
            self.say("stderr", "".join(f"{line}\n" for line in lines).encode())
            self.time.after(seconds, lambda: self.exit(1))
            return
        self.say("stdout", f"{' '.join(self.command)}: started (simulated)\n".encode())
        if self.behaviour.runs_for is not None:
            self.time.after(self.behaviour.runs_for, lambda: self.exit(self.behaviour.exit_code))

    def stop(self, grace: float) -> None:
        """The image's stop signal now, SIGKILL after `grace` seconds (at once when grace is 0)."""
        if not self.running:
            return
        self.sim.at(self.sim.now + grace, lambda: self.exit(128 + SIGKILL))
        if grace > 0 and not self._asked_to_end:
            self.tasks.signal(self.image.stop_signal)

    def finish(self) -> None:
        """Its server ends when its work is done."""
        if not self._asked_to_end:
            self._asked_to_end = True
            code = self.behaviour.exit_on_sigterm
            self.time.after(self.behaviour.shutdown, lambda: self.exit(code))

    def freeze(self) -> None:
        """Stand still until `thaw`."""
        self._machine.before_change()
        self.time.freeze()
        self.sandbox.change()

    def thaw(self) -> None:
        """Go on after a freeze."""
        self._machine.before_change()
        self.time.thaw()
        self.sandbox.change()

    def fail(self, message: str) -> None:
        """Its program cannot be started at all."""
        self.state = OCIStatus.RUNNING
        self.time.begin()
        self.never_started = True
        self.exit(NEVER_STARTED, "StartError", message)

    def exit(self, code: int, reason: str = "", message: str = "") -> None:
        """The process is gone: exit `code`, `reason` (OOMKilled, Completed, Error), `message`."""
        if not self.running:
            return
        self._machine.before_change()
        self.time.thaw()
        self.tasks.end()
        self.state, self.finished_at = OCIStatus.STOPPED, self.sim.now
        self.exit_code, self.reason = code, reason or ("Error" if code else "Completed")
        self.message = message
        self.sandbox.change()
        self.log.close()
        for hear in list(self.left):
            hear()
        self._on_exit(self)

    def wait_for_answer(self) -> float | None:
        """Seconds until its server would answer one more request; None where it does not."""
        if self.hangs:
            return float("inf")
        return self.cpu.queue() + self.behaviour.latency if self.answers else None

    # How it answers

    @property
    def answers(self) -> bool:
        """Whether a probe or a request would get an answer now."""
        hangs = self.behaviour.hangs_after
        up = self.running and self.bound and not self.time.frozen and self.started_up
        return up and (hangs is None or self.time.age < hangs)

    @property
    def started_up(self) -> bool:
        """Whether its start is over, so that silence now means that it hangs."""
        return self.time.age - self._serving_since >= self.behaviour.startup - 1e-9

    @property
    def hangs(self) -> bool:
        """Whether it runs, but neither answers nor refuses."""
        return self.running and self.bound and not self.answers and self.started_up

    def listens(self, port: int) -> bool:
        """Whether something would accept a connection to this port."""
        return self.serves and self.answers and self._takes(port)

    def knock(self, port: int) -> float | None:
        """How long a request to a port would wait (s; inf: for ever); None when refused."""
        if self.listens(port):
            return self.cpu.queue() + self.behaviour.latency
        silent = self.serves and (self.hangs or self.time.frozen)
        return float("inf") if silent and self._takes(port) else None

    def request(self) -> float | None:
        """Accept one request; returns its latency (s), or None when nobody answers."""
        if not self.answers:
            return None
        self._machine.before_change()
        self.sandbox.change()
        return self.cpu.accept(self.behaviour.cpu_per_request) + self.behaviour.latency

    def respond(self, port: int, question: HTTPQuestion) -> HTTPReply | None:
        """The answer to an HTTP `question` at a `port`; None from a server of another protocol."""
        image = self.spec.image_name or next(iter((*self.image.tags, *self.image.digests)))
        argv = self.tasks.served or main_program(self.command)
        return answer(HTTPSite(image, argv, self.world, self.sandbox.ip, port), question)

    def listening(self) -> list[tuple[str, int, str]]:
        """What it listens on: protocol, port, and the program's name."""
        if not (self.serves and self.answers):
            return []
        name = name_of(self.tasks.served or self.command)
        return [("tcp", port, name) for port in sorted(self.ports)]

    def same_until(self) -> float:
        """When (simulated s) it answers otherwise by time alone: its start is over, or it hangs."""
        changes = (self.behaviour.startup, self.behaviour.hangs_after)
        age = self.time.age - self._serving_since
        ahead = [at - age for at in changes if at is not None and at > age]
        return self.sim.now + min(ahead) - HAIR if ahead and self.running else FOR_EVER

    # What it uses

    def cpu_wanted(self, now: float | None = None) -> float:
        """CPU time that it would have used so far without a limit, in core-seconds.

        Also for another `now` (simulated s), since which nothing changed but time.
        """
        if self.state in (OCIStatus.CREATING, OCIStatus.CREATED):
            return 0.0
        now = self.sim.now if now is None else now
        end = now if self.running else self.finished_at
        waiting = self.cpu.left(end) * self.cpu.limit  # accepted, not yet done
        lived = self.time.age_at(now) if self.running else self.time.at(end)
        return self.behaviour.cpu.integral(lived) + self.cpu.work - waiting

    def cpu_seconds(self, now: float | None = None) -> float:
        """CPU time used since the start, in core-seconds, never beyond its limit.

        Also for another `now` (simulated s), since which nothing changed but time.
        """
        now = self.sim.now if now is None else now
        end = now if self.running else self.finished_at
        return min(self.cpu_wanted(now), self.cpu.limit * max(0.0, end - self.started_at))

    def throttled_seconds(self) -> float:
        """Seconds for which it wanted CPU and had to wait for its next period."""
        late = max(0.0, self.cpu_wanted() - self.cpu_seconds()) / self.cpu.limit
        return late + self.cpu.held_up

    def throttled_periods(self) -> int:
        """Periods in which it used up its quota while work waited (`nr_throttled`)."""
        late = max(0.0, self.throttled_seconds() - self.cpu.held_up)
        return self.cpu.held_periods + round(late * 1e6 / isolation.PERIOD)

    def memory(self, now: float | None = None) -> float:
        """Bytes in use now, or at another time (s) since which nothing changed but time."""
        now = self.sim.now if now is None else now
        return self.behaviour.memory.at(self.time.age_at(now)) if self.running else 0.0
