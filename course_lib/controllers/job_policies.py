"""What a Job makes of a failed Pod, and when it succeeds early.

Source: `pkg/controller/job/pod_failure_policy.go`, `success_policy.go`.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from course_lib.controllers.job_indexes import Indexes
from course_lib.objects.kinds.job import Job
from course_lib.objects.kinds.job_policies import (
    PodFailurePolicyOnExitCodesRequirement,
    PodFailurePolicyRule,
)
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod.status import ContainerStatus


class Judgement(msgspec.Struct, frozen=True):
    """What a policy says of a failed Pod.

    `counted` says whether the failure counts towards the limits, `action` is that of the rule that
    matches; `message` why the whole Job fails, if it does.
    """

    counted: bool = True
    action: str = ""
    message: str = ""


COUNTED = Judgement()


def replaces_only_failed(job: Job) -> bool:
    """Whether a Pod that is being deleted is replaced only when it has ended."""
    return job.spec.pod_replacement_policy == "Failed"


def is_failed(job: Job, pod: Pod) -> bool:
    """Whether a Pod counts as failed: it is, or it is being deleted (`isPodFailed`)."""
    if pod.status.phase == "Failed":
        return True
    return not replaces_only_failed(job) and pod.terminating and pod.status.phase != "Succeeded"


def judgement(job: Job, pod: Pod) -> Judgement:
    """What the failure policy of a Job says of a failed Pod (`matchPodFailurePolicy`)."""
    policy = job.spec.pod_failure_policy
    for position, rule in enumerate((policy.rules if policy else None) or ()):
        match = _matched(rule, pod)
        if not match:
            continue
        if rule.action != "FailJob":
            return Judgement(counted=rule.action != "Ignore", action=rule.action)
        message = f"{match} matching FailJob rule at index {position}"
        return Judgement(action=rule.action, message=message)
    return COUNTED


def fails_job(job: Job, pods: Iterable[Pod]) -> str:
    """Why one of the `pods` makes the whole Job fail; empty if none does."""
    if job.spec.pod_failure_policy is None:
        return ""
    found = (judgement(job, pod).message for pod in pods if is_failed(job, pod))
    return next(filter(None, found), "")


def _matched(rule: PodFailurePolicyRule, pod: Pod) -> str:
    """What of a Pod a rule matches, as a message names it; empty if nothing."""
    named = f"{pod.namespace}/{pod.name}"
    if (codes := rule.on_exit_codes) is not None:
        status = pod.status
        for each in (*(status.container_statuses or ()), *(status.init_container_statuses or ())):
            code = _exit_code(each)
            if code and _has_code(codes, each.name, code):
                return f"Container {each.name} for pod {named} failed with exit code {code}"
        return ""
    patterns = {(each.type, each.status) for each in rule.on_pod_conditions or ()}
    for condition in pod.status.conditions or ():
        if (condition.type, condition.status) in patterns:
            return f"Pod {named} has condition {condition.type}"
    return ""


def _exit_code(status: ContainerStatus) -> int:
    """The exit code of a container; 0 also where it has none."""
    return status.state.terminated.exit_code if status.state.terminated else 0


def _has_code(codes: PodFailurePolicyOnExitCodesRequirement, container: str, code: int) -> bool:
    inside = code in (codes.values or ())
    listed = inside if codes.operator == "In" else codes.operator == "NotIn" and not inside
    return listed and codes.container_name in (None, container)


def succeeds_early(job: Job, succeeded: Indexes) -> str:
    """Why a Job has succeeded before its completions; empty if it has not.

    `succeeded` are the indexes so far (`matchSuccessPolicy`).
    """
    policy = job.spec.success_policy
    if policy is None or not succeeded:
        return ""
    for position, rule in enumerate(policy.rules or ()):
        enough, among = rule.succeeded_count, succeeded
        if rule.succeeded_indexes is not None:
            among = Indexes.parse(rule.succeeded_indexes, job.spec.completions or 0)
            if among and among.common(succeeded) == len(among):
                return f"Matched rules at index {position}"
        if enough is not None and among and among.common(succeeded) >= enough:
            return f"Matched rules at index {position}"
    return ""
