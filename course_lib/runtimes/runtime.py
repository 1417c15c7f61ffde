"""A container runtime: images, sandboxes and containers of one node.

What all runtimes have in common is here and in the modules of its operations; what sets one apart
is in its own module: who stands between the caller and the process (`path`), what it keeps of an
image, and what survives its daemon.
"""

from __future__ import annotations

from course_lib.errors import CourseError
from course_lib.runtimes.container_operations import ContainerOperations
from course_lib.runtimes.processes import ProcessRow


class Runtime(ContainerOperations):
    """The runtime of one node; a subclass says what sets it apart."""

    def stop_daemon(self) -> None:
        """The daemon stops: no call is answered, and containers go on or not, as the kind is."""
        if not self.daemon:
            raise CourseError(
                f"{self.name} has no daemon", do="look at its process tree: nothing to stop"
            )
        self.sim.record(self.daemon, f"Node/{self.node}", "Stopped", f"{self.daemon} has stopped")
        self.up = False
        self._hang_up()
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
        self._hang_up()
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
