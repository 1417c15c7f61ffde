"""A reflector: list, then watch; after a break watch from the last revision seen, or list again.

Source: client-go `tools/cache/reflector.go`; its first and last waits, doubling, with jitter.
"""

from __future__ import annotations

from collections.abc import Callable, Sized
from typing import Protocol

from course_lib.apiserver.errors import Compacted, Unavailable, Unreachable
from course_lib.apiserver.server import AnyKind, APIServer
from course_lib.apiserver.watch_events import ADDED, DELETED, MODIFIED, WatchEvent
from course_lib.apiserver.watches import Watch
from course_lib.engine import Simulation
from course_lib.objects.meta import Object
from course_lib.objects.selectors import FieldSelector, Selector

FIRST_RETRY, LAST_RETRY = 0.8, 30.0  # s, doubled each time, and up to twice as long by jitter
Listener = Callable[[WatchEvent], None]


class ServerRoute(Protocol):
    """The way to the API server that is watched, and the reflectors that use it."""

    client: str
    reflectors: list[Reflector]

    def resumed(self) -> None:
        """A watch is established again."""

    @property
    def sim(self) -> Simulation:
        """The simulation, for as long as the client's process lives."""

    @property
    def server(self) -> APIServer:
        """The API server that answers now; raises `Unreachable`."""

    @property
    def reachable(self) -> bool:
        """Whether an API server answers now."""


class Reflector:
    """One thing that is watched: what is known of it, and up to which revision.

    `route` finds an API server, `kind` is what is watched, `listener` hears each change;
    `namespace`, `selector` and `fields` choose objects; with `initial` existing ones come first.
    """

    def __init__(
        self,
        route: ServerRoute,
        kind: AnyKind,
        listener: Listener,
        namespace: str,
        selector: Selector,
        fields: FieldSelector | None,
        initial: bool = False,
    ) -> None:
        self.route, self.kind = route, kind
        self.listener = route.sim.guarded(listener)
        self._scope = namespace, selector, fields
        self._known: dict[str, Object] = {}  # by uid
        self._revision: int | None = None  # up to which everything was delivered
        self._watch: Watch | None = None
        self._over = False
        self._wait = FIRST_RETRY
        self._rng = route.sim.random(f"reflector/{route.client}")
        route.reflectors.append(self)
        try:
            server = route.server
            if initial:
                self._replace(server)
            else:
                self._known = {each.uid: each for each in self._list(server)}
                self._revision = server.store.revision
            self._follow(server)
        except Unreachable:
            self.lost()

    @property
    def established(self) -> bool:
        """Whether changes arrive; False between a break and the moment when the watch resumes."""
        return self._watch is not None

    @property
    def waiting(self) -> Sized:
        """What has arrived and was not delivered yet."""
        return () if self._watch is None else self._watch.waiting

    def receive(self) -> None:
        """Deliver what has arrived and was not delivered yet."""
        if self._watch is not None:
            self._watch.receive()

    def stop(self) -> None:
        """End the watch."""
        self._over = True
        self._leave()
        if self in self.route.reflectors:
            self.route.reflectors.remove(self)
            self.route.resumed()  # no one needs to wait for this watch

    def lost(self) -> None:
        """The connection broke: try to resume, later each time."""
        self._leave()
        if not self._over:
            sim, wait = self.route.sim, self._wait * (1 + self._rng.random())
            self._wait = min(2 * self._wait, LAST_RETRY)
            sim.at(sim.now + wait, self._resume)

    def _leave(self) -> None:
        if self._watch is not None:
            self._watch.stop()
            self._watch = None

    def _list(self, server: APIServer) -> list[Object]:
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
            self._follow_or_replace(self.route.server)
        except Unavailable:
            self.lost()
        else:
            self.route.resumed()

    def _follow_or_replace(self, server: APIServer) -> None:
        """Watch from the last revision seen; where that is not possible, list before."""
        now = server.store.revision
        try:
            if self._revision is None or self._revision > now:  # etcd was restored
                raise Compacted(self._revision or 0, now)
            self._follow(server)
        except Compacted:
            self._replace(server)
            self._follow(server)

    def _replace(self, server: APIServer) -> None:
        """List again, and deliver the differences."""
        self._revision = server.store.revision
        now = {each.uid: each for each in self._list(server)}
        for uid, gone in list(self._known.items()):
            if uid not in now:
                del self._known[uid]
                self.listener(WatchEvent(DELETED, gone, self._revision))
        for uid, new in now.items():
            old = self._known.get(uid)
            if old is None or old.metadata.resource_version != new.metadata.resource_version:
                self._known[uid] = new
                type = ADDED if old is None else MODIFIED
                self.listener(WatchEvent(type, new, self._revision))

    def _deliver(self, event: WatchEvent) -> None:
        if not self.route.reachable:
            self.lost()  # the event comes again, from the last revision that arrived
            return
        self._revision = max(self._revision or 0, event.revision)
        uid = event.object.uid
        if event.type == DELETED:
            self._known.pop(uid, None)
        else:
            self._known[uid] = event.object
        self.listener(event)
