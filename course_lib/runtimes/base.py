"""What every operation of a runtime stands on: the node's state, names, steps and their time.

Each operation is a process in simulated time: a generator that yields, and returns its result or
raises `RuntimeFault`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator
from typing import Any, ClassVar

import msgspec
import simpy

from course_lib.engine import Simulation
from course_lib.engine.simulation import EPOCH
from course_lib.images import Reference, Registry
from course_lib.network import AddressPool, Network
from course_lib.runtimes.behaviour import Behaviours
from course_lib.runtimes.container import Container, ContainerState
from course_lib.runtimes.errors import TRIED, RuntimeFault, not_found
from course_lib.runtimes.logs import Disk
from course_lib.runtimes.sandbox import HostNetwork, Sandbox
from course_lib.runtimes.store import ImageStore

EPOCH_NS = int(EPOCH.timestamp()) * 10**9
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


class Base:
    """A runtime's state, and the small parts of its operations; a kind of runtime says the rest."""

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
        network: Network,
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
        if not self.pod_native:  # installed with the runtime: what holds a sandbox
            pause = Reference.parse("registry.k8s.io/pause:3.10")
            found = registry.fetch(str(pause))
            self.store.add(pause, found.digest, found.variant(), 0.0, pinned=True)

    def clock(self) -> int:
        """Now, in nanoseconds since 1970."""
        return self.epoch + round(self.sim.now * 1e9)

    def check(self) -> None:
        """Calls need the daemon, where there is one."""
        if not self.up:
            socket = f"/run/{self.daemon}/{self.daemon}.sock"
            raise RuntimeFault(
                "Unavailable",
                f'connection error: desc = "transport: Error while dialing: dial unix {socket}: '
                'connect: no such file or directory"',
            )

    # Its words

    def cannot_start(self, id: str, program: str, why: str) -> str:
        """The error for a container whose program is not there, or may not be run."""
        raise NotImplementedError

    def cannot_execute(self, id: str, program: str, why: str) -> str:
        """The error for a command that cannot be run in a container; `id` is the attempt's."""
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

    def _hang_up(self) -> None:
        """Whoever waits for an answer gets none."""
        self._boot += 1
        waiting, self._ended = self._ended, {}
        for event in waiting.values():
            event.succeed()

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

    def _full(self, id: str, among: dict[str, Any], kind: str, said: str = TRIED) -> str:
        """The whole ID of one that may be cut short, as people type them."""
        if id in among:
            return id
        found = [each for each in among if id and each.startswith(id)]
        if len(found) != 1:
            raise not_found(kind, id, said)
        return found[0]

    def _id(self, name: str) -> str:
        self._count += 1
        text = f"{self.sim.seed}/{self.node}/{name}/{self._count}"
        return hashlib.sha256(text.encode()).hexdigest()
