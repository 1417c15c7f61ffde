"""Commands that somebody runs in a container (`kubectl exec`, probes, hooks)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import msgspec
import simpy

from course_lib.engine.simulation import Process
from course_lib.runtimes.calls import Calls, Operation
from course_lib.runtimes.container import RuntimeContainer
from course_lib.runtimes.containers import Containers
from course_lib.runtimes.errors import EXECUTING, RuntimeFault
from course_lib.runtimes.flavour import ErrorText
from course_lib.runtimes.inside import find_executable
from course_lib.runtimes.kernel import RunningTask
from course_lib.runtimes.launch import NOT_SIMULATED
from course_lib.runtimes.names import Names
from course_lib.runtimes.session import StreamSession
from course_lib.runtimes.signals import SIGINT, SIGKILL
from course_lib.runtimes.store import NodeImage
from course_lib.runtimes.world import World

STATES = {"created": "CREATED", "stopped": "EXITED"}


class Commands:
    """The commands of one node; `refusal` words the error for a program that cannot be run.

    `calls` are answered while the daemon is up, `names` finds IDs of `containers`.
    """

    def __init__(
        self, calls: Calls, names: Names, containers: Containers, refusal: ErrorText
    ) -> None:
        self._calls, self._names, self._containers = calls, names, containers
        self._refusal = refusal

    def execute(
        self, id: str, argv: list[str], timeout: float
    ) -> Operation[tuple[bytes, bytes, int]]:
        """Run `argv` in the container `id`: stdout, stderr, exit code; `timeout` (s), 0: none."""
        said = {"stdout": b"", "stderr": b""}

        def write(stream: str, data: bytes) -> None:
            said[stream] += data

        code = yield from self.run(id, argv, World(write=write), timeout)
        return said["stdout"], said["stderr"], code

    def open(self, id: str, argv: list[str], stdin: bool, tty: bool) -> StreamSession:
        """Begin a command in the container `id` with its streams open.

        It is `argv`; `stdin` gives it an input, `tty` a terminal. What goes wrong the session says.
        """
        session = StreamSession(stdin, tty)
        ends = World(write=session.say, stdin=session.stdin, tty=tty)
        sim = self._calls.sim

        def process() -> Process:
            try:
                session.finish((yield from self.run(id, argv, ends, session=session)))
            except RuntimeFault as fault:
                session.finish(None, fault)

        sim.start(process())
        return session

    def attach(self, id: str, stdin: bool, tty: bool) -> StreamSession:
        """Join the streams of the program of the container `id`; they end with it.

        `stdin` reaches its input, if it has one; `tty` says whether it has a terminal. Raises
        `RuntimeFault` for a container that does not run.
        """
        container = self._containers.by_id(id)
        if not container.running:
            raise RuntimeFault("Unknown", f"container {container.id} is not running")
        session = StreamSession(stdin=False, tty=tty)
        session.stdin = container.world.stdin if stdin else None

        def gone() -> None:
            leave()
            session.finish(container.exit_code)

        def leave() -> None:
            if gone in container.left:
                container.left.remove(gone)
                container.attached.remove(session.say)

        container.attached.append(session.say)
        container.left.append(gone)
        session.leave = leave
        return session

    def run(
        self,
        id: str,
        argv: list[str],
        ends: World,
        timeout: float = 0,
        session: StreamSession | None = None,
    ) -> Operation[int]:
        """Run `argv` in the container `id` between `ends` (stdin, output, terminal): its exit code.

        Ctrl-C in its `session` interrupts what it has in hand. After `timeout` seconds (0: none) it
        fails with DeadlineExceeded. Raises `RuntimeFault` for a container that does not run, and
        for a program that cannot be started.
        """
        self._calls.check()
        container = self._containers.by_id(id, EXECUTING)
        if not container.running:
            raise RuntimeFault(
                "Unknown",
                "failed to exec in container: container is in "
                f"CONTAINER_{STATES[container.state.value]} state",
            )
        problem = find_executable(container.world, container.image, argv)
        yield from self._calls.take("ExecSync")
        if problem is not None:
            attempt, _ = self._names.new_id(f"exec {id}")
            raise RuntimeFault("Unknown", self._refusal(attempt, *problem))
        over = self._calls.sim.env.event()

        def ended(code: int) -> None:
            if not over.triggered:
                over.succeed(code)

        task = self._started(container, argv, ends, ended)
        if session is not None:
            session.interrupt = partial(_interrupt, container, task)
        return (yield from self._wait(container, task, over, timeout))

    def _started(
        self,
        container: RuntimeContainer,
        argv: list[str],
        ends: World,
        ended: Callable[[int], None],
    ) -> RunningTask:
        """The command as a process of the container; raises `RuntimeFault`."""
        kernel = container.tasks.kernel
        if ends.stdin is not None:
            ends.stdin.changed = kernel.ring
        world = msgspec.structs.replace(
            container.world, write=ends.write, stdin=ends.stdin, tty=ends.tty, serve=None
        )
        if ends.tty:
            world.env = world.env | {"TERM": "xterm"}
        task = world.start(argv, ended=ended)
        if task is None:
            raise RuntimeFault("Unimplemented", _not_simulated(container.image, argv))
        return task

    def _wait(
        self, container: RuntimeContainer, task: RunningTask, over: simpy.Event, timeout: float
    ) -> Operation[int]:
        """Let the command go on until its end, the container's, or the timeout."""

        def gone() -> None:
            if not over.triggered:
                over.succeed(128 + SIGKILL)

        container.left.append(gone)
        try:
            if timeout:
                yield self._calls.sim.env.any_of([over, self._calls.sim.sleep(timeout)])
            else:
                yield over
        finally:
            if gone in container.left:
                container.left.remove(gone)
        if over.triggered:
            return int(over.value or 0)
        container.tasks.kernel.end(task, 128 + SIGKILL)
        text = f"timeout {timeout:g}s exceeded: context deadline exceeded"
        raise RuntimeFault("DeadlineExceeded", f"failed to exec in container: {text}")


def _interrupt(container: RuntimeContainer, task: RunningTask) -> None:
    """Ctrl-C: to all processes in the foreground of a terminal, a shell that reads it excepted."""
    top = task.process
    below = {top.pid}
    for row in list(container.processes.rows.values()):
        if row.parent in below:
            below.add(row.pid)
            row.receive(SIGINT)
    if SIGINT not in top.traps:
        top.receive(SIGINT)


def _not_simulated(image: NodeImage, argv: list[str]) -> str:
    """Why a command is not run that the image may well have."""
    why = f"{argv[0]}: {NOT_SIMULATED}"
    if image.known:
        return why
    name = next(iter((*image.tags, *image.digests)))
    return f"{why}, and does not know what is in the image {name}"
