"""A watch over HTTP: the events that a client gets, line by line.

A client that does not read what it is sent is let go, as by the real one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from course_lib.apiserver.bodies import Request
from course_lib.apiserver.statuses import to_json
from course_lib.apiserver.targets import Target
from course_lib.apiserver.watch_events import WatchEvent
from course_lib.apiserver.watching import WatchResponse
from course_lib.cluster.session import ServedSession
from course_lib.objects.manifests import Document

LONGEST = 3600  # s
MOST_UNREAD = 10_000  # events that wait for one client


class WatchStream:
    """One client's watch; made while the cluster is locked, used on the server's event loop.

    `hang_up` is called when the client does not read what it is sent. Raises what `WatchResponse`
    raises. `served` is the session, `target` what is watched, `request` has the options.
    """

    def __init__(
        self, served: ServedSession, target: Target, request: Request, hang_up: Callable[[], None]
    ) -> None:
        self._served, self._hang_up = served, hang_up
        self._news: asyncio.Queue[WatchEvent | None] = asyncio.Queue()
        self._watch = WatchResponse(served.face, target, request, self._put)
        self._watch.server.clients.append(self.end)
        seconds = self._watch.seconds
        patience = LONGEST if seconds is None else min(max(0, seconds), LONGEST)
        self._timer = served.loop.call_later(patience, self.end)

    async def lines(self) -> AsyncIterator[str]:
        """The events, each as a line of JSON; what has gathered comes together."""
        yield "".join(map(_line, self._watch.first()))
        if self._watch.failed:
            return
        while (event := await self._news.get()) is not None:
            with self._served.lock:
                document = self._watch.document(event)
            yield _line(document)

    def end(self) -> None:
        """No more comes: the client has gone, its time is up, or the API server stops."""
        self._put(None)

    def stop(self) -> None:
        """Leave the store's list of watches."""
        self._timer.cancel()
        with self._served.lock:
            self._watch.stop()
            if self.end in self._watch.server.clients:
                self._watch.server.clients.remove(self.end)

    def _put(self, event: WatchEvent | None) -> None:
        """Hand an event to the client's side, from whichever thread lets time pass."""
        loop = self._served.loop
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._arrived, event)

    def _arrived(self, event: WatchEvent | None) -> None:
        self._news.put_nowait(event)
        if self._news.qsize() > MOST_UNREAD:
            self._hang_up()


def _line(document: Document) -> str:
    return to_json(document) + "\n"
