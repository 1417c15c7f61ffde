"""Deployment: from one template to the next, step by step, and back (chapter 03).

It owns one ReplicaSet for each template it ever had, and only ever scales them.
Source: `pkg/controller/deployment` (`rolling.go`, `recreate.go`, `sync.go`, `progress.go`).
"""

from __future__ import annotations

import msgspec

from course_lib.client import Client
from course_lib.client.informer import InformerFactory
from course_lib.controllers.controller import Controller, Key, key_of
from course_lib.controllers.deployment_status import deployment_status
from course_lib.controllers.ownership import number_in
from course_lib.objects.kinds.deployment import Deployment
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod.status import FINAL_PHASES
from course_lib.objects.kinds.replica_set import ReplicaSet
from course_lib.objects.manifests import Document
from course_lib.objects.meta import owner_reference
from course_lib.objects.pods import resolve, template_hash

HASH = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MOST = "deployment.kubernetes.io/max-replicas"
CHANGE_CAUSE = "kubernetes.io/change-cause"


class Rollout(msgspec.Struct, frozen=True):
    """The ReplicaSets of a Deployment: the one of its template (`new`), and the older ones."""

    deployment: Deployment
    new: ReplicaSet | None
    old: list[ReplicaSet]

    @property
    def all(self) -> list[ReplicaSet]:
        """All of them, the new one first."""
        return [*([self.new] if self.new else ()), *self.old]

    @property
    def surge(self) -> int:
        """How many Pods there may be beyond the replicas."""
        return self._bounds()[0]

    @property
    def unavailable(self) -> int:
        """How many of the replicas may be unavailable."""
        return self._bounds()[1]

    def _bounds(self) -> tuple[int, int]:
        """Surge is rounded up, the other down; both 0 would stand still (`ResolveFenceposts`)."""
        spec = self.deployment.spec
        rolling = spec.strategy.rolling_update
        if spec.strategy.type != "RollingUpdate" or rolling is None:
            return 0, 0
        surge = resolve(rolling.max_surge, spec.replicas, up=True)
        unavailable = resolve(rolling.max_unavailable, spec.replicas, up=False)
        return (surge, unavailable) if surge or unavailable else (0, 1)


class DeploymentController(Controller):
    """Rolls Deployments out."""

    name = "deployment-controller"
    kind = "Deployment"

    def __init__(self, api: Client, informers: InformerFactory) -> None:
        self._digests: dict[str, tuple[int, str]] = {}  # by uid: the generation, and its hash
        super().__init__(api, informers)

    def watches(self) -> None:
        """Its ReplicaSets; and, for Recreate, the Pods that must be gone first."""
        self.watch_owned(ReplicaSet)
        self.watch(Pod, self._of_pod)

    def _of_pod(self, pod: Pod) -> list[Key]:
        reference = pod.metadata.controller
        if not pod.terminating or reference is None or reference.kind != "ReplicaSet":
            return []
        found = self.informers.find(ReplicaSet, reference.name, pod.namespace)
        return self.owner(found) if found else []

    def reconcile(self, deployment: Deployment) -> None:
        """One step of the rollout, then the status."""
        if deployment.terminating:
            return
        rollout = self._rollout(deployment)
        if deployment.spec.paused or self._scaled(rollout):
            self._scale_all(rollout)
        elif deployment.spec.strategy.type == "Recreate":
            self._recreate(rollout)
        else:
            self._roll(rollout)
        rollout = self._rollout(deployment)
        if not deployment.spec.paused:
            self._clean_up(rollout)
        status, again = deployment_status(self.sim, rollout.new, rollout.old, deployment)
        self.state(deployment, status)
        if again:
            self.enqueue(key_of(deployment), after=again)

    # ReplicaSets

    def _rollout(self, deployment: Deployment) -> Rollout:
        found = self.claim(ReplicaSet, deployment)
        digest = self._digest(deployment)
        new = next((rs for rs in found if rs.labels.get(HASH) == digest), None)
        old = [rs for rs in found if rs is not new]
        return Rollout(deployment, new, sorted(old, key=revision))

    def _template(self, deployment: Deployment) -> Document:
        document = self.api.document(Deployment, deployment.name, deployment.namespace)
        template: Document = document["spec"]["template"]
        return template

    def _digest(self, deployment: Deployment) -> str:
        """The hash of the template, which only another generation changes."""
        generation, digest = self._digests.get(deployment.uid, (0, ""))
        if generation != deployment.metadata.generation:
            generation, digest = (
                deployment.metadata.generation,
                template_hash(self._template(deployment)),
            )
            self._digests[deployment.uid] = generation, digest
        return digest

    def _with_new(self, rollout: Rollout, replicas: int) -> Rollout:
        """The rollout with its new ReplicaSet, made or brought to the front if need be."""
        deployment, new = rollout.deployment, rollout.new
        latest = max((revision(rs) for rs in rollout.old), default=0)
        if new is None:
            new = self._make(rollout, replicas, latest + 1)
        elif revision(new) <= latest:
            notes = {REVISION: str(latest + 1)}
            new = self._annotate(new, notes)
        notes = {REVISION: str(revision(new))}
        # With its status, as an annotation that is written by itself counts as a new generation.
        if not notes.items() <= deployment.annotations.items():
            place = Deployment, deployment.name, deployment.namespace
            self.api.patch(*place, _annotations(notes), "status")
        return Rollout(deployment, new, rollout.old)

    def _make(self, rollout: Rollout, replicas: int, number: int) -> ReplicaSet:
        deployment = rollout.deployment
        template = self._template(deployment)
        digest = self._digest(deployment)
        metadata = template.get("metadata", {})
        labels = metadata.get("labels", {}) | {HASH: digest}
        match = deployment.spec.selector.match_labels or {}
        seconds = deployment.spec.min_ready_seconds
        document = self.api.document(Deployment, deployment.name, deployment.namespace)
        notes = {REVISION: str(number), **_size(rollout)}
        if CHANGE_CAUSE in deployment.annotations:
            notes[CHANGE_CAUSE] = deployment.annotations[CHANGE_CAUSE]
        made = self.api.create(
            {
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "metadata": {
                    "name": f"{deployment.name}-{digest}",
                    "namespace": deployment.namespace,
                    "labels": labels,
                    "annotations": notes,
                    "ownerReferences": [owner_reference(deployment)],
                },
                "spec": {
                    "replicas": replicas,
                    **({"minReadySeconds": seconds} if seconds else {}),
                    "selector": document["spec"]["selector"]
                    | {"matchLabels": match | {HASH: digest}},
                    "template": template | {"metadata": metadata | {"labels": labels}},
                },
            }
        )
        assert isinstance(made, ReplicaSet)
        if replicas:
            self._say_scaled(deployment, made.name, 0, replicas)
        return made

    def _scale(self, deployment: Deployment, rs: ReplicaSet, replicas: int) -> None:
        notes = _size(Rollout(deployment, None, []))
        if not notes.items() <= rs.annotations.items():
            rs = self._annotate(rs, notes)
        if rs.spec.replicas != replicas:
            self.api.patch(ReplicaSet, rs.name, rs.namespace, {"spec": {"replicas": replicas}})
            self._say_scaled(deployment, rs.name, rs.spec.replicas, replicas)

    def _say_scaled(self, deployment: Deployment, name: str, before: int, after: int) -> None:
        way = "up" if after > before else "down"
        message = f"Scaled {way} replica set {name} from {before} to {after}"
        self.normal(deployment, "ScalingReplicaSet", message)

    def _annotate(self, rs: ReplicaSet, notes: dict[str, str]) -> ReplicaSet:
        annotated: ReplicaSet = self.api.patch(
            "ReplicaSet", rs.name, rs.namespace, _annotations(notes)
        )
        return annotated

    def _clean_up(self, rollout: Rollout) -> None:
        """Keep `revisionHistoryLimit` old ReplicaSets to roll back to."""
        idle = [rs for rs in rollout.old if not rs.spec.replicas and not rs.status.replicas]
        for rs in idle[: max(0, len(idle) - rollout.deployment.spec.revision_history_limit)]:
            self.api.delete(ReplicaSet, rs.name, rs.namespace)

    # RollingUpdate

    def _roll(self, rollout: Rollout) -> None:
        """Grow the new ReplicaSet as far as the surge allows, else shrink the old ones as far as
        availability allows: one of the two at each look.
        """
        rollout = self._with_new(rollout, self._new_size(rollout))
        deployment, new = rollout.deployment, rollout.new
        assert new is not None
        size = self._new_size(rollout)
        if size != new.spec.replicas:
            self._scale(deployment, new, size)
        elif not self._shrink_old(rollout):
            self._scale(deployment, new, new.spec.replicas)

    def _new_size(self, rollout: Rollout) -> int:
        """How large the new ReplicaSet may be now (`NewRSNewReplicas`)."""
        desired = rollout.deployment.spec.replicas
        have = rollout.new.spec.replicas if rollout.new else 0
        if have >= desired:
            return desired
        room = desired + rollout.surge - sum(rs.spec.replicas for rs in rollout.all)
        return min(desired, have + max(0, room))

    def _shrink_old(self, rollout: Rollout) -> bool:
        """Give up old Pods: first unhealthy ones, then as many as availability allows."""
        deployment, new = rollout.deployment, rollout.new
        assert new is not None
        old = [rs for rs in rollout.old if rs.spec.replicas]
        least = deployment.spec.replicas - rollout.unavailable
        new_unavailable = new.spec.replicas - new.status.available_replicas
        spare = sum(rs.spec.replicas for rs in rollout.all) - least - new_unavailable
        if not old or spare <= 0:
            return False
        sizes = {rs.name: rs.spec.replicas for rs in old}
        for rs in old:
            unhealthy = min(spare, sizes[rs.name] - rs.status.available_replicas)
            if unhealthy > 0:
                sizes[rs.name] -= unhealthy
                spare -= unhealthy
        available = sum(rs.status.available_replicas for rs in rollout.all) - least
        for rs in old:
            fewer = min(max(0, available), sizes[rs.name])
            sizes[rs.name] -= fewer
            available -= fewer
        for rs in old:
            self._scale(deployment, rs, sizes[rs.name])
        return any(sizes[rs.name] != rs.spec.replicas for rs in old)

    # Recreate

    def _recreate(self, rollout: Rollout) -> None:
        """All old Pods must be gone before the first new one comes."""
        for rs in rollout.old:
            self._scale(rollout.deployment, rs, 0)
        if any(rs.spec.replicas for rs in rollout.old) or self._old_pods_left(rollout):
            return
        rollout = self._with_new(rollout, rollout.deployment.spec.replicas)
        assert rollout.new is not None
        self._scale(rollout.deployment, rollout.new, rollout.deployment.spec.replicas)

    def _old_pods_left(self, rollout: Rollout) -> bool:
        pods = (pod for rs in rollout.old for pod in self.owned(Pod, rs))
        return any(pod.status.phase not in FINAL_PHASES for pod in pods)

    # Scaling in the middle of a rollout

    def _scaled(self, rollout: Rollout) -> bool:
        """Whether the Deployment's size changed since its ReplicaSets were last scaled."""
        size = str(rollout.deployment.spec.replicas)
        return any(
            rs.spec.replicas and rs.annotations.get(DESIRED, size) != size for rs in rollout.all
        )

    def _scale_all(self, rollout: Rollout) -> None:
        """Share out a new size among the ReplicaSets in proportion to their sizes (`scale`)."""
        deployment = rollout.deployment
        active = [rs for rs in rollout.all if rs.spec.replicas]
        if len(active) <= 1:
            newest = active[0] if active else rollout.new
            if newest is not None:
                self._scale(deployment, newest, deployment.spec.replicas)
            return
        now = sum(rs.spec.replicas for rs in active)
        allowed = deployment.spec.replicas + rollout.surge
        left = allowed - now
        ordered = sorted(active, key=lambda rs: (-rs.spec.replicas, revision(rs)))
        sizes = {}
        for rs in ordered:
            before = number_in(rs, DESIRED, deployment.spec.replicas) + rollout.surge
            share = round(rs.spec.replicas * allowed / max(1, before)) - rs.spec.replicas
            share = min(share, left) if left > 0 else max(share, left)
            sizes[rs.name] = rs.spec.replicas + share
            left -= share
        sizes[ordered[0].name] = max(0, sizes[ordered[0].name] + left)
        for rs in ordered:
            self._scale(deployment, rs, sizes[rs.name])


def _size(rollout: Rollout) -> dict[str, str]:
    """What a ReplicaSet is told of its Deployment: the replicas, and the most that there may be."""
    desired = rollout.deployment.spec.replicas
    return {DESIRED: str(desired), MOST: str(desired + rollout.surge)}


def revision(rs: ReplicaSet) -> int:
    """The number of a ReplicaSet in its Deployment's history."""
    return number_in(rs, REVISION, 0)


def _annotations(notes: dict[str, str]) -> Document:
    return {"metadata": {"annotations": notes}}
