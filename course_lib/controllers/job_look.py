"""What a look at a Job finds, and what becomes of its status.

Source: `syncJobCtx` in `pkg/controller/job/job_controller.go`, `indexed_job_utils.go`.
"""

from __future__ import annotations

from itertools import chain, islice
from typing import Any, NamedTuple

from course_lib.controllers.deletion_order import removal_order
from course_lib.controllers.job_backoff import finished_at
from course_lib.controllers.job_indexes import Indexes
from course_lib.controllers.job_pods import JobPods, index_of
from course_lib.controllers.job_policies import is_failed, judgement, replaces_only_failed
from course_lib.controllers.job_templates import all_failures_of, failures_of
from course_lib.objects.kinds.job import Job
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.manifests import Document

POINTERS = ("ready", "terminating", "failedIndexes", "uncountedTerminatedPods")  # kept while empty


class JobEnd(NamedTuple):
    """How a Job ends: the type of the condition that states it, its reason, and its message."""

    type: str
    reason: str
    message: str

    @property
    def success(self) -> bool:
        """Whether the Job has succeeded."""
        return self.type in ("SuccessCriteriaMet", "Complete")


class JobLook:
    """A Job, its Pods, and its status as it will be.

    `job` and `pods` are as the caches have them, `stored` is the status as the API server has it.
    """

    def __init__(self, job: Job, pods: JobPods, stored: Document) -> None:
        self.job, self.pods, self.stored, self.status = job, pods, stored, dict(stored)
        waiting = stored.get("uncountedTerminatedPods") or {}
        self.uncounted: dict[str, list[str]] = {
            each: list(waiting.get(each, ())) for each in ("succeeded", "failed")
        }
        self.active, self.ready = pods.active_count, pods.ready
        self.terminating = pods.terminating
        self.ended = pods.uncounted()
        self._all: list[Pod] | None = None
        succeeded = [pod for pod in self.ended if pod.status.phase == "Succeeded"]
        failed = [pod for pod in self.ended if is_failed(job, pod)]
        self.new_succeeded = self._new("succeeded", succeeded)
        self.new_failed = self._new("failed", failed)
        counted = (judgement(job, pod).counted for pod in self.new_failed)
        self.failed = job.status.failed + sum(counted) + len(self.uncounted["failed"])
        self.succeeded = (
            job.status.succeeded + len(self.new_succeeded) + len(self.uncounted["succeeded"])
        )
        if self.indexed:
            self._look_at_indexes()

    def _new(self, outcome: str, pods: list[Pod]) -> list[Pod]:
        """Those of the `pods`, which ended in one way, that nothing counts yet."""
        return [p for p in pods if self.counts(p) and p.uid not in self.uncounted[outcome]]

    def all(self) -> list[Pod]:
        """All Pods as they were when this was asked first: before the controller deletes some."""
        if self._all is None:
            self._all = self.pods.all()
        return self._all

    @property
    def indexed(self) -> bool:
        """Whether each completion has an index."""
        return self.job.spec.completion_mode == "Indexed"

    @property
    def by_index(self) -> bool:
        """Whether each index has a limit of failures of its own."""
        return self.indexed and self.job.spec.backoff_limit_per_index is not None

    def counts(self, pod: Pod) -> bool:
        """Whether a Pod counts: each one does, or those with an index that the Job asks for."""
        return not self.indexed or 0 <= index_of(pod) < (self.job.spec.completions or 0)

    # Indexes

    def _look_at_indexes(self) -> None:
        job, below = self.job, self.job.spec.completions or 0
        counted = [pod for pod in self.ended if self.counts(pod)]
        self.known_indexes = Indexes.parse(job.status.completed_indexes, below)
        done = {index_of(pod) for pod in counted if pod.status.phase == "Succeeded"}
        self.indexes = self.known_indexes | Indexes.of(done)
        self.succeeded = len(self.indexes)
        self.failed_indexes = Indexes()
        self.delayed: dict[int, Pod] = {}
        if self.by_index:
            lost = {index_of(pod) for pod in counted if self._loses_index(pod)}
            known = Indexes.parse(job.status.failed_indexes, below)
            self.failed_indexes = known | Indexes.of(lost)
            self._delay(counted)

    def _loses_index(self, pod: Pod) -> bool:
        """Whether the failure of a Pod is the last that its index may have (`isIndexFailed`)."""
        if not is_failed(self.job, pod):
            return False
        said = judgement(self.job, pod)
        if said.action == "FailIndex":
            return True
        return said.counted and failures_of(pod) >= (self.job.spec.backoff_limit_per_index or 0)

    def _delay(self, counted: list[Pod]) -> None:
        """Note the last failed Pod of each index that is tried again.

        It stays until the next one is made, which counts the failures on
        (`getPodsWithDelayedDeletionPerIndex`).
        """
        active = self.pods.indexes()
        for pod in counted:
            index = index_of(pod)
            settled = index in self.indexes or index in self.failed_indexes or index in active
            if settled or not is_failed(self.job, pod):
                continue
            before = self.delayed.get(index)
            if before is None or (
                all_failures_of(before) <= all_failures_of(pod)
                and finished_at(pod) >= finished_at(before)
            ):
                self.delayed[index] = pod

    def next_indexes(self, count: int) -> list[int]:
        """The lowest indexes that have no Pod and are not done, at most so many."""
        used = self.indexes | self.failed_indexes | Indexes.of(self.pods.indexes())
        if replaces_only_failed(self.job):
            used |= Indexes.of(self.pods.indexes(ending=True))
        return list(islice(used.missing(self.job.spec.completions or 0), count))

    # How many Pods

    def desired(self) -> int:
        """How many Pods should be active."""
        spec = self.job.spec
        if spec.completions is not None:
            return max(0, min(spec.parallelism, spec.completions - self.succeeded))
        return self.active if self.succeeded else spec.parallelism  # a work queue

    def complete(self) -> bool:
        """Whether there are as many successes as asked for; of a work queue one, and all ended."""
        completions = self.job.spec.completions
        return self.succeeded >= (1 if completions is None else completions) and not self.active

    def surplus(self, desired: int) -> list[Pod]:
        """The active Pods beyond those `desired`; of an index only one stays."""
        excess = self.active - desired
        if excess <= 0 and not (self.indexed and self.pods.repeated):
            return []
        left, gone = self.pods.active(), list[Pod]()
        if self.indexed:
            groups: dict[int, list[Pod]] = {}
            for pod in left:
                groups.setdefault(index_of(pod) if self.counts(pod) else -1, []).append(pod)
            gone = groups.pop(-1, [])
            for group in groups.values():
                group.sort(key=removal_order)
            gone += chain.from_iterable(group[:-1] for group in groups.values())
            left = [group[-1] for group in groups.values()]
        return gone + sorted(left, key=removal_order)[: max(0, excess - len(gone))]

    # The status

    def put(self, field: str, value: Any) -> None:
        """Set a field of the status; what Go omits while empty is left out."""
        if value or (value is not None and field in POINTERS):
            self.status[field] = value
        else:
            self.status.pop(field, None)

    def state(self, kind: str, status: str, reason: str, message: str, now: str) -> bool:
        """State a condition of a `kind` at a time `now`; returns whether that changes anything.

        It has this `status`, `reason` and `message`. What was never stated does not become false
        (`ensureJobConditionStatus`).
        """
        conditions = list(self.status.get("conditions") or ())
        stated = {
            "type": kind,
            "status": status,
            "lastProbeTime": now,
            "lastTransitionTime": now,
            "reason": reason,
            "message": message,
        }
        said = ("status", "reason", "message")
        for position, before in enumerate(conditions):
            if before["type"] == kind:
                if all(before.get(field, "") == stated[field] for field in said):
                    return False
                conditions[position] = stated
                break
        else:
            if status == "False":
                return False
            conditions.append(stated)
        self.status["conditions"] = conditions
        return True

    def changes(self) -> Document:
        """What of the status is other than stored, as a merge patch; it counts as stored then."""
        self.put("active", self.active)
        self.put("ready", self.ready)
        self.put("terminating", self.terminating)
        self.put("uncountedTerminatedPods", {k: v for k, v in self.uncounted.items() if v})
        fields = dict.fromkeys([*self.status, *self.stored])
        new = {
            field: self.status.get(field)
            for field in fields
            if self.status.get(field) != self.stored.get(field)
        }
        if "uncountedTerminatedPods" in new:
            new["uncountedTerminatedPods"] = {k: v or None for k, v in self.uncounted.items()}
        self.stored = dict(self.status)
        return new
