"""Probes: the questions by which a kubelet learns how a container is (chapter 06).

A startup probe holds the others back until it succeeds; a failed liveness (or startup) probe has
the container restarted; readiness decides whether requests are sent to it.
Source: kubernetes.io "Liveness, Readiness, and Startup Probes"; `pkg/kubelet/prober/worker.go`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from course_lib.cri import messages as v1
from course_lib.engine import SOON, Simulation, Ticker
from course_lib.network import Network
from course_lib.node.backoff import shown
from course_lib.node.node_runtime import PodCalls
from course_lib.objects.kinds import pod as spec
from course_lib.objects.kinds.pod import Probe
from course_lib.runtimes import RuntimeFault
from course_lib.runtimes.launch import NOT_SIMULATED

STARTUP, LIVENESS, READINESS = "Startup", "Liveness", "Readiness"
# Gets what went wrong (None when the answer is good), and whether it was an answer at all.
ProbeDone = Callable[[str | None, bool], None]


class Addressed(Protocol):
    """What has an address on a node: a Pod."""

    address: str

    @property
    def node(self) -> str:
        """The node's name."""


class Probed(Protocol):
    """A container, as one of its probes sees it."""

    def alive(self) -> bool:
        """Whether it still runs."""

    def held_back(self) -> bool:
        """Whether the probe must not ask yet."""

    def ask(self, done: ProbeDone) -> None:
        """Ask once; `done` gets what went wrong."""

    def same_until(self, changed: Callable[[], object]) -> float:
        """Until when a good answer stays good; `changed` is called if it may change before."""

    def on_result(self, good: bool) -> None:
        """The probe has come to another result."""

    def on_failure(self, said: str) -> None:
        """The probe has failed once."""


class Prober:
    """Asks the probes of one Pod's containers.

    `calls` reach the runtime, `network` carries requests, `pod` has the address.
    """

    __slots__ = ("_calls", "_network", "_pod")

    def __init__(self, calls: PodCalls, network: Network, pod: Addressed) -> None:
        self._calls, self._network, self._pod = calls, network, pod

    def ask(
        self, container_id: str, container: spec.Container, probe: Probe, done: ProbeDone
    ) -> None:
        """Ask once; `done` gets what went wrong, in the kubelet's words.

        `probe` is one of the `container`'s, `container_id` the one that runs.
        """
        if probe.exec is not None:
            self._ask_by_command(container_id, container, probe, probe.exec, done)
        else:
            done(self._ask_by_network(container, probe), True)

    def same_until(self, probe: Probe, changed: Callable[[], object]) -> float:
        """Until when (simulated s) the answer to a probe stays good, if it is good now.

        `changed` is called once, if something happens before on which the answer depends. The
        answer of a command cannot be predicted.
        """
        if probe.exec is not None:
            return SOON
        return self._network.same_until(self._pod.address, self._pod.node, changed)

    def _ask_by_command(
        self,
        container_id: str,
        container: spec.Container,
        probe: Probe,
        action: spec.ExecAction,
        done: ProbeDone,
    ) -> None:
        """Run the probe's command in the container.

        A program that exists and that the course does not simulate is taken to ask the
        container's own server: it succeeds when the server accepts connections.
        """
        command = list(action.command or ())

        def ran(result: v1.ExecSyncResponse | RuntimeFault) -> None:
            if not_simulated(result):
                done(self._ask_server(container), True)
            elif not isinstance(result, RuntimeFault):
                output = (result.stdout + result.stderr).decode(errors="replace")
                done(output if result.exit_code else None, True)
            elif result.code == "DeadlineExceeded":
                words = " ".join(command)
                done(f'command timed out: "{words}" timed out after {shown(limit)}', True)
            else:
                done(str(result), False)

        limit = probe.timeout_seconds
        self._calls.begin("ExecSync", ran, container_id=container_id, cmd=command, timeout=limit)

    def _ask_server(self, container: spec.Container) -> str | None:
        ports = [port.container_port for port in container.ports or ()]
        if not ports or any(self._knock(port) is not None for port in ports):
            return None
        return "the container's server accepts no connections"

    def _ask_by_network(self, container: spec.Container, probe: Probe) -> str | None:
        action = probe.http_get or probe.tcp_socket
        wanted = probe.grpc.port if probe.grpc is not None else action.port if action else 0
        port = port_number(container, wanted)
        if port is None:
            return f"invalid port name {wanted!r}"
        takes = self._knock(port)
        if takes is not None and takes <= probe.timeout_seconds:
            return None
        if probe.grpc is not None:
            return f"timeout: failed to connect service {port} within {probe.timeout_seconds}s"
        target = f"{self._pod.address}:{port}"
        refused = f"dial tcp {target}: connect: connection refused"
        if probe.http_get is None:
            return refused if takes is None else f"dial tcp {target}: i/o timeout"
        path = f"/{probe.http_get.path.removeprefix('/')}"
        url = f'Get "{probe.http_get.scheme.lower()}://{target}{path}"'
        late = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
        return f"{url}: {refused if takes is None else late}"

    def _knock(self, port: int) -> float | None:
        return self._network.knock(self._pod.address, port, self._pod.node)


def not_simulated(result: v1.ExecSyncResponse | RuntimeFault) -> bool:
    """Whether a command failed only because the course does not simulate its program."""
    if isinstance(result, RuntimeFault):
        return result.code == "Unimplemented"
    return bool(result.exit_code) and NOT_SIMULATED.encode() in result.stderr


def port_number(of: spec.Container, port: int | str) -> int | None:
    """A port by number, or by the name that the container gives it."""
    if isinstance(port, int):
        return port
    named = (p.container_port for p in of.ports or () if p.name == port)
    return next(named, int(port) if port.isdecimal() else None)


class ProbeWorker:
    """Asks one probe of one container again and again, until the container ends.

    `sim` has the time, `kind` is startup, readiness or liveness; the container, which the `probe`
    is `about`, started at `started_at`. While good answers change nothing, it does not ask.
    """

    __slots__ = ("_about", "_asking", "_bad", "_decided", "_good", "_kind", "_late", "_probe",
                 "_ticker")  # fmt: skip

    def __init__(
        self, sim: Simulation, kind: str, probe: Probe, started_at: float, about: Probed
    ) -> None:
        self._kind, self._probe, self._about = kind, probe, about
        self._good = self._bad = 0
        self._decided: bool | None = None
        self._asking = self._late = False
        first = started_at + probe.initial_delay_seconds
        self._ticker = Ticker(sim, first, probe.period_seconds, self._tick)

    def _tick(self) -> float:
        """Ask, unless the last question has no answer yet; then ask as soon as it has one."""
        if not self._about.alive():
            self._ticker.stop()
        elif self._asking:
            self._late = True
        elif not self._about.held_back():
            self._asking = True
            self._about.ask(self._answered)
            if self._decided and self._good >= self._probe.success_threshold:
                return self._about.same_until(self._ticker.wake)
        return SOON

    def _answered(self, problem: str | None, counts: bool) -> None:
        self._asking = False
        if not self._about.alive():
            return
        if counts:
            self._observe(problem)
        else:  # the question failed, not the container: it is thrown away (`doProbe`)
            said = f"{self._kind} probe errored and resulted in unknown state: {problem}"
            self._about.on_failure(said)
        if self._kind == STARTUP and self._decided:
            self._ticker.stop()
        elif self._late:
            self._late = False
            self._tick()

    def _observe(self, problem: str | None) -> None:
        """Count; only so many equal answers in a row make a result."""
        if problem is not None:
            self._good, self._bad = 0, self._bad + 1
            self._about.on_failure(f"{self._kind} probe failed: {problem}")
        else:
            self._good, self._bad = self._good + 1, 0
        if self._good >= self._probe.success_threshold and self._decided is not True:
            self._decided = True
            self._about.on_result(True)
        elif self._bad >= self._probe.failure_threshold and self._decided is not False:
            self._decided = False
            self._about.on_result(False)
