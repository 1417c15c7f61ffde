"""When a Job counts a Pod's failure, and when it succeeds early (API reference, `batch/v1`)."""

from __future__ import annotations

from course_lib.objects.meta import Value


class PodFailurePolicyOnExitCodesRequirement(Value, frozen=True):
    """Exit codes of one container, or of any."""

    operator: str = ""
    values: list[int] | None = None
    container_name: str | None = None


class PodFailurePolicyOnPodConditionsPattern(Value, frozen=True):
    """A condition of a Pod."""

    type: str = ""
    status: str = "True"


class PodFailurePolicyRule(Value, frozen=True):
    """What is done about a failed Pod with one of these exit codes, or of these conditions."""

    action: str = ""
    on_exit_codes: PodFailurePolicyOnExitCodesRequirement | None = None
    on_pod_conditions: list[PodFailurePolicyOnPodConditionsPattern] | None = None


class PodFailurePolicy(Value, frozen=True):
    """Rules of which the first that matches a failed Pod counts."""

    rules: list[PodFailurePolicyRule] | None = None


class SuccessPolicyRule(Value, frozen=True):
    """Indexes that have to succeed, and how many of them."""

    succeeded_indexes: str | None = None
    succeeded_count: int | None = None


class SuccessPolicy(Value, frozen=True):
    """Rules of which one that is met makes the Job succeed."""

    rules: list[SuccessPolicyRule] | None = None
