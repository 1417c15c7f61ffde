"""Deployment: from one template to the next, step by step, and back (chapter 03).

It owns one ReplicaSet for each template it ever had, and only ever scales them. Not simulated: the
rollback that a Deployment of apps/v1beta1 asked for in its spec.
Source: `pkg/controller/deployment` (`deployment_controller.go`, `rolling.go`, `recreate.go`,
`sync.go`).
"""

from __future__ import annotations

from contextlib import suppress

from course_lib.apiserver.errors import AlreadyExists, NotFound, Terminating
from course_lib.client import Client
from course_lib.client.informer import InformerFactory
from course_lib.controllers.controller import Controller, Key, differs, key_of
from course_lib.controllers.deployment_rollout import (
    HASH,
    REVISION,
    Rollout,
    new_notes,
    revision,
    size_notes,
)
from course_lib.controllers.deployment_status import DeploymentProgress, was_complete
from course_lib.errors import CourseError
from course_lib.objects.kinds.deployment import Deployment
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod.status import FINAL_PHASES
from course_lib.objects.kinds.replica_set import ReplicaSet
from course_lib.objects.manifests import Document
from course_lib.objects.meta import owner_reference
from course_lib.objects.pods import template_hash

LONGEST = 253  # characters of a name


class DeploymentController(Controller):
    """Rolls Deployments out."""

    name = "deployment-controller"
    kind = "Deployment"

    def __init__(self, api: Client, informers: InformerFactory) -> None:
        # By uid: the generation and the collisions, and the template's hash.
        self._digests: dict[str, tuple[int, int, str]] = {}
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
        progress = DeploymentProgress(self.sim, deployment)
        rollout = self._rollout(deployment)
        rolls = False
        if deployment.terminating:
            self._note(rollout, progress)
        else:
            progress.pause_or_resume()
            rolls = not deployment.spec.paused and not rollout.scaled()
            if not rolls:
                self._resize(self._note(rollout, progress))
            elif deployment.spec.strategy.type == "Recreate":
                self._recreate(rollout, progress)
            else:
                self._roll(rollout, progress)
        self._write_status(self._rollout(deployment), progress, rolls)

    def _write_status(self, rollout: Rollout, progress: DeploymentProgress, rolls: bool) -> None:
        """Write the status, and the revision; a rollout is looked at again at its deadline."""
        deployment = rollout.deployment
        status = progress.status(rollout)
        if rolls:
            progress.estimate(rollout, status)
        status["conditions"] = progress.conditions
        notes = {REVISION: rollout.new.annotations.get(REVISION)} if rollout.new else {}
        if any(deployment.annotations.get(key) != value for key, value in notes.items()):
            # With the status: what is written by itself counts as a new generation.
            patch = {"metadata": {"annotations": notes}, "status": status}
            place = Deployment, deployment.name, deployment.namespace
            self.api.patch(*place, patch, "status")
        elif differs(deployment, status):
            self.api.patch_status(deployment, status)
        elif rolls and (wait := progress.look_again(status)):
            self.enqueue(key_of(deployment), after=wait)

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
        """The hash of the template, which only another generation or a collision changes."""
        version = deployment.metadata.generation, deployment.status.collision_count or 0
        *known, digest = self._digests.get(deployment.uid, (0, 0, ""))
        if tuple(known) != version:
            digest = template_hash(self._template(deployment), version[1])
            self._digests[deployment.uid] = *version, digest
        return digest

    def _note(self, rollout: Rollout, progress: DeploymentProgress) -> Rollout:
        """The rollout with what its new ReplicaSet, if there is one, takes over."""
        new, seconds = rollout.new, rollout.deployment.spec.min_ready_seconds
        if new is None:
            return rollout
        notes, patch = new_notes(rollout), Document()
        if notes:
            patch["metadata"] = {"annotations": notes}
        if new.spec.min_ready_seconds != seconds:
            patch["spec"] = {"minReadySeconds": seconds or None}
        if patch:
            new = self.api.patch(ReplicaSet, new.name, new.namespace, patch)
        if progress.limited and progress.find("Progressing") is None:
            message = f'Found new replica set "{new.name}"'
            progress.state("Progressing", "True", "FoundNewReplicaSet", message)
        return Rollout(rollout.deployment, new, rollout.old)

    def _with_new(self, rollout: Rollout, progress: DeploymentProgress) -> Rollout:
        """The rollout with its new ReplicaSet, which is made if need be."""
        if rollout.new is not None:
            return self._note(rollout, progress)
        new = self._make(rollout, progress)
        if progress.limited:
            message = f'Created new replica set "{new.name}"'
            progress.state("Progressing", "True", "NewReplicaSetCreated", message)
        return Rollout(rollout.deployment, new, rollout.old)

    def _make(self, rollout: Rollout, progress: DeploymentProgress) -> ReplicaSet:
        """Make the new ReplicaSet; a refusal is stated, told of, and raised on."""
        deployment, document = rollout.deployment, self._new_replica_set(rollout)
        name = document["metadata"]["name"]
        try:
            made = self.api.create(document)
        except Terminating:
            raise
        except AlreadyExists:
            self._collided(deployment)
            raise
        except CourseError as refusal:
            message = f'Failed to create new replica set "{name}": {refusal.what}'
            if progress.limited:
                progress.state("Progressing", "False", "ReplicaSetCreateError", message)
                self.api.patch_status(deployment, {"conditions": progress.conditions})
            self.warning(deployment, "ReplicaSetCreateError", message)
            raise
        assert isinstance(made, ReplicaSet)
        if made.spec.replicas:
            self._tell_scaled(deployment, made.name, 0, made.spec.replicas)
        return made

    def _collided(self, deployment: Deployment) -> None:
        """Another ReplicaSet has the name: the next hash is another one."""
        count = (deployment.status.collision_count or 0) + 1
        self.api.patch_status(deployment, {"collisionCount": count})

    def _new_replica_set(self, rollout: Rollout) -> Document:
        deployment = rollout.deployment
        spec = self.api.document(Deployment, deployment.name, deployment.namespace)["spec"]
        template, digest = spec["template"], self._digest(deployment)
        metadata = template.get("metadata", {})
        labels = metadata.get("labels", {}) | {HASH: digest}
        match = spec["selector"].get("matchLabels") or {}
        seconds = deployment.spec.min_ready_seconds
        return {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": f"{deployment.name[: LONGEST - 1 - len(digest)]}-{digest}",
                "namespace": deployment.namespace,
                "labels": labels,
                "annotations": new_notes(rollout) | size_notes(rollout),
                "ownerReferences": [owner_reference(deployment)],
            },
            "spec": {
                "replicas": rollout.new_size(),
                **({"minReadySeconds": seconds} if seconds else {}),
                "selector": spec["selector"] | {"matchLabels": match | {HASH: digest}},
                "template": template | {"metadata": metadata | {"labels": labels}},
            },
        }

    def _scale(
        self, rollout: Rollout, rs: ReplicaSet, replicas: int, force: bool = False
    ) -> ReplicaSet:
        """Scale a ReplicaSet, and tell it of its Deployment; `force`: also where its size stays."""
        if rs.spec.replicas == replicas and not force:
            return rs
        notes, patch = size_notes(rollout), Document()
        if not notes.items() <= rs.annotations.items():
            patch["metadata"] = {"annotations": notes}
        if rs.spec.replicas != replicas:
            patch["spec"] = {"replicas": replicas}
        if not patch:
            return rs
        scaled = self.api.patch(ReplicaSet, rs.name, rs.namespace, patch)
        if rs.spec.replicas != replicas:
            self._tell_scaled(rollout.deployment, rs.name, rs.spec.replicas, replicas)
        return scaled

    def _tell_scaled(self, deployment: Deployment, name: str, before: int, after: int) -> None:
        way = "up" if after > before else "down"
        message = f"Scaled {way} replica set {name} from {before} to {after}"
        self.normal(deployment, "ScalingReplicaSet", message)

    def _clean_up(self, rollout: Rollout) -> None:
        """Keep `revisionHistoryLimit` old ReplicaSets to roll back to."""
        alive = [rs for rs in rollout.old if not rs.terminating]
        surplus = max(0, len(alive) - rollout.deployment.spec.revision_history_limit)
        for rs in alive[:surplus]:
            unseen = rs.metadata.generation > rs.status.observed_generation
            if not rs.spec.replicas and not rs.status.replicas and not unseen:
                with suppress(NotFound):
                    self.api.delete(ReplicaSet, rs.name, rs.namespace)

    # RollingUpdate

    def _roll(self, rollout: Rollout, progress: DeploymentProgress) -> None:
        """Grow the new ReplicaSet as far as the surge allows, else shrink the old ones as far as
        availability allows: one of the two at each look.
        """
        rollout = self._with_new(rollout, progress)
        new, desired = rollout.new, rollout.deployment.spec.replicas
        assert new is not None
        size = desired if new.spec.replicas >= desired else rollout.new_size()
        if self._scale(rollout, new, size) is not new or self._shrink_old(rollout):
            return
        if was_complete(rollout.deployment):
            self._clean_up(rollout)

    def _shrink_old(self, rollout: Rollout) -> bool:
        """Give up old Pods: first unhealthy ones, then as many as availability allows."""
        old, new = rollout.oldest_first(), rollout.new
        assert new is not None
        unavailable = new.spec.replicas - new.status.available_replicas
        spare = rollout.pods - rollout.least - unavailable
        if not old or spare <= 0:
            return False
        sizes = {rs.name: rs.spec.replicas for rs in old}
        for place, rs in enumerate(old):
            unhealthy = min(spare, rs.spec.replicas - rs.status.available_replicas)
            if unhealthy > 0:
                old[place] = self._scale(rollout, rs, rs.spec.replicas - unhealthy)
                spare -= unhealthy
        left = sum(rs.status.available_replicas for rs in rollout.all) - rollout.least
        for place, rs in enumerate(old):
            fewer = min(max(0, left), rs.spec.replicas)
            old[place] = self._scale(rollout, rs, rs.spec.replicas - fewer)
            left -= fewer
        return any(sizes[rs.name] != rs.spec.replicas for rs in old)

    # Recreate

    def _recreate(self, rollout: Rollout, progress: DeploymentProgress) -> None:
        """All old Pods must be gone before the first new one comes."""
        rollout = self._note(rollout, progress)
        active = [rs for rs in rollout.old if rs.spec.replicas]
        for rs in active:
            self._scale(rollout, rs, 0)
        if active or self._old_pods_left(rollout):
            return
        rollout = self._with_new(rollout, progress)
        assert rollout.new is not None
        self._scale(rollout, rollout.new, rollout.deployment.spec.replicas)
        if was_complete(rollout.deployment):
            self._clean_up(rollout)

    def _old_pods_left(self, rollout: Rollout) -> bool:
        if any(rs.status.replicas for rs in rollout.old):
            return True
        pods = (pod for rs in rollout.old for pod in self.owned(Pod, rs))
        return any(pod.status.phase not in FINAL_PHASES for pod in pods)

    # Another size

    def _resize(self, rollout: Rollout) -> None:
        """Give the ReplicaSets a new size of the Deployment, in proportion to theirs (`scale`)."""
        desired = rollout.deployment.spec.replicas
        only = rollout.active_or_latest()
        if only is not None:
            self._scale(rollout, only, desired)
        elif rollout.saturated():
            for rs in rollout.oldest_first():
                self._scale(rollout, rs, 0)
        elif rollout.deployment.spec.strategy.type == "RollingUpdate":
            by_name = {rs.name: rs for rs in rollout.all}
            for name, size in rollout.shares().items():
                self._scale(rollout, by_name[name], size, force=True)
        if rollout.deployment.spec.paused:
            self._clean_up(rollout)
