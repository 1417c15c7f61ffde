"""The store beneath the API server: keys, documents, and one revision that only grows.

It speaks as etcd does: put and delete under a condition, range over a prefix, watch from a
revision, compact. Documents in it are values: nobody changes one in place. (etcd.io, "etcd API".)
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable

import msgspec

from course_lib.apiserver.errors import Compacted, Conflict
from course_lib.objects.kind import Kind
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object

PUT, DELETE = "PUT", "DELETE"
COMPACTION = 300.0  # s, as kube-apiserver's --etcd-compaction-interval


class StoredObject(msgspec.Struct):
    """A document, and the revision that wrote it; `view` is how a `kind` decodes it, once asked."""

    document: Document
    revision: int
    kind: Kind | None = None
    view: Object | None = None


class Change(msgspec.Struct, frozen=True):
    """One revision: what was put, or what was deleted; `before` is the entry it replaced."""

    revision: int
    type: str
    key: str
    entry: StoredObject
    before: StoredObject | None

    @property
    def document(self) -> Document:
        """What was put, or what was deleted."""
        return self.entry.document


Listener = Callable[[Change], None]
Soon = Callable[[Callable[[], None]], None]  # calls what it is given, when the writer has ended


def versioned(document: Document, revision: int) -> Document:
    """The document with the revision that wrote it as its resourceVersion.

    >>> versioned({"kind": "Pod", "metadata": {"name": "web"}}, 7)["metadata"]
    {'name': 'web', 'resourceVersion': '7'}
    """
    meta = document.get("metadata", {}) | {"resourceVersion": str(revision)}
    return document | {"metadata": meta}


class Watch:
    """A subscription to the changes below a prefix, with a queue of those not delivered yet.

    `store` is what is watched, `listener` hears each change of a key that begins with `prefix`:
    when `soon` calls, or during the write where there is none.
    """

    def __init__(
        self, store: Store, prefix: str, listener: Listener, soon: Soon | None = None
    ) -> None:
        self.prefix, self._listener, self._store, self._soon = prefix, listener, store, soon
        self._changes: deque[Change] = deque()

    def put(self, change: Change) -> None:
        """Take a change into the queue."""
        self._changes.append(change)
        if self._soon is None:
            self.receive()
        else:
            self._soon(self._take_turn)

    def _take_turn(self) -> None:
        """Deliver one change: those of all watches are delivered in the order of the writes."""
        if self._changes:
            self._listener(self._changes.popleft())

    def receive(self) -> None:
        """Deliver what is in the queue."""
        while self._changes:
            self._listener(self._changes.popleft())

    def stop(self) -> None:
        """Stop the watch; what is in its queue is not delivered."""
        self._changes.clear()
        self._store.forget(self)


class Store:
    """All documents of a cluster, by key.

    >>> store = Store()
    >>> store.put("/registry/pods/default/web", {"kind": "Pod"}, expected=0)
    1
    >>> [key for key, entry in store.range("/registry/pods/")]
    ['/registry/pods/default/web']
    """

    def __init__(self) -> None:
        self.revision = 0
        self.compacted = 0
        self.watches: list[Watch] = []
        self._watching: dict[str, list[Watch]] = {}  # that may be about a folder of keys
        self._entries: dict[str, StoredObject] = {}
        self._keys: list[str] = []  # sorted, so that a range is a slice
        self._history: list[Change] = []

    def get(self, key: str) -> StoredObject | None:
        """The entry under a key, if there is one."""
        return self._entries.get(key)

    def range(self, prefix: str) -> list[tuple[str, StoredObject]]:
        """All entries below a prefix, in the order of their keys."""
        start = bisect_left(self._keys, prefix)
        stop = bisect_left(self._keys, prefix + "\U0010ffff")
        return [(key, self._entries[key]) for key in self._keys[start:stop]]

    def put(self, key: str, document: Document, expected: int | None = None) -> int:
        """Write a document; returns its revision.

        With `expected`, only if the key was last written by that revision (0: not there at all);
        otherwise raises `Conflict`.
        """
        before = self._guard(key, expected)
        self.revision += 1
        entry = StoredObject(versioned(document, self.revision), self.revision)
        self._enter(key, entry)
        self._publish(Change(self.revision, PUT, key, entry, before))
        return self.revision

    def delete(self, key: str, expected: int | None = None) -> int:
        """Remove a key; returns the revision that did.

        Raises `Conflict` where the key has another revision than `expected`.
        """
        before = self._guard(key, expected)
        if before is None:
            raise Conflict(f"{key} is not in the store")
        self._remove(key)
        self.revision += 1
        self._publish(Change(self.revision, DELETE, key, before, before))
        return self.revision

    def watch(
        self, prefix: str, listener: Listener, since: int | None = None, soon: Soon | None = None
    ) -> Watch:
        """Tell `listener` of each change below a prefix after revision `since` (default: now).

        It hears of a change during the write, or with `soon` when that calls.

        Raises `Compacted` when changes after `since` have been forgotten.
        """
        watch = Watch(self, prefix, listener, soon)
        if since is not None:
            if since < self.compacted:
                raise Compacted(since, self.compacted)
            first = bisect_left(self._history, since + 1, key=lambda change: change.revision)
            for change in self._history[first:]:
                if change.key.startswith(prefix):
                    watch.put(change)
        self.watches.append(watch)
        self._watching.clear()
        return watch

    def forget(self, watch: Watch) -> None:
        """Drop a watch that ended."""
        if watch in self.watches:
            self.watches.remove(watch)
            self._watching.clear()

    def confirm(self) -> None:
        """No-op: there is no backing store to synchronise with."""

    def catch_up(self) -> None:
        """No-op: there are no changes of a backing store to apply."""

    def compact(self, revision: int) -> None:
        """Forget the changes up to a revision; what the keys hold now stays."""
        self.compacted = max(self.compacted, min(revision, self.revision))
        first = bisect_left(self._history, self.compacted + 1, key=lambda change: change.revision)
        del self._history[:first]

    def _enter(self, key: str, entry: StoredObject) -> None:
        if key not in self._entries:
            insort(self._keys, key)
        self._entries[key] = entry

    def _remove(self, key: str) -> None:
        del self._entries[key]
        del self._keys[bisect_left(self._keys, key)]

    def _guard(self, key: str, expected: int | None) -> StoredObject | None:
        entry = self._entries.get(key)
        found = entry.revision if entry else 0
        if expected is not None and expected != found:
            raise Conflict(f"{key} is at revision {found}, not {expected}")
        return entry

    def _publish(self, change: Change) -> None:
        self._history.append(change)
        for watch in self._watches_of(change.key.rpartition("/")[0] + "/"):
            if change.key.startswith(watch.prefix):
                watch.put(change)

    def _watches_of(self, folder: str) -> list[Watch]:
        """The watches that a key of a folder can match; most are about another kind."""
        if folder not in self._watching:
            self._watching[folder] = [
                watch
                for watch in self.watches
                if folder.startswith(watch.prefix) or watch.prefix.startswith(folder)
            ]
        return self._watching[folder]
