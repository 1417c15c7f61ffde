"""The typed views of what is stored: each is made once, and kept with its entry.

Events are many and seldom read: of what is packed, each reader makes a view of its own.
"""

from __future__ import annotations

import msgspec

from course_lib.apiserver.documents import Incoming
from course_lib.apiserver.entries import StoredObject
from course_lib.objects.decode import decode
from course_lib.objects.kind import Kind
from course_lib.objects.meta import Object


def view_of(entry: StoredObject, kind: Kind) -> Object:
    """What is stored, as a kind decodes it; kept with the entry, unless that is packed."""
    if entry.view is not None and entry.kind is kind:
        return entry.view
    view = decode(served(kind, entry).document, kind)
    if not kind.packed:
        entry.view, entry.kind = view, kind
    return view


def note_view(entry: StoredObject, written: Incoming) -> Object:
    """The view of an entry that was just written; it is kept, unless the kind's are packed.

    It is that of what was `written`, with the revision that the store gave it. Where etcd has
    copied the parts, they are decoded again.
    """
    kind, parts = written.kind, served(written.kind, entry).document
    if kind.view is None and any(parts[name] is part for name, part in written.document.items()):
        version = str(entry.revision)
        metadata = msgspec.structs.replace(written.view.metadata, resource_version=version)
        entry.view, entry.kind = msgspec.structs.replace(written.view, metadata=metadata), kind
    view = view_of(entry, kind)
    if kind.packed:
        entry.pack()
    return view


def served(kind: Kind, entry: StoredObject) -> StoredObject:
    """An entry as a version of its kind has it."""
    if kind.serve is None:
        return entry
    return StoredObject(kind.serve(entry.document), entry.revision)
