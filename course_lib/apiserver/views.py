"""The typed views of stored documents: each document is decoded once, or less.

A write changes a part of a document, and the parts that stay are the same objects: the new view
takes them over, and decodes what changed.
"""

from __future__ import annotations

from typing import Any

from course_lib.apiserver.store import StoredObject
from course_lib.objects.decode import decode, revised
from course_lib.objects.kind import Kind
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object


class Views:
    """The newest view under each key, with the document that it shows."""

    def __init__(self) -> None:
        self._newest: dict[str, tuple[Document, Kind, Object]] = {}

    def of(self, kind: Kind, key: str, entry: StoredObject) -> Any:
        """The view of what is stored under a key."""
        cached = self._newest.get(key)
        if cached is None or cached[1] is not kind:
            view = decode(served(kind, entry).document, kind)
            return self.note(kind, key, entry.document, view)
        document, _, view = cached
        if document is entry.document:
            return view
        if any(entry.document.get(field) is part for field, part in document.items()):
            view = revised(view, document, served(kind, entry).document, kind)
        else:
            view = decode(served(kind, entry).document, kind)
        return self.note(kind, key, entry.document, view)

    def note(self, kind: Kind, key: str, document: Document, view: Object) -> Object:
        """Remember the view of a document that is under a key, or is about to be."""
        self._newest[key] = document, kind, view
        return view


def served(kind: Kind, entry: StoredObject) -> StoredObject:
    """An entry as a version of its kind has it."""
    if kind.serve is None:
        return entry
    return StoredObject(kind.serve(entry.document), entry.revision)
