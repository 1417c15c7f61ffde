"""Deletion: marked first, gone when grace and finalizers have had their time.

The life of an object's end: asked to go; marked with a `deletionTimestamp` while somebody still
has to act (a kubelet within the grace period, a controller behind a finalizer); gone.
Source: kubernetes.io "Garbage Collection", "Finalizers"; `pkg/registry/core/pod/strategy.go`.
"""

from __future__ import annotations

from course_lib.engine import timestamp
from course_lib.errors import CourseError
from course_lib.objects.kind import Kind
from course_lib.objects.kinds.pod.status import FINAL_PHASES
from course_lib.objects.manifests import Document

BACKGROUND, FOREGROUND, ORPHAN = "Background", "Foreground", "Orphan"
# The finalizer by which each policy asks the garbage collector for its part.
POLICY_FINALIZERS = {FOREGROUND: "foregroundDeletion", ORPHAN: "orphan"}


def mark(
    document: Document, kind: Kind, propagation: str, grace: int | None, now: float
) -> Document | None:
    """The document marked for deletion; None when it can go at once.

    `kind` is the document's, `propagation` is Background, Foreground or Orphan, `grace` the period
    in s, `now` in simulated s. Raises `CourseError` for another propagation.
    """
    if propagation not in (BACKGROUND, FOREGROUND, ORPHAN):
        raise CourseError(
            "no such propagation policy",
            expected=f"{BACKGROUND}, {FOREGROUND} or {ORPHAN}",
            found=repr(propagation),
        )
    meta = dict(document["metadata"])
    finalizers = list(meta.get("finalizers", ()))
    asked = POLICY_FINALIZERS.get(propagation)
    if asked and asked not in finalizers:
        meta["finalizers"] = finalizers = [*finalizers, asked]
    last = kind.deletion_finalizer
    if last and last not in finalizers and "deletionTimestamp" not in meta:
        meta["finalizers"] = finalizers = [*finalizers, last]
    seconds = _grace(document, grace) if kind.kind == "Pod" else 0
    before = meta.get("deletionGracePeriodSeconds")
    if "deletionTimestamp" in meta and before is not None:
        seconds = min(seconds, before)
    marked = document | {"metadata": meta}
    if kind.kind == "Namespace":
        marked["status"] = document.get("status", {}) | {"phase": "Terminating"}
    if "deletionTimestamp" not in meta and meta.get("generation"):
        meta["generation"] += 1  # its controllers are to act otherwise from now on (`BeforeDelete`)
    if "deletionTimestamp" not in meta or seconds != before:
        meta["deletionTimestamp"] = timestamp(now + seconds)
        meta["deletionGracePeriodSeconds"] = seconds
    return None if finished(marked, kind) else marked


def finished(document: Document, kind: Kind) -> bool:
    """Whether a marked object has nothing left to wait for."""
    meta = document["metadata"]
    if meta.get("finalizers") or meta.get("deletionGracePeriodSeconds"):
        return False
    return not (kind.kind == "Namespace" and document.get("spec", {}).get("finalizers"))


def _grace(document: Document, asked: int | None) -> int:
    """A Pod's grace period; none for one that never had a node or has already ended."""
    spec, status = document["spec"], document.get("status", {})
    if not spec.get("nodeName") or status.get("phase") in FINAL_PHASES:
        return 0
    return spec.get("terminationGracePeriodSeconds", 30) if asked is None else max(0, asked)
