"""`kubectl create -f`: the objects of files.

Source: kubectl `pkg/cmd/create/create.go`.
"""

from __future__ import annotations

from course_lib.kubectl.changes import ChangePrinter
from course_lib.kubectl.creation import saved, validation
from course_lib.kubectl.dry_run import DryRun, dry_run_of
from course_lib.kubectl.failures import CommandError, RefusedRequest
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.record import recorded
from course_lib.kubectl.selection import Chosen
from course_lib.objects.manifests import Document

NO_FILE = "must specify one of -f and -k"


def run(call: Invocation) -> None:
    """Create all objects; raises `CommandError`."""
    if call.args:
        raise call.usage_error(f"Unexpected args: [{' '.join(call.args)}]")
    dry_run, query = dry_run_of(call), validation(call)
    printer = ChangePrinter(call, "created", dry_run)
    if not call.flags.texts("filename"):
        raise CommandError(NO_FILE)
    query |= {"fieldManager": call.flags.text("field-manager")} | dry_run.query
    found = call.select(call.wanted([], everything=False, latest=False))

    def one(each: Chosen) -> None:
        document = recorded(call, saved(_placed(each), call.flags.on("save-config")))
        if dry_run is not DryRun.CLIENT:
            try:
                path = each.resource.path(each.namespace)
                document = call.server.send("POST", path, query, document)
            except RefusedRequest as refusal:
                raise refusal.prefixed(f'error when creating "{each.source}": ') from None
        printer.print(document)

    found.visit(one)
    if not found.chosen:
        raise CommandError("no objects passed to create")


def _placed(each: Chosen) -> Document:
    """The document of a file with its namespace, where its kind has namespaces."""
    if not each.resource.namespaced:
        return each.document
    meta = (each.document.get("metadata") or {}) | {"namespace": each.namespace}
    return each.document | {"metadata": meta}
