"""A container runtime: the images, sandboxes and containers of one node."""

from __future__ import annotations

from collections.abc import Callable

from course_lib.engine import Simulation
from course_lib.errors import CourseError
from course_lib.images import Registry
from course_lib.network import AddressPool, Network
from course_lib.runtimes.behaviour import Behaviours
from course_lib.runtimes.calls import Calls
from course_lib.runtimes.commands import Commands
from course_lib.runtimes.containers import Containers, Listener
from course_lib.runtimes.files import FileSystem
from course_lib.runtimes.flavour import Flavour
from course_lib.runtimes.images import Images
from course_lib.runtimes.machine import EPOCH_NS, RuntimeMachine
from course_lib.runtimes.names import Names
from course_lib.runtimes.processes import ProcessRow
from course_lib.runtimes.sandbox import HostNetwork, Sandbox
from course_lib.runtimes.sandbox_network import SandboxNetwork
from course_lib.runtimes.sandboxes import Sandboxes


class Runtime:
    """The runtime of one node.

    Its parts: `images`, `sandboxes`, `containers`, `commands` (run in containers), and `calls`,
    which are answered while the daemon is up. `cores` are the machine's, `epoch` the nanoseconds
    from 1970 to the start of simulated time.

    `flavour` sets it apart from others, `sim` has the time; images come from `registry`, programs
    run as `behaviours` says, sandboxes are joined to `network`; `disk` is the machine's.
    """

    def __init__(
        self,
        flavour: Flavour,
        sim: Simulation,
        node: str,
        registry: Registry,
        behaviours: Behaviours,
        network: Network,
        cores: float = 4.0,
        disk: FileSystem | None = None,
        epoch: int = EPOCH_NS,
    ) -> None:
        self.flavour, self.sim, self.node, self.network = flavour, sim, node, network
        self.machine = RuntimeMachine(
            sim, node, cores, disk or FileSystem(), epoch, self._network_of
        )
        self.calls = Calls(sim, flavour.daemon, flavour.paths)
        self.names = Names(sim.seed, node)
        self.images = Images(flavour, registry, self.calls)
        self.containers = Containers(
            self.machine, self.images, behaviours, self.calls, self.names, flavour.cannot_start
        )
        self.sandboxes = Sandboxes(node, network, self.calls, self.names, self.containers)
        self.commands = Commands(self.calls, self.names, self.containers, flavour.cannot_execute)
        self.host = HostNetwork(self.sandboxes, node)
        self.restarted: list[Callable[[], None]] = []  # called when the daemon has started

    def _network_of(self, sandbox: Sandbox) -> SandboxNetwork:
        """The network as the programs in a sandbox see it."""
        return SandboxNetwork(self.network, sandbox, self.node, self.host, self.pool)

    @property
    def name(self) -> str:
        """The flavour's name: containerd, docker, rkt, lxd."""
        return self.flavour.name

    @property
    def disk(self) -> FileSystem:
        """The node's files."""
        return self.machine.disk

    @property
    def up(self) -> bool:
        """Whether calls are answered."""
        return self.calls.up

    @property
    def listeners(self) -> list[Listener]:
        """Functions that are called with each container event."""
        return self.containers.listeners

    @property
    def pool(self) -> AddressPool | None:
        """The addresses of the node's Pods; None until the kubelet passed the block on."""
        return self.sandboxes.pool

    @pool.setter
    def pool(self, pool: AddressPool | None) -> None:
        self.sandboxes.pool = pool

    def processes(self) -> list[ProcessRow]:
        """The process tree of the node, as far as containers are concerned."""
        ready = [sandbox for sandbox in self.sandboxes.values() if sandbox.ready]
        running = [container for container in self.containers.values() if container.running]
        return self.flavour.process_tree(self.up, ready, running)

    def pause(self, id: str) -> None:
        """Freeze a container (no call of the CRI does this; `ctr tasks pause` and Docker do)."""
        self.containers.by_id(id).freeze()

    def resume(self, id: str) -> None:
        """Thaw a container."""
        self.containers.by_id(id).thaw()

    def stop_daemon(self) -> None:
        """Answer no call until it starts; containers go on or end, as the flavour says.

        Raises `CourseError` for a runtime that has no daemon.
        """
        daemon = self.flavour.daemon
        if not daemon:
            do = "look at its process tree: nothing to stop"
            raise CourseError(f"{self.name} has no daemon", do=do)
        self.sim.record(daemon, f"Node/{self.node}", "Stopped", f"{daemon} has stopped")
        self.machine.before_change()
        self.calls.up = False
        self.calls.hang_up()
        if not self.flavour.outlives_daemon:
            self.containers.kill_all()
            self.sandboxes.lose_all()

    def start_daemon(self) -> None:
        """Start the daemon: it finds its containers again, and reports which of them run."""
        self.machine.before_change()
        self.calls.up = True
        if daemon := self.flavour.daemon:
            self.sim.record(daemon, f"Node/{self.node}", "Started", f"{daemon} has started")
        self.containers.report_all()
        for restarted in self.restarted:
            restarted()

    def power_off(self) -> None:
        """End everything without an event, as a power loss does; images stay on disk."""
        self.calls.hang_up()
        self.sandboxes.lose_all()
        self.containers.lose_all()
        self.sandboxes.clear()
        self.names.clear()
