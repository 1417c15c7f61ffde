"""A Job, and the CronJob that makes Jobs.

Source: `describeJob`, `describeCronJob` and `describeJobTemplate` in `pkg/describe/describe.go`
of k8s.io/kubectl.
"""

from __future__ import annotations

from course_lib.engine.ages import age
from course_lib.engine.timestamps import seconds_at
from course_lib.kubectl.describing.described import DescribedObject
from course_lib.kubectl.describing.pod_template import template_lines
from course_lib.kubectl.describing.values import date, flag, selector, title_flag
from course_lib.kubectl.describing.writing import NONE, UNSET, Lines, field, stated
from course_lib.objects.manifests import Document

LONGEST_INDEXES = 50


def lines(job: DescribedObject) -> Lines:
    """A Job, all but the events."""
    spec = job.spec
    yield field("Name", job.name)
    yield field("Namespace", job.namespace)
    yield field("Selector", selector(spec.get("selector")))
    yield from job.marks()
    yield from job.controller()
    yield from stated(("Parallelism", spec.get("parallelism")))
    yield field("Completions", spec.get("completions", UNSET))
    suspended = spec.get("suspend")
    yield from stated(
        ("Completion Mode", spec.get("completionMode")),
        ("Suspend", None if suspended is None else flag(suspended)),
        ("Backoff Limit", spec.get("backoffLimit")),
        ("TTL Seconds After Finished", spec.get("ttlSecondsAfterFinished")),
    )
    yield from _times(job)
    yield field("Pods Statuses", _counts(job.status))
    if spec.get("completionMode") == "Indexed":
        yield field("Completed Indexes", _shortened(job.status.get("completedIndexes", "")))
    yield from template_lines(spec.get("template") or {})


def lines_of_cron_job(cron: DescribedObject) -> Lines:
    """A CronJob, all but the events."""
    spec = cron.spec
    yield from cron.head()
    yield field("Schedule", spec.get("schedule"))
    yield field("Concurrency Policy", spec.get("concurrencyPolicy"))
    yield field("Suspend", title_flag(spec.get("suspend")))
    yield field("Time Zone", spec.get("timeZone", UNSET))
    yield field("Successful Job History Limit", spec.get("successfulJobsHistoryLimit", UNSET))
    yield field("Failed Job History Limit", spec.get("failedJobsHistoryLimit", UNSET))
    deadline = spec.get("startingDeadlineSeconds")
    yield field("Starting Deadline Seconds", UNSET if deadline is None else f"{deadline}s")
    yield from _job_template(cron.at("spec.jobTemplate.spec") or {})
    last = cron.status.get("lastScheduleTime")
    yield field("Last Schedule Time", date(last) if last else UNSET)
    active = [str(each.get("name", "")) for each in cron.status.get("active") or ()]
    yield field("Active Jobs", ", ".join(active) or NONE)


def _job_template(spec: Document) -> Lines:
    yield field("Selector", selector(spec["selector"]) if spec.get("selector") else UNSET)
    yield field("Parallelism", spec.get("parallelism", UNSET))
    yield field("Completions", spec.get("completions", UNSET))
    yield from _deadline(spec)
    yield from template_lines(spec.get("template") or {})


def _deadline(spec: Document) -> Lines:
    seconds = spec.get("activeDeadlineSeconds")
    return stated(("Active Deadline Seconds", None if seconds is None else f"{seconds}s"))


def _times(job: DescribedObject) -> Lines:
    start, end = job.status.get("startTime"), job.status.get("completionTime")
    if start:
        yield field("Start Time", date(start))
    if end:
        yield field("Completed At", date(end))
    if start and end:
        yield field("Duration", age(seconds_at(end) - seconds_at(start)))
    yield from _deadline(job.spec)


def _counts(status: Document) -> str:
    ready = "" if status.get("ready") is None else f" ({status['ready']} Ready)"
    succeeded, failed = status.get("succeeded", 0), status.get("failed", 0)
    return f"{status.get('active', 0)} Active{ready} / {succeeded} Succeeded / {failed} Failed"


def _shortened(indexes: str) -> str:
    """Completed indexes, cut at a comma where there are many (`capIndexesListOrNone`)."""
    comma = indexes.find(",", LONGEST_INDEXES)
    return f"{indexes[: comma + 1]}..." if comma >= 0 else indexes or NONE
