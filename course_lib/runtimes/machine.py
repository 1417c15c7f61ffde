"""What a runtime knows of the machine that it runs on."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from course_lib.engine import Simulation
from course_lib.engine.timestamps import EPOCH
from course_lib.runtimes.container_network import ContainerNetwork, LonelyNetwork
from course_lib.runtimes.files import FileSystem
from course_lib.runtimes.sandbox import Sandbox

EPOCH_NS = int(EPOCH.timestamp()) * 10**9


class RuntimeMachine(msgspec.Struct, frozen=True):
    """A machine below a runtime: its name, cores, files, clock, and the networks of its sandboxes.

    `told` are called when a change other than time alone is about to affect what its containers
    use of CPU and memory.
    """

    sim: Simulation
    name: str
    cores: float  # the CPU that a container can have at most
    disk: FileSystem
    epoch: int = EPOCH_NS  # nanoseconds from 1970 to the start of simulated time
    network_of: Callable[[Sandbox], ContainerNetwork] = lambda sandbox: LonelyNetwork()
    told: list[Callable[[], None]] = msgspec.field(default_factory=list)

    def before_change(self) -> None:
        """Say that a container is about to use more or less, or can no longer be measured."""
        for about_to_change in self.told:
            about_to_change()

    def clock(self) -> int:
        """Now, in nanoseconds since 1970."""
        return self.epoch + round(self.sim.now * 1e9)
