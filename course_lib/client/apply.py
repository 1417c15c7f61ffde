"""`kubectl apply` of one document, in Python: a patch made of last applied, desired and live.

Source: kubernetes.io "Declarative Management of Kubernetes Objects Using Configuration Files".
"""

from __future__ import annotations

from typing import Protocol, TypeGuard

import msgspec

from course_lib.apiserver.patches import merge_patch
from course_lib.apiserver.server import AnyKind
from course_lib.apiserver.strategic import strategic_merge
from course_lib.client.last_applied import annotated, read_last_applied
from course_lib.client.merge_diff import three_way_merge_diff
from course_lib.client.three_way import three_way
from course_lib.errors import CourseError
from course_lib.objects.kind import Kind, Kinds
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object
from course_lib.objects.typed import type_of_kind

CREATED, CONFIGURED, UNCHANGED = "created", "configured", "unchanged"


class Applied(msgspec.Struct, frozen=True):
    """The result of an apply: the object, what became of it, and its document before."""

    object: Object
    result: str  # created, configured or unchanged
    before: Document | None = None


class DocumentWriter(Protocol):
    """What an apply needs of a client."""

    @property
    def kinds(self) -> Kinds:
        """The kinds that the API server serves."""

    def find(self, kind: Kind, name: str, namespace: str = "") -> Object | None:
        """The object of that name, or None."""

    def document(self, kind: AnyKind, name: str, namespace: str = "") -> Document:
        """A copy of the whole document of an object; raises `NotFound`."""

    def create(self, document: Document) -> Object:
        """Create an object."""

    def update(self, document: Document, subresource: str = "") -> Object:
        """Replace an object."""


def apply(client: DocumentWriter, document: Document) -> Applied:
    """Create the object of a document, or merge the document into it.

    Raises `CourseError` for a document without a name, and what the API server refuses.
    """
    kind = client.kinds.of_document(document)
    meta = document.get("metadata")
    if not _complete(meta, kind):
        return Applied(client.create(document), CREATED)  # the API server refuses it
    if not meta.get("name"):
        raise CourseError("apply needs a name", do="use create for objects with generateName")
    namespace = (meta.get("namespace") or "default") if kind.namespaced else ""
    if namespace:
        document = document | {"metadata": meta | {"namespace": namespace}}
    desired = annotated(document)
    existing = client.find(kind, meta["name"], namespace)
    if existing is None:
        return Applied(client.create(desired), CREATED)
    before = client.document(kind, meta["name"], namespace)
    merged = _merged(before, desired, kind)
    if merged is None:
        return Applied(existing, UNCHANGED, before)
    return Applied(client.update(merged), CONFIGURED, before)


def _merged(live: Document, desired: Document, kind: Kind) -> Document | None:
    """The live document with what the desired one changes; None where that is nothing.

    Nobody says which lists of a custom kind merge: they are replaced.
    """
    last, type = read_last_applied(live), type_of_kind(kind)
    if type is None:
        patch = three_way_merge_diff(last, desired, live)
        merged: Document = merge_patch(live, patch)
    else:
        patch = three_way(last, desired, live, type)
        merged = strategic_merge(live, patch, type)
    return merged | {"apiVersion": live["apiVersion"]} if patch else None


def _complete(meta: object, kind: Kind) -> TypeGuard[Document]:
    """Whether metadata has a name or `generateName`, and the types that an apply reads."""
    if not isinstance(meta, dict) or not (meta.get("name") or meta.get("generateName")):
        return False
    if kind.namespaced and meta.get("namespace") == "":
        return False
    annotations = meta.get("annotations")
    if annotations is None:
        annotations = {}
    if not isinstance(annotations, dict):
        return False
    texts = [meta.get(field) for field in ("name", "generateName", "namespace")]
    return all(each is None or isinstance(each, str) for each in [*annotations.values(), *texts])
