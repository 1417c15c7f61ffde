"""The store beneath the API server: keys, documents, and one revision that only grows.

It speaks as etcd does: put and delete under a condition, range over a prefix, watch from a
revision, compact. Documents in it are values: nobody changes one in place. (etcd.io, "etcd API".)
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable

import msgspec

from course_lib.apiserver.errors import Compacted, Conflict
from course_lib.objects.manifests import Document

PUT, DELETE = "PUT", "DELETE"
COMPACTION = 300.0  # s, as kube-apiserver's --etcd-compaction-interval


class StoredObject(msgspec.Struct, frozen=True):
    """A document, and the revision that wrote it."""

    document: Document
    revision: int


class Change(msgspec.Struct, frozen=True):
    """One revision: what was put, or what was deleted; `before` is the entry it replaced."""

    revision: int
    type: str
    key: str
    document: Document
    before: StoredObject | None


Listener = Callable[[Change], None]


def versioned(document: Document, revision: int) -> Document:
    """The document with the revision that wrote it as its resourceVersion.

    >>> versioned({"kind": "Pod", "metadata": {"name": "web"}}, 7)["metadata"]
    {'name': 'web', 'resourceVersion': '7'}
    """
    meta = document.get("metadata", {}) | {"resourceVersion": str(revision)}
    return document | {"metadata": meta}


class Watch:
    """A subscription to the changes below a prefix.

    `store` is what is watched, `listener` hears each change of a key that begins with `prefix`.
    """

    def __init__(self, store: Store, prefix: str, listener: Listener) -> None:
        self.prefix, self.listener, self._store = prefix, listener, store

    def stop(self) -> None:
        """Stop the watch."""
        if self in self._store.watches:
            self._store.watches.remove(self)


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
        self.removals: list[Callable[[str], None]] = []  # called when a deletion has been told
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
        document = versioned(document, self.revision)
        self._enter(key, StoredObject(document, self.revision))
        self._publish(Change(self.revision, PUT, key, document, before))
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
        self._publish(Change(self.revision, DELETE, key, before.document, before))
        return self.revision

    def watch(self, prefix: str, listener: Listener, since: int | None = None) -> Watch:
        """Tell `listener` of each change below a prefix after revision `since` (default: now).

        Raises `Compacted` when changes after `since` have been forgotten.
        """
        if since is not None:
            if since < self.compacted:
                raise Compacted(since, self.compacted)
            first = bisect_left(self._history, since + 1, key=lambda change: change.revision)
            for change in self._history[first:]:
                if change.key.startswith(prefix):
                    listener(change)
        watch = Watch(self, prefix, listener)
        self.watches.append(watch)
        return watch

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
        for watch in list(self.watches):
            if change.key.startswith(watch.prefix):
                watch.listener(change)
        if change.key not in self._entries:
            for forget in self.removals:
                forget(change.key)
