"""Containers: created, started, stopped, removed, and commands run in them.

Source: containerd 2.3, `internal/cri/server/container_create.go` and its neighbours (the order of
steps, idempotence, names, errors).
"""

from __future__ import annotations

import posixpath

import msgspec

from course_lib.runtimes import shell
from course_lib.runtimes.base import Operation
from course_lib.runtimes.behaviour import Behaviour
from course_lib.runtimes.container import Container, ContainerState
from course_lib.runtimes.errors import CREATING, EXECUTING, TRIED, RuntimeFault, not_found
from course_lib.runtimes.image_operations import ImageOperations
from course_lib.runtimes.inside import command_line, find_executable, world_of
from course_lib.runtimes.logs import Log
from course_lib.runtimes.programs import ENDS_AT_ONCE, WAITS, behaviour_of
from course_lib.runtimes.sandbox_operations import SandboxOperations
from course_lib.runtimes.spec import ContainerSpec, Resources
from course_lib.runtimes.store import NodeImage
from course_lib.runtimes.world import Process, World

SCRIPTED = Behaviour(startup=0.0)  # what a container uses whose program is a small script


class ContainerOperations(ImageOperations, SandboxOperations):
    """What a runtime does with containers."""

    def create(self, sandbox_id: str, spec: ContainerSpec) -> Operation:
        """Make a container in a sandbox; its program does not run yet."""
        self.check()
        sandbox = self.sandbox(sandbox_id, CREATING)
        if not sandbox.ready:
            raise RuntimeFault("Unknown", f'sandbox container "{sandbox.id}" is not running')
        image = self.image(spec.image)
        if image is None:
            raise RuntimeFault("NotFound", f'failed to resolve image "{spec.image}": not found')
        command_line(spec, image)  # it must have one
        key = f"{spec.name}_{sandbox.spec.key}_{spec.attempt}"
        id = self._id(key)
        number = self._count
        self._reserve("container", key, id)
        try:
            yield from self._take("CreateContainer")
            if sandbox.id not in self.sandboxes or not sandbox.ready:  # it went meanwhile
                raise not_found("sandbox", sandbox.id, CREATING)
        except BaseException:
            self._names.pop(key, None)
            raise
        folder = sandbox.spec.log_directory
        log_path = f"{folder}/{spec.log_path}" if folder and spec.log_path else ""
        container = Container(
            self.sim,
            id,
            number,
            spec,
            sandbox,
            image,
            lambda made: world_of(made, self.node, self.disk),
            self.cores,
            Log(self.disk, log_path, self.clock),
            self._on_exit,
        )
        try:
            self._give_life(container, _named(spec, image))
        except RuntimeFault:
            self._names.pop(key, None)
            raise
        container.state, container.created_at = ContainerState.CREATED, self.sim.now
        self.containers[id] = sandbox.containers[id] = container
        self._tell("created", container)
        return container

    def _give_life(self, container: Container, name: str) -> None:
        """What the container will do: as was set for its image, or as its program is."""
        set_for_it, image = self.behaviours.known(name), container.image
        argv = container.command
        locate = container.world.locate if image.known else None
        if set_for_it is None:
            container.program = shell.program(argv, locate)
        if container.program is not None:
            container.behaviour = SCRIPTED
        elif set_for_it is None and image.contents is not None:
            container.behaviour = behaviour_of(argv)
            if container.behaviour is ENDS_AT_ONCE and container.spec.stdin:
                container.behaviour = WAITS
        else:
            container.behaviour = self.behaviours.of(name, container.spec.ends)

    def container(self, id: str, said: str = TRIED) -> Container:
        """A container by its ID; raises `RuntimeFault` (`said`: see `not_found`)."""
        return self.containers[self._full(id, self.containers, "container", said)]

    def start(self, id: str) -> Operation:
        """Start a created container's program."""
        self.check()
        container = self.container(id)
        self._must_be(container, ContainerState.CREATED)
        problem = find_executable(container)
        yield from self._take("StartContainer")
        self._must_be(container, ContainerState.CREATED)
        if problem is not None:
            failed = self.cannot_start(container.id, *problem)
            container.fail(failed)
            raise RuntimeFault("Unknown", failed)
        container.start(self._taken(container))
        self._tell("started", container)

    def _taken(self, container: Container) -> int | None:
        """A port of its program that a running container of the same network holds already.

        Containers of one Pod share a network, and so do all Pods on the node's own.
        """
        sandbox = container.sandbox
        shared = [s for s in self.sandboxes.values() if s.host_network]
        held = {
            port
            for each in (shared if sandbox.host_network else [sandbox])
            for other in each.containers.values()
            if other is not container and other.running and other.bound
            for port in other.ports
        }
        return min(container.ports & held, default=None)

    def stop(self, id: str, timeout: float) -> Operation:
        """SIGTERM, and SIGKILL after `timeout` seconds; returns when the program is gone."""
        self.check()
        container = self._maybe(id, self.containers)
        if container is None:
            return
        yield from self._take("StopContainer")
        if container.running:
            container.stop(timeout)
            if container.running:
                boot = self._boot
                yield self._ended.setdefault(container.id, self.sim.env.event())
                self._same_boot(boot)

    def remove(self, id: str) -> Operation:
        """Remove a container; one that runs is killed first; done twice is done."""
        self.check()
        container = self._maybe(id, self.containers)
        if container is None:
            return
        yield from self._take("RemoveContainer")
        if container.running:
            container.stop(0)
            yield self.sim.sleep(0)
        self._forget(container)

    def execute(self, id: str, argv: list[str], timeout: float) -> Operation:
        """Run a command in a container; returns stdout, stderr and exit code."""
        said = {"stdout": b"", "stderr": b""}

        def write(stream: str, data: bytes) -> None:
            said[stream] += data

        code = yield from self.run_inside(id, argv, World(write=write), timeout)
        return said["stdout"], said["stderr"], code

    def run_inside(self, id: str, argv: list[str], ends: World, timeout: float = 0) -> Operation:
        """Run a command between these ends (stdin, output, prompt); returns its exit code."""
        self.check()
        container = self.container(id, EXECUTING)
        if not container.running:
            state = {"created": "CREATED", "stopped": "EXITED"}[container.state.value]
            raise RuntimeFault(
                "Unknown",
                f"failed to exec in container: container is in CONTAINER_{state} state",
            )
        problem = find_executable(container, argv)
        yield from self._take("ExecSync")
        if problem is not None:
            raise RuntimeFault("Unknown", self.cannot_execute(self._id(f"exec {id}"), *problem))
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
        run = program(world)
        try:
            return (yield from self._run_inside(container, run, timeout))
        finally:
            container.processes.remove(me)

    def _run_inside(self, container: Container, run: shell.Running, timeout: float) -> Operation:
        left = timeout or float("inf")
        while True:
            try:
                seconds = next(run)
            except StopIteration as end:
                return end.value
            yield self.sim.sleep(min(seconds, left))
            left -= seconds
            if not container.running:
                run.close()
                return 137
            if left < 0:
                run.close()
                text = f"timeout {timeout:g}s exceeded: context deadline exceeded"
                raise RuntimeFault("DeadlineExceeded", f"failed to exec in container: {text}")

    def update(self, id: str, resources: Resources) -> None:
        """Write other limits into a container's cgroup."""
        self.check()
        container = self.container(id)
        if container.stopped:
            raise RuntimeFault("Unknown", "failed to update resources: container is not running")
        container.spec = msgspec.structs.replace(container.spec, resources=resources)

    def pause(self, id: str) -> None:
        """Freeze a container (no call of the CRI does this; `ctr tasks pause` and Docker do)."""
        self.container(id).freeze()

    def resume(self, id: str) -> None:
        """Thaw a container."""
        self.container(id).thaw()


def _not_simulated(image: NodeImage, argv: list[str]) -> str:
    """Why a command is not run that the image may well have."""
    why = f"{argv[0]}: {shell.NOT_SIMULATED}"
    if image.known:
        return why
    name = next(iter((*image.tags, *image.digests)))
    return f"{why}, and does not know what is in the image {name}"


def _named(spec: ContainerSpec, image: NodeImage) -> str:
    """The name by which behaviours know an image: as asked for, or any that it has."""
    if spec.image_name and ":" not in spec.image_name[:7]:
        return spec.image_name
    return next(iter((*image.tags, *image.digests)))
