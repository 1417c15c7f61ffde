"""Updates: what an update may change, and what stays whatever it says.

Source: `pkg/apis/*/validation/validation.go` (`Validate...Update`) of Kubernetes.
"""

from __future__ import annotations

from course_lib.errors import InvalidManifest
from course_lib.objects.kind import Kind, title
from course_lib.objects.manifests import Document, value_at

# Set by the server at creation, and kept.
IDENTITY = ("name", "namespace", "uid", "creationTimestamp", "generation")
STAMPS = ("creationTimestamp", "generation")  # what a writer says of them is passed over
LIFE = ("deletionTimestamp", "deletionGracePeriodSeconds")


def carry_over(before: Document, wanted: Document, subresource: str, kind: Kind) -> Document:
    """An update of the object keeps its status; an update of the status keeps everything else.

    Some metadata may come with the status of a built-in kind (`PrepareForUpdate`). Where the
    status is no subresource, it is a part like any other.

    The object is `before`, and `wanted` is sent to the `subresource` (empty: the object itself) of
    the `kind`.
    """
    if subresource == "status":
        status = {"status": wanted["status"]} if "status" in wanted else {}
        metadata = dict(before["metadata"])
        for field in () if kind.custom else kind.status_metadata:
            if field in wanted["metadata"]:
                metadata[field] = wanted["metadata"][field]
        kept = {k: v for k, v in before.items() if k != "status"}
        return kept | status | {"metadata": metadata}
    kept = {f: before["metadata"][f] for f in (*IDENTITY, *LIFE) if f in before["metadata"]}
    document = {key: value for key, value in wanted.items() if key != "status" or not kind.status}
    if "status" in before and kind.status:
        document["status"] = before["status"]
    asked = {k: v for k, v in wanted["metadata"].items() if k not in (*LIFE, *STAMPS)}
    document["metadata"] = asked | kept
    document["metadata"]["resourceVersion"] = before["metadata"].get("resourceVersion", "")
    return document


def check(before: Document, after: Document, kind: Kind) -> None:
    """Raise `InvalidManifest` when a field changed that may not.

    It was in `before` and is another in `after`; `kind` names such fields.
    """
    held = before["metadata"].get("finalizers") or ()
    added = [each for each in after["metadata"].get("finalizers") or () if each not in held]
    if added and "deletionTimestamp" in before["metadata"]:
        raise InvalidManifest(
            "no new finalizers can be added if the object is being deleted",
            where=f"{title(after)}: metadata.finalizers",
            expected="no finalizer that the object does not have",
            found=", ".join(added),
        )
    for path in kind.fixed:
        if value_at(before, path) != value_at(after, path):
            raise _refused(after, path, "no change: the field is immutable")
    old, new = before.get("spec"), after.get("spec")
    if kind.free and isinstance(old, dict) and isinstance(new, dict):
        for field in sorted({*old, *new}):
            if field not in kind.free and old.get(field) != new.get(field):
                may = f"only {', '.join(kind.free)} may change"
                expected = f"no change: the field is immutable; {may}"
                raise _refused(after, f"spec.{field}", expected)
    for problem in kind.transition(before, after):
        raise _refused(after, problem.path, problem.expected)


def _refused(document: Document, path: str, expected: str) -> InvalidManifest:
    return InvalidManifest(
        "a field may not be changed",
        where=f"{title(document)}: {path}",
        expected=expected,
        found="a different value",
        do="delete the object and create it again, if you want the change",
    )
