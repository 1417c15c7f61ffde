"""CronJob: a Job at each time of a schedule (chapter 03).

Source: `pkg/controller/cronjob/cronjob_controllerv2.go`; kubernetes.io "CronJob".
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from course_lib.apiserver.errors import Terminating
from course_lib.controllers.controller import Controller, key_of
from course_lib.controllers.cron_times import MANY_MISSED, CronTimes
from course_lib.controllers.job_pods import finished
from course_lib.engine.timestamps import EPOCH, timestamp
from course_lib.errors import CourseError
from course_lib.objects.kinds.cron_job import CronJob
from course_lib.objects.kinds.job import Job
from course_lib.objects.manifests import Document
from course_lib.objects.meta import is_true, owner_reference

SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"


class CronJobController(Controller):
    """Makes a Job at each time of a schedule."""

    name = "cronjob-controller"
    kind = "CronJob"

    def watches(self) -> None:
        """Its Jobs."""
        self.watch_owned(Job)

    def reconcile(self, cron: CronJob) -> None:
        """Tidy up what has ended, start what is due, and come back at the next time."""
        status = _status(cron)
        jobs = self.owned(Job, cron)
        self._tidy(cron, jobs, status)
        try:
            self._account(cron, jobs, status)
            if not cron.terminating and not cron.spec.suspend:
                times = CronTimes(cron)
                self._start_due(cron, times, status)
                wait = times.wait(self.sim.now)
                if wait is not None:
                    self.enqueue(key_of(cron), after=wait)
        finally:
            if status != _status(cron):
                self.api.patch_status(cron, status)

    # Its Jobs

    def _account(self, cron: CronJob, jobs: list[Job], status: Document) -> None:
        """Note which Jobs run, and when one last succeeded."""
        there = {job.uid: job for job in jobs}
        known = {each["uid"]: each["name"] for each in status["active"]}
        for job in jobs:
            if not finished(job):
                if job.uid not in known:
                    message = "Saw a job that the controller did not create or forgot"
                    self.warning(cron, "UnexpectedJob", f"{message}: {job.name}")
                continue
            if job.uid in known:
                _forget(status, job.uid)
                message = f"Saw completed job: {job.name}, condition: {_ended(job)}"
                self.normal(cron, "SawCompletedJob", message)
            if _ended(job) == "Complete" and job.status.completion_time:
                before = status["lastSuccessfulTime"] or ""
                status["lastSuccessfulTime"] = max(before, job.status.completion_time)
        for uid, name in known.items():
            if uid not in there:
                self.normal(cron, "MissingJob", f"Active job went missing: {name}")
                _forget(status, uid)

    def _tidy(self, cron: CronJob, jobs: list[Job], status: Document) -> None:
        """Keep only so many Jobs that succeeded, and so many that failed."""
        limits = {
            "Complete": cron.spec.successful_jobs_history_limit,
            "Failed": cron.spec.failed_jobs_history_limit,
        }
        for condition, limit in limits.items():
            ended = [job for job in jobs if finished(job) and _ended(job) == condition]
            ended.sort(key=_by_start)
            for job in ended[: max(0, len(ended) - limit)]:
                self._delete(cron, job.name, job.uid, status)
                jobs.remove(job)

    def _delete(self, cron: CronJob, name: str, uid: str, status: Document) -> None:
        try:
            self.api.delete(Job, name, cron.namespace, uid=uid)
        except CourseError as refusal:
            self.warning(cron, "FailedDelete", f"Deleted job: {refusal.what}")
            raise
        _forget(status, uid)
        self.normal(cron, "SuccessfulDelete", f"Deleted job {name}")

    # A start

    def _start_due(self, cron: CronJob, times: CronTimes, status: Document) -> None:
        """Start the latest Job that is due and was not made, if it may start now."""
        missed = times.missed(self.sim.now, within_deadline=True)
        if missed.latest is None:
            return
        if missed.number > MANY_MISSED:
            message = "too many missed start times. Set or decrease "
            message += ".spec.startingDeadlineSeconds or check clock skew"
            self.warning(cron, "TooManyMissedTimes", message)
        if self._may_start(cron, missed.latest, status):
            self._start(cron, times, missed.latest, status)

    def _may_start(self, cron: CronJob, due: float, status: Document) -> bool:
        """Whether a start that is `due` is made now; under Forbid it waits for the last Job."""
        deadline = cron.spec.starting_deadline_seconds
        if deadline is not None and due + deadline < self.sim.now:
            written = (EPOCH + timedelta(seconds=due)).strftime("%a, %d %b %Y %H:%M:%S +0000")
            message = f"Missed scheduled time to start a job: {written}"
            self.warning(cron, "MissSchedule", message)
            return False
        running = [each["name"] for each in status["active"]]
        if _job_name(cron, due) in running or status["lastScheduleTime"] == timestamp(due):
            return False
        if running and cron.spec.concurrency_policy == "Forbid":
            message = "Not starting job because prior execution is running"
            self.normal(cron, "JobAlreadyActive", f"{message} and concurrency policy is Forbid")
            return False
        return True

    def _start(self, cron: CronJob, times: CronTimes, due: float, status: Document) -> None:
        """Make the Job of one time; under Replace instead of those that run."""
        if cron.spec.concurrency_policy == "Replace":
            for each in list(status["active"]):
                self._delete(cron, each["name"], each["uid"], status)
        job = self.informers.find(Job, _job_name(cron, due), cron.namespace)
        if job is None:
            job = self._make(cron, times, due)
        elif job.metadata.controller is None or job.metadata.controller.uid != cron.uid:
            return
        if job is not None and job.uid not in [each["uid"] for each in status["active"]]:
            status["active"] = [*status["active"], _reference(job)]
            status["lastScheduleTime"] = timestamp(due)

    def _make(self, cron: CronJob, times: CronTimes, due: float) -> Job | None:
        """Make a Job; None in a namespace that is terminating."""
        document = self.api.document(CronJob, cron.name, cron.namespace)
        template = document["spec"]["jobTemplate"]
        written = template.get("metadata", {})
        metadata = {
            "name": _job_name(cron, due),
            "namespace": cron.namespace,
            "labels": written.get("labels", {}),
            "annotations": written.get("annotations", {}) | {SCHEDULED: times.written(due)},
            "ownerReferences": [owner_reference(cron)],
        }
        head = {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata}
        try:
            made = self.api.create(head | {"spec": template["spec"]})
        except Terminating:
            return None
        except CourseError as refusal:
            self.warning(cron, "FailedCreate", f"Error creating job: {refusal.what}")
            raise
        assert isinstance(made, Job)
        self.normal(cron, "SuccessfulCreate", f"Created job {made.name}")
        return made


def _status(cron: CronJob) -> Document:
    """The status of a CronJob as a document, with all of its fields."""
    return {
        "active": [msgspec.to_builtins(each) for each in cron.status.active or ()],
        "lastScheduleTime": cron.status.last_schedule_time,
        "lastSuccessfulTime": cron.status.last_successful_time,
    }


def _forget(status: Document, uid: str) -> None:
    status["active"] = [each for each in status["active"] if each["uid"] != uid]


def _ended(job: Job) -> str:
    """The condition that says how a finished Job ended."""
    return "Complete" if is_true(job.status.conditions, "Complete") else "Failed"


def _job_name(cron: CronJob, due: float) -> str:
    """The name of the Job of one time: with the minutes since 1970."""
    return f"{cron.name}-{int((EPOCH.timestamp() + due) // 60)}"


def _reference(job: Job) -> Document:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "namespace": job.namespace,
        "name": job.name,
        "uid": job.uid,
        "resourceVersion": job.metadata.resource_version,
    }


def _by_start(job: Job) -> tuple[bool, str, str]:
    """Where a Job stands among those of a CronJob: by its start, then by name."""
    started = job.status.start_time
    return started is None, started or "", job.name
