"""A plain runtime inside the process: sandboxes, images, containers, with their costs in time.

It does what a kubelet needs and no more; the runtimes that speak the CRI take its place in
chapter 05.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import msgspec

from course_lib.engine import Simulation
from course_lib.images import Reference, Registry, RegistryError
from course_lib.runtimes.behaviour import Behaviour
from course_lib.runtimes.container import Container

SANDBOX_SECONDS = 0.5  # namespaces, cgroups, the network plugin
START_SECONDS = 0.2  # create and start one container
PULL_BANDWIDTH = 50_000_000.0  # bytes a second, unpacking included
PULL_SECONDS = 0.5  # to resolve a name and open the connections


class Sandbox(msgspec.Struct, frozen=True):
    """What the containers of a Pod share: an identity and a network address."""

    id: str
    pod: str
    ip: str


class Image(msgspec.Struct, frozen=True):
    """An image that is on the node."""

    name: str
    digest: str
    size: int


class PlainRuntime:
    """The containers of one node.

    What takes time takes a `done` function and calls it when it is over.
    """

    def __init__(self, sim: Simulation, node: str, registry: Registry, cores: float) -> None:
        self.sim, self.node, self.registry, self.cores = sim, node, registry, cores
        self.images: dict[str, Image] = {}
        self.containers: dict[str, Container] = {}
        self._count = 0
        self._boot = 0  # what was begun before a power loss is never finished

    def pull_image(self, image: str, done: Callable[[Image | RegistryError], None]) -> None:
        """Fetch an image; `done` gets it, or the error."""
        result: Image | RegistryError
        seconds = PULL_SECONDS
        try:
            digest, size = self.registry.resolve(image)
            result = Image(image, digest, size)
            known = self.images.get(image)
            if known is None or known.digest != digest:
                seconds += size / PULL_BANDWIDTH
        except RegistryError as error:
            result = error

        def finish() -> None:
            if isinstance(result, Image):
                self.images[image] = result
            done(result)

        self._later(seconds, finish)

    def run_pod_sandbox(self, pod: str, ip: str, done: Callable[[Sandbox], None]) -> None:
        """Make the sandbox of a Pod."""
        self._later(SANDBOX_SECONDS, lambda: done(Sandbox(self._id("sandbox"), pod, ip)))

    def start_container(
        self,
        name: str,
        image: str,
        behaviour: Behaviour,
        cpu_limit: float | None,
        memory_limit: float | None,
        ports: frozenset[int],
        on_start: Callable[[Container], None],
        on_exit: Callable[[Container], None],
    ) -> None:
        """Create and start a container; `on_start` gets it, `on_exit` hears of its end."""
        limit = min(cpu_limit, self.cores) if cpu_limit else self.cores
        container = Container(
            self.sim,
            self._id(name),
            name,
            image,
            f"{Reference.parse(image).name}@{self.images[image].digest}",
            behaviour,
            limit,
            memory_limit,
            ports,
            on_exit,
        )

        def begin() -> None:
            self.containers[container.id] = container
            container.start()
            on_start(container)

        self._later(START_SECONDS, begin)

    def remove_container(self, container: Container) -> None:
        """Forget a container that has ended."""
        self.containers.pop(container.id, None)

    def power_off(self) -> None:
        """The machine loses power: nothing is finished, no end is reported; images stay on disk."""
        self._boot += 1
        for container in self.containers.values():
            container._on_exit = lambda _: None
            container.exit(128 + 9, "Error")
        self.containers.clear()

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        boot = self._boot
        self.sim.at(self.sim.now + seconds, lambda: act() if boot == self._boot else None)

    def _id(self, name: str) -> str:
        self._count += 1
        text = f"{self.sim.seed}/{self.node}/{name}/{self._count}"
        return hashlib.sha256(text.encode()).hexdigest()
