"""Job and CronJob: work that ends, once or on a schedule (chapter 03).

Source: `pkg/controller/job/job_controller.go`, `pkg/controller/cronjob`; kubernetes.io "Jobs".
"""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

from course_lib.controllers.controller import Controller
from course_lib.controllers.ownership import claim, pod_from_template
from course_lib.engine.simulation import EPOCH, seconds_at, timestamp
from course_lib.objects.meta import is_true, owner_reference, selector_of
from course_lib.objects.pod import Pod
from course_lib.objects.pods import is_active, is_ready
from course_lib.objects.schedule import Schedule
from course_lib.objects.workloads import CronJob, Job

FIRST_BACKOFF, LAST_BACKOFF = 10.0, 360.0  # s between a failed Pod and the next
INDEX = "batch.kubernetes.io/job-completion-index"
Document = dict[str, Any]


class JobController(Controller):
    """Runs Pods until enough of them have succeeded."""

    name = "job-controller"
    kind = "Job"

    def watches(self) -> None:
        """Its Pods."""
        self.watch("Pod", self.owner)

    def reconcile(self, namespace: str, name: str) -> None:
        """Count what ended, decide whether the Job has, else keep Pods running."""
        job = self.api.find("Job", name, namespace)
        if job is None or job.terminating:
            return
        if finished(job):
            self._expire(job)
            return
        pods: list[Pod] = claim(self.api, job, "Pod", selector_of(job.spec.selector))
        succeeded = [pod for pod in pods if pod.status.phase == "Succeeded"]
        failed = [pod for pod in pods if pod.status.phase == "Failed"]
        active = [pod for pod in pods if is_active(pod)]
        status: Document = {
            "active": len(active),
            "ready": sum(map(is_ready, active)),
            "succeeded": len(completed(job, succeeded)),
            "failed": len(failed),
        }
        if job.spec.completion_mode == "Indexed":
            status["completedIndexes"] = spans(completed(job, succeeded))
        if job.status.start_time is None and not job.spec.suspend:
            status["startTime"] = self.sim.timestamp
            if job.spec.active_deadline_seconds is not None:
                self.enqueue((namespace, name), after=job.spec.active_deadline_seconds)
        why = self._failure(job, pods, failed)
        if why is not None:
            self._end(job, active, "Failed", *why, status)
        elif self._complete(job, succeeded, active):
            self._end(job, active, "Complete", "CompletionsReached", "", status)
        else:
            if not job.spec.suspend:
                status["active"] += self._keep_running(job, succeeded, failed, active)
            else:
                status["active"] = 0
                for pod in active:
                    self.api.delete("Pod", pod.name, pod.namespace, uid=pod.uid)
            self.api.patch_status(job, status)

    def _failure(self, job: Job, pods: list[Pod], failed: list[Pod]) -> tuple[str, str] | None:
        """Reason and message, if the Job is to be given up."""
        deadline = job.spec.active_deadline_seconds
        if deadline is not None and job.status.start_time is not None:
            if self.sim.now - seconds_at(job.status.start_time) >= deadline:
                return "DeadlineExceeded", "Job was active longer than specified deadline"
        restarts = sum(
            status.restart_count for pod in pods for status in pod.status.container_statuses or ()
        )
        limit = job.spec.backoff_limit
        tries = len(failed)
        if job.spec.template.spec.restart_policy == "OnFailure":
            # With the limit 0 the first restart is one too many.
            tries += restarts if limit else min(restarts, 1)
            over = tries > limit if not limit else (tries >= limit and restarts > 0) or tries > limit
        else:
            over = tries > limit
        if over:
            return "BackoffLimitExceeded", "Job has reached the specified backoff limit"
        return None

    def _complete(self, job: Job, succeeded: list[Pod], active: list[Pod]) -> bool:
        if job.spec.completions is None:  # a work queue: one success, and all have ended
            return bool(succeeded) and not active
        return len(completed(job, succeeded)) >= job.spec.completions

    def _keep_running(
        self, job: Job, succeeded: list[Pod], failed: list[Pod], active: list[Pod]
    ) -> int:
        """Make the Pods that are missing, not too soon after a failure; returns how many more."""
        done = completed(job, succeeded)
        wanted = job.spec.parallelism
        if job.spec.completions is not None:
            wanted = min(wanted, job.spec.completions - len(done))
        elif succeeded:
            wanted = len(active)
        for pod in active[wanted:]:
            self.api.delete("Pod", pod.name, pod.namespace, uid=pod.uid)
        missing = wanted - len(active)
        if missing <= 0:
            return min(0, missing)
        wait = self._backoff(failed)
        if wait > 0:
            self.enqueue((job.namespace, job.name), after=wait)
            return 0
        taken = {pod.annotations.get(INDEX) for pod in active}
        free = [
            i for i in range(job.spec.completions or 0) if i not in done and str(i) not in taken
        ]
        template = self.api.document("Job", job.name, job.namespace)["spec"]["template"]
        for number in range(missing):
            pod = pod_from_template(job, template)
            if job.spec.completion_mode == "Indexed":
                self._index(job, pod, free[number])
            self.create(job, pod, "pod")
        return missing

    def _index(self, job: Job, pod: Document, index: int) -> None:
        pod["metadata"]["generateName"] = f"{job.name}-{index}-"
        notes = pod["metadata"].get("annotations", {}) | {INDEX: str(index)}
        pod["metadata"]["annotations"] = notes
        pod["metadata"]["labels"] = pod["metadata"]["labels"] | {INDEX: str(index)}
        variable = {"name": "JOB_COMPLETION_INDEX", "value": str(index)}
        pod["spec"] = pod["spec"] | {
            "containers": [
                c | {"env": [*c.get("env", []), variable]} for c in pod["spec"]["containers"]
            ]
        }

    def _backoff(self, failed: list[Pod]) -> float:
        """Seconds to wait: 10 s after the first failure, doubled up to six minutes."""
        if not failed:
            return 0.0
        wait = min(FIRST_BACKOFF * 2 ** (len(failed) - 1), LAST_BACKOFF)
        last = (
            max(
                seconds_at(state.state.terminated.finished_at)
                for pod in failed
                for state in pod.status.container_statuses or ()
                if state.state.terminated and state.state.terminated.finished_at
            )
            if any(pod.status.container_statuses for pod in failed)
            else self.sim.now
        )
        return last + wait - self.sim.now

    def _end(
        self,
        job: Job,
        active: list[Pod],
        condition: str,
        reason: str,
        message: str,
        status: Document,
    ) -> None:
        for pod in active:
            self.api.delete("Pod", pod.name, pod.namespace, uid=pod.uid)
        stated = {
            "type": condition,
            "status": "True",
            "reason": reason,
            "message": message,
            "lastTransitionTime": self.sim.timestamp,
        }
        status |= {"active": 0, "ready": 0, "conditions": [stated]}
        if condition == "Complete":
            status["completionTime"] = self.sim.timestamp
            self.normal(job, "Completed", "Job completed")
        else:
            self.warning(job, reason, message)
        self.api.patch_status(job, status)
        self._expire(self.api.get("Job", job.name, job.namespace))

    def _expire(self, job: Any) -> None:
        """Delete a finished Job after its `ttlSecondsAfterFinished`."""
        after = job.spec.ttl_seconds_after_finished
        if after is None:
            return
        ended = next(c.last_transition_time for c in job.status.conditions if c.status == "True")
        left = seconds_at(ended or "") + after - self.sim.now
        if left > 0:
            self.enqueue((job.namespace, job.name), after=left)
        else:
            self.api.delete("Job", job.name, job.namespace, uid=job.uid)


def finished(job: Job) -> bool:
    """Whether a Job has ended, well or not."""
    return is_true(job.status.conditions, "Complete") or is_true(job.status.conditions, "Failed")


def completed(job: Job, succeeded: list[Pod]) -> list[int]:
    """The completions so far: in Indexed mode each index once, else one for each Pod."""
    if job.spec.completion_mode != "Indexed":
        return list(range(len(succeeded)))
    return sorted({int(pod.annotations.get(INDEX, "0")) for pod in succeeded})


def spans(numbers: list[int]) -> str:
    """Numbers as spans.

    >>> spans([1, 3, 4, 5, 7])
    '1,3-5,7'
    """
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ",".join(str(p[0]) if len(p) == 1 else f"{p[0]}-{p[-1]}" for p in parts)


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
            message = "Not starting job because prior execution is running and concurrency policy is Forbid"
            self.normal(cron, "JobAlreadyActive", message)
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
        job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata}
        made = self.api.create(job | {"spec": template["spec"]})
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
