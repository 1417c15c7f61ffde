"""Deletion: marked first, gone when grace and finalizers have had their time.

The life of an object's end: asked to go; marked with a `deletionTimestamp` while somebody still
has to act (a kubelet within the grace period, a controller behind a finalizer); gone.
Source: kubernetes.io "Garbage Collection", "Finalizers"; `pkg/registry/core/pod/strategy.go`.
"""

from __future__ import annotations

from typing import Protocol

from course_lib.apiserver.errors import TooManyRequests
from course_lib.apiserver.reader import Reader
from course_lib.engine import timestamp
from course_lib.errors import CourseError
from course_lib.objects.kind import Kind
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod.status import FINAL_PHASES
from course_lib.objects.kinds.pod_disruption_budget import PodDisruptionBudget
from course_lib.objects.manifests import Document
from course_lib.objects.meta import ObjectT, selector_of, set_condition
from course_lib.objects.pods import is_ready

BACKGROUND, FOREGROUND, ORPHAN = "Background", "Foreground", "Orphan"
ALWAYS_ALLOW = "AlwaysAllow"  # of a budget's unhealthyPodEvictionPolicy; else IfHealthyBudget
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


class Evictor(Reader, Protocol):
    """An eviction also writes, into the status of a budget."""

    def patch_status(self, of: ObjectT, status: Document) -> ObjectT:
        """Merge into the status of an object."""


def spend_disruption(api: Evictor, pod: Pod) -> None:
    """Count an eviction against the budgets that cover a Pod; refuse it when one is spent.

    Source: `pkg/registry/core/pod/storage/eviction.go`. Pods that do not run cost nothing, nor
    do those that are not ready, if enough others are (or the policy is AlwaysAllow).
    """
    if pod.status.phase != "Running" or pod.terminating:
        return
    ready = is_ready(pod)
    for budget in api.list(PodDisruptionBudget, pod.namespace):
        if not selector_of(budget.spec.selector).matches(pod.labels):
            continue
        status = budget.status
        enough = status.current_healthy >= status.desired_healthy > 0
        if not ready and (enough or budget.spec.unhealthy_pod_eviction_policy == ALWAYS_ALLOW):
            continue
        allowed = budget.status.disruptions_allowed
        if allowed < 1:
            raise TooManyRequests(
                "Cannot evict pod as it would violate the pod's disruption budget.",
                where=f"Pod {pod.namespace}/{pod.name}",
                expected=f"the budget {budget.name} to allow a disruption",
                found=f"it needs {budget.status.desired_healthy} healthy pods and has "
                f"{budget.status.current_healthy} currently",
                do="wait until more Pods are ready, scale up, or loosen the budget",
            )
        api.patch_status(budget, {"disruptionsAllowed": allowed - 1})


def mark_evicted(api: Evictor, pod: Pod, now: str) -> None:
    """State on a Pod that it is to be evicted (`addConditionAndDeletePod`).

    `api` writes that on the `pod`, at a time `now`.
    """
    stated = set_condition(
        pod.status.conditions,
        "DisruptionTarget",
        "True",
        now,
        "EvictionByEvictionAPI",
        "Eviction API: evicting",
    )
    api.patch_status(pod, {"conditions": stated})
