"""CronJob: a Job at each time of a schedule (chapter 03).

Source: `pkg/controller/cronjob/cronjob_controllerv2.go`; kubernetes.io "CronJob".
"""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

from course_lib.controllers.controller import Controller
from course_lib.controllers.job import finished
from course_lib.engine.simulation import EPOCH, seconds_at, timestamp
from course_lib.objects.meta import is_true, owner_reference
from course_lib.objects.schedule import Schedule
from course_lib.objects.workloads import CronJob, Job

Document = dict[str, Any]


class CronJobController(Controller):
    """Makes a Job at each time of a schedule."""

    name = "cronjob-controller"
    kind = "CronJob"

    def watches(self) -> None:
        """Its Jobs."""
        self.watch("Job", self.owner)

    def reconcile(self, namespace: str, name: str) -> None:
        """Start what is due, tidy up what has ended, and come back at the next time."""
        cron = self.api.find("CronJob", name, namespace)
        if cron is None or cron.terminating:
            return
        jobs = [
            job
            for job in self.api.list("Job", namespace)
            if job.metadata.controller and job.metadata.controller.uid == cron.uid
        ]
        self._tidy(cron, jobs)
        due, following = self._due(cron)
        if due is not None and not cron.spec.suspend:
            jobs = self._start(cron, jobs, due)
        active = [job for job in jobs if not finished(job)]
        status: Document = {
            "active": [{"apiVersion": "batch/v1", "kind": "Job", "name": j.name} for j in active]
        }
        if due is not None and not cron.spec.suspend:
            status["lastScheduleTime"] = timestamp(due)
        self.api.patch_status(cron, status)
        if following is not None and not cron.spec.suspend:
            self.enqueue((namespace, name), after=following - self.sim.now)

    def _due(self, cron: CronJob) -> tuple[float | None, float | None]:
        """The latest time that has come and was not served, and the next one."""
        schedule = Schedule.parse(cron.spec.schedule)
        last = cron.status.last_schedule_time or cron.metadata.creation_timestamp or ""
        moment = EPOCH + timedelta(seconds=seconds_at(last))
        due = None
        while True:
            following = schedule.after(moment.astimezone(UTC))
            if following is None:
                return due, None
            at = (following - EPOCH).total_seconds()
            if at > self.sim.now:
                late = cron.spec.starting_deadline_seconds
                if due is not None and late is not None and self.sim.now - due > late:
                    due = None
                return due, at
            due, moment = at, following

    def _start(self, cron: CronJob, jobs: list[Job], due: float) -> list[Job]:
        active = [job for job in jobs if not finished(job)]
        if active and cron.spec.concurrency_policy == "Forbid":
            message = "Not starting job because prior execution is running"
            self.normal(cron, "JobAlreadyActive", f"{message} and concurrency policy is Forbid")
            return jobs
        if cron.spec.concurrency_policy == "Replace":
            for job in active:
                self.api.delete("Job", job.name, job.namespace)
                self.normal(cron, "SuccessfulDelete", f"Deleted job {job.name}")
            jobs = [job for job in jobs if job not in active]
        minutes = int((EPOCH.timestamp() + due) // 60)
        name = f"{cron.name}-{minutes}"
        if self.api.find("Job", name, cron.namespace):
            return jobs
        document = self.api.document("CronJob", cron.name, cron.namespace)
        template = document["spec"]["jobTemplate"]
        metadata = template.get("metadata", {}) | {
            "name": name,
            "namespace": cron.namespace,
            "ownerReferences": [owner_reference(cron)],
        }
        head = {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata}
        made = self.api.create(head | {"spec": template["spec"]})
        self.normal(cron, "SuccessfulCreate", f"Created job {made.name}")
        return [*jobs, made]

    def _tidy(self, cron: CronJob, jobs: list[Job]) -> None:
        """Keep only so many Jobs that succeeded, and so many that failed."""
        limits = {
            "Complete": cron.spec.successful_jobs_history_limit,
            "Failed": cron.spec.failed_jobs_history_limit,
        }
        for condition, limit in limits.items():
            ended = [job for job in jobs if is_true(job.status.conditions, condition)]
            ended.sort(key=lambda job: job.status.start_time or "")
            for job in ended[: max(0, len(ended) - limit)]:
                self.api.delete("Job", job.name, job.namespace)
                self.normal(cron, "SuccessfulDelete", f"Deleted job {job.name}")
