"""CronJob: a Job at each time of a schedule (chapter 03).

Source: `pkg/controller/cronjob/cronjob_controllerv2.go`; kubernetes.io "CronJob".
"""

from __future__ import annotations

from datetime import UTC, timedelta

from course_lib.controllers.controller import Controller, key_of
from course_lib.controllers.job_pods import finished
from course_lib.engine.timestamps import EPOCH, seconds_at, timestamp
from course_lib.errors import CourseError
from course_lib.objects.kinds.cron_job import CronJob
from course_lib.objects.kinds.job import Job
from course_lib.objects.manifests import Document
from course_lib.objects.meta import is_true, owner_reference
from course_lib.objects.schedule import Schedule, time_zone

MANY_MISSED = 100  # starts in a row, after which the controller warns
SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"


class CronJobController(Controller):
    """Makes a Job at each time of a schedule."""

    name = "cronjob-controller"
    kind = "CronJob"

    def watches(self) -> None:
        """Its Jobs."""
        self.watch_owned(Job)

    def reconcile(self, cron: CronJob) -> None:
        """Start what is due, tidy up what has ended, and come back at the next time."""
        jobs = self.owned(Job, cron)
        status = self._account(cron, jobs)
        if not cron.terminating:
            jobs = self._tidy(cron, jobs)
        if cron.terminating or cron.spec.suspend:
            self.api.patch_status(cron, status)
            return
        earliest = self._earliest(cron)
        due, following = self._due(cron, earliest)
        active = [job for job in jobs if not finished(job)]
        if due is not None and self._may_start(cron, due, active):
            made, active = self._start(cron, active, due)
            if made:
                status["lastScheduleTime"] = timestamp(due)
        status["active"] = [_reference(job) for job in active]
        self.api.patch_status(cron, status)
        if following is not None:
            self.enqueue(key_of(cron), after=following - self.sim.now)

    def _account(self, cron: CronJob, jobs: list[Job]) -> Document:
        """The status after a look at the Jobs: which of them run, and when one last succeeded."""
        known = {reference.uid: reference.name for reference in cron.status.active or ()}
        there = {job.uid: job for job in jobs}
        for uid, name in known.items():
            job = there.get(uid)
            if job is None:
                self.normal(cron, "MissingJob", f"Active job went missing: {name}")
            elif finished(job):
                ended = "Complete" if is_true(job.status.conditions, "Complete") else "Failed"
                message = f"Saw completed job: {name}, condition: {ended}"
                self.normal(cron, "SawCompletedJob", message)
        done = [job.status.completion_time for job in jobs if job.status.completion_time]
        latest = max([*done, cron.status.last_successful_time or ""])
        active = [_reference(job) for job in jobs if not finished(job)]
        status: Document = {"active": active}
        return status | ({"lastSuccessfulTime": latest} if latest else {})

    def _earliest(self, cron: CronJob) -> float:
        """From when on starts count: the last one, or as far back as the deadline allows."""
        written = cron.status.last_schedule_time or cron.metadata.creation_timestamp or ""
        deadline = cron.spec.starting_deadline_seconds
        earliest = seconds_at(written)
        return earliest if deadline is None else max(earliest, self.sim.now - deadline)

    def _due(self, cron: CronJob, earliest: float) -> tuple[float | None, float | None]:
        """The latest start that is due and was not made, and the next one (simulated s)."""
        schedule = Schedule.parse(cron.spec.schedule)
        zone = UTC if cron.spec.time_zone is None else time_zone(cron.spec.time_zone)
        moment = EPOCH + timedelta(seconds=earliest)
        due, missed = None, -1
        while True:
            following = schedule.after(moment, zone)
            at = None if following is None else (following - EPOCH).total_seconds()
            if at is None or following is None or at > self.sim.now:
                break
            due, moment, missed = at, following, missed + 1
        if missed > MANY_MISSED:
            message = "too many missed start times. Set or decrease "
            message += ".spec.startingDeadlineSeconds or check clock skew"
            self.warning(cron, "TooManyMissedTimes", message)
        return due, at

    def _may_start(self, cron: CronJob, due: float, active: list[Job]) -> bool:
        """Whether a start that is due is made now; under Forbid it waits for the Job before it."""
        if cron.status.last_schedule_time == timestamp(due):
            return False
        if active and cron.spec.concurrency_policy == "Forbid":
            message = "Not starting job because prior execution is running"
            self.normal(cron, "JobAlreadyActive", f"{message} and concurrency policy is Forbid")
            return False
        return True

    def _start(self, cron: CronJob, active: list[Job], due: float) -> tuple[bool, list[Job]]:
        """Make the Job of one time; returns whether it is there, and the Jobs that run now."""
        if cron.spec.concurrency_policy == "Replace":
            for job in active:
                self.api.delete(Job, job.name, job.namespace, uid=job.uid)
                self.normal(cron, "SuccessfulDelete", f"Deleted job {job.name}")
            active = []
        minutes = int((EPOCH.timestamp() + due) // 60)
        name = f"{cron.name}-{minutes}"
        existing = self.informers.find(Job, name, cron.namespace)
        if existing is not None:
            owner = existing.metadata.controller
            return owner is not None and owner.uid == cron.uid, active
        document = self.api.document(CronJob, cron.name, cron.namespace)
        template = document["spec"]["jobTemplate"]
        zone = UTC if cron.spec.time_zone is None else time_zone(cron.spec.time_zone)
        local = (EPOCH + timedelta(seconds=due)).astimezone(zone).isoformat()
        written = template.get("metadata", {})
        metadata = {
            "name": name,
            "namespace": cron.namespace,
            "labels": written.get("labels", {}),
            "annotations": written.get("annotations", {})
            | {SCHEDULED: local.replace("+00:00", "Z")},
            "ownerReferences": [owner_reference(cron)],
        }
        head = {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata}
        try:
            made = self.api.create(head | {"spec": template["spec"]})
        except CourseError as refusal:
            self.warning(cron, "FailedCreate", f"Error creating job: {refusal.what}")
            raise
        assert isinstance(made, Job)
        self.normal(cron, "SuccessfulCreate", f"Created job {made.name}")
        return True, [*active, made]

    def _tidy(self, cron: CronJob, jobs: list[Job]) -> list[Job]:
        """Keep only so many Jobs that succeeded, and so many that failed; returns those kept."""
        kept = list(jobs)
        limits = {
            "Complete": cron.spec.successful_jobs_history_limit,
            "Failed": cron.spec.failed_jobs_history_limit,
        }
        for condition, limit in limits.items():
            ended = [job for job in jobs if is_true(job.status.conditions, condition)]
            ended.sort(key=lambda job: job.status.start_time or "")
            for job in ended[: max(0, len(ended) - limit)]:
                self.api.delete(Job, job.name, job.namespace, uid=job.uid)
                self.normal(cron, "SuccessfulDelete", f"Deleted job {job.name}")
                kept.remove(job)
        return kept


def _reference(job: Job) -> Document:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "namespace": job.namespace,
        "name": job.name,
        "uid": job.uid,
    }
