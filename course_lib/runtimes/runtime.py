"""A container runtime: images, sandboxes and containers of one node.

What all runtimes have in common is here; what sets one apart is in its own module: who stands
between the caller and the process (`path`), what it keeps of an image, and what survives its
daemon. Each operation is a process in simulated time: a generator that yields, and returns its
result or raises `RuntimeFault`.
Source: containerd 1.7, `internal/cri/server` (the order of steps, idempotence, names).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator
from typing import Any, ClassVar

import msgspec
import simpy

from course_lib.engine import Simulation
from course_lib.engine.simulation import EPOCH
from course_lib.errors import CourseError
from course_lib.images import Reference, Registry, RegistryError
from course_lib.images.oci import AMD64
from course_lib.network import AddressPool, FlatNetwork
from course_lib.runtimes import shell
from course_lib.runtimes.behaviour import Behaviour, Behaviours
from course_lib.runtimes.container import Container, ContainerState
from course_lib.runtimes.errors import RuntimeFault, not_found
from course_lib.runtimes.inside import command_line, find_executable, world_of
from course_lib.runtimes.logs import Disk, Log
from course_lib.runtimes.processes import ProcessRow
from course_lib.runtimes.sandbox import HostNetwork, Sandbox
from course_lib.runtimes.spec import ContainerSpec, Resources, SandboxSpec
from course_lib.runtimes.store import ImageStore, NodeImage

PULL_BANDWIDTH = 50_000_000.0  # bytes a second, unpacking included
SCRIPTED = Behaviour(startup=0.0)  # what a container uses whose program is a small script
EPOCH_NS = int(EPOCH.timestamp()) * 10**9
UNPACKED = 2.5  # bytes on disk for each byte of a compressed layer, roughly

Operation = Generator[simpy.Event, Any, Any]


class Step(msgspec.Struct, frozen=True):
    """One step of an operation: who asks whom for what, and how long it takes (s)."""

    source: str
    target: str
    does: str
    seconds: float = 0.0


class Hop(msgspec.Struct, frozen=True):
    """A step as it happened (simulated s)."""

    start: float
    end: float
    source: str
    target: str
    does: str


class Runtime:
    """The runtime of one node; a subclass says what sets it apart."""

    name: ClassVar[str]
    version: ClassVar[str]
    story: ClassVar[str]  # its place in history, in a sentence
    shim: ClassVar[str]  # who answers the CRI in front of it
    pod_native: ClassVar[bool] = False  # knows Pods by itself, without a pause container
    shares_layers: ClassVar[bool] = True  # images that have a layer in common keep it once
    keeps_compressed: ClassVar[bool] = True  # beside the unpacked files
    daemon: ClassVar[str] = ""  # the process that must live for calls to be answered
    outlives_daemon: bool = True  # containers go on without it
    path: ClassVar[dict[str, tuple[Step, ...]]]

    def __init__(
        self,
        sim: Simulation,
        node: str,
        registry: Registry,
        behaviours: Behaviours,
        network: FlatNetwork,
        cores: float = 4.0,
        disk: Disk | None = None,
        epoch: int = EPOCH_NS,
    ) -> None:
        self.sim, self.node, self.registry, self.cores = sim, node, registry, cores
        self.behaviours, self.network = behaviours, network
        self.disk = disk or Disk()
        self.epoch = epoch  # nanoseconds from 1970 to the start of simulated time
        self.store = ImageStore()
        self.sandboxes: dict[str, Sandbox] = {}
        self.containers: dict[str, Container] = {}
        self.up = True
        self.hops: dict[object, list[Hop]] = {}  # by the process that takes the steps
        self.listeners: list[Callable[[str, Container], None]] = []  # of container events
        self.pool: AddressPool | None = None
        self.host = HostNetwork(self.sandboxes)
        self._names: dict[str, str] = {}  # reserved: who has this name
        self._count = 0
        self._boot = 0  # what was begun before a power loss is never finished
        self._ended: dict[str, simpy.Event] = {}
        if not self.pod_native:
            self._preload("registry.k8s.io/pause:3.10")

    def clock(self) -> int:
        """Now, in nanoseconds since 1970."""
        return self.epoch + round(self.sim.now * 1e9)

    def _preload(self, image: str) -> None:
        found = self.registry.fetch(image)
        self.store.add(Reference.parse(image), found.digest, found.variant(), 0.0, pinned=True)

    # Images

    def pull(self, name: str) -> Operation:
        """Fetch an image: resolve its name, then transfer the layers that are not here yet."""
        self.check()
        reference = _reference(name)
        yield from self._take("PullImage")
        try:
            digest, _ = self.registry.resolve(name)
            variant = self.registry.fetch(name).variant(AMD64)
        except RegistryError as error:
            code = "NotFound" if error.what.endswith(": not found") else "Unknown"
            raise RuntimeFault(code, error.what) from error
        except CourseError as error:
            raise RuntimeFault("NotFound", f"failed to pull {name}: {error.what}") from error
        known = variant.id in self.store.images
        weight = self.store.missing(variant) if self.shares_layers else 0 if known else variant.size
        yield from self._wait(weight / PULL_BANDWIDTH, "registry", self.name, "layers")
        return self.store.add(reference, digest, variant, self.sim.now)

    def image(self, name: str) -> NodeImage | None:
        """An image on the node, by tag, digest or ID; None where it is not here."""
        try:
            return self.store.find(name)
        except CourseError as error:
            raise RuntimeFault("InvalidArgument", f"{name!r}: {error.what}") from error

    def image_bytes(self) -> int:
        """Bytes on disk that images take: as this runtime keeps them."""
        total, seen = 0.0, set()
        for image in self.store.images.values():
            for blob in image.variant.layers:
                if blob.descriptor.digest not in seen or not self.shares_layers:
                    seen.add(blob.descriptor.digest)
                    size = blob.descriptor.size
                    total += size if blob.data is not None else size * UNPACKED
                    total += size if self.keeps_compressed else 0
        return round(total)

    # Sandboxes

    def set_address_block(self, cidr: str) -> None:
        """The node's block of Pod addresses, as the kubelet tells it."""
        if cidr and (self.pool is None or str(self.pool.network) != cidr):
            self.pool = AddressPool(cidr)

    def run_sandbox(self, spec: SandboxSpec) -> Operation:
        """Make a sandbox: namespaces, network, and whatever this runtime needs to hold them."""
        self.check()
        id = self._id(spec.key)
        self._reserve("sandbox", spec.key, id)
        sandbox = Sandbox(id, self._count, spec, self.sim.now)
        try:
            yield from self._take("RunPodSandbox")
            if not sandbox.host_network:
                sandbox.ip = self._address(id)
        except BaseException:
            self._names.pop(spec.key, None)
            raise
        sandbox.ready = True
        self.sandboxes[id] = sandbox
        if sandbox.ip:
            self.network.attach(sandbox.ip, sandbox)
        return sandbox

    def _address(self, id: str) -> str:
        failed = f'failed to setup network for sandbox "{id}"'
        if self.pool is None:
            raise RuntimeFault("Unknown", f"{failed}: cni plugin not initialized")
        try:
            return self.pool.take()
        except CourseError as error:
            text = f'{failed}: plugin type="host-local" failed (add): {error.what}: {error.where}'
            raise RuntimeFault("Unknown", text) from error

    def sandbox(self, id: str) -> Sandbox:
        """A sandbox by its ID; raises `RuntimeFault`."""
        return self.sandboxes[self._full(id, self.sandboxes, "sandbox")]

    def stop_sandbox(self, id: str) -> Operation:
        """Stop what is in a sandbox, at once, and give its address back; done twice is done."""
        self.check()
        sandbox = self._maybe(id, self.sandboxes)
        if sandbox is None:
            return
        yield from self._take("StopPodSandbox")
        for container in list(sandbox.containers.values()):
            container.stop(0)
        yield self.sim.sleep(0)  # they are killed within this instant
        self._lose(sandbox)

    def _lose(self, sandbox: Sandbox) -> None:
        sandbox.ready = False
        if sandbox.ip and self.network.at(sandbox.ip) is sandbox:
            self.network.detach(sandbox.ip)
            if self.pool is not None:
                self.pool.release(sandbox.ip)

    def remove_sandbox(self, id: str) -> Operation:
        """Remove a sandbox and the containers in it; done twice is done."""
        self.check()
        sandbox = self._maybe(id, self.sandboxes)
        if sandbox is None:
            return
        yield from self.stop_sandbox(id)
        for container in list(sandbox.containers.values()):
            self._forget(container)
        self.sandboxes.pop(sandbox.id, None)
        self._names.pop(sandbox.spec.key, None)

    # Containers

    def create(self, sandbox_id: str, spec: ContainerSpec) -> Operation:
        """Make a container in a sandbox; its program does not run yet."""
        self.check()
        sandbox = self.sandbox(sandbox_id)
        if not sandbox.ready:
            task = f"no running task found: task {sandbox.id} not found: not found"
            raise RuntimeFault("NotFound", f"failed to get sandbox container task: {task}")
        image = self.image(spec.image)
        if image is None:
            raise RuntimeFault("NotFound", f'failed to resolve image "{spec.image}": not found')
        argv = command_line(spec, image)
        key = f"{spec.name}_{sandbox.spec.key}_{spec.attempt}"
        id = self._id(key)
        self._reserve("container", key, id)
        try:
            yield from self._take("CreateContainer")
            if sandbox.id not in self.sandboxes:
                raise not_found("sandbox", sandbox.id)
        except BaseException:
            self._names.pop(key, None)
            raise
        name = _named(spec, image)
        program = None if self.behaviours.known(name) else shell.program(argv, image.complete)
        behaviour = SCRIPTED if program else self.behaviours.of(name, spec.ends)
        folder = sandbox.spec.log_directory
        log_path = f"{folder}/{spec.log_path}" if folder and spec.log_path else ""
        container = Container(
            self.sim,
            id,
            self._count,
            spec,
            sandbox,
            image,
            behaviour,
            program,
            lambda made: world_of(made, self.node, self.disk),
            self.cores,
            Log(self.disk, log_path, self.clock),
            self._on_exit,
        )
        container.state, container.created_at = ContainerState.CREATED, self.sim.now
        self.containers[id] = sandbox.containers[id] = container
        self._tell("created", container)
        return container

    def container(self, id: str) -> Container:
        """A container by its ID; raises `RuntimeFault`."""
        return self.containers[self._full(id, self.containers, "container")]

    def start(self, id: str) -> Operation:
        """Start a created container's program."""
        self.check()
        container = self.container(id)
        self._must_be(container, ContainerState.CREATED)
        problem = find_executable(container)
        yield from self._take("StartContainer")
        self._must_be(container, ContainerState.CREATED)
        if problem:
            container.fail(problem)
            raise RuntimeFault("Unknown", problem)
        container.start()
        self._tell("started", container)

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
        self.check()
        container = self.container(id)
        if not container.running:
            state = {"created": "CREATED", "stopped": "EXITED"}[container.state.value]
            raise RuntimeFault(
                "Unknown",
                f"failed to exec in container: container is in CONTAINER_{state} state",
            )
        said = {"stdout": b"", "stderr": b""}

        def write(stream: str, data: bytes) -> None:
            said[stream] += data

        problem = find_executable(container, argv)
        yield from self._take("ExecSync")
        if problem:
            raise RuntimeFault("Unknown", f"failed to exec in container: {problem}")
        world = msgspec.structs.replace(container.world, write=write, variables={}, trap=None)
        run = container.execute(shell.program(argv, container.image.complete), world)
        left = timeout or float("inf")
        while True:
            try:
                seconds = next(run)
            except StopIteration as end:
                return said["stdout"], said["stderr"], end.value
            yield self.sim.sleep(min(seconds, left))
            left -= seconds
            if not container.running:
                run.close()
                return said["stdout"], said["stderr"], 137
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

    # The daemon, and the machine

    def check(self) -> None:
        """Calls need the daemon, where there is one."""
        if not self.up:
            socket = f"/run/{self.daemon}/{self.daemon}.sock"
            raise RuntimeFault(
                "Unavailable",
                f'connection error: desc = "transport: Error while dialing: dial unix {socket}: '
                'connect: no such file or directory"',
            )

    def stop_daemon(self) -> None:
        """The daemon stops: no call is answered, and containers go on or not, as the kind is."""
        if not self.daemon:
            raise CourseError(
                f"{self.name} has no daemon", do="look at its process tree: nothing to stop"
            )
        self.sim.record(self.daemon, f"Node/{self.node}", "Stopped", f"{self.daemon} has stopped")
        self.up, self._boot = False, self._boot + 1
        if not self.outlives_daemon:
            for container in list(self.containers.values()):
                container.exit(137, "Error")
            for sandbox in self.sandboxes.values():
                self._lose(sandbox)

    def start_daemon(self) -> None:
        """The daemon is back: it finds its containers again, and tells what has ended meanwhile."""
        self.up = True
        if self.daemon:
            started = f"{self.daemon} has started"
            self.sim.record(self.daemon, f"Node/{self.node}", "Started", started)
        for container in self.containers.values():
            self._tell("started" if container.running else "stopped", container)

    def power_off(self) -> None:
        """The machine loses power: nothing is finished, nothing is told; images stay on disk."""
        self._boot += 1
        for sandbox in self.sandboxes.values():
            self._lose(sandbox)
        listeners, self.listeners = self.listeners, []
        for container in self.containers.values():
            container.exit(137, "Error")
        self.listeners = listeners
        self.sandboxes.clear()
        self.containers.clear()
        self._names.clear()

    def processes(self) -> list[ProcessRow]:
        """The process tree of the node, as far as containers are concerned."""
        raise NotImplementedError

    # The small parts

    def _on_exit(self, container: Container) -> None:
        if waiting := self._ended.pop(container.id, None):
            waiting.succeed()
        self._tell("stopped", container)

    def _tell(self, kind: str, container: Container) -> None:
        if self.up:
            for listener in list(self.listeners):
                listener(kind, container)

    def _forget(self, container: Container) -> None:
        container.exit(137, "Error")
        self.containers.pop(container.id, None)
        container.sandbox.containers.pop(container.id, None)
        spec = container.spec
        self._names.pop(f"{spec.name}_{container.sandbox.spec.key}_{spec.attempt}", None)
        self._tell("deleted", container)

    def _take(self, operation: str) -> Operation:
        """The time that an operation takes, step by step."""
        for step in self.path.get(operation, ()):
            yield from self._wait(step.seconds, step.source, step.target, step.does)

    def _wait(self, seconds: float, source: str, target: str, does: str) -> Operation:
        start, boot = self.sim.now, self._boot
        if seconds:
            yield self.sim.sleep(seconds)
            self._same_boot(boot)
        taken = self.hops.setdefault(self.sim.env.active_process, [])
        taken.append(Hop(start, self.sim.now, source, target, does))

    def _same_boot(self, boot: int) -> None:
        if boot != self._boot:
            raise RuntimeFault("Unavailable", "error reading from server: EOF")

    def _reserve(self, kind: str, name: str, id: str) -> None:
        if name in self._names:
            raise RuntimeFault(
                "Unknown",
                f'failed to reserve {kind} name "{name}": name "{name}" is reserved for '
                f'"{self._names[name]}"',
            )
        self._names[name] = id

    def _must_be(self, container: Container, state: ContainerState) -> None:
        if container.state is not state:
            word = {"stopped": "EXITED"}.get(container.state.value, container.state.value.upper())
            raise RuntimeFault("Unknown", f"container is in CONTAINER_{word} state")
        if container.id not in self.containers:
            raise not_found("container", container.id)

    def _maybe(self, id: str, among: dict[str, Any]) -> Any:
        try:
            return among[self._full(id, among, "")]
        except RuntimeFault as fault:
            if fault.code == "NotFound":
                return None
            raise

    def _full(self, id: str, among: dict[str, Any], kind: str) -> str:
        """The whole ID of one that may be cut short, as people type them."""
        if id in among:
            return id
        found = [each for each in among if id and each.startswith(id)]
        if len(found) != 1:
            raise not_found(kind, id)
        return found[0]

    def _id(self, name: str) -> str:
        self._count += 1
        text = f"{self.sim.seed}/{self.node}/{name}/{self._count}"
        return hashlib.sha256(text.encode()).hexdigest()


def _reference(name: str) -> Reference:
    try:
        return Reference.parse(name)
    except CourseError as error:
        raise RuntimeFault("InvalidArgument", f"{name!r}: {error.what}") from error


def _named(spec: ContainerSpec, image: NodeImage) -> str:
    """The name by which behaviours know an image: as asked for, or any that it has."""
    if spec.image_name and ":" not in spec.image_name[:7]:
        return spec.image_name
    return next(iter((*image.tags, *image.digests)))
