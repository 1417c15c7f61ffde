"""`kubectl apply`: make the cluster's objects what the manifests say, all of them or none.

Source: kubernetes.io "Declarative Management of Kubernetes Objects Using Configuration Files".
"""

from __future__ import annotations

import json
from typing import Any

from course_lib.apiserver import APIServer
from course_lib.apiserver.patches import three_way
from course_lib.errors import CourseError
from course_lib.objects.decode import kind_of_document, warnings_for
from course_lib.objects.manifests import Source, read_manifests
from course_lib.objects.meta import Object

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
Document = dict[str, Any]
Result = tuple[str, str, list[str]]  # object, what became of it, warnings


def apply_manifests(api: APIServer, source: Source, namespace: str) -> list[Result]:
    """Apply every document of a source.

    All of them are checked before the first is used; if the API server refuses one after all
    (a quota, say), those before it are put back as they were.
    """
    documents = read_manifests(source)
    for document in documents:
        if kind_of_document(document).namespaced and isinstance(document.get("metadata"), dict):
            document["metadata"].setdefault("namespace", namespace)
        api.check(document)
    results: list[Result] = []
    done: list[tuple[Object, Document | None]] = []
    try:
        for document in documents:
            results.append(_apply(api, document, done))
    except CourseError:
        for applied, before in reversed(done):
            _undo(api, applied, before)
        raise
    return results


def _apply(
    api: APIServer, document: Document, done: list[tuple[Object, Document | None]]
) -> Result:
    kind = kind_of_document(document)
    warnings = warnings_for(document, kind)
    checked, _ = api.check(document)
    meta = checked["metadata"]
    if not meta.get("name"):
        raise CourseError("apply needs a name", do="use create for objects with generateName")
    written = json.dumps(document, sort_keys=True)
    wanted = _noted(document, meta.get("namespace"), written)
    title = f"{kind.resource}/{meta['name']}"
    live = api.store.get(api.key(kind, meta["name"], meta.get("namespace", "")))
    if live is None:
        done.append((api.create(wanted), None))
        return title, "created", warnings
    before = live.document
    last = json.loads(before["metadata"].get("annotations", {}).get(LAST_APPLIED, "{}"))
    merged = three_way(last, before, wanted)
    merged["apiVersion"] = before["apiVersion"]
    updated = api.update(merged)
    done.append((updated, before))
    same = updated.metadata.resource_version == before["metadata"]["resourceVersion"]
    return title, "unchanged" if same else "configured", warnings


def _noted(document: Document, namespace: str | None, written: str) -> Document:
    metadata = dict(document["metadata"])
    if namespace:
        metadata["namespace"] = namespace
    metadata["annotations"] = metadata.get("annotations", {}) | {LAST_APPLIED: written}
    return document | {"metadata": metadata}


def _undo(api: APIServer, applied: Object, before: Document | None) -> None:
    if before is None:
        api.delete(applied.kind, applied.name, applied.namespace, grace_period=0)
    else:
        metadata = {k: v for k, v in before["metadata"].items() if k != "resourceVersion"}
        api.update(before | {"metadata": metadata})
