"""Job: Pods until so many have succeeded (`pkg/apis/batch/validation/validation.go`)."""

from __future__ import annotations

from collections.abc import Iterator

from course_lib.engine.ages import age
from course_lib.engine.timestamps import seconds_at
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Row
from course_lib.objects.kinds import job_rules
from course_lib.objects.kinds.job_policies import PodFailurePolicy, SuccessPolicy
from course_lib.objects.kinds.job_rules import OWN_LABELS, PREFIX
from course_lib.objects.kinds.job_status_rules import validate_status
from course_lib.objects.kinds.pod.spec import PodTemplateSpec
from course_lib.objects.kinds.pod.template import COLUMNS, complete_template, container_cells
from course_lib.objects.kinds.workload_rules import name_of_pods
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import Condition, LabelSelector, Object, Value, is_true, selector_of
from course_lib.objects.quantity import MAX_INT32


class JobSpec(Value, frozen=True):
    """What a Job should do."""

    template: PodTemplateSpec
    parallelism: int = 1
    completions: int | None = None
    completion_mode: str = "NonIndexed"
    backoff_limit: int = 6
    active_deadline_seconds: int | None = None
    ttl_seconds_after_finished: int | None = None
    selector: LabelSelector | None = None
    manual_selector: bool = False
    suspend: bool = False
    backoff_limit_per_index: int | None = None
    max_failed_indexes: int | None = None
    pod_failure_policy: PodFailurePolicy | None = None
    pod_replacement_policy: str = "TerminatingOrFailed"
    success_policy: SuccessPolicy | None = None
    managed_by: str | None = None


class JobStatus(Value, frozen=True):
    """How far a Job has come."""

    active: int = 0
    ready: int = 0
    succeeded: int = 0
    failed: int = 0
    terminating: int = 0
    uncounted_terminated_pods: dict[str, list[str]] | None = None
    start_time: str | None = None
    completion_time: str | None = None
    completed_indexes: str = ""
    failed_indexes: str | None = None
    conditions: list[Condition] | None = None


class Job(Object, frozen=True, kw_only=True):
    """Pods that run until so many of them have succeeded."""

    spec: JobSpec
    status: JobStatus = JobStatus()


def _complete(document: Document) -> None:
    """One completion and one at a time, unless only the parallelism is given (a work queue)."""
    for spec in places(document, "spec", create=False):
        if "completions" not in spec and "parallelism" not in spec:
            spec["completions"] = 1
        spec.setdefault("parallelism", 1)
        replaced = "Failed" if "podFailurePolicy" in spec else "TerminatingOrFailed"
        spec.setdefault("podReplacementPolicy", replaced)
        if "backoffLimitPerIndex" in spec:
            spec.setdefault("backoffLimit", MAX_INT32)
        spec.setdefault("backoffLimit", 6)
        spec.setdefault("manualSelector", False)
        for condition in places(spec, "podFailurePolicy.rules[*].onPodConditions[*]", create=False):
            condition["status"] = condition.get("status") or "True"

    for inside in places(document, "spec.template.metadata", create=False):
        for own in places(document, "metadata", create=False):
            if inside.get("labels") and not own.get("labels"):
                own["labels"] = inside["labels"]  # one map, as in Go's memory


def _prepare(job: Document) -> None:
    """Give a new Job its selector: its own uid, so that no two Jobs share a Pod.

    Labels that the document brings stay, and are judged. (`generateSelector`)
    """
    spec, meta = job["spec"], job["metadata"]
    spec.pop("scheduling", None)  # its gate is off
    if spec.get("manualSelector"):
        return
    made = {key: meta.get(field, "") for key, field in OWN_LABELS.items()}
    made |= {PREFIX + key: value for key, value in made.items()}
    template, selector = spec.setdefault("template", {}), spec.setdefault("selector", {})
    inside = template["metadata"] = template.get("metadata") or {}
    labels = dict(sorted((made | (inside.get("labels") or {})).items()))
    if meta.get("labels") and meta["labels"] is inside.get("labels"):
        meta["labels"] = labels
    elif not meta.get("labels"):
        meta["labels"] = dict(labels)  # when the stored Job is read: not judged
    inside["labels"] = labels
    uid = {f"{PREFIX}controller-uid": meta["uid"]}
    selector["matchLabels"] = dict(sorted((uid | (selector.get("matchLabels") or {})).items()))


def _prepare_update(new: Document, old: Document) -> None:
    """Drop what a gate that is off would act on (`DropDisabledFields`)."""
    if "scheduling" not in old["spec"]:
        new["spec"].pop("scheduling", None)


def _warnings(new: Document, old: Document | None) -> Iterator[str]:
    if old is None:
        yield from name_of_pods(new)
        yield from job_rules.spec_warnings(new["spec"], "spec")
    elif new["spec"] != old["spec"]:
        yield from job_rules.spec_warnings(new["spec"], "spec")


def _row(job: Job, now: float) -> Row:
    stated = [
        shown
        for kind, shown in (
            ("Complete", "Complete"),
            ("Failed", "Failed"),
            ("", "Terminating"),
            ("Suspended", "Suspended"),
            ("FailureTarget", "FailureTarget"),
            ("SuccessCriteriaMet", "SuccessCriteriaMet"),
        )
        if (is_true(job.status.conditions, kind) if kind else job.terminating)
    ]
    desired, parallel = job.spec.completions, job.spec.parallelism
    if desired is not None:
        completions = f"{job.status.succeeded}/{desired}"
    else:
        completions = f"{job.status.succeeded}/1" + (f" of {parallel}" if parallel > 1 else "")
    start, end = job.status.start_time, job.status.completion_time
    took = age((seconds_at(end) if end else now) - seconds_at(start)) if start else ""
    status = stated[0] if stated else "Running"
    selector = str(selector_of(job.spec.selector))
    return job.name, status, completions, took, *container_cells(job.spec.template), selector


JOB = Kind(
    "batch/v1",
    Job,
    selectable={"status.successful": "status.succeeded"},
    not_selectable='field label "{}" not supported for Job',
    categories=("all",),
    generations=True,
    first_status=lambda view: {},
    defaults={"spec.completionMode": "NonIndexed", "spec.suspend": False},
    complete=_complete,
    prepare=_prepare,
    parts={"spec.template": complete_template},
    prepare_update=_prepare_update,
    validate=job_rules.validate,
    validate_update=job_rules.validate_update,
    validate_status=validate_status,
    warnings=_warnings,
    orphans=True,
    warning_of_orphans="child pods are preserved by default when jobs are deleted; set "
    "propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this "
    "warning",
    columns=table_columns(f"Name  Status  Completions  Duration  Age{COLUMNS}  +Selector"),
    row=_row,
)
