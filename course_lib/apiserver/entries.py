"""What the store holds: entries under keys, and the changes that made them.

Documents are values: nobody changes one in place.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

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

    def may_have(self, text: str) -> bool:
        """Whether a field may be this text: what is packed is searched for it, and not read."""
        return not isinstance(self._document, bytes) or text.encode() in self._document

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


def folder_of(key: str) -> str:
    """The part of a key up to its name: that of a kind, or of a kind in a namespace."""
    return key[: key.rindex("/") + 1]
