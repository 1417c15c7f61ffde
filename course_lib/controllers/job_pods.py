"""The Pods of a Job, counted: how many ended well, which indexes are done, which Pods failed.

Source: `pkg/controller/job/indexed_job_utils.go`, `job_controller.go`.
"""

from __future__ import annotations

from course_lib.client.cache import by_controller
from course_lib.client.informer import Informer
from course_lib.controllers.ownership import number_in
from course_lib.controllers.standing import by_standing, in_phase
from course_lib.objects.kinds.job import Job
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.pods import is_active

INDEX = "batch.kubernetes.io/job-completion-index"


def by_completion(pod: Pod) -> list[tuple[str, int]]:
    """Tally function: the indexes of Pods; groups are a controller, and how its Pods ended.

    A Pod that is active has not ended, which is written as an empty text.
    """
    owner, ended = pod.metadata.controller, "" if is_active(pod) else pod.status.phase
    index = number_in(pod, INDEX, -1)
    return [] if owner is None or index < 0 else [(f"{owner.uid}/{ended}", index)]


def by_restarts(pod: Pod) -> list[tuple[str, int]]:
    """Tally function: how often the containers of each Pod of a Job were restarted."""
    owner = pod.metadata.controller
    if owner is None or owner.kind != "Job":
        return []
    return [(owner.uid, sum(each.restart_count for each in pod.status.container_statuses or ()))]


def by_failure(pod: Pod) -> list[str]:
    """Index function: the UID of the controller of a Pod that failed."""
    return by_controller(pod) if pod.status.phase == "Failed" else []


class JobPods:
    """What a Job asks of its Pods; `pods` are all that there are."""

    def __init__(self, pods: Informer[Pod], job: Job) -> None:
        self._pods, self._job = pods, job
        self.standings = pods.tally(by_standing, job.uid)

    def active(self) -> list[Pod]:
        """The Pods that neither ended nor are being deleted, by name."""
        return list(filter(is_active, self._pods.by_index(by_controller, self._job.uid)))

    def failed(self) -> list[Pod]:
        """The Pods that failed, by name."""
        return self._pods.by_index(by_failure, self._job.uid)

    def indexes(self, ended: str) -> set[int]:
        """The completion indexes of Pods in a phase in which they ended; empty: of active ones."""
        return set(self._pods.tally(by_completion, f"{self._job.uid}/{ended}"))

    @property
    def completed(self) -> int:
        """The completions so far: in Indexed mode each index once, else one for each Pod."""
        if self._job.spec.completion_mode == "Indexed":
            return len(self._pods.tally(by_completion, f"{self._job.uid}/Succeeded"))
        return in_phase(self.standings, "Succeeded")

    @property
    def restarts(self) -> int:
        """How often containers of all Pods were restarted."""
        tally = self._pods.tally(by_restarts, self._job.uid)
        return sum(restarts * pods for restarts, pods in tally.items())
