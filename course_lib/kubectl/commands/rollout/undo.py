"""`kubectl rollout undo`: the template of a revision before.

Source: kubectl `pkg/cmd/rollout/rollout_undo.go` and `pkg/polymorphichelpers/rollback.go`.
"""

from __future__ import annotations

from course_lib.client.last_applied import LAST_APPLIED
from course_lib.kubectl.changes import ChangePrinter
from course_lib.kubectl.commands.rollout.history import check_kind, template_text
from course_lib.kubectl.commands.rollout.naming import check_named, select
from course_lib.kubectl.commands.rollout.revisions import (
    Revision,
    RevisionHistory,
    history_of,
    without_hash,
)
from course_lib.kubectl.dry_run import DryRun, dry_run_of
from course_lib.kubectl.failures import CommandError, RefusedRequest
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.selection import Chosen
from course_lib.kubectl.server import JSON_PATCH, STRATEGIC_PATCH
from course_lib.objects.manifests import Document

KEPT = frozenset(
    {
        LAST_APPLIED,
        "deployment.kubernetes.io/revision",
        "deployment.kubernetes.io/revision-history",
        "deployment.kubernetes.io/desired-replicas",
        "deployment.kubernetes.io/max-replicas",
        "deprecated.deployment.rollback.to",
    }
)  # annotations that stay a Deployment's own
_WARNING = (
    "Warning: resource {title} was previously managed with 'kubectl apply'. Rolling back will not "
    "update the {annotation} annotation, which may cause unexpected behavior on future 'kubectl "
    "apply' operations. Consider using 'kubectl apply' with your previous configuration file "
    "instead.\n"
)


def run(call: Invocation) -> None:
    """Roll each object back."""
    dry_run = dry_run_of(call)
    check_named(call)
    select(call).visit(lambda each: _undo(call, each, dry_run))


def _undo(call: Invocation, chosen: Chosen, dry_run: DryRun) -> None:
    if LAST_APPLIED in (chosen.document["metadata"].get("annotations") or {}):
        call.error(_WARNING.format(title=chosen.title, annotation=LAST_APPLIED))
    check_kind(chosen, "rollbacker", "rollbacker")
    roll = _roll_deployment_back if chosen.resource.kind == "Deployment" else _roll_set_back
    ChangePrinter(call, roll(call, chosen, dry_run), dry_run).print(chosen.document)


def _skipped(number: int) -> str:
    return f"skipped rollback (current template already matches revision {number})"


def _not_found(number: int) -> CommandError:
    return CommandError(f"unable to find specified revision {number} in history")


def _failed(number: int, refusal: RefusedRequest) -> CommandError:
    return CommandError(f"failed restoring revision {number}: {refusal.message}")


def _roll_deployment_back(call: Invocation, chosen: Chosen, dry_run: DryRun) -> str:
    """Roll a Deployment back, and return what is said of it."""
    number = call.flags.number("to-revision")
    if number < 0:
        raise _not_found(number)
    history = _renamed(call, chosen)
    target, deployment = _target(history, number), history.workload
    template = target.stored["spec"]["template"]
    if dry_run is DryRun.CLIENT:
        return template_text(template)
    if deployment["spec"].get("paused"):
        raise CommandError(
            "you cannot rollback a paused deployment; resume it first with 'kubectl rollout "
            "resume' and try again"
        )
    if without_hash(template) == without_hash(deployment["spec"]["template"]):
        return _skipped(number)
    patch: list[Document] = [
        {"op": "replace", "path": "/spec/template", "value": without_hash(template)},
        {"op": "replace", "path": "/metadata/annotations",
         "value": _annotations(deployment, target.stored)},
    ]  # fmt: skip
    try:
        call.server.send("PATCH", chosen.path, dry_run.query, patch, JSON_PATCH)
    except RefusedRequest as refusal:
        raise _failed(number, refusal) from None
    return "rolled back"


def _renamed(call: Invocation, chosen: Chosen) -> RevisionHistory:
    """The history, whose failure names the kind as a rollback does."""
    try:
        return history_of(call, chosen)
    except CommandError as failure:
        said = failure.message.replace("retrieve deployment", "retrieve Deployment")
        raise CommandError(said) from None


def _target(history: RevisionHistory, number: int) -> Revision:
    if number > 0:
        found = history.numbered(number)
        if found is None:
            raise _not_found(number)
        return found
    if len(history.revisions) < 2:
        name = history.workload["metadata"]["name"]
        raise CommandError(f'no rollout history found for deployment "{name}"')
    return history.revisions[-2]


def _annotations(deployment: Document, replica_set: Document) -> dict[str, str]:
    own = deployment["metadata"].get("annotations") or {}
    old = replica_set["metadata"].get("annotations") or {}
    kept = {key: value for key, value in own.items() if key in KEPT}
    return kept | {key: value for key, value in old.items() if key not in KEPT}


def _roll_set_back(call: Invocation, chosen: Chosen, dry_run: DryRun) -> str:
    """Roll a DaemonSet or StatefulSet back, and return what is said of it."""
    number = call.flags.number("to-revision")
    if number < 0:
        raise _not_found(number)
    history = history_of(call, chosen)
    if number == 0 and len(history.revisions) <= 1:
        raise CommandError("no last revision to roll back to")
    target = history.revisions[-2] if number == 0 else history.numbered(number)
    if target is None:
        raise _not_found(number)
    if dry_run is DryRun.CLIENT:
        return "will roll back to " + template_text(target.template)
    if target.template == history.workload["spec"]["template"]:
        return _skipped(number)
    data = target.stored["data"]
    try:
        call.server.send("PATCH", chosen.path, dry_run.query, data, STRATEGIC_PATCH)
    except RefusedRequest as refusal:
        raise _failed(number, refusal) from None
    return "rolled back"
