"""A document on its way in: completed, mutated by admission, decoded, validated, each once.

Source: kubernetes.io "Kubernetes API Concepts"; `BeforeCreate` and `BeforeUpdate` in
`k8s.io/apiserver/pkg/registry/rest`.
"""

from __future__ import annotations

import msgspec

from course_lib.apiserver import admission, immutability
from course_lib.apiserver.patches import merge_patch
from course_lib.apiserver.reader import Reader
from course_lib.objects.decode import canonical, decode, revised
from course_lib.objects.defaulting import set_defaults
from course_lib.objects.kind import Kind
from course_lib.objects.manifests import Document, plain
from course_lib.objects.meta import Object
from course_lib.objects.validate import validate

SERVERS_OWN = ("uid", "resourceVersion", "deletionTimestamp", "creationTimestamp")


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


def new(document: Document, kind: Kind, api: Reader | None = None) -> Incoming:
    """A document that is to be created; without `api`, what can be said of it by itself.

    Raises `InvalidManifest`, or what an admission plugin raises.
    """
    document = plain(document)
    metadata = document.setdefault("metadata", {})
    if isinstance(metadata, dict):
        if kind.namespaced:
            metadata.setdefault("namespace", "default")
        else:
            metadata.pop("namespace", None)
        for field in SERVERS_OWN:
            metadata.pop(field, None)
    set_defaults(document, kind)
    if kind.status and not kind.status_at_creation:
        document.pop("status", None)
    if api is not None:
        admission.mutate(api, kind, document)
    return _read(document, kind)


def update(
    document: Document, before: Document, existing: Object, kind: Kind, api: Reader
) -> Incoming:
    """A document that is to replace another one; its status stays.

    `existing` is the view of `before`. Raises `InvalidManifest`, or what a plugin raises.
    """
    document = copied(immutability.carry_over(before, document, "", kind))
    kind.carry_over(before, document)
    set_defaults(document, kind)
    admission.mutate_update(kind, document)
    incoming = _read(document, kind)
    immutability.check(before, incoming.document, kind)
    admission.validate_update(api, kind, incoming.view, existing)
    return incoming


def update_of_status(
    document: Document, before: Document, existing: Object, kind: Kind
) -> Incoming:
    """A document whose status is to replace that of another one."""
    document = immutability.carry_over(before, document, "status", kind)
    if kind.custom:
        kind.complete(document)
        immutability.check(before, document, kind)
    return Incoming(document, kind, revised(existing, before, document, kind))


def _read(document: Document, kind: Kind) -> Incoming:
    view = decode(document, kind)
    validate(document, view, kind)
    return Incoming(canonical(document, kind.type), kind, view)


def copied(document: Document) -> Document:
    """A deep copy of a document."""
    copy: Document = msgspec.msgpack.decode(msgspec.msgpack.encode(document))
    return copy
