"""`kubectl rollout pause`, `resume` and `restart`: changes of a field or two.

Source: kubectl `pkg/cmd/rollout/rollout_pause.go`, `rollout_resume.go`, `rollout_restart.go`;
`objectpauser.go`, `objectresumer.go`, `objectrestarter.go` of `pkg/polymorphichelpers`.
"""

from __future__ import annotations

from course_lib.engine.timestamps import timestamp
from course_lib.kubectl.changes import ChangePrinter
from course_lib.kubectl.commands.rollout.naming import check_named, nothing_found, select
from course_lib.kubectl.failures import CommandError, raise_all
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.patching import Change, Patched, calculate, send
from course_lib.objects.manifests import Document

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"


def pause(call: Invocation) -> None:
    """Let a Deployment's template change without a rollout; raises `CommandError`."""

    def change(document: Document) -> bool:
        _only_deployments(document, "pausing")
        if document["spec"].get("paused"):
            raise CommandError("is already paused")
        document["spec"]["paused"] = True
        return True

    _change(call, "paused", change)


def resume(call: Invocation) -> None:
    """Let a Deployment roll out what was changed meanwhile; raises `CommandError`."""

    def change(document: Document) -> bool:
        _only_deployments(document, "resuming")
        if not document["spec"].get("paused"):
            raise CommandError("is not paused")
        del document["spec"]["paused"]
        return True

    _change(call, "resumed", change)


def restart(call: Invocation) -> None:
    """Replace all Pods by a new annotation of the template; raises `CommandError`."""

    def change(document: Document) -> bool:
        if document["kind"] not in ("Deployment", "DaemonSet", "StatefulSet"):
            raise CommandError("restarting is not supported")
        if document["kind"] == "Deployment" and document["spec"].get("paused"):
            raise CommandError("can't restart paused deployment (run rollout resume first)")
        meta = document["spec"]["template"].setdefault("metadata", {})
        moment = timestamp(call.time.now())
        meta["annotations"] = (meta.get("annotations") or {}) | {RESTARTED_AT: moment}
        return True

    _change(call, "restarted", change)


def _only_deployments(document: Document, what: str) -> None:
    if document["kind"] != "Deployment":
        raise CommandError(f"{what} is not supported")


def _change(call: Invocation, operation: str, change: Change) -> None:
    """Change all objects that are named, and tell of each that this `operation` was done."""
    check_named(call)
    found = select(call)
    failures, changes = list(found.failures), calculate(found.chosen, change)
    if not changes and not failures:
        nothing_found(call)
    for each in changes:
        try:
            changed = _changed(call, each)
            ChangePrinter(call, operation).print(changed)
        except CommandError as failure:
            failures.append(failure)
    raise_all(failures)


def _changed(call: Invocation, each: Patched) -> Document:
    chosen = each.chosen
    if each.failure is not None:
        said = f'error: {chosen.resource.full_name} "{chosen.name}" {each.failure.message}'
        raise CommandError(said)
    if not each.patch:
        raise CommandError(
            f"failed to create patch for {chosen.name}: if restart has already been triggered "
            "within the past second, please wait before attempting to trigger another"
        )
    try:
        return send(call, each)
    except CommandError as refusal:
        raise CommandError(f"failed to patch: {refusal.message}") from None
