"""CronJob: a Job made again and again, on a schedule (Kubernetes API reference, `batch/v1`)."""

from __future__ import annotations

from course_lib.engine.ages import since
from course_lib.objects.columns import NONE
from course_lib.objects.field_rules import MAX_INT64, below, truth, whole
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Problems, Row
from course_lib.objects.kinds.job import JOB_FIELDS, JobSpec, job_rules
from course_lib.objects.kinds.job_relations import job_relations
from course_lib.objects.kinds.pod.template import COLUMNS, JOB_TEMPLATE, container_cells
from course_lib.objects.meta import Object, ObjectMeta, ObjectReference, Value, selector_of
from course_lib.objects.names import Problem
from course_lib.objects.rules import must_be_one_of
from course_lib.objects.schedule import Schedule, time_zone


class JobTemplateSpec(Value, frozen=True):
    """The Job that a CronJob makes."""

    spec: JobSpec
    metadata: ObjectMeta = ObjectMeta()


class CronJobSpec(Value, frozen=True):
    """When a CronJob should make a Job."""

    schedule: str
    job_template: JobTemplateSpec
    time_zone: str | None = None
    concurrency_policy: str = "Allow"
    suspend: bool = False
    starting_deadline_seconds: int | None = None
    successful_jobs_history_limit: int = 3
    failed_jobs_history_limit: int = 1


class CronJobStatus(Value, frozen=True):
    """What a CronJob last did."""

    active: list[ObjectReference] | None = None
    last_schedule_time: str | None = None
    last_successful_time: str | None = None


class CronJob(Object, frozen=True, kw_only=True):
    """A Job made again and again, on a schedule."""

    spec: CronJobSpec
    status: CronJobStatus = CronJobStatus()


def _rules(view: CronJob) -> Problems:
    if len(view.name) > 52:
        yield Problem("metadata.name", "at most 52 characters: its Jobs add 11 to it", view.name)
    if problem := Schedule.problem(view.spec.schedule):
        yield Problem("spec.schedule", problem, view.spec.schedule)
    if "TZ" in view.spec.schedule:
        expected = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
        yield Problem("spec.schedule", expected, view.spec.schedule)
    if view.spec.time_zone is not None:
        try:
            time_zone(view.spec.time_zone)
        except ValueError as problem:
            yield Problem("spec.timeZone", str(problem), view.spec.time_zone)
    yield from must_be_one_of(
        "spec.concurrencyPolicy", view.spec.concurrency_policy, "Allow", "Forbid", "Replace"
    )
    yield from job_rules(view.spec.job_template.spec)


def _row(cron: CronJob, now: float) -> Row:
    last = cron.status.last_schedule_time
    return (
        cron.name,
        cron.spec.schedule,
        cron.spec.time_zone or NONE,
        str(bool(cron.spec.suspend)),
        len(cron.status.active or ()),
        since(last, now) if last else NONE,
        *container_cells(cron.spec.job_template.spec.template),
        str(selector_of(cron.spec.job_template.spec.selector)),
    )


CRON_JOB = Kind(
    "batch/v1",
    CronJob,
    ("cj",),
    categories=("all",),
    removed_versions={"batch/v1beta1": "1.25"},
    generations=True,
    first_status=lambda view: {},
    defaults={
        "spec.concurrencyPolicy": "Allow",
        "spec.suspend": False,
        "spec.successfulJobsHistoryLimit": 3,
        "spec.failedJobsHistoryLimit": 1,
        "spec.jobTemplate.metadata": {},
        "spec.jobTemplate.spec.template.metadata": {},
    },
    parts={"spec.jobTemplate.spec.template": JOB_TEMPLATE},
    fields={
        "spec.startingDeadlineSeconds": whole(0, MAX_INT64),
        "spec.successfulJobsHistoryLimit": whole(0),
        "spec.failedJobsHistoryLimit": whole(0),
        "spec.suspend": truth,
        **below("spec.jobTemplate.spec", JOB_FIELDS),
    },
    rules=_rules,
    relations=lambda document: job_relations(
        document["spec"]["jobTemplate"]["spec"], "spec.jobTemplate.spec"
    ),
    columns=table_columns(
        "Name  Schedule  Timezone  Suspend:boolean  Active:integer  Last Schedule  Age"
        f"{COLUMNS}  +Selector"
    ),
    row=_row,
)
