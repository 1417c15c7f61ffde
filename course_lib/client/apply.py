"""`kubectl apply` of one document: a three-way merge of last applied, live and desired.

Source: kubernetes.io "Declarative Management of Kubernetes Objects Using Configuration Files".
"""

from __future__ import annotations

import json
from typing import Protocol, TypeGuard

import msgspec

from course_lib.apiserver.patches import MERGE_KEYS, three_way
from course_lib.apiserver.server import AnyKind
from course_lib.errors import CourseError
from course_lib.objects.kind import Kind, Kinds
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
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
    desired = _annotated(document, namespace)
    if client.find(kind, meta["name"], namespace) is None:
        return Applied(client.create(desired), CREATED)
    before = client.document(kind, meta["name"], namespace)
    keys = {} if kind.custom else MERGE_KEYS  # nobody says which lists of a custom kind merge
    merged = three_way(_last_applied(before), before, desired, keys)
    merged["apiVersion"] = before["apiVersion"]
    updated = client.update(merged)
    same = updated.metadata.resource_version == before["metadata"].get("resourceVersion", "")
    return Applied(updated, UNCHANGED if same else CONFIGURED, before)


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


def _last_applied(live: Document) -> Document:
    """The document of the last apply; empty where its annotation is missing or unreadable."""
    try:
        last = json.loads(live["metadata"].get("annotations", {}).get(LAST_APPLIED, "{}"))
    except ValueError:
        last = None
    return last if isinstance(last, dict) else {}


def _annotated(document: Document, namespace: str) -> Document:
    """The document with its namespace, and itself as an annotation."""
    meta = dict(document["metadata"])
    if namespace:
        meta["namespace"] = namespace
    written = json.dumps(document, sort_keys=True)
    meta["annotations"] = (meta.get("annotations") or {}) | {LAST_APPLIED: written}
    return document | {"metadata": meta}
