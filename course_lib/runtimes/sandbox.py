"""A pod sandbox: what the containers of a Pod share, and who answers at its address.

Its life: ready, from the moment its namespaces and its network are there; not ready, once it was
stopped or lost; then removed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Protocol

from course_lib.engine import FOR_EVER, SOON
from course_lib.runtimes import isolation
from course_lib.runtimes.container_network import HTTPQuestion, HTTPReply
from course_lib.runtimes.process import Process, Processes
from course_lib.runtimes.spec import NODE, SandboxSpec


class RequestServer(Protocol):
    """A container, as far as requests to its sandbox's address are concerned."""

    def listens(self, port: int) -> bool:
        """Whether something would accept a connection to this port."""

    def request(self) -> float | None:
        """Accept one request; returns its latency (s), or None when nobody answers."""

    def knock(self, port: int) -> float | None:
        """How long a request to a port would wait (s; inf: for ever); None when refused."""

    def respond(self, port: int, question: HTTPQuestion) -> HTTPReply | None:
        """The answer to an HTTP `question` at a `port`; None from one that does not speak HTTP."""

    def listening(self) -> list[tuple[str, int, str]]:
        """What it listens on: protocol, port, and the program's name."""

    def same_until(self) -> float:
        """When (simulated s) its answers change by time alone."""


class Sandbox:
    """A sandbox on a `node`.

    `id` and `number` name it, `spec` is what the kubelet asked for, `created_at` is in simulated s.
    """

    def __init__(
        self, id: str, number: int, spec: SandboxSpec, created_at: float, node: str
    ) -> None:
        self.id, self.number, self.spec, self.created_at = id, number, spec, created_at
        self.node = node
        self.ip = ""  # empty for one on the node's own network
        self.ready = False
        self.servers: dict[str, RequestServer] = {}  # its containers, by ID
        self._told: dict[Callable[[], object], None] = {}  # called at the next change

    @cached_property
    def processes(self) -> Processes:
        """The processes of its containers, where they share a PID namespace; pause is the first."""
        shared = Processes()
        shared.add(Process("pause", "/pause"))
        return shared

    @property
    def host_network(self) -> bool:
        """Whether it has the node's network, and no address of its own."""
        return self.spec.namespaces.network == NODE

    @cached_property
    def namespaces(self) -> dict[str, str]:
        """What its containers may share, as `/proc/PID/ns` has it."""
        return isolation.of_sandbox(self.spec.namespaces, self.number)

    def connect(self, port: int) -> float | None:
        """Answer one request to a port; its latency (s), or None when it is refused."""
        for server in self.servers.values():
            if server.listens(port):
                return server.request()
        return None

    def server(self, port: int) -> RequestServer | None:
        """The container that answers at a port."""
        return next((each for each in self.servers.values() if each.listens(port)), None)

    def knock(self, port: int) -> float | None:
        """How long a request to a port would wait (s; inf: for ever); None when refused.

        What hangs still accepts connections, and then says nothing.
        """
        found = None
        for server in self.servers.values():
            waits = server.knock(port)
            if waits is not None and waits < float("inf"):
                return waits
            found = found if waits is None else waits
        return found

    def same_until(self, changed: Callable[[], object]) -> float:
        """Until when (s) a `knock` has the same answer, or one that comes sooner.

        `changed` is called once, if a container of the sandbox changes before.
        """
        self._told[changed] = None
        return min((server.same_until() for server in self.servers.values()), default=FOR_EVER)

    def change(self) -> None:
        """What the sandbox answers may be different from now on."""
        told, self._told = self._told, {}
        for changed in told:
            changed()


class HostNetwork:
    """Who answers at the own address of a `node`: the `sandboxes` that share its network."""

    def __init__(self, sandboxes: Mapping[str, Sandbox], node: str) -> None:
        self._sandboxes, self.node = sandboxes, node

    def _here(self) -> list[Sandbox]:
        return [s for s in self._sandboxes.values() if s.host_network and s.ready]

    def connect(self, port: int) -> float | None:
        """Answer one request to a port; its latency (s), or None when it is refused."""
        found = (sandbox.connect(port) for sandbox in self._here())
        return next((latency for latency in found if latency is not None), None)

    def knock(self, port: int) -> float | None:
        """How long a request to a port would wait (s; inf: for ever); None when refused."""
        found = (sandbox.knock(port) for sandbox in self._here())
        return next((latency for latency in found if latency is not None), None)

    def server(self, port: int) -> RequestServer | None:
        """The container that answers at a port of the node."""
        found = (sandbox.server(port) for sandbox in self._here())
        return next((server for server in found if server is not None), None)

    def same_until(self, changed: Callable[[], object]) -> float:
        """Not at all: sandboxes come and go."""
        return SOON
