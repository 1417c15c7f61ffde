"""A client over a network: it goes on when the API server that it speaks with goes away.

A component need not know which API server answers, or that it changed: what it watches goes on
over all breaks (`reflector`). Simplified: a cut link is noticed at once, where a real client may
wait for 45 s (HTTP/2 pings).
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Protocol

import simpy

from course_lib.apiserver.errors import Unreachable
from course_lib.apiserver.server import AnyKind, APIServer, not_found
from course_lib.client.interface import Listener, Subscription
from course_lib.client.local import ServerClient
from course_lib.client.reflector import Reflector
from course_lib.engine import Lifetime, Simulation
from course_lib.engine.simulation import Process
from course_lib.objects.kind import Kind, Kinds
from course_lib.objects.kinds import BUILT_IN
from course_lib.objects.meta import ObjectT
from course_lib.objects.selectors import EVERYTHING, FieldSelector, Selector


class Frontend(Protocol):
    """The way from clients to API servers."""

    def pick(self, client: str) -> APIServer:
        """The API server for a new connection; raises `Unreachable`."""

    def reaches(self, client: str, server: APIServer) -> bool:
        """Whether an established connection can still be used."""


class Connection(ServerClient):
    """One process's connection; it ends with the process.

    `client` is the machine it starts from. With `consistent`, each request connects again and sees
    all earlier writes, or fails, as kubectl's does; otherwise reads come from the API server's
    cache. With `remembers`, an object that was read once can be read again while no API server is
    reached, as from a component's own cache.

    `sim` has the time, `frontend` finds an API server.
    """

    def __init__(
        self,
        sim: Simulation,
        frontend: Frontend,
        client: str,
        consistent: bool = False,
        remembers: bool = False,
    ) -> None:
        self.life = Lifetime(sim)
        super().__init__(self.life)
        self.client, self._frontend = client, frontend
        self._consistent, self._remembers = consistent, remembers
        self._server: APIServer | None = None
        self._kinds = Kinds(BUILT_IN)
        self._remembered: dict[tuple[str, str, str], Any] = {}
        self.reflectors: list[Reflector] = []  # those that are not stopped
        self._synced: simpy.Event | None = None  # for those who wait until all watches resumed

    @property
    def server(self) -> APIServer:
        """The API server that answers now; raises `Unreachable`."""
        if self.life.over:
            raise Unreachable(f"{self.client} has ended")
        if self._consistent:
            return self._frontend.pick(self.client)
        if self._server is not None and not self._frontend.reaches(self.client, self._server):
            self._hang_up()
        if self._server is None:
            self._server = self._frontend.pick(self.client)
            self._server.clients.append(self._on_stop)
        return self._server

    @property
    def reachable(self) -> bool:
        """Whether an API server answers now."""
        try:
            return self.server.up
        except Unreachable:
            return False

    @property
    def synced(self) -> bool:
        """Whether all watches are established: no cache that they feed misses a change."""
        _ = self.reachable  # a request finds out that the connection broke
        return all(reflector.established for reflector in self.reflectors)

    def wait_for_sync(self) -> Process:
        """Wait until all watches are established."""
        while not self.synced:
            if self._synced is None:
                self._synced = self.life.env.event()
            yield self._synced

    def resumed(self) -> None:
        """A watch is established again."""
        if self._synced is not None and self.synced:
            event, self._synced = self._synced, None
            event.succeed()

    @property
    def kinds(self) -> Kinds:
        """The kinds that the API server serves; while none is reached, those it served last.

        With `consistent`, also those whose definitions the server has just heard of; etcd is not
        asked, as discovery on a real cluster is answered from memory.
        """
        with suppress(Unreachable):
            server = self.server
            if self._consistent:
                server.store.catch_up()
            self._kinds = server.kinds
        return self._kinds

    def reach(self) -> APIServer:
        """The API server for one request; with `consistent`, one that is as new as etcd."""
        server = self.server
        if self._consistent:
            server.store.confirm()
        return server

    def close(self) -> None:
        """The process ends."""
        self.life.end()
        for reflector in list(self.reflectors):
            reflector.stop()
        self._hang_up()

    def _hang_up(self) -> None:
        if self._server is not None and self._on_stop in self._server.clients:
            self._server.clients.remove(self._on_stop)
        self._on_stop()

    def _on_stop(self) -> None:
        self._server = None
        for reflector in self.reflectors:
            reflector.lost()

    def get(self, kind: type[ObjectT] | str | Kind, name: str, namespace: str = "") -> ObjectT:
        """The object of that name; raises `NotFound`."""
        existing = self.find(kind, name, namespace)
        if existing is None:
            raise not_found(self.resource(kind), name)
        return existing

    def find(
        self, kind: type[ObjectT] | str | Kind, name: str, namespace: str = ""
    ) -> ObjectT | None:
        """The object of that name, or None; from memory where no API server is reached."""
        if not self._remembers:
            return super().find(kind, name, namespace)
        key = self.resource(kind).resource, name, namespace
        try:
            existing = self._remembered[key] = super().find(kind, name, namespace)
        except Unreachable:
            existing = self._remembered.get(key)
        return existing

    def watch(
        self,
        kind: AnyKind,
        listener: Listener,
        namespace: str = "",
        selector: Selector = EVERYTHING,
        fields: FieldSelector | None = None,
        initial: bool = False,
        renewals: bool = True,
    ) -> Subscription:
        """Call `listener` with each change from now on, over all breaks of the connection.

        Where no API server is reached now, everything is ADDED once one is.
        """
        return Reflector(self, kind, listener, namespace, selector, fields, initial)
