"""A watch over HTTP: a thread lists and reads the stream, the simulation delivers what arrived.

The thread does what a reflector does: list, watch from the revision of the list, after a break
watch from the last revision seen, and list again when that is forgotten.
Source: client-go `tools/cache/reflector.go`; kubernetes.io "Efficient detection of changes".
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from course_lib.apiserver.errors import Compacted
from course_lib.apiserver.statuses import refusal_of
from course_lib.apiserver.targets import Target, path_of
from course_lib.apiserver.watch_events import ADDED, DELETED, MODIFIED
from course_lib.apiserver.watching import BOOKMARK, ERROR
from course_lib.client.interface import Listener
from course_lib.client.reflector import FIRST_RETRY, LAST_RETRY
from course_lib.client.transport import HTTPTransport
from course_lib.errors import CourseError
from course_lib.objects.manifests import Document
from course_lib.objects.selectors import EVERYTHING, FieldSelector, Selector

GONE = 2**63  # the revision of an object that was deleted: no change comes after it


class Scope:
    """What is watched: a kind in one namespace or all, by labels and by fields.

    `target` has kind and namespace; `labels` and `fields` choose objects.
    """

    def __init__(
        self, target: Target, labels: Selector = EVERYTHING, fields: FieldSelector | None = None
    ) -> None:
        self.target, self._labels, self._fields = target, labels, fields

    @property
    def query(self) -> dict[str, str]:
        """The selectors as a query has them."""
        fields = self._fields.terms if self._fields else ()
        written = ",".join(f"{path}{'=' if same else '!='}{value}" for path, value, same in fields)
        labels = str(self._labels) if self._labels.requirements else ""
        query = {"labelSelector": labels, "fieldSelector": written}
        return {name: text for name, text in query.items() if text}

    def covers(self, document: Document) -> bool:
        """Whether an object of the kind is watched."""
        meta, namespace = document["metadata"], self.target.namespace
        return (
            namespace in ("", meta.get("namespace"))
            and self._labels.matches(meta.get("labels"))
            and (self._fields is None or self._fields.matches(document))
        )


class HTTPWatch:
    """One watch of a client; `arrived` takes each change, from the watch's own thread.

    `scope` says what is watched, `transport` is a connection of its own, `listener` hears each
    change in the simulation.
    """

    waiting = ()  # nothing for `receive`: the simulation delivers changes in a separate step

    def __init__(
        self,
        scope: Scope,
        transport: HTTPTransport,
        listener: Listener,
        arrived: Callable[[HTTPWatch, str, Document, int], None],
    ) -> None:
        self.scope, self.listener = scope, listener
        self._transport, self._arrived = transport, arrived
        self._path = path_of(scope.target)
        self._known: dict[str, Document] = {}  # by uid
        self._seen: dict[str, int] = {}  # the newest revision of each object, by uid
        self._revision = ""
        self._news = threading.Condition()
        self._over = threading.Event()
        self.established = False

    @property
    def over(self) -> bool:
        """Whether it was stopped."""
        return self._over.is_set()

    def start(self) -> list[Document]:
        """List what is there, and watch from then on; returns the list.

        Raises what the API server refuses.
        """
        found = self._list()
        self._known = {each["metadata"]["uid"]: each for each in found}
        self._seen = {uid: _revision(each) for uid, each in self._known.items()}
        self.established = True
        self._transport.close()
        threading.Thread(target=self._run, name=f"watch {self._path}", daemon=True).start()
        return found

    def receive(self) -> None:
        """No-op: nothing waits for it."""

    def stop(self) -> None:
        """End the watch."""
        self._over.set()
        self._transport.interrupt()

    def wait_for(self, uid: str, revision: int, timeout: float) -> bool:
        """Wait until a revision of the object with that `uid` has arrived.

        `revision` is the resourceVersion, `timeout` is in real s; False when it passed.
        """
        with self._news:
            return self._news.wait_for(lambda: self._seen.get(uid, 0) >= revision, timeout)

    def knows(self, uid: str) -> bool:
        """Whether the object is there, as far as this watch knows."""
        return uid in self._known

    # In the thread

    def _run(self) -> None:
        wait = FIRST_RETRY
        while not self.over:
            try:
                if not self._revision:
                    self._replace()
                self._follow()
                wait = FIRST_RETRY
            except Compacted:
                self._revision = ""
            except CourseError:
                self.established = False
                self._over.wait(wait)
                wait = min(2 * wait, LAST_RETRY)
            self._transport.close()

    def _follow(self) -> None:
        """Read the stream until the API server ends it; raises what ends it otherwise."""
        query = self.scope.query | {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._revision,
        }
        for event in self._transport.stream(self._path, query):
            self.established = True
            if self.over:
                return
            if not event:
                continue  # it is open
            document, type = event["object"], event["type"]
            if type == ERROR:
                if document.get("code") == Compacted.code:
                    raise Compacted(int(self._revision), 0)
                raise refusal_of(document)
            self._revision = document["metadata"]["resourceVersion"]
            if type != BOOKMARK:
                self._take(type, document, int(self._revision))

    def _list(self) -> list[Document]:
        answer = self._transport.send("GET", self._path, self.scope.query)
        self._revision = answer["metadata"]["resourceVersion"]
        kind = self.scope.target.kind
        head = {"apiVersion": kind.api_version, "kind": kind.kind}
        return [head | each for each in answer["items"]]

    def _replace(self) -> None:
        """List again, and take the differences for changes."""
        now = {each["metadata"]["uid"]: each for each in self._list()}
        revision = int(self._revision)
        for uid, document in list(self._known.items()):
            if uid not in now:
                self._take(DELETED, document, revision)
        self._seen = {uid: _revision(each) for uid, each in self._known.items()}
        for uid, document in now.items():
            if self._seen.get(uid, 0) < _revision(document):
                self._take(MODIFIED if uid in self._known else ADDED, document, revision)

    def _take(self, type: str, document: Document, revision: int) -> None:
        uid = document["metadata"]["uid"]
        if type == DELETED:
            self._known.pop(uid, None)
        else:
            self._known[uid] = document
        self._arrived(self, type, document, revision)
        with self._news:
            self._seen[uid] = GONE if type == DELETED else _revision(document)
            self._news.notify_all()


def _revision(document: Document) -> int:
    return int(document["metadata"]["resourceVersion"])
