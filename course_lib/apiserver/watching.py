"""A watch as the HTTP face answers it: each change as a document of its own, or as a table.

A watch may begin with all that is there, each object as ADDED, and then a bookmark that says that
this was all: kubectl's `wait` and `rollout status` wait for it. A watch from a revision that is
forgotten has one event, ERROR, and then ends. Source: kubernetes.io "Kubernetes API Concepts",
"Streaming lists"; Kubernetes enhancement 3157; `Watch` in
`k8s.io/apiserver/pkg/storage/cacher/cacher.go`.
"""

from __future__ import annotations

from collections.abc import Callable

from course_lib.apiserver.bodies import ListOptions, Request, list_options, not_older_than
from course_lib.apiserver.errors import Compacted, TooNew
from course_lib.apiserver.rest import Face
from course_lib.apiserver.statuses import refused
from course_lib.apiserver.tables import included
from course_lib.apiserver.targets import Target
from course_lib.apiserver.watch_events import ADDED, DELETED, WatchEvent
from course_lib.apiserver.watches import Watch
from course_lib.objects.decode import encode
from course_lib.objects.manifests import Document
from course_lib.objects.selectors import parse_selector

BOOKMARK, ERROR = "BOOKMARK", "ERROR"
INITIAL_EVENTS_END = {"k8s.io/initial-events-end": "true"}


class WatchResponse:
    """The answer to one watch: what is there already, and then each change.

    `heard` is called with each change, at the instant of it. Raises `CourseError` for options that
    make no sense. `face` answers, `target` is what is watched, `request` has the options.
    """

    def __init__(
        self, face: Face, target: Target, request: Request, heard: Callable[[WatchEvent], None]
    ) -> None:
        self._face, self._target, self._as_table = face, target, request.as_table
        self._watch: Watch | None = None
        self._error: list[Document] = []
        self._include = included(request)
        self._bookmark = 0  # the revision up to which the first events tell all
        self._existing: list[WatchEvent] = []
        options = list_options(request)
        # Behind a load balancer it is one API server that is watched; the watch ends with it.
        self.server = face.api
        self.seconds = options.seconds
        try:
            self._begin(request, options, heard)
        except (Compacted, TooNew) as problem:
            self._error = [{"type": ERROR, "object": refused(problem).document}]

    def _begin(
        self, request: Request, options: ListOptions, heard: Callable[[WatchEvent], None]
    ) -> None:
        labels = parse_selector(request.text("labelSelector"))
        fields = self._target.kind.field_selector(request.text("fieldSelector"))
        api, kind, space = self.server, self._target.kind, self._target.namespace
        since = options.since
        if options.initial:
            not_older_than(options.since, api.store.revision)
            for each in api.list(kind, space, labels, fields):
                document = api.document(kind, each.name, each.namespace)
                revision = int(document["metadata"]["resourceVersion"])
                self._existing.append(WatchEvent(ADDED, each, revision, document))
            since = api.store.revision
            self._bookmark = since if options.bookmark else 0

        def newer(event: WatchEvent) -> None:
            if since is None or event.revision > since:
                heard(event)

        # Clients hear of a write while simulated time stands still.
        self._watch = api.watch(kind, newer, space, labels, fields, since, queued=False)

    @property
    def failed(self) -> bool:
        """Whether an error is all that the watch has."""
        return bool(self._error)

    def first(self) -> list[Document]:
        """What is there already, and the bookmark that says that this was all; or the error.

        Each is a document with its `type` and its `object`.
        """
        existing, self._existing = self._existing, []
        return self._error or [*map(self.document, existing), *self._end_of_first()]

    def document(self, event: WatchEvent) -> Document:
        """A change as the API sends it: its `type`, and the `object` or a table of one row."""
        document = event.document or encode(event.object)
        if event.type == DELETED:  # as of its deletion, so that a watch can go on from there
            meta = document["metadata"] | {"resourceVersion": str(event.revision)}
            document = document | {"metadata": meta}
        if self._as_table:
            document = self._face.table(
                self._target.kind, [event.object], str(event.revision), self._include, document
            )
        return {"type": event.type, "object": document}

    def stop(self) -> None:
        """Leave the store's list of watches."""
        if self._watch is not None:
            self._watch.stop()

    def _end_of_first(self) -> list[Document]:
        if not self._bookmark:
            return []
        meta: Document = {
            "resourceVersion": str(self._bookmark),
            "creationTimestamp": None,
            "annotations": INITIAL_EVENTS_END,
        }
        kind = self._target.kind
        document: Document
        if self._as_table:
            partial = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
            document = self._face.table(kind, [], str(self._bookmark), self._include)
            cells = [""] * len(document["columnDefinitions"])
            document["rows"] = [{"cells": cells, "object": partial | {"metadata": meta}}]
        else:
            document = {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": meta}
        return [{"type": BOOKMARK, "object": document}]
