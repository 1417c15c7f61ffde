"""Whether workloads are as they should be."""

from __future__ import annotations

from typing import Any

from course_lib.client import Client
from course_lib.cluster.arguments import checked
from course_lib.errors import CourseError
from course_lib.objects.pods import is_ready


@checked
class Workloads:
    """The workloads of a cluster, named `kind/name`."""

    def __init__(self, api: Client) -> None:
        self._api = api

    def _named(self, name: str, namespace: str) -> tuple[str, Any]:
        kind, slash, rest = name.partition("/")
        if not slash:
            raise CourseError(
                "a workload is named by kind and name",
                expected="kind/name, such as deployment/web",
                found=repr(name),
            )
        named = self._api.resource(kind)
        return named.kind, self._api.get(named.kind, rest, namespace)

    def ready(self, name: str, namespace: str = "default") -> bool:
        """Whether all replicas of a workload are up to date and ready: `deployment/web`.

        Bare Pods are ready by their condition; anything else is ready when it exists.
        """
        kind, workload = self._named(name, namespace)
        if kind == "Pod":
            return is_ready(workload)
        if kind == "DaemonSet":
            desired = workload.status.desired_number_scheduled
            have = min(workload.status.number_ready, workload.status.updated_number_scheduled)
            return bool(workload.status.observed_generation and have >= desired)
        if not hasattr(getattr(workload, "status", None), "ready_replicas"):
            return True
        status = workload.status
        updated = getattr(status, "updated_replicas", status.ready_replicas)
        fresh = status.observed_generation == workload.metadata.generation
        return bool(
            fresh and status.replicas == updated == status.ready_replicas == workload.spec.replicas
        )
