"""What the store holds: entries under keys, and the last changes that made them.

Documents are values: nobody changes one in place. The changes that a watch can still ask for are
the last ones of each kind, until they are compacted. Simplified: a window of kube-apiserver holds
from 100 changes to 102,400, as many as are younger than 75 s; here all windows have one size.
Source: `k8s.io/apiserver/pkg/storage/cacher/watch_cache.go`.
"""

from __future__ import annotations

from collections import deque
from functools import lru_cache
from operator import attrgetter
from typing import TypeVar

import msgspec

from course_lib.apiserver.errors import Compacted
from course_lib.objects.decode import decode
from course_lib.objects.kind import Kind
from course_lib.objects.manifests import Document, Json, text_at
from course_lib.objects.meta import Object
from course_lib.objects.selectors import FieldValue

PUT, DELETE = "PUT", "DELETE"
WINDOW = 1000  # changes of one kind that are remembered
ValueT = TypeVar("ValueT")


Fields = tuple[tuple[str, ...], tuple[tuple[int, "Fields"], ...]]  # names, and those inside values


def packed(document: Document) -> tuple[Fields, list[Json]]:
    """The names of a document's fields, which many documents have in common, and the values.

    Where a value is a mapping, its names stand beside its place.

    >>> packed({"kind": "Event", "metadata": {"name": "web.1"}})
    ((('kind', 'metadata'), ((1, (('name',), ())),)), ['Event', ['web.1']])
    """
    values, inside = list(document.values()), list[tuple[int, Fields]]()
    for place in [place for place, value in enumerate(values) if type(value) is dict]:
        fields, values[place] = packed(values[place])
        inside.append((place, fields))
    return (tuple(document), tuple(inside)), values


def unpacked(fields: Fields, values: list[Json]) -> Document:
    """The document that was packed as these fields and values; the list is used up.

    >>> unpacked(*packed({"kind": "Event", "metadata": {"name": "web.1"}}))
    {'kind': 'Event', 'metadata': {'name': 'web.1'}}
    """
    names, inside = fields
    for place, within in inside:
        values[place] = unpacked(within, values[place])
    return dict(zip(names, values, strict=True))


@lru_cache(maxsize=1024)
def _same(fields: Fields) -> Fields:
    """One object for equal fields."""
    return fields


class StoredObject(msgspec.Struct, eq=False, gc=False):
    """A document, and the revision that wrote it; `view` is how a `kind` decodes it, once asked."""

    _document: Document | bytes  # the values of a packed one, which has these fields:
    revision: int
    kind: Kind | None = None
    view: Object | None = None
    _fields: Fields = ((), ())

    @property
    def document(self) -> Document:
        """The document; a packed one is decoded at each call."""
        if isinstance(self._document, bytes):
            return unpacked(self._fields, msgspec.msgpack.decode(self._document))
        return self._document

    def may_have(self, text: str) -> bool:
        """Whether a field may be this text: what is packed is searched for it, and not read."""
        return not isinstance(self._document, bytes) or text.encode() in self._document

    def pack(self) -> None:
        """Keep the document as bytes, which take a tenth of the memory, and no view."""
        self.view = None
        if not isinstance(self._document, bytes):
            fields, values = packed(self._document)
            self._fields, self._document = _same(fields), msgspec.msgpack.encode(values)


def view_of(entry: StoredObject, kind: Kind) -> Object:
    """What is stored, as a kind decodes it; kept with the entry, unless that is packed."""
    if entry.view is not None and entry.kind is kind:
        return entry.view
    view = decode(served(kind, entry).document, kind)
    if not kind.packed:
        entry.view, entry.kind = view, kind
    return view


def note_view(entry: StoredObject, kind: Kind, written: Document, view: Object) -> Object:
    """The view of an entry that was just written; it is kept, unless the kind's are packed.

    It is the `view` of the document that was `written`, both of a `kind`, with the revision that
    the store gave it. Where etcd has copied the parts, they are decoded again.
    """
    parts = served(kind, entry).document
    if kind.view is None and any(parts[name] is part for name, part in written.items()):
        version = str(entry.revision)
        metadata = msgspec.structs.replace(view.metadata, resource_version=version)
        entry.view, entry.kind = msgspec.structs.replace(view, metadata=metadata), kind
    view = view_of(entry, kind)
    if kind.packed:
        entry.pack()
    return view


def served(kind: Kind, entry: StoredObject) -> StoredObject:
    """An entry as a version of its kind has it."""
    if kind.serve is None:
        return entry
    return StoredObject(kind.serve(entry.document), entry.revision)


class Change(msgspec.Struct, frozen=True, gc=False):
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


def versioned(document: Document, revision: int) -> Document:
    """The document with the revision that wrote it as its resourceVersion.

    >>> versioned({"kind": "Pod", "metadata": {"name": "web"}}, 7)["metadata"]
    {'name': 'web', 'resourceVersion': '7'}
    """
    meta = document.get("metadata", {}) | {"resourceVersion": str(revision)}
    return document | {"metadata": meta}


def in_order(values: dict[str, ValueT]) -> dict[str, ValueT]:
    """The same dict, its keys sorted.

    A reader sorts the dict, so that a writer does not have to: a list that is always sorted would
    shift half of its keys for each new one. A dict that is sorted already is only compared.

    >>> in_order({"b": 1, "a": 2})
    {'a': 2, 'b': 1}
    """
    keys = sorted(values)
    if keys != list(values):
        ordered = {key: values[key] for key in keys}
        values.clear()
        values.update(ordered)
    return values


def folder_of(key: str) -> str:
    """The part of a key up to its name: that of a kind, or of a kind in a namespace."""
    return key[: key.rindex("/") + 1]


@lru_cache(maxsize=65536)
def prefixes(folder: str) -> tuple[str, ...]:
    """The prefixes below which the keys of a folder lie, the shortest first.

    >>> prefixes("/registry/pods/")
    ('/', '/registry/', '/registry/pods/')
    """
    steps = folder.split("/")[:-1]
    return tuple("/".join(steps[: depth + 1]) + "/" for depth in range(len(steps)))


class FieldIndex:
    """The entries below a prefix, by what their documents have at a path.

    Source: `NodeNameIndexFunc` in `pkg/registry/core/pod/strategy.go`.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._entries: dict[str, dict[str, StoredObject]] = {}

    def move(self, key: str, before: StoredObject | None, after: StoredObject | None) -> None:
        """The entry at a `key` changed, came (`before` is None) or went (`after` is None)."""
        if before is not None:
            value = text_at(before.document, self._path)
            self._entries[value].pop(key)
            if not self._entries[value]:
                del self._entries[value]
        if after is not None:
            self._entries.setdefault(text_at(after.document, self._path), {})[key] = after

    def having(self, value: str) -> dict[str, StoredObject]:
        """The entries with a value, in the order of their keys."""
        return in_order(self._entries.get(value, {}))


class History:
    """The last changes of each kind, and the revision up to which all are compacted."""

    def __init__(self) -> None:
        self.compacted = 0
        self._windows: dict[str, deque[Change]] = {}  # by the prefix of a kind; none is empty
        self._forgotten: dict[str, int] = {}  # the last revision that left each full window

    def __bool__(self) -> bool:
        return bool(self._windows)

    def add(self, change: Change) -> None:
        """Keep a change; the oldest of its kind may be dropped."""
        kind = prefixes(folder_of(change.key))[:3][-1]  # such as /registry/pods/
        window = self._windows.setdefault(kind, deque())
        if len(window) == WINDOW:
            self._forgotten[kind] = window.popleft().revision
        window.append(change)

    def check(self, prefix: str, revision: int) -> None:
        """Raise `Compacted` where changes below a prefix after a revision are forgotten."""
        gone = [last for kind, last in self._forgotten.items() if overlap(kind, prefix)]
        oldest = max([self.compacted, *gone])
        if revision < oldest:
            raise Compacted(revision, oldest)

    def since(self, prefix: str, revision: int) -> list[Change]:
        """The changes below a prefix after a revision, as far as they are remembered."""
        found = [
            change
            for kind, window in self._windows.items()
            if overlap(kind, prefix)
            for change in window
            if change.revision > revision and change.key.startswith(prefix)
        ]
        return sorted(found, key=attrgetter("revision"))

    def compact(self, revision: int) -> None:
        """Forget the changes up to a revision."""
        self.compacted = max(self.compacted, revision)
        for kind, window in list(self._windows.items()):
            while window and window[0].revision <= self.compacted:
                window.popleft()
            if not window:
                del self._windows[kind]

    def clear(self) -> None:
        """Forget everything: revisions begin again."""
        self.compacted = 0
        self._windows.clear()
        self._forgotten.clear()


def overlap(kind: str, prefix: str) -> bool:
    """Whether keys below the prefix of a `kind` can lie below another prefix.

    >>> overlap("/registry/pods/", "/registry/pods/default/"), overlap("/a/", "/b/")
    (True, False)
    """
    return kind.startswith(prefix) or prefix.startswith(kind)
