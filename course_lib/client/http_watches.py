"""The watches of one HTTP client: the simulation delivers what their threads received."""

from __future__ import annotations

from collections import deque
from typing import cast

from course_lib.apiserver.watch_events import ADDED, WatchEvent
from course_lib.client.http_kinds import ServedKinds
from course_lib.client.http_watch import GONE, HTTPWatch, Scope
from course_lib.client.interface import Listener
from course_lib.client.transport import HTTPTransport
from course_lib.engine import Simulation
from course_lib.engine.simulation import Process
from course_lib.objects.decode import decode
from course_lib.objects.kind import Kind
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object

POLL = 0.01  # simulated s between two looks at what has arrived
PATIENCE = 2.0  # real s until a write counts as seen, though its event has not arrived


class HTTPWatches:
    """The watches of a client, and what has arrived on them.

    `sim` has the time; `served` receives the definitions of kinds.
    """

    def __init__(self, sim: Simulation, served: ServedKinds) -> None:
        self._sim, self._served = sim, served
        self._watches: list[HTTPWatch] = []
        self._arrived: deque[tuple[HTTPWatch, str, Document, int]] = deque()
        self._runs = False

    @property
    def established(self) -> bool:
        """Whether changes arrive on all of them."""
        return all(watch.established for watch in self._of_use())

    def start(
        self, scope: Scope, transport: HTTPTransport, listener: Listener, initial: bool
    ) -> HTTPWatch:
        """Start a watch.

        `scope` says what is watched, `transport` is a connection for it alone; with `initial`,
        `listener` receives the existing objects first, in this call.
        """
        guarded = self._sim.guarded(listener)
        watch = HTTPWatch(scope, transport, guarded, self._on_arrival)
        first = watch.start()
        if not self._runs:
            self._runs = True
            self._sim.loop("client", self._run)
        self._watches = [*self._of_use(), watch]
        for document in first if initial else ():
            revision = int(document["metadata"]["resourceVersion"])
            view = view_of(document, scope.target.kind)
            guarded(WatchEvent(ADDED, view, revision, document))
        return watch

    def stop(self) -> None:
        """End all of them."""
        for watch in self._watches:
            watch.stop()

    def settle(self, kind: Kind, document: Document) -> None:
        """Wait until a write has arrived on each watch of its kind; deliver it now."""
        meta = document["metadata"]
        for watch in self._watches_of(kind):
            if watch.scope.covers(document):
                watch.wait_for(meta["uid"], int(meta["resourceVersion"]), PATIENCE)
        self._deliver_now()

    def settle_deleted(self, kind: Kind, uid: str) -> None:
        """Wait until a deletion has arrived on each watch of its kind; deliver it now."""
        for watch in self._watches_of(kind):
            if watch.knows(uid):
                watch.wait_for(uid, GONE, PATIENCE)
        self._deliver_now()

    def _of_use(self) -> list[HTTPWatch]:
        return [watch for watch in self._watches if not watch.over]

    def _watches_of(self, kind: Kind) -> list[HTTPWatch]:
        """The watches of a kind on which changes arrive now."""
        return [
            watch
            for watch in self._of_use()
            if watch.established and watch.scope.target.kind.title == kind.title
        ]

    def _on_arrival(self, watch: HTTPWatch, type: str, document: Document, revision: int) -> None:
        self._arrived.append((watch, type, document, revision))

    def _run(self) -> Process:
        while True:
            yield self._sim.sleep(POLL)
            self._deliver()

    def _deliver_now(self) -> None:
        if self._arrived:
            self._sim.at(self._sim.now, self._deliver)

    def _deliver(self) -> None:
        """Call the listeners with each change, in the order of arrival."""
        while self._arrived:
            watch, type, document, revision = self._arrived.popleft()
            if not watch.over:
                view = view_of(document, watch.scope.target.kind)
                self._served.note(type, view)
                watch.listener(WatchEvent(type, view, revision, document))


def view_of(document: Document, kind: Kind) -> Object:
    """The view of an object; a field that is null counts as one that is not there."""
    return decode(cast(Document, _without_nulls(document)), kind)


def _without_nulls(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value
