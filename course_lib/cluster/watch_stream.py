"""A watch over HTTP: the events that a client gets, line by line.

A watch may begin with all that is there, each object as ADDED, and then a bookmark that says that
this was all: kubectl's `wait` and `rollout status` wait for it. A client that does not read what
it is sent is let go, as by the real one. Source: kubernetes.io "Kubernetes API Concepts",
"Streaming lists"; Kubernetes enhancement 3157.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from course_lib.apiserver.bodies import Request, list_options, not_older_than
from course_lib.apiserver.statuses import to_json
from course_lib.apiserver.targets import Target
from course_lib.apiserver.watch_events import ADDED, DELETED, WatchEvent
from course_lib.cluster.session import ServedSession
from course_lib.objects.decode import encode
from course_lib.objects.manifests import Document
from course_lib.objects.selectors import parse_field_selector, parse_selector

BOOKMARK = "BOOKMARK"
INITIAL_EVENTS_END = {"k8s.io/initial-events-end": "true"}
LONGEST = 3600  # s
MOST_UNREAD = 10_000  # events that wait for one client


class WatchStream:
    """One client's watch; made while the cluster is locked, used on the server's event loop.

    `hang_up` is called when the client does not read what it is sent. Raises `CourseError` for
    options that make no sense, and `Compacted` for a revision that is forgotten. `served` is the
    session, `target` what is watched, `request` has the options.
    """

    def __init__(
        self, served: ServedSession, target: Target, request: Request, hang_up: Callable[[], None]
    ) -> None:
        self._served, self._target, self._as_table = served, target, request.as_table
        self._hang_up = hang_up
        self._news: asyncio.Queue[WatchEvent | None] = asyncio.Queue()
        self._first: list[WatchEvent] = []
        self._bookmark = 0  # the revision up to which the first events tell all
        options = list_options(request)
        labels = parse_selector(request.text("labelSelector"))
        fields = parse_field_selector(request.text("fieldSelector"))
        kind, space = target.kind, target.namespace
        # Behind a load balancer it is one API server that is watched; the watch ends with it.
        self._server = api = served.cluster.api.reach()
        since = options.since
        if options.initial:
            not_older_than(options, api.store.revision)
            for each in api.list(kind, space, labels, fields):
                document = api.document(kind, each.name, each.namespace)
                revision = int(document["metadata"]["resourceVersion"])
                self._first.append(WatchEvent(ADDED, each, revision, document))
            since = api.store.revision
            self._bookmark = since if options.bookmark else 0

        def heard(event: WatchEvent) -> None:
            if since is None or event.revision > since:
                self._put(event)

        # The queue is the event loop's: clients hear of a write while simulated time stands still.
        self._watch = api.watch(kind, heard, space, labels, fields, since, queued=False)
        self._server.clients.append(self.end)
        seconds = LONGEST if options.seconds is None else min(max(0, options.seconds), LONGEST)
        self._timer = served.loop.call_later(seconds, self.end)

    async def lines(self) -> AsyncIterator[str]:
        """The events, each as a line of JSON; what has gathered comes together."""
        yield "".join(map(self._line, self._first)) + self._bookmark_line()
        self._first = []
        while (event := await self._news.get()) is not None:
            yield self._line(event)

    def end(self) -> None:
        """No more comes: the client has gone, its time is up, or the API server stops."""
        self._put(None)

    def stop(self) -> None:
        """Leave the store's list of watches."""
        self._timer.cancel()
        with self._served.lock:
            self._watch.stop()
            if self.end in self._server.clients:
                self._server.clients.remove(self.end)

    def _put(self, event: WatchEvent | None) -> None:
        """Hand an event to the client's side, from whichever thread lets time pass."""
        loop = self._served.loop
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._arrived, event)

    def _arrived(self, event: WatchEvent | None) -> None:
        self._news.put_nowait(event)
        if self._news.qsize() > MOST_UNREAD:
            self._hang_up()

    def _line(self, event: WatchEvent) -> str:
        document = event.document or encode(event.object)
        if event.type == DELETED:  # as of its deletion, so that a watch can go on from there
            meta = document["metadata"] | {"resourceVersion": str(event.revision)}
            document = document | {"metadata": meta}
        if self._as_table:
            with self._served.lock:
                document = self._served.face.table(
                    self._target.kind, [event.object], str(event.revision), document["metadata"]
                )
        return to_json({"type": event.type, "object": document}) + "\n"

    def _bookmark_line(self) -> str:
        """The line that says that the first events were all; empty unless asked for."""
        if not self._bookmark:
            return ""
        meta: Document = {
            "resourceVersion": str(self._bookmark),
            "creationTimestamp": None,
            "annotations": INITIAL_EVENTS_END,
        }
        kind = self._target.kind
        document: Document
        if self._as_table:
            partial = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
            document = self._served.face.table(kind, [], str(self._bookmark))
            cells = [""] * len(document["columnDefinitions"])
            document["rows"] = [{"cells": cells, "object": partial | {"metadata": meta}}]
        else:
            document = {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": meta}
        return to_json({"type": BOOKMARK, "object": document}) + "\n"
