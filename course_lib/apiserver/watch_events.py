"""What an API server's watch delivers: which changes, each as an event of which type.

Source: `convertToWatchEvent` in `k8s.io/apiserver/pkg/storage/cacher/cache_watcher.go`.
"""

from __future__ import annotations

import msgspec

from course_lib.apiserver.entries import DELETE, Change, view_of
from course_lib.objects.kind import Kind
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object
from course_lib.objects.selectors import EVERYTHING, FieldSelector, FieldValue, Selector

ADDED, MODIFIED, DELETED = "ADDED", "MODIFIED", "DELETED"


class WatchEvent(msgspec.Struct, frozen=True):
    """What a watch delivers: ADDED, MODIFIED or DELETED, and the object as it then was.

    `document` is the whole of it, where the watch is the API server's own.
    """

    type: str
    object: Object
    revision: int
    document: Document = {}


class Choice:
    """The objects of a `kind` that a `selector` of labels and one of `fields` choose."""

    def __init__(self, kind: Kind, selector: Selector, fields: FieldSelector | None) -> None:
        self._serve = kind.serve if fields else None
        self._selector = None if selector == EVERYTHING else selector
        self._fields = fields if fields and fields.terms else None

    @property
    def required(self) -> FieldValue | None:
        """A field value that all chosen objects have in their stored documents; None if none."""
        return None if self._fields is None or self._serve else self._fields.required

    def type_of(self, change: Change) -> str | None:
        """The type of the event that a change is for a watch on these objects; None for no event.

        An object that comes to be chosen is ADDED, one that ceases to be is DELETED.
        """
        now, before = change.type != DELETE, change.before
        if self._selector is not None or self._fields is not None:
            now = now and self._has(change.entry.document)
            before = before if before is not None and self._has(before.document) else None
        if now:
            return ADDED if before is None else MODIFIED
        return None if before is None else DELETED

    def _has(self, document: Document) -> bool:
        labels = document["metadata"].get("labels")
        if self._selector is not None and not self._selector.matches(labels):
            return False
        shown = self._serve(document) if self._serve else document
        return self._fields is None or self._fields.matches(shown)


def event_of(change: Change, type: str, kind: Kind) -> WatchEvent:
    """The event of a `type` for a change, with the object in the version of a `kind`.

    The view is made once for all watches, and kept with the entry.
    """
    document = change.entry.document
    shown = document if kind.serve is None else kind.serve(document)
    return WatchEvent(type, view_of(change.entry, kind), change.revision, shown)
