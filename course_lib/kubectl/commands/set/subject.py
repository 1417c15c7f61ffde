"""`kubectl set subject`: who else a role binding is for.

Source: kubectl `pkg/cmd/set/set_subject.go`.
"""

from __future__ import annotations

from collections.abc import Iterator

from course_lib.kubectl.changes import ChangePrinter
from course_lib.kubectl.commands.set.updating import (
    ALL_AND_SELECTOR,
    LOCAL_AND_SERVER,
    Update,
    is_local,
    select,
)
from course_lib.kubectl.dry_run import DryRun, dry_run_of
from course_lib.kubectl.failures import CommandError, raise_all
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.selection import Selection
from course_lib.objects.manifests import Document

RBAC = "rbac.authorization.k8s.io"


def run(call: Invocation) -> None:
    """Add subjects to role bindings; raises `CommandError`."""
    dry_run = dry_run_of(call)
    printer = ChangePrinter(call, "subjects updated", dry_run)
    found = select(call, call.args)
    raise_all(found.failures)
    _check(call, dry_run, found)
    added = list(_subjects(call))

    def change(document: Document) -> bool:
        if document.get("kind") not in ("RoleBinding", "ClusterRoleBinding"):
            said = "setting subjects is only supported for RoleBinding/ClusterRoleBinding"
            raise CommandError(said)
        existing = document.get("subjects") or []
        new = [each for each in added if each not in existing]
        document["subjects"] = existing + new
        return bool(new)

    update = Update(call, dry_run, printer, "failed to patch subjects to rolebinding: ")
    raise_all(update.run(found, change))


def _check(call: Invocation, dry_run: DryRun, found: Selection) -> None:
    flags = call.flags
    if is_local(call) and dry_run is DryRun.SERVER:
        raise CommandError(LOCAL_AND_SERVER)
    if flags.on("all") and flags.text("selector"):
        raise CommandError(ALL_AND_SELECTOR)
    if not any(flags.texts(name) for name in ("user", "group", "serviceaccount")):
        said = "you must specify at least one value of user, group or serviceaccount"
        raise CommandError(said)
    for account in flags.texts("serviceaccount"):
        namespace, colon, name = account.partition(":")
        if not colon or not name or ":" in name:
            raise CommandError("serviceaccount must be <namespace>:<name>")
        for each in found.chosen:
            if each.resource.kind == "ClusterRoleBinding" and not namespace:
                said = "serviceaccount must be <namespace>:<name>, namespace must be specified"
                raise CommandError(said)


def _subjects(call: Invocation) -> Iterator[Document]:
    for kind, flag in (("User", "user"), ("Group", "group")):
        for name in sorted(set(call.flags.texts(flag))):
            yield {"kind": kind, "apiGroup": RBAC, "name": name}
    for account in sorted(set(call.flags.texts("serviceaccount"))):
        namespace, _, name = account.partition(":")
        space = namespace or call.namespace
        yield {"kind": "ServiceAccount", "name": name, "namespace": space}
