"""Pods that no Job counts any more: they lose the finalizer by which they were counted.

Source: `syncOrphanPod` in `pkg/controller/job/job_controller.go`.
"""

from __future__ import annotations

from course_lib.client.cache import by_controller
from course_lib.controllers.controller import Controller, Key, key_of
from course_lib.controllers.job_pods import FINALIZER, MANAGER, finished, is_tracked
from course_lib.controllers.ownership import release
from course_lib.objects.kinds.job import Job
from course_lib.objects.kinds.pod import Pod


class JobPodController(Controller):
    """Lets go of Pods whose Job is gone or has ended."""

    name = "job-controller"

    def watches(self) -> None:
        """Pods with the finalizer, and the Jobs that end or go."""
        self.watch(Pod, lambda pod: [key_of(pod)] if is_tracked(pod) and self._alone(pod) else [])
        self.watch(Job, self._left_by)

    def _alone(self, pod: Pod) -> bool:
        """Whether no Job counts a Pod."""
        owner = pod.metadata.controller
        if owner is None:
            return True
        if owner.kind != "Job" or not owner.api_version.startswith("batch/"):
            return False
        job = self.informers.find(Job, owner.name, pod.namespace)
        if job is None or job.uid != owner.uid:
            return True
        return job.spec.managed_by in (None, MANAGER) and finished(job)

    def _left_by(self, job: Job) -> list[Key]:
        """The Pods of a Job that has ended or is gone, and does not count them any more."""
        if not finished(job) and self.informers.find(Job, job.name, job.namespace) is job:
            return []
        pods = self.informers.informer(Pod).by_index(by_controller, job.uid)
        return [key_of(pod) for pod in pods if is_tracked(pod)]

    def look(self, namespace: str, name: str) -> None:
        """Remove the finalizer of a Pod, if no Job counts it."""
        pod = self.informers.find(Pod, name, namespace)
        if pod is not None and is_tracked(pod) and self._alone(pod):
            release(self.api, pod, FINALIZER)
