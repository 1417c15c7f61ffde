"""`kubectl set serviceaccount`: the account that Pods run as.

Source: kubectl `pkg/cmd/set/set_serviceaccount.go`.
"""

from __future__ import annotations

from course_lib.kubectl.changes import ChangePrinter
from course_lib.kubectl.commands.set.updating import LOCAL_AND_SERVER, Update, is_local, select
from course_lib.kubectl.dry_run import DryRun, dry_run_of
from course_lib.kubectl.failures import CommandError, raise_all
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.pod_specs import pod_spec
from course_lib.kubectl.record import recorded
from course_lib.objects.manifests import Document


def run(call: Invocation) -> None:
    """Set the service account of Pods; raises `CommandError`."""
    dry_run = dry_run_of(call)
    if is_local(call) and dry_run is DryRun.SERVER:
        raise CommandError(LOCAL_AND_SERVER)
    printer = ChangePrinter(call, "serviceaccount updated", dry_run)
    if not call.args:
        raise CommandError("serviceaccount is required")
    *words, account = call.args
    found = select(call, [] if is_local(call) else words)
    raise_all(found.failures)

    def change(document: Document) -> bool:
        pod_spec(document)["serviceAccountName"] = account
        document.update(recorded(call, document))
        return True

    failed = "failed to patch ServiceAccountName "
    raise_all(Update(call, dry_run, printer, failed, sends_empty=True).run(found, change))
