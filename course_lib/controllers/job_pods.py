"""The Pods of a Job: counted, and those found that its status does not count yet.

Source: `pkg/controller/job/indexed_job_utils.go`, `job_controller.go`.
"""

from __future__ import annotations

from course_lib.client.cache import by_controller
from course_lib.client.informer import Informer
from course_lib.controllers.ownership import number_in
from course_lib.controllers.standing import active_in, by_standing, ready_in, terminating_in
from course_lib.objects.kinds.job import Job
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod.status import FINAL_PHASES
from course_lib.objects.meta import is_true
from course_lib.objects.pods import is_active

INDEX = "batch.kubernetes.io/job-completion-index"
MANAGER = "kubernetes.io/job-controller"  # in `managedBy`: the controller of Kubernetes itself
FINALIZER = "batch.kubernetes.io/job-tracking"  # until the status of the Job counts the Pod


def finished(job: Job) -> bool:
    """Whether a Job has ended, well or not."""
    return is_true(job.status.conditions, "Complete") or is_true(job.status.conditions, "Failed")


def is_tracked(pod: Pod) -> bool:
    """Whether the status of a Job does not count a Pod yet."""
    return FINALIZER in (pod.metadata.finalizers or ())


def index_of(pod: Pod) -> int:
    """The completion index of a Pod; -1 where it has none."""
    return max(-1, number_in(pod, INDEX, -1))


def by_tracked_end(pod: Pod) -> list[str]:
    """Index function: the controller of a Pod that ended, or ends, and is not counted yet."""
    ends = pod.terminating or pod.status.phase in FINAL_PHASES
    return by_controller(pod) if ends and is_tracked(pod) else []


def by_index_in_use(pod: Pod) -> list[tuple[str, int]]:
    """Tally function: the indexes of Pods that run, by controller; `/ending` of those that end."""
    owner, index = pod.metadata.controller, index_of(pod)
    if owner is None or index < 0 or pod.status.phase in FINAL_PHASES:
        return []
    return [(f"{owner.uid}/ending" if pod.terminating else owner.uid, index)]


def by_restarts(pod: Pod) -> list[tuple[str, int]]:
    """Tally function: how often the containers of each Pod of a Job that runs were restarted."""
    owner = pod.metadata.controller
    if owner is None or owner.kind != "Job" or pod.status.phase in FINAL_PHASES:
        return []
    status = pod.status
    containers = (*(status.init_container_statuses or ()), *(status.container_statuses or ()))
    return [(owner.uid, sum(each.restart_count for each in containers))]


class JobPods:
    """What a Job asks of its Pods; `pods` are all that there are."""

    def __init__(self, pods: Informer[Pod], job: Job) -> None:
        self._pods, self._job = pods, job
        standings = pods.tally(by_standing, job.uid)
        self.active_count = active_in(standings)
        self.ready = ready_in(standings)
        self.terminating = terminating_in(standings)

    def all(self) -> list[Pod]:
        """All Pods, by name; those of an Indexed Job by index."""
        found = self._pods.by_index(by_controller, self._job.uid)
        return sorted(found, key=index_of) if self._indexed else found

    def active(self) -> list[Pod]:
        """The Pods that neither ended nor are being deleted, in the same order."""
        return list(filter(is_active, self.all()))

    def uncounted(self) -> list[Pod]:
        """The Pods that ended or are being deleted, and that the status does not count yet."""
        found = self._pods.by_index(by_tracked_end, self._job.uid)
        return sorted(found, key=index_of) if self._indexed else found

    def indexes(self, ending: bool = False) -> set[int]:
        """The completion indexes of active Pods; with `ending`, of those that are being deleted."""
        group = f"{self._job.uid}/ending" if ending else self._job.uid
        return set(self._pods.tally(by_index_in_use, group))

    @property
    def repeated(self) -> bool:
        """Whether two active Pods have one index, or one of them has none that is asked for."""
        tally = self._pods.tally(by_index_in_use, self._job.uid)
        below = self._job.spec.completions or 0
        return len(tally) < self.active_count or any(index >= below for index in tally)

    @property
    def restarts(self) -> int:
        """How often containers of all Pods that run were restarted."""
        tally = self._pods.tally(by_restarts, self._job.uid)
        return sum(restarts * pods for restarts, pods in tally.items())

    @property
    def _indexed(self) -> bool:
        return self._job.spec.completion_mode == "Indexed"
