"""Evictions: deletions of Pods that budgets may forbid.

Source: `pkg/registry/core/pod/storage/eviction.go`.
"""

from __future__ import annotations

from typing import Protocol

from course_lib.apiserver.errors import SeveralBudgets, TooManyRequests
from course_lib.apiserver.reader import Reader
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod_disruption_budget import PodDisruptionBudget
from course_lib.objects.manifests import Document
from course_lib.objects.meta import ObjectT, condition, selector_of, set_condition
from course_lib.objects.pods import is_ready

ALWAYS_ALLOW = "AlwaysAllow"  # of a budget's unhealthyPodEvictionPolicy; else IfHealthyBudget
TOO_MANY = "Cannot evict pod as it would violate the pod's disruption budget."


class Evictor(Reader, Protocol):
    """An eviction also writes, into the status of a budget."""

    def patch_status(self, of: ObjectT, status: Document) -> ObjectT:
        """Merge into the status of an object."""


def spend_disruption(api: Evictor, pod: Pod, now: str) -> None:
    """Count an eviction of a `pod` against the budget that covers it; `api` reads and writes.

    Pods that do not run cost nothing, nor do those that are not ready, if enough others are (or the
    policy is AlwaysAllow). `now` is the time. Raises `TooManyRequests` where the budget is spent,
    `SeveralBudgets` where more than one covers the Pod.
    """
    if pod.status.phase != "Running" or pod.terminating:
        return
    budgets = [
        budget
        for budget in api.list(PodDisruptionBudget, pod.namespace)
        if selector_of(budget.spec.selector).matches(pod.labels)
    ]
    if len(budgets) > 1:
        raise SeveralBudgets()
    for budget in budgets:
        status = budget.status
        enough = status.current_healthy >= status.desired_healthy > 0
        allows = enough or budget.spec.unhealthy_pod_eviction_policy == ALWAYS_ALLOW
        if is_ready(pod) or not allows:
            _spend(api, budget, pod, now)


def _spend(api: Evictor, budget: PodDisruptionBudget, pod: Pod, now: str) -> None:
    """Count one disruption (`checkAndDecrement`)."""
    allowed = budget.status.disruptions_allowed
    if budget.status.observed_generation < budget.metadata.generation:
        text = f"The disruption budget {budget.name} is still being processed by the server."
        raise _too_many(pod, text)
    if allowed < 1:
        raise _too_many(pod, _why_not(budget))
    status: Document = {"disruptionsAllowed": allowed - 1, "disruptedPods": {pod.name: now}}
    if allowed == 1:
        stated = set_condition(
            budget.status.conditions, "DisruptionAllowed", "False", now, "InsufficientPods"
        )
        more = {"message": "", "observedGeneration": budget.status.observed_generation}
        status["conditions"] = [more | each for each in stated]
    api.patch_status(budget, status)


def _why_not(budget: PodDisruptionBudget) -> str:
    stated, status = condition(budget.status.conditions, "DisruptionAllowed"), budget.status
    begin = f"The disruption budget {budget.name}"
    told = stated is not None and stated.status == "False" and stated.message
    if stated is not None and told and stated.reason == "SyncFailed":
        return f"{begin} does not allow evicting pods currently because it failed sync: {told}"
    if status.current_healthy <= status.desired_healthy:
        counts = f"{status.desired_healthy} healthy pods and has {status.current_healthy}"
        return f"{begin} needs {counts} currently"
    if stated is not None and told:
        return f"{begin} does not allow evicting pods currently ({stated.reason}): {told}"
    return f"{begin} does not allow evicting pods currently"


def _too_many(pod: Pod, why: str) -> TooManyRequests:
    return TooManyRequests(
        TOO_MANY,
        where=f"Pod {pod.namespace}/{pod.name}",
        found=why,
        do="wait until more Pods are ready, scale up, or loosen the budget",
    )


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
