"""CronJob: a Job made again and again, on a schedule (Kubernetes API reference, `batch/v1`)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from course_lib.engine.ages import since
from course_lib.objects.columns import NONE
from course_lib.objects.field_errors import Errors, invalid, not_supported, required
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Row
from course_lib.objects.kinds import job_rules
from course_lib.objects.kinds.job import JobSpec
from course_lib.objects.kinds.pod.template import COLUMNS, complete_template, container_cells
from course_lib.objects.kinds.workload_rules import counts, name_of_pods, shown_selector
from course_lib.objects.manifests import Document, places, value_at
from course_lib.objects.meta import Object, ObjectMeta, ObjectReference, Value, selector_of
from course_lib.objects.schedule import Schedule, is_time_zone
from course_lib.objects.validation.meta import object_meta, object_meta_update

MOST_NAME = 52  # characters: the name of a Job has 11 more
ZONE_PART = re.compile(r"(?!-)[A-Za-z._0-9+-]{1,14}")


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


def _validate(document: Document) -> Errors:
    """Source: `ValidateCronJobCreate`."""
    yield from object_meta(document)
    spec, name = document.get("spec") or {}, document["metadata"].get("name", "")
    yield from _validate_spec(spec)
    if len(name.encode()) > MOST_NAME:
        yield invalid("metadata.name", name, f"must be no more than {MOST_NAME} characters")
    if not spec.get("schedule"):  # it is declared beside the field, and judged last
        yield required("spec.schedule")


def _validate_update(new: Document, old: Document) -> Errors:
    """Source: `ValidateCronJobUpdate`."""
    yield from object_meta_update(new, old)
    yield from _validate_spec(new["spec"], old["spec"])
    if not new["spec"].get("schedule") and old["spec"].get("schedule"):
        yield required("spec.schedule")


def _validate_spec(spec: Document, before: Document | None = None) -> Errors:
    schedule, zone = spec.get("schedule", ""), spec.get("timeZone")
    known = before or {}
    if schedule:
        zoned_before = "TZ" in known.get("schedule", "")
        yield from _validate_schedule(schedule, zone, zoned_before)
    yield from counts(spec, "spec", "startingDeadlineSeconds")
    if zone is not None and zone != known.get("timeZone"):
        yield from _validate_zone(zone)
    policy = spec.get("concurrencyPolicy", "")
    if not policy:
        yield required("spec.concurrencyPolicy")
    elif policy not in ("Allow", "Forbid", "Replace"):
        yield not_supported("spec.concurrencyPolicy", policy, ["Allow", "Forbid", "Replace"])
    job, old = ((each.get("jobTemplate") or {}).get("spec") for each in (spec, known))
    yield from _validate_job(job or {}, old)
    yield from counts(spec, "spec", "successfulJobsHistoryLimit", "failedJobsHistoryLimit")


def _validate_job(job: Document, before: Document | None) -> Errors:
    """The template of its Jobs, which get their selectors later (`ValidateJobTemplateSpec`)."""
    here = "spec.jobTemplate.spec"
    yield from job_rules.spec_errors(job, here, before)
    if job.get("selector") is not None:
        shown = shown_selector(job["selector"])
        yield invalid(f"{here}.selector", shown, "`selector` will be auto-generated")
    if job.get("manualSelector"):
        yield not_supported(f"{here}.manualSelector", True, ["nil", "false"])


def _validate_schedule(schedule: str, zone: str | None, zoned_before: bool) -> Errors:
    """Source: `validateScheduleFormat`."""
    if problem := Schedule.problem(schedule):
        yield invalid("spec.schedule", schedule, problem)
    if "TZ" in schedule and not zoned_before:
        said = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
        yield invalid("spec.schedule", schedule, said)
    elif "TZ" in schedule and zone is not None:
        said = "cannot use both timeZone field and TZ or CRON_TZ in schedule"
        yield invalid("spec.schedule", schedule, said)


def _validate_zone(zone: str) -> Errors:
    """Source: `validateTimeZone`."""
    if not zone:
        yield invalid("spec.timeZone", zone, "timeZone must be nil or non-empty string")
        return
    parts = zone.split("/")
    if not all(ZONE_PART.fullmatch(part) and part not in (".", "..") for part in parts):
        yield invalid("spec.timeZone", zone, f"unknown time zone {zone}")
        return
    if zone.lower() == "local":
        zones = "https://www.iana.org/time-zones"
        said = f"timeZone must be an explicit time zone as defined in {zones}"
        yield invalid("spec.timeZone", zone, said)
    if zone != "Local" and not is_time_zone(zone):
        yield invalid("spec.timeZone", zone, f"unknown time zone {zone}")


def _prepare(new: Document, old: Document | None = None) -> None:
    """Drop what a gate that is off would act on (`DropDisabledFields`)."""
    before = value_at(old, "spec.jobTemplate.spec") or {}
    for job in places(new, "spec.jobTemplate.spec", create=False):
        if "scheduling" not in before:
            job.pop("scheduling", None)


def _warnings(new: Document, old: Document | None) -> Iterator[str]:
    job, here = new["spec"]["jobTemplate"]["spec"], "spec.jobTemplate.spec"
    if old is None:
        yield from name_of_pods(new)
    if old is None or new["spec"] != old["spec"]:
        yield from job_rules.spec_warnings(job, here)
    if old is not None and "TZ" in new["spec"]["schedule"]:
        yield (
            "cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see "
            "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details"
        )


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
    parts={"spec.jobTemplate.spec.template": complete_template},
    prepare=_prepare,
    prepare_update=_prepare,
    validate=_validate,
    validate_update=_validate_update,
    warnings=_warnings,
    columns=table_columns(
        "Name  Schedule  Timezone  Suspend:boolean  Active:integer  Last Schedule  Age"
        f"{COLUMNS}  +Selector"
    ),
    row=_row,
)
