"""How a Job counts its Pods: each once, even where the controller stops in between.

A Pod that ended is noted in `uncountedTerminatedPods`, loses its finalizer, and is counted then.
Source: `trackJobStatusAndRemoveFinalizers` in `pkg/controller/job/job_controller.go`.
"""

from __future__ import annotations

from course_lib.client import Client
from course_lib.controllers.job_look import JobEnd, JobLook
from course_lib.controllers.job_pods import FINALIZER, index_of, is_tracked
from course_lib.controllers.job_policies import is_failed, judgement
from course_lib.controllers.ownership import release
from course_lib.objects.kinds.pod import Pod

MOST_UNCOUNTED = 500  # Pods that one look counts (`MaxUncountedPods`)


class Tracking:
    """Counts the Pods that a `look` at a Job found.

    `api` writes, `verdict` says whether and how the Job ends.
    """

    def __init__(self, api: Client, look: JobLook, verdict: JobEnd | None) -> None:
        self._api, self._look, self._verdict = api, look, verdict
        self._indexes_noted = 0
        self._full = False  # whether Pods are left for the next look

    def note(self) -> list[Pod]:
        """Note the Pods that ended in the status; returns those that lose their finalizers."""
        look, released = self._look, list[Pod]()
        self._count_released()
        whole = look.job.terminating or self._verdict is not None
        for pod in filter(is_tracked, look.all() if whole else look.ended):
            if not self._may_release(pod):
                continue
            released.append(pod)
            self._note(pod)
            if self._indexes_noted + sum(map(len, look.uncounted.values())) >= MOST_UNCOUNTED:
                self._full = True
                break
        if look.indexed:
            look.put("succeeded", len(look.indexes))
            look.put("completedIndexes", str(look.indexes))
            look.put("failedIndexes", str(look.failed_indexes) if look.by_index else None)
        return released

    def release(self, pods: list[Pod]) -> None:
        """Remove the finalizers of Pods, and count them."""
        for pod in pods:
            release(self._api, pod, FINALIZER)
        self._count({pod.uid for pod in pods})

    @property
    def ended(self) -> bool:
        """Whether the Job has ended: all of its Pods are counted and gone."""
        waits = any(self._look.uncounted.values()) or self._look.terminating
        return self._verdict is not None and not self._full and not waits

    def _may_release(self, pod: Pod) -> bool:
        """Whether a Pod may lose its finalizer (`canRemoveFinalizer`)."""
        look = self._look
        if look.job.terminating or self._verdict or pod.status.phase == "Succeeded":
            return True
        if not is_failed(look.job, pod):
            return False
        delayed = look.delayed.get(index_of(pod)) if look.by_index else None
        return delayed is None or delayed.uid != pod.uid

    def _note(self, pod: Pod) -> None:
        """Note how a Pod ended; one that has not ended counts as failed where the Job fails."""
        look = self._look
        if pod.status.phase == "Succeeded" and pod.uid not in look.uncounted["failed"]:
            index = index_of(pod)
            if not look.indexed:
                self._add("succeeded", pod)
            elif look.counts(pod) and index not in look.known_indexes:
                self._indexes_noted += 1
            return
        lost = self._verdict is not None and not self._verdict.success
        failed = is_failed(look.job, pod) or lost
        if failed and look.counts(pod) and judgement(look.job, pod).counted:
            self._add("failed", pod)

    def _add(self, outcome: str, pod: Pod) -> None:
        if pod.uid not in self._look.uncounted[outcome]:
            self._look.uncounted[outcome].append(pod.uid)

    def _count_released(self) -> None:
        """Count the Pods that were noted before, and have lost their finalizers."""
        noted = {uid for uids in self._look.uncounted.values() for uid in uids}
        if noted:
            self._count(noted - {pod.uid for pod in self._look.pods.all() if is_tracked(pod)})

    def _count(self, uids: set[str]) -> None:
        for outcome, noted in self._look.uncounted.items():
            left = [uid for uid in noted if uid not in uids]
            more = self._look.status.get(outcome, 0) + len(noted) - len(left)
            self._look.put(outcome, more)
            self._look.uncounted[outcome] = left
