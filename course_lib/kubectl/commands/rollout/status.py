"""`kubectl rollout status`: how far a rollout is; by default the command waits for its end.

Source: kubectl `pkg/cmd/rollout/rollout_status.go` and `pkg/polymorphichelpers/rollout_status.go`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from course_lib.kubectl.commands.rollout.naming import (
    check_named,
    check_revision,
    nothing_found,
    select,
)
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.selection import Chosen
from course_lib.kubectl.waiting import follow
from course_lib.objects.manifests import Document

REVISION = "deployment.kubernetes.io/revision"
DEADLINE = "ProgressDeadlineExceeded"


class RolloutProgress(NamedTuple):
    """What is said of a rollout, and whether it is done."""

    text: str
    done: bool = False


def run(call: Invocation) -> None:
    """Say how far the rollout of each object is, until it is done."""
    check_named(call)
    check_revision(call.flags.number("revision"))
    found = select(call)
    if not found.chosen and not found.failures:
        nothing_found(call)
    found.visit(lambda each: _watch(call, each))


def _watch(call: Invocation, each: Chosen) -> None:
    view = _VIEWS.get((each.resource.group, each.resource.kind))
    if view is None:
        kind = ".".join(filter(None, [each.resource.kind, each.resource.group]))
        raise CommandError(f"no status viewer has been implemented for {kind}")
    flags = call.flags
    for change, document in follow(call, each.path, flags.seconds("timeout")):
        if change == "DELETED":
            raise CommandError("object has been deleted")
        progress = view(document, flags.number("revision"))
        call.out(progress.text)
        if progress.done or not flags.on("watch"):
            return


def deployment(document: Document, revision: int) -> RolloutProgress:
    """How far a Deployment is; raises `CommandError` if it gave up, or is not at the `revision`."""
    meta, spec, status = document["metadata"], document["spec"], document.get("status") or {}
    name, head = meta["name"], f'Waiting for deployment "{meta["name"]}" rollout to finish: '
    running = int((meta.get("annotations") or {}).get(REVISION, 0))
    if revision > 0 and revision != running:
        said = f"desired revision ({revision}) is different from the running revision ({running})"
        raise CommandError(said)
    if meta.get("generation", 0) > status.get("observedGeneration", 0):
        return RolloutProgress("Waiting for deployment spec update to be observed...\n")
    if _reason(status, "Progressing") == DEADLINE:
        raise CommandError(f'deployment "{name}" exceeded its progress deadline')
    wanted, updated = spec.get("replicas"), status.get("updatedReplicas", 0)
    total, available = status.get("replicas", 0), status.get("availableReplicas", 0)
    if wanted is not None and updated < wanted:
        return RolloutProgress(
            f"{head}{updated} out of {wanted} new replicas have been updated...\n"
        )
    if total > updated:
        return RolloutProgress(f"{head}{total - updated} old replicas are pending termination...\n")
    if available < updated:
        return RolloutProgress(
            f"{head}{available} of {updated} updated replicas are available...\n"
        )
    return RolloutProgress(f'deployment "{name}" successfully rolled out\n', done=True)


def daemon_set(document: Document, revision: int) -> RolloutProgress:
    """How far a DaemonSet is, whatever the `revision`; raises `CommandError`."""
    _check_rolling(document)
    meta, status = document["metadata"], document.get("status") or {}
    name = meta["name"]
    if meta.get("generation", 0) > status.get("observedGeneration", 0):
        return RolloutProgress("Waiting for daemon set spec update to be observed...\n")
    head = f'Waiting for daemon set "{name}" rollout to finish: '
    wanted = status.get("desiredNumberScheduled", 0)
    updated = status.get("updatedNumberScheduled", 0)
    available = status.get("numberAvailable", 0)
    if updated < wanted:
        return RolloutProgress(f"{head}{updated} out of {wanted} new pods have been updated...\n")
    if available < wanted:
        return RolloutProgress(f"{head}{available} of {wanted} updated pods are available...\n")
    return RolloutProgress(f'daemon set "{name}" successfully rolled out\n', done=True)


def stateful_set(document: Document, revision: int) -> RolloutProgress:
    """How far a StatefulSet is, whatever the `revision`; raises `CommandError`."""
    _check_rolling(document)
    meta, spec, status = document["metadata"], document["spec"], document.get("status") or {}
    observed, wanted = status.get("observedGeneration", 0), spec.get("replicas")
    if observed == 0 or meta.get("generation", 0) > observed:
        return RolloutProgress("Waiting for statefulset spec update to be observed...\n")
    ready, updated = status.get("readyReplicas", 0), status.get("updatedReplicas", 0)
    if wanted is not None and ready < wanted:
        return RolloutProgress(f"Waiting for {wanted - ready} pods to be ready...\n")
    rolling = spec["updateStrategy"].get("rollingUpdate")
    if rolling is not None:
        parts = None if wanted is None else wanted - rolling.get("partition", 0)
        if parts is not None and "partition" in rolling and updated < parts:
            head = "Waiting for partitioned roll out to finish: "
            return RolloutProgress(
                f"{head}{updated} out of {parts} new pods have been updated...\n"
            )
        said = f"partitioned roll out complete: {updated} new pods have been updated...\n"
        return RolloutProgress(said, done=True)
    current, new = status.get("currentRevision", ""), status.get("updateRevision", "")
    if new != current:
        head = "waiting for statefulset rolling update to complete "
        return RolloutProgress(f"{head}{updated} pods at revision {new}...\n")
    done = f"{status.get('currentReplicas', 0)} pods at revision {current}...\n"
    return RolloutProgress(f"statefulset rolling update complete {done}", done=True)


def _check_rolling(document: Document) -> None:
    if document["spec"].get("updateStrategy", {}).get("type") != "RollingUpdate":
        raise CommandError("rollout status is only available for RollingUpdate strategy type")


def _reason(status: Document, type: str) -> str:
    conditions = status.get("conditions") or []
    return next((each.get("reason", "") for each in conditions if each["type"] == type), "")


_VIEWS: dict[tuple[str, str], Callable[[Document, int], RolloutProgress]] = {
    ("apps", "Deployment"): deployment,
    ("apps", "DaemonSet"): daemon_set,
    ("apps", "StatefulSet"): stateful_set,
}
