"""A component's way to the API: the same calls, answered by whichever API server is reached.

A component need not know which API server it speaks with, or that it changed: what it watches goes
on over all breaks (`reflector`). Simplified: a link that is cut is noticed at once, where a real
client may wait for 45 s (HTTP/2 pings).
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Protocol

from course_lib.apiserver.errors import Unreachable
from course_lib.apiserver.events import EventRecorder
from course_lib.apiserver.reflector import Listener, Reflector
from course_lib.apiserver.server import AnyKind, APIServer
from course_lib.apiserver.store import Store
from course_lib.engine import Lifetime, Simulation
from course_lib.objects.kind import Kinds
from course_lib.objects.kinds import BUILT_IN
from course_lib.objects.selectors import EVERYTHING, FieldSelector, Selector


class Frontend(Protocol):
    """What stands between clients and API servers."""

    def pick(self, client: str) -> APIServer:
        """The API server for a new connection; raises `Unreachable`."""

    def reaches(self, client: str, server: APIServer) -> bool:
        """Whether a connection that stands can still be used."""


class Connection(APIServer):
    """One process's connection; it ends with the process.

    `consistent`: reads see all that was written before, or fail, as kubectl's do; otherwise they
    come from the API server's cache. `remembers`: what was read once can be read again while no
    API server is reached, as from a component's own cache.
    """

    def __init__(
        self,
        sim: Simulation,
        frontend: Frontend,
        client: str,
        consistent: bool = False,
        remembers: bool = False,
    ) -> None:
        self.sim = self.life = Lifetime(sim)
        self.client, self._frontend = client, frontend
        self._consistent, self._remembers = consistent, remembers
        self._server: APIServer | None = None
        self._views = {}
        self._kinds = Kinds(BUILT_IN)
        self._random = sim.random("apiserver")  # the servers' own
        self._remembered: dict[tuple[AnyKind, str, str], Any] = {}
        self.reflectors: list[Reflector] = []
        self.events = EventRecorder(self)

    @property
    def server(self) -> APIServer:
        """The API server that answers now; raises `Unreachable`."""
        if self.life.over:
            raise Unreachable(f"{self.client} has ended")
        if self._consistent:
            return self._frontend.pick(self.client)  # each command connects anew, as kubectl does
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

    def close(self) -> None:
        """The process ends."""
        self.life.end()
        for reflector in self.reflectors:
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

    # What an API server has of its own

    @property
    def store(self) -> Store:  # type: ignore[override]
        """What the API server that answers reads and writes."""
        store = self.server.store
        if self._consistent:
            store.confirm()
        return store

    @property
    def kinds(self) -> Kinds:  # type: ignore[override]
        """The kinds that the API server serves; while none is reached, those it served last."""
        with suppress(Unreachable):
            self._kinds = self.server.kinds
        return self._kinds

    def find(self, kind: AnyKind, name: str, namespace: str = "") -> Any:
        """The object of that name, or None; from memory where there is no other way."""
        if not self._remembers:
            return super().find(kind, name, namespace)
        key = kind, name, namespace
        try:
            found = self._remembered[key] = super().find(kind, name, namespace)
        except Unreachable:
            found = self._remembered.get(key)
        return found

    def watch(
        self,
        kind: AnyKind,
        listener: Listener,
        namespace: str = "",
        selector: Selector = EVERYTHING,
        fields: FieldSelector | None = None,
        since: int | None = None,
    ) -> Any:
        """Tell `listener` of each change from now on, over all breaks of the connection.

        Where no API server is reached now, it hears of everything once one is.
        """
        reflector = Reflector(self, kind, listener, namespace, selector, fields)
        self.reflectors.append(reflector)
        return reflector
