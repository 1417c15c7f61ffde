"""One container: a process with an image, limits and a behaviour (chapter 01).

The life of a container:
- created: its file system and limits are ready, the process is not started;
- running: from its start until it ends, is stopped, or exceeds its memory limit;
- exited: with an exit code, for good; a restart is a new container.

Source: the OCI runtime specification; exit codes 128 + signal as shells report them.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from course_lib.engine import Simulation
from course_lib.runtimes.behaviour import Behaviour

SIGKILL, SIGTERM = 9, 15


class ContainerState(Enum):
    """The states of the CRI, in its words."""

    CREATED = "CONTAINER_CREATED"
    RUNNING = "CONTAINER_RUNNING"
    EXITED = "CONTAINER_EXITED"


class Container:
    """A container on a node; amounts in cores, bytes and simulated seconds."""

    def __init__(
        self,
        sim: Simulation,
        id: str,
        name: str,
        image: str,
        image_id: str,
        behaviour: Behaviour,
        cpu_limit: float,
        memory_limit: float | None,
        ports: frozenset[int],
        on_exit: Callable[[Container], None],
    ) -> None:
        self.sim, self.id, self.name = sim, id, name
        self.image, self.image_id = image, image_id  # as asked for; by content
        self.behaviour = behaviour
        self.cpu_limit = cpu_limit  # the node's cores, where the Pod sets no limit
        self.memory_limit = memory_limit
        self.ports = ports  # that it listens on; empty: on any
        self.state = ContainerState.CREATED
        self.started_at = 0.0
        self.finished_at = 0.0
        self.exit_code = 0
        self.reason = ""
        self.requests = 0
        self._on_exit = on_exit
        self._busy_until = 0.0  # when the work accepted so far will be done
        self._work = 0.0  # core-seconds of all requests accepted so far

    @property
    def running(self) -> bool:
        """Whether its process runs now."""
        return self.state is ContainerState.RUNNING

    @property
    def age(self) -> float:
        """Seconds since it started."""
        return self.sim.now - self.started_at

    @property
    def answers(self) -> bool:
        """Whether a probe or a request would get an answer now."""
        hangs = self.behaviour.hangs_after
        return self.running and self.started_up and (hangs is None or self.age < hangs)

    @property
    def started_up(self) -> bool:
        """Whether its start is over, so that silence now means that it hangs."""
        return self.age >= self.behaviour.startup - 1e-9

    def queue(self) -> float:
        """Seconds of work that wait for CPU before a request that came now."""
        return max(0.0, self._busy_until - self.sim.now)

    def listens(self, port: int) -> bool:
        """Whether something would accept a connection to this port."""
        return self.answers and (not self.ports or port in self.ports)

    def start(self) -> None:
        """Start the process; its end is known from its behaviour and its memory limit."""
        self.state, self.started_at = ContainerState.RUNNING, self.sim.now
        ends = self.behaviour.runs_for
        dies = None
        if self.memory_limit is not None:
            dies = self.behaviour.memory.first_above(self.memory_limit)
        if dies is not None and (ends is None or dies <= ends):
            self.sim.at(self.sim.now + dies, lambda: self.exit(128 + SIGKILL, "OOMKilled"))
        elif ends is not None:
            code = self.behaviour.exit_code
            reason = "Error" if code else "Completed"
            self.sim.at(self.sim.now + ends, lambda: self.exit(code, reason))

    def stop(self, grace: float) -> None:
        """SIGTERM now, SIGKILL after `grace` seconds (at once when grace is 0)."""
        if not self.running:
            return
        kill = self.sim.now + grace
        self.sim.at(kill, lambda: self.exit(128 + SIGKILL, "Error"))
        if grace > 0 and not self.behaviour.ignores_sigterm:
            done = self.sim.now + self.behaviour.shutdown
            if done < kill:
                self.sim.at(done, lambda: self.exit(0, "Completed"))

    def exit(self, code: int, reason: str) -> None:
        """The process is gone."""
        if self.running:
            self.state, self.finished_at = ContainerState.EXITED, self.sim.now
            self.exit_code, self.reason = code, reason
            self._on_exit(self)

    def request(self) -> float | None:
        """Accept one request; returns its latency (s), or None when nobody answers.

        Requests share the container's CPU, one after the other: where they come faster than its
        limit allows they queue, and that is what throttling feels like from outside.
        """
        if not self.answers:
            return None
        cost = self.behaviour.cpu_per_request
        self.requests += 1
        self._work += cost
        self._busy_until = max(self.sim.now, self._busy_until) + cost / self.cpu_limit
        return self._busy_until - self.sim.now + self.behaviour.latency

    def cpu_seconds(self) -> float:
        """CPU time used since the start, in core-seconds, never beyond its limit."""
        if self.state is ContainerState.CREATED:
            return 0.0
        end = self.sim.now if self.running else self.finished_at
        waiting = max(0.0, self._busy_until - end) * self.cpu_limit  # accepted, not yet done
        demand = self.behaviour.cpu.integral(end - self.started_at) + self._work - waiting
        return min(demand, self.cpu_limit * (end - self.started_at))

    def throttled(self) -> float:
        """The CPU that it wants now over what its limit allows; above 1 it is throttled."""
        if not self.running:
            return 0.0
        return self.behaviour.cpu.at(self.age) / self.cpu_limit + min(1.0, self.queue())

    def memory(self) -> float:
        """Bytes in use now."""
        return self.behaviour.memory.at(self.age) if self.running else 0.0
