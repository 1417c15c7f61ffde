"""How far a Deployment has come, and whether it still comes further.

Source: `pkg/controller/deployment/progress.go`, `sync.go` (`calculateStatus`).
"""

from __future__ import annotations

import msgspec

from course_lib.controllers.deployment_rollout import Rollout, bounds
from course_lib.engine import Simulation
from course_lib.engine.timestamps import seconds_at
from course_lib.objects.kinds.deployment import Deployment, DeploymentStatus
from course_lib.objects.kinds.replica_set import ReplicaSet
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Condition, condition
from course_lib.objects.quantity import MAX_INT32

LATE, DONE = "ProgressDeadlineExceeded", "NewReplicaSetAvailable"
PAUSED = "DeploymentPaused"


class DeploymentProgress:
    """The conditions of a Deployment as they will be; `sim` has the time.

    `deployment` is as the cache has it. A condition that changes moves to the end of the list.
    """

    def __init__(self, sim: Simulation, deployment: Deployment) -> None:
        self._sim, self._deployment = sim, deployment
        self.conditions = [msgspec.to_builtins(c) for c in deployment.status.conditions or ()]

    @property
    def limited(self) -> bool:
        """Whether the Deployment has a deadline for its progress."""
        return self._deployment.spec.progress_deadline_seconds != MAX_INT32

    def find(self, kind: str) -> Document | None:
        """The condition of a kind."""
        return next((each for each in self.conditions if each["type"] == kind), None)

    def state(self, kind: str, status: str, reason: str, message: str) -> None:
        """State a condition of a `kind` with this `status`, `reason` and `message`.

        One with the same status and reason stays as it is.
        """
        now = self._sim.timestamp
        stated = {
            "type": kind,
            "status": status,
            "reason": reason,
            "message": message,
            "lastUpdateTime": now,
            "lastTransitionTime": now,
        }
        self._put(stated)

    def _put(self, stated: Document) -> None:
        before = self.find(stated["type"])
        if before is not None and before["status"] == stated["status"]:
            if before.get("reason") == stated.get("reason"):
                return
            stated = stated | {"lastTransitionTime": before.get("lastTransitionTime")}
        self.remove(stated["type"])
        self.conditions.append(stated)

    def remove(self, kind: str) -> None:
        """Take a condition away."""
        self.conditions = [each for each in self.conditions if each["type"] != kind]

    def pause_or_resume(self) -> None:
        """State that a Deployment is paused, or resumed: neither counts as lack of progress."""
        before = self.find("Progressing") or {}
        paused, stated = self._deployment.spec.paused, before.get("reason") == PAUSED
        if not self.limited or before.get("reason") == LATE or paused == stated:
            return
        reason, what = (PAUSED, "paused") if paused else ("DeploymentResumed", "resumed")
        self.state("Progressing", "Unknown", reason, f"Deployment is {what}")

    def status(self, rollout: Rollout) -> Document:
        """The status of a rollout, with its condition `Available`."""
        deployment, every = rollout.deployment, rollout.all
        available = sum(rs.status.available_replicas for rs in every)
        enough = available >= deployment.spec.replicas - bounds(deployment)[1]
        self.state(
            "Available",
            "True" if enough else "False",
            "MinimumReplicasAvailable" if enough else "MinimumReplicasUnavailable",
            f"Deployment {'has' if enough else 'does not have'} minimum availability.",
        )
        return {
            "observedGeneration": deployment.metadata.generation,
            "replicas": sum(rs.status.replicas for rs in every),
            "updatedReplicas": rollout.new.status.replicas if rollout.new else 0,
            "readyReplicas": sum(rs.status.ready_replicas for rs in every),
            "availableReplicas": available,
            "terminatingReplicas": sum(rs.status.terminating_replicas for rs in every),
            "unavailableReplicas": max(0, rollout.pods - available),
        }

    def estimate(self, rollout: Rollout, status: Document) -> None:
        """State whether a rollout comes further, and what failed (`syncRolloutStatus`).

        `status` has the numbers. A rollout that is over is not looked at: what happens later is no
        progress.
        """
        before = self.find("Progressing")
        if not self.limited:
            self.remove("Progressing")
        elif not (
            status["replicas"] == status["updatedReplicas"]
            and before is not None
            and before.get("reason") == DONE
        ):
            self._estimate(rollout, status, before)
        failure = _failure(rollout)
        if failure is None:
            self.remove("ReplicaFailure")
        else:
            self._put(failure)

    def _estimate(self, rollout: Rollout, status: Document, before: Document | None) -> None:
        deployment = rollout.deployment
        what = f'Deployment "{deployment.name}"'
        if rollout.new is not None:
            what = f'ReplicaSet "{rollout.new.name}"'
        if complete(deployment, status):
            self.state("Progressing", "True", DONE, f"{what} has successfully progressed.")
        elif _moved(deployment.status, status):
            since = before if before and before["status"] == "True" else None
            self.remove("Progressing")
            self.state("Progressing", "True", "ReplicaSetUpdated", f"{what} is progressing.")
            if since:
                self.conditions[-1]["lastTransitionTime"] = since.get("lastTransitionTime")
        elif self._late(before):
            self.state("Progressing", "False", LATE, f"{what} has timed out progressing.")

    def _late(self, before: Document | None) -> bool:
        """Whether the progress that was seen last was too long ago (`DeploymentTimedOut`)."""
        if before is None or before.get("reason") == DONE:
            return False
        return before.get("reason") == LATE or self._left(before) < 0

    def _left(self, progressing: Document) -> float:
        """The seconds until the deadline for the next progress."""
        last = seconds_at(progressing.get("lastUpdateTime") or "")
        return last + self._deployment.spec.progress_deadline_seconds - self._sim.now

    def look_again(self, status: Document) -> float:
        """The seconds until the deadline has to be looked at; 0 where it has not.

        `status` has the numbers (`requeueStuckDeployment`).
        """
        before = self.find("Progressing")
        if not self.limited or before is None or before.get("reason") == LATE:
            return 0.0
        if complete(self._deployment, status):
            return 0.0
        left = self._left(before)
        return left + 1.0 if left >= 1 else max(left, 0.0) + 0.01


def complete(deployment: Deployment, status: Document) -> bool:
    """Whether a Deployment has all of its replicas, updated and available, and no others.

    `status` has the numbers (`DeploymentComplete`).
    """
    desired = deployment.spec.replicas
    counted = (status["updatedReplicas"], status["replicas"], status["availableReplicas"])
    seen = status["observedGeneration"] >= deployment.metadata.generation
    return seen and counted == (desired, desired, desired)


def was_complete(deployment: Deployment) -> bool:
    """Whether the stored status says that a Deployment is complete."""
    stored = deployment.status
    return complete(
        deployment,
        {
            "updatedReplicas": stored.updated_replicas,
            "replicas": stored.replicas,
            "availableReplicas": stored.available_replicas,
            "observedGeneration": stored.observed_generation,
        },
    )


def _moved(before: DeploymentStatus, status: Document) -> bool:
    """Whether there was progress: new Pods, fewer old ones, or more that are ready or available."""
    old = before.replicas - before.updated_replicas
    moved: bool = (
        status["updatedReplicas"] > before.updated_replicas
        or status["replicas"] - status["updatedReplicas"] < old
        or status["readyReplicas"] > before.ready_replicas
        or status["availableReplicas"] > before.available_replicas
    )
    return moved


def _failure(rollout: Rollout) -> Document | None:
    """The condition `ReplicaFailure` of the new ReplicaSet, or else of an older one."""
    first: list[ReplicaSet] = [rollout.new] if rollout.new else []
    for rs in (*first, *rollout.old):
        failure = condition(rs.status.conditions, "ReplicaFailure")
        if failure is not None:
            return _of_deployment(failure)
    return None


def _of_deployment(failure: Condition) -> Document:
    """A condition of a ReplicaSet as a Deployment states it."""
    stated: Document = msgspec.to_builtins(failure)
    return stated | {"lastUpdateTime": failure.last_transition_time}
