"""Commands that somebody runs in a container (`kubectl exec`, probes, hooks)."""

from __future__ import annotations

import posixpath

import msgspec

from course_lib.runtimes import shell
from course_lib.runtimes.calls import Calls, Operation
from course_lib.runtimes.container import RuntimeContainer
from course_lib.runtimes.containers import Containers
from course_lib.runtimes.errors import EXECUTING, RuntimeFault
from course_lib.runtimes.flavour import ErrorText
from course_lib.runtimes.inside import find_executable
from course_lib.runtimes.names import Names
from course_lib.runtimes.store import NodeImage
from course_lib.runtimes.world import Process, World

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

    def run(self, id: str, argv: list[str], ends: World, timeout: float = 0) -> Operation[int]:
        """Run `argv` in the container `id` between `ends` (stdin, output, prompt): its exit code.

        After `timeout` seconds (0: none) it fails with DeadlineExceeded. Raises `RuntimeFault` for
        a container that does not run, and for a program that cannot be started.
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
        program = shell.program(argv, every=True)
        if program is None:
            raise RuntimeFault("Unimplemented", _not_simulated(container.image, argv))
        me = Process(posixpath.basename(argv[0]), " ".join(argv), container.world.uid)
        world = msgspec.structs.replace(
            container.world,
            write=ends.write,
            stdin=ends.stdin,
            prompt=ends.prompt,
            variables={},
            me=container.processes.add(me),
        )
        try:
            return (yield from self._step(container, program(world), timeout))
        finally:
            container.processes.remove(me)

    def _step(
        self, container: RuntimeContainer, run: shell.Running, timeout: float
    ) -> Operation[int]:
        """Let the command go on until its end, the container's, or the timeout."""
        left = timeout or float("inf")
        while True:
            try:
                seconds = next(run)
            except StopIteration as end:
                return int(end.value)
            yield self._calls.sim.sleep(min(seconds, left))
            left -= seconds
            if not container.running:
                run.close()
                return 137
            if left < 0:
                run.close()
                text = f"timeout {timeout:g}s exceeded: context deadline exceeded"
                raise RuntimeFault("DeadlineExceeded", f"failed to exec in container: {text}")


def _not_simulated(image: NodeImage, argv: list[str]) -> str:
    """Why a command is not run that the image may well have."""
    why = f"{argv[0]}: {shell.NOT_SIMULATED}"
    if image.known:
        return why
    name = next(iter((*image.tags, *image.digests)))
    return f"{why}, and does not know what is in the image {name}"
