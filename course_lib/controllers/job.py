"""Job: work that ends (chapter 03).

Source: `pkg/controller/job/job_controller.go`; kubernetes.io "Jobs".
"""

from __future__ import annotations

from itertools import islice

import msgspec

from course_lib.controllers.batches import BURST, slow_start
from course_lib.controllers.controller import Controller, key_of
from course_lib.controllers.job_pods import INDEX, JobPods
from course_lib.controllers.ownership import pod_from_template
from course_lib.controllers.standing import active_in, in_phase, ready_in, terminating_in
from course_lib.engine.timestamps import seconds_at
from course_lib.objects.kinds.job import Job
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.manifests import Document
from course_lib.objects.meta import condition, is_true, set_condition

FIRST_BACKOFF, LAST_BACKOFF = 10.0, 360.0  # s between a failed Pod and the next


class JobController(Controller):
    """Runs Pods until enough of them have succeeded."""

    name = "job-controller"
    kind = "Job"

    def watches(self) -> None:
        """Its Pods."""
        self.watch_owned(Pod)

    def reconcile(self, job: Job) -> None:
        """Count what ended, decide whether the Job has, else keep Pods running."""
        if job.terminating:
            return
        if finished(job):
            self._expire(job)
            return
        pods = JobPods(self.settle(Pod, job), job)
        status = self._counted(job, pods)
        why = self._failure(job, pods)
        if why is not None:
            self._end(job, pods, "Failed", *why, status)
        elif self._complete(job, pods):
            message = "Reached expected number of succeeded pods"
            self._end(job, pods, "Complete", "CompletionsReached", message, status)
        else:
            if not job.spec.suspend:
                status["active"] += self._keep_running(job, pods)
            else:
                status["active"] = 0
                for pod in pods.active():
                    self.api.delete(Pod, pod.name, pod.namespace, uid=pod.uid)
            self.state(job, status | self._suspension(job))

    def _counted(self, job: Job, pods: JobPods) -> Document:
        """The numbers of a Job's status; its deadline begins with its start time."""
        status: Document = {
            "active": active_in(pods.standings),
            "ready": ready_in(pods.standings),
            "succeeded": pods.completed,
            "failed": in_phase(pods.standings, "Failed"),
            "terminating": terminating_in(pods.standings),
            "uncountedTerminatedPods": {},
        }
        if job.spec.completion_mode == "Indexed":
            status["completedIndexes"] = spans(sorted(pods.indexes("Succeeded")))
        if job.status.start_time is None and not job.spec.suspend:
            status["startTime"] = self.sim.timestamp
            if job.spec.active_deadline_seconds is not None:
                self.enqueue(key_of(job), after=job.spec.active_deadline_seconds)
        return status

    def _suspension(self, job: Job) -> Document:
        """The condition `Suspended`, when the Job has been suspended or resumed.

        A Job that is resumed starts again: its deadline counts from now.
        """
        before = is_true(job.status.conditions, "Suspended")
        if job.spec.suspend == before:
            return {}
        state, reason = ("True", "Suspended") if job.spec.suspend else ("False", "Resumed")
        message = f"Job {reason.lower()}"
        self.normal(job, reason, message)
        conditions = set_condition(
            job.status.conditions, "Suspended", state, self.sim.timestamp, f"Job{reason}", message
        )
        started = None if job.spec.suspend else self.sim.timestamp
        deadline = job.spec.active_deadline_seconds
        if started and deadline is not None:
            self.enqueue((job.namespace, job.name), after=deadline)
        return {"conditions": conditions, "startTime": started}

    def _failure(self, job: Job, pods: JobPods) -> tuple[str, str] | None:
        """Reason and message, if the Job is to be given up."""
        deadline, started = job.spec.active_deadline_seconds, job.status.start_time
        if job.spec.suspend:
            deadline = None
        if deadline is not None and started and self.sim.now - seconds_at(started) >= deadline:
            return "DeadlineExceeded", "Job was active longer than specified deadline"
        limit = job.spec.backoff_limit
        over = in_phase(pods.standings, "Failed") > limit
        if job.spec.template.spec.restart_policy == "OnFailure":
            # Failures happen inside Pods that go on (`pastBackoffLimitOnFailure`).
            over |= pods.restarts >= max(1, limit)
        if over:
            return "BackoffLimitExceeded", "Job has reached the specified backoff limit"
        return None

    def _complete(self, job: Job, pods: JobPods) -> bool:
        if job.spec.completions is None:  # a work queue: one success, and all have ended
            return bool(pods.completed) and not active_in(pods.standings)
        return pods.completed >= job.spec.completions

    def _keep_running(self, job: Job, pods: JobPods) -> int:
        """Make the Pods that are missing, not too soon after a failure; returns how many more."""
        active, desired = active_in(pods.standings), job.spec.parallelism
        if job.spec.completions is not None:
            desired = min(desired, job.spec.completions - pods.completed)
        elif pods.completed:
            desired = active
        missing = min(desired - active, BURST)
        if missing < 0:
            for pod in pods.active()[desired:]:
                self.api.delete(Pod, pod.name, pod.namespace, uid=pod.uid)
        if missing <= 0:
            return missing
        wait = self._backoff(pods.failed())
        if wait > 0:
            self.enqueue(key_of(job), after=wait)
            return 0
        missing = self.most(missing, BURST)
        slow_start(self._more(job, pods, missing), lambda pod: self.create(job, pod, "pod"))
        return missing

    def _more(self, job: Job, pods: JobPods, missing: int) -> list[Document]:
        """So many Pods of a Job's template; in Indexed mode those of the lowest free indexes."""
        template = self.api.document(Job, job.name, job.namespace)["spec"]["template"]
        if job.spec.completion_mode != "Indexed":
            return [pod_from_template(job, template) for _ in range(missing)]
        taken = pods.indexes("Succeeded") | pods.indexes("")
        free = (index for index in range(job.spec.completions or 0) if index not in taken)
        return [self._indexed(job, template, index) for index in islice(free, missing)]

    def _indexed(self, job: Job, template: Document, index: int) -> Document:
        """The Pod of one index."""
        pod = pod_from_template(job, template)
        pod["metadata"]["generateName"] = f"{job.name}-{index}-"
        notes = pod["metadata"].get("annotations", {}) | {INDEX: str(index)}
        pod["metadata"]["annotations"] = notes
        pod["metadata"]["labels"] = pod["metadata"]["labels"] | {INDEX: str(index)}
        spec = pod["spec"]
        groups = {
            group: [_with_index(container, index) for container in spec[group]]
            for group in ("initContainers", "containers")
            if group in spec
        }
        hostname = spec.get("hostname") or f"{job.name}-{index}"
        pod["spec"] = spec | groups | {"hostname": hostname}
        return pod

    def _backoff(self, failed: list[Pod]) -> float:
        """Seconds to wait: 10 s after the first failure, doubled up to six minutes."""
        if not failed:
            return 0.0
        wait = min(FIRST_BACKOFF * 2.0 ** (len(failed) - 1), LAST_BACKOFF)
        ended = [
            seconds_at(status.state.terminated.finished_at)
            for pod in failed
            for status in pod.status.container_statuses or ()
            if status.state.terminated and status.state.terminated.finished_at
        ]
        last = max(ended, default=self.sim.now)
        return last + wait - self.sim.now

    def _end(
        self, job: Job, pods: JobPods, outcome: str, reason: str, message: str, status: Document
    ) -> None:
        for pod in pods.active():
            self.api.delete(Pod, pod.name, pod.namespace, uid=pod.uid)
        target = "SuccessCriteriaMet" if outcome == "Complete" else "FailureTarget"
        stated = [
            {
                "type": kind,
                "status": "True",
                "reason": reason,
                "message": message,
                "lastProbeTime": self.sim.timestamp,
                "lastTransitionTime": self.sim.timestamp,
            }
            for kind in (target, outcome)
        ]
        before = [msgspec.to_builtins(each) for each in job.status.conditions or ()]
        status |= {"active": 0, "ready": 0, "conditions": [*before, *stated]}
        if outcome == "Complete":
            status["completionTime"] = self.sim.timestamp
            self.normal(job, "Completed", "Job completed")
        else:
            self.warning(job, reason, message)
        self._expire(self.api.patch_status(job, status))

    def _expire(self, job: Job) -> None:
        """Delete a finished Job after its `ttlSecondsAfterFinished`."""
        after = job.spec.ttl_seconds_after_finished
        if after is None:
            return
        stated = job.status.conditions
        final = condition(stated, "Complete") or condition(stated, "Failed")
        ended = final.last_transition_time if final else None
        left = seconds_at(ended or "") + after - self.sim.now
        if left > 0:
            self.enqueue((job.namespace, job.name), after=left)
        else:
            self.api.delete(Job, job.name, job.namespace, uid=job.uid)


def _with_index(container: Document, index: int) -> Document:
    """A container that finds its index in its environment, unless the template sets that."""
    env = container.get("env", [])
    if any(variable["name"] == "JOB_COMPLETION_INDEX" for variable in env):
        return container
    return container | {"env": [*env, {"name": "JOB_COMPLETION_INDEX", "value": str(index)}]}


def finished(job: Job) -> bool:
    """Whether a Job has ended, well or not."""
    return is_true(job.status.conditions, "Complete") or is_true(job.status.conditions, "Failed")


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
