"""What an operator does to workloads: scale, new image, history, roll back, pause, resume."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from course_lib.client import Client
from course_lib.cluster.arguments import checked
from course_lib.cluster.tables import table
from course_lib.controllers.deployment_rollout import CHANGE_CAUSE, HASH
from course_lib.controllers.deployment_rollout import revision as number_of
from course_lib.errors import CourseError
from course_lib.objects.kinds.replica_set import ReplicaSet
from course_lib.objects.pods import is_ready

if TYPE_CHECKING:
    from course_lib.engine.table import Table


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

    def scale(self, name: str, replicas: int, namespace: str = "default") -> None:
        """Change the number of replicas.

        `name` is `deployment/...`, `statefulset/...` or `replicaset/...` in `namespace`. Raises
        `CourseError` for a kind without replicas.

        >>> from course_lib import Cluster
        >>> cluster = Cluster()
        >>> _ = cluster.apply("data/web.yaml")
        >>> cluster.scale("deployment/web", 5)
        >>> cluster.run(seconds=30)
        >>> cluster.get("deployments").READY[0]
        '5/5'
        """
        kind, workload = self._named(name, namespace)
        if not hasattr(workload.spec, "replicas"):
            raise CourseError(f"a {kind} cannot be scaled", do="scale a Deployment or StatefulSet")
        self._api.patch(kind, workload.name, namespace, {"spec": {"replicas": replicas}})

    def set_image(
        self, name: str, image: str, container: str = "", namespace: str = "default"
    ) -> None:
        """Give a workload's container (the first, unless named) another image.

        `name` is `deployment/...` or another workload in `namespace`. Raises `CourseError` for a
        container that is not there.

        >>> from course_lib import Cluster
        >>> cluster = Cluster()
        >>> _ = cluster.apply("data/web.yaml")
        >>> cluster.run(seconds=30)
        >>> cluster.set_image("deployment/web", "nginx:1.28")
        >>> cluster.run(seconds=120)
        >>> len(cluster.history_of("deployment/web"))
        2
        """
        kind, workload = self._named(name, namespace)
        document = self._api.document(kind, workload.name, namespace)
        containers = document["spec"]["template"]["spec"]["containers"]
        chosen = [c for c in containers if c["name"] == container or not container][:1]
        if not chosen:
            names = ", ".join(c["name"] for c in containers)
            raise CourseError("no such container", expected=f"one of {names}", found=container)
        chosen[0]["image"] = image
        self._api.update(document)

    def history(self, name: str, namespace: str = "default") -> Table:
        """The revisions of a Deployment: REVISION, IMAGES, REPLICAS, CHANGE-CAUSE."""
        rows = [
            (
                number_of(rs),
                ", ".join(c.image for c in rs.spec.template.spec.containers),
                rs.spec.replicas,
                rs.annotations.get(CHANGE_CAUSE, "<none>"),
            )
            for rs in self._revisions(name, namespace)
        ]
        return table(rows, ["REVISION", "IMAGES", "REPLICAS", "CHANGE-CAUSE"])

    def rollback(self, name: str, to_revision: int = 0, namespace: str = "default") -> None:
        """Return a Deployment to an earlier revision (the one before, unless a number is given).

        `name` is `deployment/...` in `namespace`, `to_revision` the number of a revision. Raises
        `CourseError` for a revision that is not there.

        >>> from course_lib import Cluster
        >>> cluster = Cluster()
        >>> _ = cluster.apply("data/web.yaml")
        >>> cluster.run(seconds=30)
        >>> cluster.set_image("deployment/web", "registry.invalid/web:v2")
        >>> cluster.run(seconds=60)
        >>> cluster.rollback("deployment/web")
        >>> cluster.run(seconds=60)
        >>> cluster.ready("deployment/web")
        True
        """
        revisions = self._revisions(name, namespace)
        numbers = [number_of(rs) for rs in revisions]
        revision = to_revision or (sorted(numbers)[-2] if len(numbers) > 1 else 0)
        if revision not in numbers:
            raise CourseError(
                "no rollout history to go back to",
                expected=f"one of the revisions {sorted(numbers)}",
                found=str(to_revision or "the one before"),
            )
        chosen = revisions[numbers.index(revision)]
        template = self._api.document("ReplicaSet", chosen.name, namespace)["spec"]["template"]
        template["metadata"]["labels"].pop(HASH, None)
        kind, workload = self._named(name, namespace)
        document = self._api.document(kind, workload.name, namespace)
        document["spec"]["template"] = template
        self._api.update(document)

    def pause(self, name: str, namespace: str = "default") -> None:
        """Hold a Deployment's rollout: changes of its template gather, and nothing happens."""
        self._set_paused(name, namespace, True)

    def resume(self, name: str, namespace: str = "default") -> None:
        """Let a paused rollout go on."""
        self._set_paused(name, namespace, False)

    def restart(self, name: str, namespace: str = "default") -> None:
        """Replace all Pods of a workload by new ones, as a rollout (`kubectl rollout restart`)."""
        kind, workload = self._named(name, namespace)
        stamp = {"kubectl.kubernetes.io/restartedAt": self._api.sim.timestamp}
        patch = {"spec": {"template": {"metadata": {"annotations": stamp}}}}
        self._api.patch(kind, workload.name, namespace, patch)

    def _set_paused(self, name: str, namespace: str, paused: bool) -> None:
        kind, workload = self._named(name, namespace)
        if kind != "Deployment":
            raise CourseError(f"a {kind} cannot be paused", do="pause a Deployment")
        self._api.patch(kind, workload.name, namespace, {"spec": {"paused": paused or None}})

    def _revisions(self, name: str, namespace: str) -> list[ReplicaSet]:
        kind, workload = self._named(name, namespace)
        if kind != "Deployment":
            raise CourseError(f"the course keeps no history of a {kind}", do="name a Deployment")
        mine = [
            rs
            for rs in self._api.list(ReplicaSet, namespace)
            if rs.metadata.controller and rs.metadata.controller.uid == workload.uid
        ]
        return sorted(mine, key=number_of)

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
