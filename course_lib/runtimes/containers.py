"""Containers: created, started, stopped, removed.

Source: containerd 2.3, `internal/cri/server/container_create.go` and its neighbours (the order of
steps, idempotence, names, errors).
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

import msgspec

from course_lib.runtimes.behaviour import Behaviour, Behaviours
from course_lib.runtimes.calls import Calls, Operation
from course_lib.runtimes.container import OCIStatus, RuntimeContainer
from course_lib.runtimes.errors import CREATING, RuntimeFault, not_found
from course_lib.runtimes.images import Images
from course_lib.runtimes.inside import command_line, find_executable, names_user
from course_lib.runtimes.launch import program
from course_lib.runtimes.logs import ContainerLog
from course_lib.runtimes.machine import RuntimeMachine
from course_lib.runtimes.names import ByID, Names
from course_lib.runtimes.programs import ENDS_AT_ONCE, WAITS, behaviour_of, is_server
from course_lib.runtimes.sandbox import Sandbox
from course_lib.runtimes.spec import ContainerSpec, Resources
from course_lib.runtimes.store import NodeImage

SCRIPTED = Behaviour(startup=0.0)  # what a container uses whose program is a small script
# Called with a container and what happened to it: created, started, stopped, deleted.
Listener = Callable[[str, RuntimeContainer], None]


class Containers(ByID[RuntimeContainer]):
    """The containers of one node, by ID.

    `refusal` words the error for a program that cannot be started: container ID, program, why.

    `machine` is the node, `images` are those on it, `behaviours` says what programs do; `calls` are
    answered while the daemon is up; `names` finds IDs.
    """

    def __init__(
        self,
        machine: RuntimeMachine,
        images: Images,
        behaviours: Behaviours,
        calls: Calls,
        names: Names,
        refusal: Callable[[str, str, str], str],
    ) -> None:
        super().__init__("container")
        self._machine, self._images, self._behaviours = machine, images, behaviours
        self._calls, self._names, self._refusal = calls, names, refusal
        self.listeners: list[Listener] = []

    def of(self, sandbox: Sandbox) -> list[RuntimeContainer]:
        """The containers in a sandbox, in the order in which they were made."""
        return [self[id] for id in sandbox.servers if id in self]

    def create(self, sandbox: Sandbox, spec: ContainerSpec) -> Operation[RuntimeContainer]:
        """Make a container in a sandbox; its program does not run yet.

        Raises `RuntimeFault` for an image that is not here, and for a sandbox that has stopped.
        """
        self._calls.check()
        if not sandbox.ready:
            raise RuntimeFault("Unknown", f'sandbox container "{sandbox.id}" is not running')
        image = self._images.find(spec.image)
        if image is None:
            raise RuntimeFault("NotFound", f'failed to resolve image "{spec.image}": not found')
        command_line(spec, image)  # it must have one
        key = _key(sandbox, spec)
        id, number = self._names.new_id(key)
        self._names.reserve("container", key, id)
        try:
            yield from self._calls.take("CreateContainer")
            if not sandbox.ready:  # it went meanwhile
                raise not_found("sandbox", sandbox.id, CREATING)
            container = self._made(id, number, sandbox, spec, image)
            self._give_life(container, _named(spec, image))
        except BaseException:
            self._names.release(key)
            raise
        container.state, container.created_at = OCIStatus.CREATED, self._calls.sim.now
        self._held[id] = container
        sandbox.servers[id] = container
        self._tell("created", container)
        return container

    def _made(
        self, id: str, number: int, sandbox: Sandbox, spec: ContainerSpec, image: NodeImage
    ) -> RuntimeContainer:
        folder = sandbox.spec.log_directory
        path = f"{folder}/{spec.log_path}" if folder and spec.log_path else ""
        log = ContainerLog(self._machine.disk, path, self._machine.clock)
        return RuntimeContainer(self._machine, id, number, spec, sandbox, image, log, self._on_exit)

    def _give_life(self, container: RuntimeContainer, name: str) -> None:
        """Set what the container will do: as was set for its image, or as its program is."""
        set_for_it, image = self._behaviours.known(name), container.image
        argv = container.command
        if image.known and names_user(container.spec, image):
            container.inside()  # it must know the user
        locate = (lambda name: container.inside().locate(name)) if image.known else None
        if set_for_it is None and not is_server(argv):
            container.program = program(argv, locate)
        if container.program is not None:
            container.behaviour = SCRIPTED
        elif set_for_it is None and image.contents is not None:
            container.behaviour = behaviour_of(argv)
            if container.behaviour is ENDS_AT_ONCE and container.spec.stdin:
                container.behaviour = WAITS
        else:
            container.behaviour = self._behaviours.of(name, container.spec.ends)

    def start(self, id: str) -> Operation[None]:
        """Start a created container's program.

        Raises `RuntimeFault` for a container that is not in the state created, and for a program
        that cannot be started.
        """
        self._calls.check()
        container = self.by_id(id)
        self._must_be_created(container)
        problem = find_executable(container.inside(), container.image, container.command)
        yield from self._calls.take("StartContainer")
        self._must_be_created(container)
        if problem is not None:
            failed = self._refusal(container.id, *problem)
            container.fail(failed)
            raise RuntimeFault("Unknown", failed)
        container.start(self._taken(container))
        self._tell("started", container)

    def _must_be_created(self, container: RuntimeContainer) -> None:
        if container.state is not OCIStatus.CREATED:
            word = {"stopped": "EXITED"}.get(container.state.value, container.state.value.upper())
            raise RuntimeFault("Unknown", f"container is in CONTAINER_{word} state")
        if container.id not in self:
            raise not_found("container", container.id)

    def _taken(self, container: RuntimeContainer) -> int | None:
        """A port that a running container of the same Pod, or of the node's network, holds."""
        sandbox = container.sandbox
        held = {
            port
            for other in (self.values() if sandbox.host_network else self.of(sandbox))
            if other is not container and other.running and other.bound
            if other.sandbox.host_network == sandbox.host_network
            for port in other.ports
        }
        return min(container.ports & held, default=None)

    def stop(self, id: str, timeout: float) -> Operation[None]:
        """SIGTERM, and SIGKILL after `timeout` seconds; returns when the program is gone."""
        self._calls.check()
        container = self.find(id)
        if container is None:
            return
        yield from self._calls.take("StopContainer")
        if container.running:
            container.stop(timeout)
            if container.running:
                yield from self._calls.wait_for_end(container.id)

    def remove(self, id: str) -> Operation[None]:
        """Remove a container; one that runs is killed first; done twice is done."""
        self._calls.check()
        container = self.find(id)
        if container is None:
            return
        yield from self._calls.take("RemoveContainer")
        if container.running:
            container.stop(0)
            yield self._calls.sim.sleep(0)
        self.forget(container)

    def forget(self, container: RuntimeContainer) -> None:
        """Drop a container, and its name; what still runs in it is killed."""
        container.exit(137, "Error")
        self._held.pop(container.id, None)
        container.sandbox.servers.pop(container.id, None)
        self._names.release(_key(container.sandbox, container.spec))
        self._tell("deleted", container)

    def update(self, id: str, resources: Resources) -> None:
        """Write limits into the cgroup of a container; raises `RuntimeFault` for one that ended."""
        self._calls.check()
        container = self.by_id(id)
        if container.stopped:
            raise RuntimeFault("Unknown", "failed to update resources: container is not running")
        self._machine.before_change()
        container.spec = msgspec.structs.replace(container.spec, resources=resources)

    def most_memory(self) -> float:
        """Bytes that the running containers would use if each used the most that it ever will."""
        return sum(ceil(c.behaviour.memory.highest) for c in self.values() if c.running)

    # What happens to all of them

    def kill_all(self) -> None:
        """End every program, as they end with the daemon that is their parent."""
        for container in list(self.values()):
            container.exit(137, "Error")

    def lose_all(self) -> None:
        """End every container without an event: the power is gone."""
        listeners, self.listeners = self.listeners, []
        self.kill_all()
        self.listeners = listeners
        self._held.clear()

    def report_all(self) -> None:
        """Tell the listeners which containers run and which have ended."""
        for container in self.values():
            self._tell("started" if container.running else "stopped", container)

    def _on_exit(self, container: RuntimeContainer) -> None:
        self._calls.ended(container.id)
        self._tell("stopped", container)

    def _tell(self, kind: str, container: RuntimeContainer) -> None:
        self._calls.change()
        if self._calls.up:
            for listener in list(self.listeners):
                listener(kind, container)


def _key(sandbox: Sandbox, spec: ContainerSpec) -> str:
    """The name under which no second container may exist."""
    return f"{spec.name}_{sandbox.spec.key}_{spec.attempt}"


def _named(spec: ContainerSpec, image: NodeImage) -> str:
    """The name by which behaviours know an image: as asked for, or any that it has."""
    if spec.image_name and ":" not in spec.image_name[:7]:
        return spec.image_name
    return next(iter((*image.tags, *image.digests)))
