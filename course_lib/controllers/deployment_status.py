"""How far a Deployment has come, and whether it still comes further.

Source: `pkg/controller/deployment/progress.go`, `sync.go` (`calculateStatus`).
"""

from __future__ import annotations

import msgspec

from course_lib.engine import Simulation
from course_lib.engine.timestamps import seconds_at
from course_lib.objects.kinds.deployment import Deployment
from course_lib.objects.kinds.replica_set import ReplicaSet
from course_lib.objects.manifests import Document
from course_lib.objects.meta import condition, set_condition
from course_lib.objects.pods import resolve

LATE, DONE = "ProgressDeadlineExceeded", "NewReplicaSetAvailable"


def deployment_status(
    sim: Simulation, new: ReplicaSet | None, old: list[ReplicaSet], deployment: Deployment
) -> tuple[Document, float]:
    """The status to write, and the seconds until it should be looked at again (0: need not).

    `sim` has the time, `new` and `old` are the ReplicaSets of the `deployment`.
    """
    every = [*([new] if new else ()), *old]
    available = sum(rs.status.available_replicas for rs in every)
    replicas = sum(rs.status.replicas for rs in every)
    updated = new.status.replicas if new else 0
    status: Document = {
        "observedGeneration": deployment.metadata.generation,
        "replicas": replicas,
        "updatedReplicas": updated,
        "readyReplicas": sum(rs.status.ready_replicas for rs in every),
        "availableReplicas": available,
        "terminatingReplicas": sum(rs.status.terminating_replicas for rs in every),
        "unavailableReplicas": max(0, sum(rs.spec.replicas for rs in every) - available),
    }
    conditions = _with_failure(_available(sim, deployment, available), new, every)
    reason, message = _progress(deployment, new, replicas, updated, available)
    before = condition(deployment.status.conditions, "Progressing")
    if before and before.reason == DONE and replicas == updated and not deployment.spec.paused:
        status["conditions"] = conditions  # the rollout is over: what happens later is no progress
        return status, 0.0
    name = new.name if new else deployment.name
    stated, again = _progressing(sim, deployment, _moved(deployment, status), reason, message, name)
    status["conditions"] = [c for c in conditions if c["type"] != "Progressing"] + [stated]
    return status, again


def _progressing(
    sim: Simulation, deployment: Deployment, moved: bool, reason: str, message: str, name: str
) -> tuple[Document, float]:
    """The condition `Progressing`, and the seconds until its deadline (0: none).

    `moved` says whether there was progress, `name` whose progress it is.
    """
    before = condition(deployment.status.conditions, "Progressing")
    last = _last_update(deployment) if before and not moved else sim.now
    again = 0.0
    state = "Unknown" if deployment.spec.paused else "True"
    if reason in ("ReplicaSetUpdated", "NewReplicaSetCreated"):
        again = last + deployment.spec.progress_deadline_seconds - sim.now
        if again <= 0 or (before and before.reason == LATE and not moved):
            state, reason, again = "False", LATE, 0.0
            message = f'ReplicaSet "{name}" has timed out progressing.'
    since = before.last_transition_time if before and before.last_transition_time else None
    stated: Document = {
        "type": "Progressing",
        "status": state,
        "reason": reason,
        "message": message,
        "lastUpdateTime": sim.timestamp if moved or not before else _stamp(deployment, sim),
        "lastTransitionTime": since if before and before.status == state else sim.timestamp,
    }
    return stated, max(0.0, again)


def _available(sim: Simulation, deployment: Deployment, available: int) -> list[Document]:
    rolling = deployment.spec.strategy.rolling_update
    allowed = resolve(rolling.max_unavailable, deployment.spec.replicas, up=False) if rolling else 0
    enough = available >= deployment.spec.replicas - allowed
    state = "True" if enough else "False"
    conditions = set_condition(
        deployment.status.conditions,
        "Available",
        state,
        sim.timestamp,
        "MinimumReplicasAvailable" if enough else "MinimumReplicasUnavailable",
        f"Deployment {'has' if enough else 'does not have'} minimum availability.",
    )
    before = condition(deployment.status.conditions, "Available")
    last = before.last_update_time if before and before.status == state else None
    for stated in conditions:
        if stated["type"] == "Available":
            stated["lastUpdateTime"] = last or sim.timestamp
    return conditions


def _with_failure(
    conditions: list[Document], new: ReplicaSet | None, every: list[ReplicaSet]
) -> list[Document]:
    """The conditions with the `ReplicaFailure` of the new ReplicaSet, or else of an older one."""
    kept = [stated for stated in conditions if stated["type"] != "ReplicaFailure"]
    for rs in [*([new] if new else ()), *every]:
        failure = condition(rs.status.conditions, "ReplicaFailure")
        if failure is not None and failure.status == "True":
            return [*kept, {k: v for k, v in msgspec.to_builtins(failure).items() if v}]
    return kept


def _progress(
    deployment: Deployment, new: ReplicaSet | None, replicas: int, updated: int, available: int
) -> tuple[str, str]:
    desired = deployment.spec.replicas
    if deployment.spec.paused:
        return "DeploymentPaused", "Deployment is paused"
    if new is None:
        return "ReplicaSetUpdated", f'Deployment "{deployment.name}" is progressing.'
    if updated == desired and replicas == desired and available == desired:
        return DONE, f'ReplicaSet "{new.name}" has successfully progressed.'
    if not updated:
        return "NewReplicaSetCreated", f'Created new replica set "{new.name}"'
    return "ReplicaSetUpdated", f'ReplicaSet "{new.name}" is progressing.'


def _moved(deployment: Deployment, status: Document) -> bool:
    """Whether there was progress: new Pods, fewer old ones, or more that are ready or available."""
    before = deployment.status
    old = before.replicas - before.updated_replicas
    moved: bool = (
        before.observed_generation != status["observedGeneration"]
        or status["updatedReplicas"] > before.updated_replicas
        or status["replicas"] - status["updatedReplicas"] < old
        or status["readyReplicas"] > before.ready_replicas
        or status["availableReplicas"] > before.available_replicas
    )
    return moved


def _last_update(deployment: Deployment) -> float:
    found = condition(deployment.status.conditions, "Progressing")
    written = (found.last_update_time or found.last_transition_time) if found else None
    return seconds_at(written) if written else 0.0


def _stamp(deployment: Deployment, sim: Simulation) -> str:
    found = condition(deployment.status.conditions, "Progressing")
    return (found.last_update_time if found else None) or sim.timestamp
