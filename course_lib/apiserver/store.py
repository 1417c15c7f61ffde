"""The store beneath the API server: keys, documents, and one revision that only grows.

It speaks as etcd does: put and delete under a condition, range over a prefix, watch from a
revision, compact. Documents in it are values: nobody changes one in place. (etcd.io, "etcd API".)
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable
from functools import lru_cache, partial
from operator import attrgetter, itemgetter
from typing import TypeVar

import msgspec

from course_lib.apiserver.errors import Compacted, Conflict
from course_lib.objects.kind import Kind
from course_lib.objects.manifests import Document, text_at
from course_lib.objects.meta import Object
from course_lib.objects.selectors import FieldValue

PUT, DELETE = "PUT", "DELETE"
ValueT = TypeVar("ValueT")


class StoredObject:
    """A document, and the revision that wrote it; `view` is how a `kind` decodes it, once asked."""

    __slots__ = ("_document", "kind", "revision", "view")

    def __init__(self, document: Document, revision: int) -> None:
        self._document: Document | bytes = document
        self.revision = revision
        self.kind: Kind | None = None
        self.view: Object | None = None

    @property
    def document(self) -> Document:
        """The document; one that is packed is read anew each time."""
        if isinstance(self._document, bytes):
            unpacked: Document = msgspec.msgpack.decode(self._document)
            return unpacked
        return self._document

    def pack(self) -> None:
        """Keep the document as bytes, which take a fifth of the memory, and no view."""
        self.view = None
        if not isinstance(self._document, bytes):
            self._document = msgspec.msgpack.encode(self._document)


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

    def values(self, path: str) -> dict[str, None]:
        """What the document has at a path, after the change and before it: one value, or two."""
        values = {text_at(self.entry.document, path): None}
        if self.before is not None and self.before is not self.entry:
            values[text_at(self.before.document, path)] = None
        return values

    def concerns(self, field: FieldValue | None) -> bool:
        """Whether the document has a value after the change, or had it before; True for None."""
        return field is None or field.value in self.values(field.path)


Listener = Callable[[Change], None]
Soon = Callable[[Callable[[], None]], None]  # calls what it is given, when the writer has ended


def versioned(document: Document, revision: int) -> Document:
    """The document with the revision that wrote it as its resourceVersion.

    >>> versioned({"kind": "Pod", "metadata": {"name": "web"}}, 7)["metadata"]
    {'name': 'web', 'resourceVersion': '7'}
    """
    meta = document.get("metadata", {}) | {"resourceVersion": str(revision)}
    return document | {"metadata": meta}


def in_order(values: dict[str, ValueT]) -> dict[str, ValueT]:
    """The same dict, its keys sorted.

    Who reads a dict sorts it, so that who writes need not: to keep a list of all keys sorted costs
    each new key a shift of half of them. What is sorted already is only compared.

    >>> in_order({"b": 1, "a": 2})
    {'a': 2, 'b': 1}
    """
    keys = sorted(values)
    if keys != list(values):
        ordered = {key: values[key] for key in keys}
        values.clear()
        values.update(ordered)
    return values


class Watch:
    """A subscription to the changes below a prefix, with a queue of those not delivered yet.

    `store` is what is watched, `listener` hears each change of a key that begins with `prefix`
    (with `field`: where the document has that value, or had it before the change): when `soon`
    calls, or during the write where there is none. `number` counts the subscriptions.
    """

    def __init__(
        self,
        store: Store,
        prefix: str,
        listener: Listener,
        soon: Soon | None,
        field: FieldValue | None,
        number: int,
    ) -> None:
        self.prefix, self.soon, self.field, self.number = prefix, soon, field, number
        self._listener, self._store = listener, store
        self.waiting: deque[Change] = deque()

    def put(self, change: Change) -> None:
        """Take a change into the queue."""
        self.waiting.append(change)

    def take_turn(self) -> None:
        """Deliver one change: those of all watches are delivered in the order of the writes."""
        if self.waiting:
            self._listener(self.waiting.popleft())

    def receive(self) -> None:
        """Deliver what is in the queue."""
        while self.waiting:
            self._listener(self.waiting.popleft())

    def stop(self) -> None:
        """Stop the watch; what is in its queue is not delivered."""
        self.waiting.clear()
        self._store.forget(self)


class Audience:
    """The watches of one prefix, by the field value that each is about (None: they hear all).

    Source: `indexedWatchers` in `k8s.io/apiserver/pkg/storage/cacher/cacher.go`.
    """

    def __init__(self) -> None:
        self._watches: dict[FieldValue | None, dict[Watch, None]] = {}
        self._paths: dict[str, None] = {}  # of all field values that a watch was about

    def add(self, watch: Watch) -> None:
        """Subscribe a watch."""
        self._watches.setdefault(watch.field, {})[watch] = None
        if watch.field is not None:
            self._paths[watch.field.path] = None

    def remove(self, watch: Watch) -> None:
        """Drop a watch that ended, or that has done so before."""
        beside = self._watches.get(watch.field, {})
        beside.pop(watch, None)
        if not beside:
            self._watches.pop(watch.field, None)

    @property
    def watches(self) -> list[Watch]:
        """All of them."""
        return [watch for beside in self._watches.values() for watch in beside]

    def of(self, change: Change) -> list[Watch]:
        """The watches that hear of a change."""
        found = list(self._watches.get(None, ()))
        for path in self._paths:
            for value in change.values(path):
                found += self._watches.get(FieldValue(path, value), ())
        return found


@lru_cache(maxsize=65536)
def prefixes(folder: str) -> tuple[str, ...]:
    """The prefixes below which the keys of a folder lie, the shortest first.

    >>> prefixes("/registry/pods/")
    ('/', '/registry/', '/registry/pods/')
    """
    steps = folder.split("/")[:-1]
    return tuple("/".join(steps[: depth + 1]) + "/" for depth in range(len(steps)))


def folder_of(key: str) -> str:
    """The part of a key up to its name: that of a kind, or of a kind in a namespace."""
    return key[: key.rindex("/") + 1]


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
        self._folders: dict[str, dict[str, StoredObject]] = {}  # all entries, by folder and key
        self._names: list[str] = []  # of the folders, sorted
        self._history: list[Change] = []
        self.on_history: Callable[[], None] | None = None  # called when there is some again
        self._audiences: dict[str, Audience] = {}  # by prefix
        self._subscriptions = 0

    @property
    def watches(self) -> list[Watch]:
        """All subscriptions, by their prefix."""
        return [watch for each in self._audiences.values() for watch in each.watches]

    def get(self, key: str) -> StoredObject | None:
        """The entry under a key, if there is one."""
        entries = self._folders.get(key[: key.rindex("/") + 1])
        return None if entries is None else entries.get(key)

    def range(self, prefix: str) -> list[tuple[str, StoredObject]]:
        """All entries below a prefix that ends with a slash, in the order of their keys."""
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
        return self.revision

    def watch(
        self,
        prefix: str,
        listener: Listener,
        since: int | None = None,
        soon: Soon | None = None,
        field: FieldValue | None = None,
    ) -> Watch:
        """Tell `listener` of each change below a prefix after revision `since` (default: now).

        It hears of a change during the write, or with `soon` when that calls; with `field`, only of
        changes of a document that has this value, or had it before. A prefix ends with a slash.

        Raises `Compacted` when changes after `since` have been forgotten.
        """
        if since is not None and since < self.compacted:
            raise Compacted(since, self.compacted)
        self._subscriptions += 1
        watch = Watch(self, prefix, listener, soon, field, self._subscriptions)
        if since is not None:
            for change in self._history[self._first_after(since) :]:
                if change.key.startswith(prefix) and change.concerns(field):
                    self._tell([watch], change)
        self._audiences.setdefault(prefix, Audience()).add(watch)
        return watch

    def forget(self, watch: Watch) -> None:
        """Drop a watch that ended."""
        self._audiences[watch.prefix].remove(watch)

    def confirm(self) -> None:
        """No-op: there is no backing store to synchronise with."""

    def catch_up(self) -> None:
        """No-op: there are no changes of a backing store to apply."""

    def compact(self, revision: int) -> None:
        """Forget the changes up to a revision; what the keys hold now stays."""
        self.compacted = max(self.compacted, min(revision, self.revision))
        del self._history[: self._first_after(self.compacted)]

    @property
    def has_history(self) -> bool:
        """Whether there are changes to forget."""
        return bool(self._history)

    def _first_after(self, revision: int) -> int:
        """Where in the history the first change after a revision lies."""
        return bisect_left(self._history, revision + 1, key=attrgetter("revision"))

    def _enter(self, key: str, entry: StoredObject) -> None:
        folder = folder_of(key)
        if folder not in self._folders:
            self._folders[folder] = {}
            insort(self._names, folder)
        self._folders[folder][key] = entry

    def _remove(self, key: str) -> None:
        folder = folder_of(key)
        del self._folders[folder][key]
        if not self._folders[folder]:
            del self._folders[folder]
            self._names.remove(folder)

    def _guard(self, key: str, expected: int | None) -> StoredObject | None:
        entry = self.get(key)
        found = entry.revision if entry else 0
        if expected is not None and expected != found:
            raise Conflict(f"{key} is at revision {found}, not {expected}")
        return entry

    def _publish(self, change: Change) -> None:
        self._history.append(change)
        if len(self._history) == 1 and self.on_history is not None:
            self.on_history()
        heard: list[Watch] = []
        for prefix in prefixes(folder_of(change.key)):
            if prefix in self._audiences:
                heard += self._audiences[prefix].of(change)
        heard.sort(key=attrgetter("number"))
        self._tell(heard, change)

    def _tell(self, watches: list[Watch], change: Change) -> None:
        """Let watches hear of a change, in their order: now, or when the writer has ended."""
        later: dict[Soon, list[Watch]] = {}
        for watch in watches:
            watch.put(change)
            if watch.soon is None:
                watch.receive()
            else:
                later.setdefault(watch.soon, []).append(watch)
        for soon, waiting in later.items():
            soon(partial(_take_turns, waiting))


def _take_turns(watches: list[Watch]) -> None:
    for watch in watches:
        watch.take_turn()
