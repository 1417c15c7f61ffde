"""The store beneath the API server: keys, documents, and one revision that only grows.

It speaks as etcd does: put and delete under a condition, range over a prefix, watch from a
revision, compact. (etcd.io, "etcd API".)
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Mapping
from functools import partial
from operator import itemgetter

from course_lib.apiserver.entries import (
    DELETE,
    PUT,
    Change,
    FieldIndex,
    History,
    StoredObject,
    folder_of,
    in_order,
    versioned,
)
from course_lib.apiserver.errors import Compacted, Conflict, ListTooOld
from course_lib.apiserver.renewals import Renewals
from course_lib.apiserver.watches import Listener, Soon, Watch, Watches
from course_lib.objects.manifests import Document
from course_lib.objects.selectors import FieldValue


class Store:
    """All documents of a cluster, by key.

    >>> store = Store()
    >>> store.put("/registry/pods/default/web", {"kind": "Pod"}, expected=0)
    1
    >>> [key for key, entry in store.range("/registry/pods/")]
    ['/registry/pods/default/web']
    """

    dry = False  # whether writes are thrown away

    def __init__(self) -> None:
        self.revision = 0
        self._folders: dict[str, dict[str, StoredObject]] = {}  # all entries, by folder and key
        self._names: list[str] = []  # of the folders, sorted
        self._indexes: dict[tuple[str, str], FieldIndex] = {}  # by prefix and path
        self._history = History()
        self.on_history: Callable[[], None] | None = None  # called when there is some again
        self._watches = Watches()
        self.renewals = Renewals()

    @property
    def watches(self) -> list[Watch]:
        """All subscriptions, by their prefix."""
        return list(self._watches)

    def get(self, key: str) -> StoredObject | None:
        """The entry under a key, if there is one."""
        if key in self.renewals.kept:
            self.renewals.write(key)
        entries = self._folders.get(key[: key.rindex("/") + 1])
        return None if entries is None else entries.get(key)

    def range(self, prefix: str, field: FieldValue | None = None) -> list[tuple[str, StoredObject]]:
        """All entries below a prefix that ends with a slash, in the order of their keys.

        With `field`, those whose document has this value. The index of its path is built at the
        first call, and kept from then on.
        """
        self.renewals.write_below(prefix)
        if field is not None:
            return list(self._index(prefix, field.path).having(field.value).items())
        start = bisect_left(self._names, prefix)
        stop = bisect_left(self._names, prefix + "\U0010ffff")
        found: list[tuple[str, StoredObject]] = []
        for folder in self._names[start:stop]:
            found += in_order(self._folders[folder]).items()
        found.sort(key=itemgetter(0))
        return found

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
        self.renewals.lose(key)
        return self.revision

    def watch(
        self,
        prefix: str,
        listener: Listener,
        since: int | None = None,
        soon: Soon | None = None,
        field: FieldValue | None = None,
        renewals: bool = False,
    ) -> Watch:
        """Tell `listener` of each change below a prefix after revision `since` (default: now).

        It gets a change during the write, or with `soon` when that calls; with `field`, only
        changes of a document that has this value, or had it before. A prefix ends with a slash.
        With `renewals`, each renewal of a Lease is written as it comes.

        Raises `Compacted` when changes after `since` have been forgotten.
        """
        if since is not None:
            self._history.check(prefix, since)
        if renewals:
            self.renewals.watch(prefix)
        watch = self._watches.add(prefix, listener, soon, field)
        watch.left = partial(self.renewals.unwatch, prefix) if renewals else None
        for change in [] if since is None else self._history.since(prefix, since):
            if change.concerns(field):
                watch.tell(change)
        return watch

    def at(self, prefix: str, revision: int) -> Store:
        """The entries below a prefix as they were at a revision, in a store of their own.

        Raises `ListTooOld` when changes after `revision` have been forgotten.
        """
        entries = dict(self.range(prefix))
        try:
            self._history.check(prefix, revision)
        except Compacted:
            raise ListTooOld from None
        for change in reversed(self._history.since(prefix, revision)):
            if change.before is None:
                del entries[change.key]
            else:
                entries[change.key] = change.before
        return past(revision, entries)

    def confirm(self) -> None:
        """No-op: there is no backing store to synchronise with."""

    def catch_up(self) -> None:
        """No-op: there are no changes of a backing store to apply."""

    def compact(self, revision: int) -> None:
        """Forget the changes up to a revision; what the keys hold now stays."""
        self._history.compact(min(revision, self.revision))

    @property
    def compacted(self) -> int:
        """The revision up to which changes are forgotten."""
        return self._history.compacted

    @property
    def has_history(self) -> bool:
        """Whether there are changes to forget."""
        return bool(self._history)

    def _index(self, prefix: str, path: str) -> FieldIndex:
        index = self._indexes.get((prefix, path))
        if index is None:
            index = self._indexes[prefix, path] = FieldIndex(path)
            for key, entry in self.range(prefix):
                index.move(key, None, entry)
        return index

    def _enter(self, key: str, entry: StoredObject) -> None:
        folder = folder_of(key)
        if folder not in self._folders:
            self._folders[folder] = {}
            insort(self._names, folder)
        self._move(key, self._folders[folder].get(key), entry)
        self._folders[folder][key] = entry

    def _remove(self, key: str) -> None:
        folder = folder_of(key)
        self._move(key, self._folders[folder].pop(key), None)
        if not self._folders[folder]:
            del self._folders[folder]
            self._names.remove(folder)

    def _move(self, key: str, before: StoredObject | None, after: StoredObject | None) -> None:
        """Keep the indexes."""
        for (prefix, _), index in self._indexes.items():
            if key.startswith(prefix):
                index.move(key, before, after)

    def _guard(self, key: str, expected: int | None) -> StoredObject | None:
        entry = self.get(key)
        found = entry.revision if entry else 0
        if expected is not None and expected != found:
            raise Conflict(f"{key} is at revision {found}, not {expected}")
        return entry

    def _publish(self, change: Change) -> None:
        if change.before is not None and change.before is not change.entry:
            change.before.view = None  # few ask for it again, and it can be made from the document
        if not self._history and self.on_history is not None:
            self.on_history()
        self._history.add(change)
        self._watches.tell(change)


def past(revision: int, entries: Mapping[str, StoredObject]) -> Store:
    """A store as it was at a `revision`: with these `entries`, and no history."""
    store = Store()
    store.revision = revision
    for key, entry in entries.items():
        store._enter(key, entry)
    return store
