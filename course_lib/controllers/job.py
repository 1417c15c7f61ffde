"""Job: work that ends (chapter 03).

Source: `pkg/controller/job/job_controller.go`; kubernetes.io "Jobs".
"""

from __future__ import annotations

from contextlib import suppress

from course_lib.apiserver.deletion import FOREGROUND
from course_lib.apiserver.errors import NotFound
from course_lib.client import Client
from course_lib.client.informer import InformerFactory
from course_lib.controllers.batches import BURST, as_started, slow_start
from course_lib.controllers.controller import Controller, key_of
from course_lib.controllers.job_backoff import Failures, finished_at, remaining
from course_lib.controllers.job_look import JobEnd, JobLook
from course_lib.controllers.job_pods import FINALIZER, MANAGER, JobPods, finished, is_tracked
from course_lib.controllers.job_policies import (
    fails_job,
    replaces_only_failed,
    succeeds_early,
)
from course_lib.controllers.job_templates import all_failures_of, indexed_pod, job_pod
from course_lib.controllers.job_tracking import Tracking
from course_lib.controllers.ownership import release
from course_lib.engine.timestamps import seconds_at
from course_lib.errors import CourseError
from course_lib.objects.kinds.job import Job
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.manifests import Document
from course_lib.objects.meta import condition
from course_lib.objects.pods import is_active, is_ready

BATCH_PERIOD = 1.0  # s from a change of a Pod to the look at its Job (`SyncJobBatchPeriod`)


class JobController(Controller):
    """Runs Pods until enough of them have succeeded."""

    name = "job-controller"
    kind = "Job"
    finalizer = FINALIZER
    backoff = (1.0, 60.0)  # `DefaultJobApiBackOff`, `MaxJobApiBackOff`

    def __init__(self, api: Client, informers: InformerFactory) -> None:
        self._backoffs: dict[str, Failures] = {}  # by uid of the Job
        super().__init__(api, informers)

    def watch_objects(self) -> None:
        """Look at a Job at once where its spec changes, and soon where its status does."""
        self.objects.add_handler(self._on_job)

    def watches(self) -> None:
        """Its Pods; several changes of them are looked at together."""
        self.watch(Pod, self.owner, after=BATCH_PERIOD)

    def _on_job(self, before: Job | None, after: Job | None) -> None:
        if after is None:
            assert before is not None
            self._backoffs.pop(before.uid, None)
            return
        alike = before is not None and before.metadata.generation == after.metadata.generation
        same = alike and not finished(after) and not after.terminating
        self.enqueue(key_of(after), after=BATCH_PERIOD if same else 0.0)

    def reconcile(self, job: Job) -> None:
        """Count what ended, decide whether the Job has, else keep Pods running."""
        if job.spec.managed_by not in (None, MANAGER):
            return
        if finished(job):
            self._backoffs.pop(job.uid, None)
            self._expire(job)
            return
        pods = JobPods(self.settle(Pod, job), job)
        document = self.api.document(Job, job.name, job.namespace)
        look = JobLook(job, pods, document.get("status") or {})
        if job.status.start_time is None and not job.spec.suspend:
            look.put("startTime", self.sim.timestamp)
        backoff = self._backoffs.get(job.uid, Failures())
        backoff = backoff.after(look.new_succeeded, look.new_failed)
        verdict, refusal = self._verdict(look), None
        if verdict is not None:
            verdict, refusal = self._end_pods(look, verdict)
        else:
            if not job.terminating:
                refusal = self._manage(look, backoff, document["spec"]["template"])
            if self._cut_short:
                return
            verdict = self._completed(look)
        self._track(look, verdict, backoff)
        if refusal is not None:
            raise refusal

    # Whether it has ended

    def _verdict(self, look: JobLook) -> JobEnd | None:
        """How a Job ends, if it does: as stated before, by its policies, or by a limit."""
        conditions = look.job.status.conditions
        for stated, final in (("SuccessCriteriaMet", "Complete"), ("FailureTarget", "Failed")):
            known = condition(conditions, stated)
            if known is not None and known.status == "True":
                return JobEnd(final, known.reason, known.message)
        if message := fails_job(look.job, look.ended):
            return JobEnd("FailureTarget", "PodFailurePolicy", message)
        return self._past_limits(look) or (self._by_indexes(look) if look.indexed else None)

    def _past_limits(self, look: JobLook) -> JobEnd | None:
        """The limits of failures and of time; looks again when the time is over."""
        spec, started = look.job.spec, look.status.get("startTime")
        over = look.failed > spec.backoff_limit
        if spec.template.spec.restart_policy == "OnFailure":
            # Failures happen inside Pods that go on (`pastBackoffLimitOnFailure`).
            over |= look.pods.restarts >= max(1, spec.backoff_limit)
        if over:
            message = "Job has reached the specified backoff limit"
            return JobEnd("FailureTarget", "BackoffLimitExceeded", message)
        if spec.active_deadline_seconds is None or spec.suspend or not started:
            return None
        left = seconds_at(started) + spec.active_deadline_seconds - self.sim.now
        if left <= 0:
            message = "Job was active longer than specified deadline"
            return JobEnd("FailureTarget", "DeadlineExceeded", message)
        self.enqueue(key_of(look.job), after=left)
        return None

    def _by_indexes(self, look: JobLook) -> JobEnd | None:
        """The limits of failed indexes, and the success policy."""
        spec, lost = look.job.spec, len(look.failed_indexes)
        if spec.max_failed_indexes is not None and lost > spec.max_failed_indexes:
            message = "Job has exceeded the specified maximal number of failed indexes"
            return JobEnd("FailureTarget", "MaxFailedIndexesExceeded", message)
        if lost and lost + len(look.indexes) >= (spec.completions or 0):
            return JobEnd("FailureTarget", "FailedIndexes", "Job has failed indexes")
        if message := succeeds_early(look.job, look.indexes):
            return JobEnd("SuccessCriteriaMet", "SuccessPolicy", message)
        return None

    def _completed(self, look: JobLook) -> JobEnd | None:
        """Success, where all completions are there; else the Job states whether it is suspended."""
        if look.complete():
            message = "Reached expected number of succeeded pods"
            return JobEnd("SuccessCriteriaMet", "CompletionsReached", message)
        if not look.job.terminating:
            self._suspend_or_resume(look)
        return None

    def _suspend_or_resume(self, look: JobLook) -> None:
        """State whether a Job is suspended; its deadline counts from when it is resumed."""
        suspended, now = look.job.spec.suspend, self.sim.timestamp
        status, what = ("True", "Suspended") if suspended else ("False", "Resumed")
        message = f"Job {what.lower()}"
        if look.state("Suspended", status, f"Job{what}", message, now):
            self.normal(look.job, what, message)
            look.put("startTime", None if suspended else now)

    # Its Pods

    def _end_pods(self, look: JobLook, verdict: JobEnd) -> tuple[JobEnd | None, Exception | None]:
        """Delete the active Pods of a Job that ends; they keep their finalizers until counted."""
        refusal: CourseError | None = None
        active = [pod for pod in look.all() if is_active(pod)]
        for pod in (*active[-1:], *active[:-1]):  # side by side: as in `as_started`
            try:
                self._delete(look, pod)
            except CourseError as each:
                refusal = refusal or each
        return (verdict if refusal is None else None), refusal

    def _delete(self, look: JobLook, pod: Pod) -> None:
        with suppress(NotFound):
            self.api.delete(Pod, pod.name, pod.namespace, uid=pod.uid)
            self.normal(look.job, "SuccessfulDelete", f"Deleted pod: {pod.name}")
        look.active -= 1
        look.terminating += 1
        look.ready -= is_ready(pod)

    def _manage(self, look: JobLook, backoff: Failures, template: Document) -> CourseError | None:
        """Delete Pods that are too many, or make missing ones; returns why the server refused."""
        try:
            desired = 0 if look.job.spec.suspend else look.desired()
            surplus = look.surplus(desired)
            for pod in surplus if look.job.spec.suspend else surplus[:BURST]:
                if is_tracked(pod):
                    release(self.api, pod, FINALIZER)  # the Job does not count it as failed
                self._delete(look, pod)
            ending = look.terminating if replaces_only_failed(look.job) else 0
            missing = desired - look.active - ending
            if not surplus and missing > 0:
                self._make(look, backoff, template, missing)
        except CourseError as refusal:
            return refusal
        return None

    def _make(self, look: JobLook, backoff: Failures, template: Document, missing: int) -> None:
        """Make Pods that are `missing`, not too soon after a failure."""
        wait = 0.0 if look.by_index else backoff.remaining(self.sim.now)
        documents: list[Document] = []
        if not wait and look.indexed:
            indexes = look.next_indexes(min(missing, BURST))
            waits = {index: self._wait(look.delayed.get(index)) for index in indexes}
            ready = [index for index in indexes if not waits[index]]
            wait = 0.0 if ready else min(waits.values(), default=0.0)
            for index in ready[: self.most(len(ready), BURST)]:
                before = look.delayed.get(index)
                documents.append(indexed_pod(look.job, template, index, before))
        elif not wait:
            documents = [job_pod(look.job, template) for _ in range(self.most(missing, BURST))]
        if wait:
            self.enqueue(key_of(look.job), after=max(wait, BATCH_PERIOD))

        def create(document: Document) -> None:
            self.create(look.job, document, "pod")
            look.active += 1

        slow_start(as_started(documents), create)

    def _wait(self, before: Pod | None) -> float:
        """The seconds until an index may have a Pod again, after the failed one `before`."""
        if before is None:
            return 0.0
        return remaining(all_failures_of(before) + 1, finished_at(before), self.sim.now)

    # Its status

    def _track(self, look: JobLook, verdict: JobEnd | None, backoff: Failures) -> None:
        """Write the status, count the Pods that ended, and state how the Job ended, if it did."""
        tracking = Tracking(self.api, look, verdict)
        released, now = tracking.note(), self.sim.timestamp
        if verdict is not None and verdict.type in ("FailureTarget", "SuccessCriteriaMet"):
            look.state(verdict.type, "True", verdict.reason, verdict.message, now)
        if self._write(look):
            self._backoffs[look.job.uid] = backoff
        tracking.release(released)
        if verdict is not None and tracking.ended:
            final = "Complete" if verdict.success else "Failed"
            look.state(final, "True", verdict.reason, verdict.message, now)
            if verdict.success:
                look.put("completionTime", now)
        self._write(look)
        if verdict is not None and tracking.ended:
            self._report(look, verdict)

    def _write(self, look: JobLook) -> bool:
        """Write what of the status has changed; returns whether anything has."""
        changes = look.changes()
        if changes:
            self.api.patch_status(look.job, changes)
        return bool(changes)

    def _report(self, look: JobLook, verdict: JobEnd) -> None:
        """Tell how a Job ended."""
        completions = look.job.spec.completions
        if not verdict.success:
            self.warning(look.job, verdict.reason, verdict.message)
            return
        if completions is not None and look.status.get("succeeded", 0) > completions:
            message = "Too many succeeded pods running after completion count reached"
            self.warning(look.job, "TooManySucceededPods", message)
        self.normal(look.job, "Completed", "Job completed")

    def _expire(self, job: Job) -> None:
        """Delete a finished Job after its `ttlSecondsAfterFinished`, and its Pods before it.

        Source: `pkg/controller/ttlafterfinished`.
        """
        after = job.spec.ttl_seconds_after_finished
        if after is None or job.terminating:
            return
        stated = job.status.conditions
        final = condition(stated, "Complete") or condition(stated, "Failed")
        ended = final.last_transition_time if final else None
        left = seconds_at(ended or "") + after - self.sim.now
        if left > 0:
            self.enqueue(key_of(job), after=left)
        else:
            self.api.delete(Job, job.name, job.namespace, FOREGROUND, uid=job.uid)
