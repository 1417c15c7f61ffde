"""A component's way to the API: the same calls, answered by whichever API server is reached.

What was watched goes on after a break: from the last revision seen, or, when that is forgotten,
from a new list. So a component need not know which API server it speaks with, or that it changed.
Source: client-go `tools/cache/reflector.go`. Simplified: a link that is cut is noticed at once,
where a real client may wait for 45 s (HTTP/2 pings).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from course_lib.apiserver.errors import Compacted, Unreachable
from course_lib.apiserver.events import EventRecorder
from course_lib.apiserver.server import ADDED, DELETED, MODIFIED, APIServer, WatchEvent
from course_lib.apiserver.store import Store, Watch
from course_lib.engine import Lifetime, Simulation
from course_lib.objects.meta import Object
from course_lib.objects.selectors import EVERYTHING, FieldSelector, Selector

FIRST_RETRY, LAST_RETRY = 0.8, 30.0  # s, doubled each time, and up to twice as long by jitter
Listener = Callable[[WatchEvent], None]


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
        self._random = sim.random("apiserver")  # the servers' own
        self._remembered: dict[tuple[str, str, str], Any] = {}
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

    def find(self, kind: str, name: str, namespace: str = "") -> Any:
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
        kind: str,
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


class Reflector:
    """One thing that is watched: what is known of it, and up to which revision."""

    def __init__(
        self,
        connection: Connection,
        kind: str,
        listener: Listener,
        namespace: str,
        selector: Selector,
        fields: FieldSelector | None,
    ) -> None:
        self.connection, self.kind, self.listener = connection, kind, listener
        self._scope = namespace, selector, fields
        self._known: dict[str, Object] = {}  # by uid
        self._revision: int | None = None  # up to which all is known
        self._watch: Watch | None = None
        self._over = False
        self._wait = FIRST_RETRY
        self._random = connection.sim.random(f"reflector/{connection.client}")
        try:
            server = connection.server
            self._known = {found.uid: found for found in self._list(server)}
            self._revision = server.store.revision
            self._follow(server)
        except Unreachable:
            self.lost()

    def stop(self) -> None:
        """Watch no more."""
        self._over = True
        self._leave()

    def lost(self) -> None:
        """The connection broke: try to take up again, later each time."""
        self._leave()
        if not self._over:
            sim, wait = self.connection.sim, self._wait * (1 + self._random.random())
            self._wait = min(2 * self._wait, LAST_RETRY)
            sim.at(sim.now + wait, self._resume)

    def _leave(self) -> None:
        if self._watch is not None:
            self._watch.stop()
            self._watch = None

    def _list(self, server: APIServer) -> list[Any]:
        namespace, selector, fields = self._scope
        return server.list(self.kind, namespace, selector, fields)

    def _follow(self, server: APIServer) -> None:
        namespace, selector, fields = self._scope
        self._watch = server.watch(
            self.kind, self._deliver, namespace, selector, fields, self._revision
        )
        self._wait = FIRST_RETRY

    def _resume(self) -> None:
        if self._over or self._watch is not None:
            return
        try:
            server = self.connection.server
        except Unreachable:
            self.lost()
            return
        now = server.store.revision
        try:
            if self._revision is None or self._revision > now:  # etcd was put back in time
                raise Compacted(self._revision or 0, now)
            self._follow(server)
        except Compacted:
            self._replace(server)
            self._follow(server)

    def _replace(self, server: APIServer) -> None:
        """List anew, and tell of the difference."""
        self._revision = server.store.revision
        now = {found.uid: found for found in self._list(server)}
        for uid, gone in list(self._known.items()):
            if uid not in now:
                del self._known[uid]
                self.listener(WatchEvent(DELETED, gone, self._revision))
        for uid, found in now.items():
            before = self._known.get(uid)
            if (
                before is None
                or before.metadata.resource_version != found.metadata.resource_version
            ):
                self._known[uid] = found
                type = MODIFIED if before is not None else ADDED
                self.listener(WatchEvent(type, found, self._revision))

    def _deliver(self, event: WatchEvent) -> None:
        if not self.connection.reachable:
            self.lost()  # it is told again, from the last revision that arrived
            return
        self._revision = max(self._revision or 0, event.revision)
        if event.type == DELETED:
            self._known.pop(event.object.uid, None)
        else:
            self._known[event.object.uid] = event.object
        self.listener(event)
