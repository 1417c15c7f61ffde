"""`kubectl apply`: make the cluster's objects what the manifests say, all of them or none.

kubectl itself goes on document by document, and ends with 1 if one was refused. Source:
kubernetes.io "Declarative Management of Kubernetes Objects Using Configuration Files".
"""

from __future__ import annotations

from course_lib.apiserver.admission import warnings_of
from course_lib.client import Client
from course_lib.client.apply import Applied
from course_lib.errors import CourseError
from course_lib.objects.decode import warnings_for
from course_lib.objects.kind import title
from course_lib.objects.manifests import Document, Source, read_manifests
from course_lib.objects.typed import refuse_unknown

MOST_SHOWN = 10  # refusals in one message
DEFINE_FIRST = (
    "apply the CustomResourceDefinition by itself first, then its objects: kubectl looks up the "
    "kinds of all documents before it applies the first one"
)
Result = tuple[str, str, list[str]]  # object, outcome, warnings


def apply_manifests(client: Client, source: Source, namespace: str) -> list[Result]:
    """Apply every document of a source, or raise `CourseError` with all that is refused.

    Several documents are first applied, in order, in a dry run: each one is validated and admitted
    as it will be, with the namespaces and quotas before it. If one is refused after all (another
    writer was faster, etcd failed), those before it are put back. `client` sends the requests;
    documents without a namespace go to `namespace`.
    """
    documents = read_manifests(source)
    for document in documents:
        if isinstance(document.get("metadata"), dict):
            _place(client, document, namespace)
    refusals = _rehearse(client, documents) if len(documents) > 1 else []
    if refusals:
        raise _together(refusals)
    results: list[Result] = []
    done: list[Applied] = []
    try:
        for document in documents:
            results.append(_apply(client, document, done))
    except CourseError:
        for applied in reversed(done):
            _undo(client, applied)
        raise
    return results


def _place(client: Client, document: Document, namespace: str) -> None:
    """Write the namespace of the command into a document that names none."""
    try:
        namespaced = client.kinds.of_document(document).namespaced
    except CourseError:
        return  # it is refused later, with the others
    if namespaced:
        document["metadata"].setdefault("namespace", namespace)


def _rehearse(client: Client, documents: list[Document]) -> list[tuple[Document, CourseError]]:
    """Apply documents one after the other in a dry run, and collect what is refused."""
    copy = client.dry_run()
    refusals: list[tuple[Document, CourseError]] = []
    for document in documents:
        try:
            _apply(copy, document, [])
        except CourseError as refusal:
            if _is_defined_in(documents, document):
                refusal = CourseError(refusal.what, where=refusal.where, do=DEFINE_FIRST)
            refusals.append((document, refusal))
    return refusals


def _is_defined_in(documents: list[Document], document: Document) -> bool:
    """Whether a CustomResourceDefinition of the same apply defines the kind of a document."""
    group = str(document.get("apiVersion", "")).rpartition("/")[0]
    specs = [d.get("spec") for d in documents if d.get("kind") == "CustomResourceDefinition"]
    names = [(s.get("group"), s.get("names")) for s in specs if isinstance(s, dict)]
    kind = document.get("kind")
    return any(g == group and isinstance(n, dict) and n.get("kind") == kind for g, n in names)


def _together(refusals: list[tuple[Document, CourseError]]) -> CourseError:
    """One error for several: the first in full, the others by document and reason."""
    first = refusals[0][1]
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


def _apply(client: Client, document: Document, done: list[Applied]) -> Result:
    kind = client.kinds.of_document(document)
    refuse_unknown(document, kind)
    warnings = warnings_for(document, kind)
    applied = client.apply(document)
    done.append(applied)
    if applied.result != "unchanged":
        made = client.document(kind, applied.object.name, applied.object.namespace)
        warnings += warnings_of(client, kind, made, applied.before)
    return f"{kind.resource}/{applied.object.name}", applied.result, warnings


def _undo(client: Client, applied: Applied) -> None:
    made, before = applied.object, applied.before
    if before is None:
        kind = client.kinds.of(made.api_version, made.kind)
        client.delete(kind, made.name, made.namespace, grace_period=0, uid=made.uid)
    else:
        metadata = {k: v for k, v in before["metadata"].items() if k != "resourceVersion"}
        client.update(before | {"metadata": metadata})
