"""Probes: the questions by which a kubelet learns how a container is (chapter 06).

A startup probe holds the others back until it succeeds; a failed liveness (or startup) probe has
the container restarted; readiness decides whether requests are sent to it.
Source: kubernetes.io "Liveness, Readiness, and Startup Probes"; `pkg/kubelet/prober/worker.go`.
"""

from __future__ import annotations

from collections.abc import Callable

from course_lib.engine import Simulation
from course_lib.objects import pod as spec
from course_lib.objects.pod import Probe
from course_lib.runtimes import Container

STARTUP, LIVENESS, READINESS = "Startup", "Liveness", "Readiness"


def probe_once(container: Container, probe: Probe, of: spec.Container, address: str) -> str:
    """Ask once; empty when the answer is good, else what went wrong, in the kubelet's words."""
    slow = container.queue() + container.behaviour.latency > probe.timeout_seconds
    hung = container.running and not container.answers and container.started_up
    if probe.exec is not None:
        if hung or slow:
            return f"command timed out after {probe.timeout_seconds}s"
        return "" if container.answers else "command terminated with exit code 1"
    if probe.grpc is not None:
        good = container.listens(probe.grpc.port) and not slow
        return "" if good else f"timeout: failed to connect service {probe.grpc.port} within 1s"
    action = probe.http_get or probe.tcp_socket
    assert action is not None
    port = port_number(of, action.port)
    if port is None:
        return f"invalid port name {action.port!r}"
    target = f"{address}:{port}"
    if container.listens(port) and not slow:
        return ""
    refused = f"dial tcp {target}: connect: connection refused"
    if probe.http_get is None:
        return f"dial tcp {target}: i/o timeout" if slow or hung else refused
    path = probe.http_get.path if probe.http_get.path.startswith("/") else f"/{probe.http_get.path}"
    url = f'Get "{probe.http_get.scheme.lower()}://{target}{path}"'
    late = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    return f"{url}: {late if slow or hung else refused}"


def port_number(of: spec.Container, port: int | str) -> int | None:
    """A port by number, or by the name that the container gives it."""
    if isinstance(port, int):
        return port
    named = (p.container_port for p in of.ports or () if p.name == port)
    return next(named, int(port) if port.isdecimal() else None)


class Prober:
    """Asks one probe of one container again and again, until the container ends."""

    def __init__(
        self,
        sim: Simulation,
        kind: str,
        probe: Probe,
        container: Container,
        ask: Callable[[], str],
        held_back: Callable[[], bool],
        on_result: Callable[[str, bool, str], None],
        on_failure: Callable[[str, str], None],
    ) -> None:
        self.sim, self.kind, self.probe, self.container = sim, kind, probe, container
        self._ask, self._held_back = ask, held_back
        self._on_result, self._on_failure = on_result, on_failure
        self._good = self._bad = 0
        self._decided: bool | None = None
        sim.at(container.started_at + probe.initial_delay_seconds, self._tick)

    def _tick(self) -> None:
        if not self.container.running:
            return
        if not self._held_back():
            self._observe(self._ask())
        if not (self.kind == STARTUP and self._decided):
            self.sim.at(self.sim.now + self.probe.period_seconds, self._tick)

    def _observe(self, problem: str) -> None:
        """Count; only so many equal answers in a row make a result."""
        if problem:
            self._good, self._bad = 0, self._bad + 1
            self._on_failure(self.kind, f"{self.kind} probe failed: {problem}")
        else:
            self._good, self._bad = self._good + 1, 0
        if self._good >= self.probe.success_threshold and self._decided is not True:
            self._decided = True
            self._on_result(self.kind, True, "")
        elif self._bad >= self.probe.failure_threshold and self._decided is not False:
            self._decided = False
            self._on_result(self.kind, False, problem)
