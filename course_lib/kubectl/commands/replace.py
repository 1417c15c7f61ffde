"""`kubectl replace`: objects become what manifests say, or are deleted and created (`--force`).

Source: kubectl `pkg/cmd/replace/replace.go`.
"""

from __future__ import annotations

import io

from course_lib.kubectl.changes import OUTPUT_FLAGS, ChangePrinter
from course_lib.kubectl.chosen import Chosen
from course_lib.kubectl.command import Command
from course_lib.kubectl.commands.delete import Deletion
from course_lib.kubectl.creation import saved, validation
from course_lib.kubectl.deletion import DELETION_FLAGS, WEEK, is_missing, propagation_of
from course_lib.kubectl.dry_run import DryRun, dry_run_of
from course_lib.kubectl.failures import CommandError, sourced
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.manifest_flags import MANIFEST_FLAGS, manifests, require_manifests
from course_lib.kubectl.writing import ObjectWriter
from course_lib.objects.manifests import Document

PATIENCE = 5 * 60.0  # s that a forced replacement waits for the old object


def run(call: Invocation) -> None:
    """Replace the objects of manifests; raises `CommandError`."""
    flags = call.flags
    checks, dry_run = validation(call), dry_run_of(call)
    printer = ChangePrinter(call, "replaced", dry_run)
    propagation = propagation_of(call)
    grace, force = flags.number("grace-period"), flags.on("force")
    waits = flags.on("wait")
    if grace == 0:
        grace, waits = 1, True
    require_manifests(call)
    if grace >= 0 and not force:
        raise CommandError("--grace-period must have --force specified")
    if flags.seconds("timeout") and not force:
        raise CommandError("--timeout must have --force specified")
    if force and dry_run is not DryRun.NONE:
        raise CommandError("--dry-run can not be used when --force is set")
    part = flags.text("subresource")
    writer = ObjectWriter(call.server, dry_run, flags.text("field-manager"), checks, part)
    if force:
        _force(call, Deletion(call, propagation, grace, missing_ok=True), waits)
        _create(call, writer, printer)
        return

    def replace(chosen: Chosen) -> None:
        document = _prepared(call, chosen)
        if dry_run is not DryRun.CLIENT:
            try:
                document = writer.replace(chosen, document)
            except CommandError as failure:
                raise sourced(failure, "replacing", chosen.source) from None
        printer.print(document)

    call.select(manifests(call)).visit(replace)


def _prepared(call: Invocation, chosen: Chosen) -> Document:
    return saved(chosen.document, call.flags.on("save-config"))


def _force(call: Invocation, deletion: Deletion, waits: bool) -> None:
    """Delete the objects and wait until they are gone; what `-f -` reads is kept for later."""
    text = call.stdin.read() if "-" in call.flags.texts("filename") else ""
    call.stdin = io.StringIO(text)
    selection = call.select(manifests(call, validate=False))
    call.stdin = io.StringIO(text)
    selection.visit(deletion.delete)
    timeout = call.flags.seconds("timeout")
    if not deletion.found:
        call.out("No resources found\n")
    elif waits:
        deletion.wait(timeout or WEEK)

    def gone(chosen: Chosen) -> None:
        if not call.time.wait(lambda: is_missing(call, chosen), timeout or PATIENCE):
            raise CommandError("context deadline exceeded")

    selection.visit(gone)


def _create(call: Invocation, writer: ObjectWriter, printer: ChangePrinter) -> None:
    selection = call.select(manifests(call))
    selection.visit(lambda chosen: printer.print(writer.create(chosen, _prepared(call, chosen))))
    if not selection.found:
        raise CommandError("no objects passed to replace")


COMMANDS = {
    "replace": Command(
        run,
        OUTPUT_FLAGS
        | MANIFEST_FLAGS
        | DELETION_FLAGS
        | {"dry-run", "field-manager", "save-config", "subresource", "validate"},
    )
}
