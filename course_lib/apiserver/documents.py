"""Documents and their typed views: each is decoded once, or less.

On its way in a document is completed, mutated by admission, decoded and validated, each once. A
write changes a part of a document, and the parts that stay are the same objects: the new view
takes them over, and decodes what changed.

Source: kubernetes.io "Kubernetes API Concepts"; `BeforeCreate` and `BeforeUpdate` in
`k8s.io/apiserver/pkg/registry/rest`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

import msgspec

from course_lib.apiserver import admission, allocation, immutability
from course_lib.apiserver.admission.service_accounts import name_token
from course_lib.apiserver.entries import StoredObject
from course_lib.apiserver.errors import Conflict, Unclassified
from course_lib.apiserver.patches import merge_patch
from course_lib.apiserver.quota import QuotaAccessor
from course_lib.apiserver.reader import Reader
from course_lib.errors import InvalidManifest
from course_lib.objects.decode import decode, revised
from course_lib.objects.kind import Kind, Kinds
from course_lib.objects.kinds.service import Service
from course_lib.objects.manifests import Document, plain
from course_lib.objects.meta import Object
from course_lib.objects.sharing import encoded, shared
from course_lib.objects.typed import typed
from course_lib.objects.validate import (
    judge_beside_spec,
    judge_document,
    judge_status,
)

T = TypeVar("T")
PRECONDITIONS = ("uid", "resourceVersion")  # of a write, where it names them
LONGEST_SHARED = 64 * 1024  # bytes; a longer spec is not cached
SERVERS_OWN = (
    "uid", "resourceVersion", "creationTimestamp", "deletionTimestamp",
    "deletionGracePeriodSeconds", "selfLink", "managedFields",
)  # fmt: skip


class Incoming(msgspec.Struct, frozen=True):
    """A document with its kind and its view, which say the same."""

    document: Document
    kind: Kind
    view: Object

    def changed(self, patch: Document) -> Incoming:
        """The same with a merge patch applied; only what changes is decoded."""
        if not patch:
            return self
        document = merge_patch(self.document, patch)
        view = revised(self.view, self.document, document, self.kind)
        return Incoming(document, self.kind, view)


Judge = Callable[[Kind, bytes], Incoming]
Manage = Callable[[Document], list[Document]]  # says who manages the fields of a new document
Identify = Callable[[Kind, Document], Document]  # of a kind and metadata: its stamps
MOST_GENERATED = 58  # characters before those at random (apiserver `storage/names/generate.go`)
NOBODY = "00000000-0000-4000-a000-000000000000"


def named_by_itself(kind: Kind, metadata: Document) -> Document:
    """The stamps of a document that nobody stores; `kind` and `metadata` are its own."""
    stamps = {"uid": NOBODY, "creationTimestamp": "2026-01-01T00:00:00Z"}
    if metadata.get("generateName") and not metadata.get("name"):
        stamps["name"] = f"{str(metadata['generateName'])[:MOST_GENERATED]}xxxxx"
    return stamps


def unnamed() -> str:
    """What stands for letters at random in a name that nobody stores."""
    return "xxxxx"


def judged(kind: Kind, written: bytes, suffix: Callable[[], str] = unnamed) -> Incoming:
    """A document of a `kind` with a valid spec, `written` as bytes, and nothing else.

    `suffix` draws the end of the name of a volume that admission has added.
    """
    metadata = {"name": "name", "namespace": "default"}
    document: Document = {"apiVersion": kind.api_version, "kind": kind.kind}
    document |= {"metadata": metadata, "spec": msgspec.msgpack.decode(written)}
    name_token(document["spec"], suffix)
    return _judged(document, kind)


def _judged(document: Document, kind: Kind) -> Incoming:
    judge_document(document, kind)
    document = typed(document, kind)
    return Incoming(document, kind, decode(document, kind))


def new(
    document: Document,
    kind: Kind,
    api: Reader | None = None,
    judge: Judge = judged,
    identify: Identify = named_by_itself,
    dry: bool = False,
    manage: Manage | None = None,
) -> Incoming:
    """A document that is to be created; without `api`, what can be said of it by itself.

    Raises `InvalidManifest`, or what an admission plugin raises.

    `kind` is the document's, `judge` is `judged`, or remembers what that has returned. Before it is
    judged, a document gets what `identify` says: its uid, its time, and its name, where it has but
    the beginning of one. `dry` is for what nobody stores. `manage` says who manages which of its
    fields.
    """
    document = _managed(_completed(document, kind), manage)
    if api is not None:
        admission.mutate(api, kind, document)
    meta = document["metadata"]
    if isinstance(meta, dict):
        meta |= identify(kind, meta)
        if kind.generations:
            meta["generation"] = 1
        if api is not None and kind.type is Service:
            allocation.allocate(api, document, dry)
        kind.prepare(document)
    known = _of_equal_spec(document, kind, judge)
    if known is None:
        if kind.spec_alone and isinstance(document.get("spec"), dict):
            name_token(document["spec"], unnamed)
        return _judged(document, kind)
    document["spec"] = known.document["spec"]
    document = typed(document, kind, known.document)
    view = revised(known.view, known.document, document, kind)
    judge_beside_spec(document, kind)
    return Incoming(document, kind, view)


def _managed(document: Document, manage: Manage | None) -> Document:
    """A new document with who manages its fields."""
    managers = manage(document) if manage is not None else []
    if not managers:
        return document
    return document | {"metadata": document["metadata"] | {"managedFields": managers}}


def _completed(document: Document, kind: Kind) -> Document:
    """A copy of a new document with its defaults, and without what the server itself writes."""
    document = plain(document, nulls=not kind.custom)
    written = _spec_alone(document, kind)
    if written:
        spec = msgspec.msgpack.decode(_spec_of(document, kind, written))
        document = typed({**document, "spec": {}}, kind, stored=False) | {"spec": spec}
        document["apiVersion"] = kind.api_version
    else:
        document = typed(document, kind, stored=False)
    metadata = document.setdefault("metadata", {})
    if isinstance(metadata, dict):
        if kind.namespaced:
            metadata["namespace"] = metadata.get("namespace") or "default"
        else:
            metadata.pop("namespace", None)
        for field in SERVERS_OWN:
            metadata.pop(field, None)
    if not written:
        kind.set_defaults(document)
    if kind.status and not kind.status_at_creation:
        document.pop("status", None)
    return document


# The Pods of one template have equal specs: each is completed, decoded and judged once, and stored
# as one object in memory.


def _spec_alone(document: Document, kind: Kind) -> bytes:
    """The spec of a plain document as bytes, the key of the cache of judged specs.

    Empty where there is no key: for a spec over `LONGEST_SHARED` bytes, and for a `kind` whose
    specs are not judged by themselves.
    """
    spec = document.get("spec") if kind.spec_alone else None
    written = encoded(spec) if isinstance(spec, dict) else b""
    return written if len(written) <= LONGEST_SHARED else b""


def _spec_of(document: Document, kind: Kind, written: bytes) -> bytes:
    """The spec of a document with its defaults; `written` is what it was before."""
    try:
        return _completed_spec(kind, written)
    except InvalidManifest:
        typed(document, kind)  # it raises, with the path of the whole
        raise


@lru_cache(maxsize=1024)
def _completed_spec(kind: Kind, written: bytes) -> bytes:
    """A spec with its defaults; `written` is what it was before."""
    document = typed({"spec": msgspec.msgpack.decode(written)}, kind, stored=False)
    kind.set_defaults(document)
    return encoded(document["spec"])


def _of_equal_spec(document: Document, kind: Kind, judge: Judge) -> Incoming | None:
    """A valid document with the same spec; None for a spec that is invalid, or has no key."""
    written = _spec_alone(document, kind)
    try:
        return judge(kind, written) if written else None
    except InvalidManifest:
        return None  # the whole document is judged, to report all its problems


def _reusing(before: object, status: object) -> object:
    """A copy of a status in which equal parts are those of the status before."""
    if not isinstance(before, dict) or not isinstance(status, dict):
        return plain(status, "status", nulls=True)
    changed = {key: part for key, part in status.items() if part is not before.get(key)}
    copy: Document = plain(changed, "status", nulls=True)
    return status | {key: shared(before.get(key), part) for key, part in copy.items()}


def as_stored(document: Document, kinds: Kinds, first: bool = False) -> tuple[Document, Kind]:
    """A document in the version in which its kind is stored, and that version.

    Where it is written for the `first` time, it is held against the rules of its own version
    before. `kinds` are those that are served.
    """
    kind = kinds.of_document(document)
    if kind.store is None:
        return document, kind
    stored = kind.store(new(document, kind).document if first else plain(document))
    return stored, kinds.of_document(stored)


def metadata(document: Document, kind: Kind) -> Document:
    """The metadata by which a request finds its object, with a name and a namespace.

    They are written into the `document` of the `kind` where it has none. Raises `InvalidManifest`
    where a field of them is not text.
    """
    meta = document.setdefault("metadata", {})
    if not isinstance(meta, dict) or not all(
        isinstance(meta.get(field), str | None) for field in ("name", "namespace", *PRECONDITIONS)
    ):
        typed(document, kind)
    found = {"name": "", **meta}
    if kind.namespaced:
        found["namespace"] = meta.get("namespace") or "default"
    document["metadata"] = found
    return found


def check_preconditions(desired: Document, entry: StoredObject, kind: Kind) -> None:
    """Raise `Conflict` where a document names another revision or uid than its object has.

    `desired` is what a request writes, `entry` the object, `kind` that of both.
    """
    meta, existing = desired["metadata"], entry.document["metadata"]
    version = meta.get("resourceVersion")
    if version and not str(version).isdecimal():
        raise Unclassified(f'strconv.ParseUint: parsing "{version}": invalid syntax')
    if version and version != "0" and version != str(entry.revision):
        raise Conflict(
            f'Operation cannot be fulfilled on {kind.title} "{existing["name"]}": the object has '
            "been modified; please apply your changes to the latest version and try again",
            expected=f"resourceVersion {entry.revision}",
            found=f"resourceVersion {version}",
        )
    if meta.get("uid") and meta["uid"] != existing["uid"]:
        raise Conflict(f'{kind.title} "{existing["name"]}" is another object of the same name')


def update(
    document: Document,
    before: Document,
    existing: Object,
    kind: Kind,
    api: QuotaAccessor,
    subresource: str = "",
    dry: bool = False,
) -> Incoming:
    """A document that is to replace another one; its status stays.

    `existing` is the view of `before`. Raises `InvalidManifest`, or what a plugin raises.
    `kind` is that of both, `api` has what admission plugins look up and write. The `subresource`
    `finalize` alone changes the finalizers of a Namespace; other parts of a kind change what they
    name. `dry` is for what nobody stores.
    """
    document = immutability.carry_over(before, document, "", kind)
    # What completes a document may write into its parts, but never into those of `before`.
    if kind.plain_defaults:
        document = shared(before, document, copied)
        document = typed(document, kind, before, stored=False)
    else:
        document = copied(typed(document, kind, stored=False))
    if subresource != "finalize":
        kind.carry_over(before, document)
    kind.set_defaults(document, before)
    admission.mutate_update(kind, document)
    if kind.type is Service:
        allocation.reallocate(api, document, before, dry)
    part = kind.part(subresource)
    document = part.narrow(document, before) if part and part.narrow else document
    kind.prepare_update(document, before)
    document = document if kind.plain_defaults else shared(before, document)
    judge_document(document, kind, before, part)
    document = typed(document, kind, before)
    view = revised(existing, before, document, kind)
    admission.validate_update(api, kind, (view, existing), (document, before))
    return Incoming(document, kind, view)


def update_of_status(
    document: Document,
    before: Document,
    existing: Object,
    kind: Kind,
    subresource: str,
    now: str,
) -> Incoming:
    """A document whose status is to replace that of another one.

    `existing` is the view of `before`, `kind` is that of both. It came by a `subresource`, at the
    time `now`.
    """
    document = immutability.carry_over(before, document, "status", kind)
    if "status" in document:
        status = _reusing(before.get("status"), document["status"])
        document["status"] = status
    document = typed(document, kind, before)
    if kind.custom:
        kind.complete(document)
    elif "status" in document:
        completed = kind.complete_status(document["status"])
        if completed is not document["status"]:  # its fields get their places
            document = typed(document | {"status": completed}, kind, before)
    prepared = kind.prepare_status(document, before, subresource, now)
    if prepared is not None:
        document = typed(document | {"status": prepared}, kind, before)
    judge_status(document, before, kind, kind.part(subresource))
    view = revised(existing, before, document, kind)
    return Incoming(document, kind, view)


def copied(part: T) -> T:
    """A deep copy of a document, or of a part of it."""
    copy: T = msgspec.msgpack.decode(msgspec.msgpack.encode(part))
    return copy
