"""`kubectl apply`: make the cluster's objects what the manifests say, all of them or none.

kubectl itself goes on document by document, and ends with 1 if one was refused. Source:
kubernetes.io "Declarative Management of Kubernetes Objects Using Configuration Files".
"""

from __future__ import annotations

import json
from typing import Any

from course_lib.apiserver import APIServer
from course_lib.apiserver.dry_run import dry
from course_lib.apiserver.patches import three_way
from course_lib.errors import CourseError
from course_lib.objects.decode import refuse_unknown, warnings_for
from course_lib.objects.kind import title
from course_lib.objects.manifests import Source, read_manifests
from course_lib.objects.meta import Object

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
MOST_SHOWN = 10  # refusals in one message
Document = dict[str, Any]
Result = tuple[str, str, list[str]]  # object, what became of it, warnings


def apply_manifests(api: APIServer, source: Source, namespace: str) -> list[Result]:
    """Apply every document of a source, or raise `CourseError` with all that is refused.

    The documents are first applied, in order, in a dry run: each one is validated and admitted as
    it will be, with the namespaces and quotas before it. If one is refused after all (another
    writer was faster, etcd failed), those before it are put back.
    """
    documents = read_manifests(source)
    for document in documents:
        if isinstance(document.get("metadata"), dict):
            _place(api, document, namespace)
    refusals = _rehearse(api, documents)
    if refusals:
        raise _together(refusals, len(documents))
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


def _place(api: APIServer, document: Document, namespace: str) -> None:
    """Write the namespace of the command into a document that names none."""
    try:
        namespaced = api.kinds.of_document(document).namespaced
    except CourseError:
        return  # it is refused, and told with the others
    if namespaced:
        document["metadata"].setdefault("namespace", namespace)


def _rehearse(api: APIServer, documents: list[Document]) -> list[tuple[Document, CourseError]]:
    """Apply documents one after the other in a dry run, and collect what is refused."""
    copy = dry(api)
    refusals: list[tuple[Document, CourseError]] = []
    for document in documents:
        try:
            _apply(copy, document, [])
        except CourseError as refusal:
            refusals.append((document, refusal))
    return refusals


def _together(refusals: list[tuple[Document, CourseError]], of: int) -> CourseError:
    """One error for several: the first in full, the others by document and reason."""
    first = refusals[0][1]
    if of == 1:
        return first
    others = [
        f"{refusal.where or title(document)}: {refusal.what}"
        + (f" (expected {refusal.expected}, found {refusal.found})" if refusal.expected else "")
        for document, refusal in refusals[1 : MOST_SHOWN + 1]
    ]
    if len(refusals) > MOST_SHOWN + 1:
        others.append(f"and {len(refusals) - MOST_SHOWN - 1} more")
    lines = "".join(f"\n            {line}" for line in others)
    error = type(first).__new__(type(first))  # served and caught as the first is
    CourseError.__init__(
        error,
        first.what,
        where=first.where or title(refusals[0][0]),
        expected=first.expected,
        found=first.found,
        do=(first.do + "; " if first.do and others else first.do)
        + (f"also refused:{lines}" if others else ""),
    )
    return error


def _apply(
    api: APIServer, document: Document, done: list[tuple[Object, Document | None]]
) -> Result:
    kind = api.kinds.of_document(document)
    refuse_unknown(document, kind)
    warnings = warnings_for(document, kind)
    checked, _ = api.check(document)
    meta = checked["metadata"]
    if not meta.get("name"):
        raise CourseError("apply needs a name", do="use create for objects with generateName")
    written = json.dumps(document, sort_keys=True)
    wanted = _noted(document, meta.get("namespace"), written)
    name = f"{kind.resource}/{meta['name']}"
    live = api.store.get(api.key(kind, meta["name"], meta.get("namespace", "")))
    if live is None:
        done.append((api.create(wanted), None))
        return name, "created", warnings
    before = live.document
    merged = three_way(_last(before), before, wanted)
    merged["apiVersion"] = before["apiVersion"]
    updated = api.update(merged)
    done.append((updated, before))
    same = updated.metadata.resource_version == before["metadata"].get("resourceVersion", "")
    return name, "unchanged" if same else "configured", warnings


def _last(live: Document) -> Document:
    """What was applied last, as kubectl noted it; nothing where somebody spoiled the note."""
    try:
        last = json.loads(live["metadata"].get("annotations", {}).get(LAST_APPLIED, "{}"))
    except ValueError:
        last = None
    return last if isinstance(last, dict) else {}


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
