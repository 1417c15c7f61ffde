"""`kubectl create -f`: manifests become new objects.

Source: kubectl `pkg/cmd/create/create.go`.
"""

from __future__ import annotations

from course_lib.kubectl.changes import OUTPUT_FLAGS, ChangePrinter
from course_lib.kubectl.chosen import Chosen
from course_lib.kubectl.command import Command
from course_lib.kubectl.creation import saved, validation
from course_lib.kubectl.dry_run import DryRun, dry_run_of
from course_lib.kubectl.editing import edit_before_create
from course_lib.kubectl.failures import CommandError, sourced
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.manifest_flags import (
    MANIFEST_FLAGS,
    manifests,
    no_words,
    require_manifests,
)
from course_lib.kubectl.record import RECORD_FLAG, recorded
from course_lib.kubectl.writing import ObjectWriter


def run(call: Invocation) -> None:
    """Create the objects of manifests; raises `CommandError`."""
    no_words(call)
    dry_run, checks = dry_run_of(call), validation(call)
    printer = ChangePrinter(call, "created", dry_run)
    require_manifests(call)
    if call.flags.on("edit"):
        edit_before_create(call)
        return
    writer = ObjectWriter(call.server, dry_run, call.flags.text("field-manager"), checks)

    def create(chosen: Chosen) -> None:
        document = recorded(call, saved(chosen.document, call.flags.on("save-config")))
        if dry_run is not DryRun.CLIENT:
            try:
                document = writer.create(chosen, document)
            except CommandError as failure:
                raise sourced(failure, "creating", chosen.source) from None
        printer.print(document)

    selection = call.select(manifests(call))
    selection.visit(create)
    if not selection.found:
        raise CommandError("no objects passed to create")


FROM_FILES = Command(
    run,
    OUTPUT_FLAGS
    | RECORD_FLAG
    | MANIFEST_FLAGS
    | {
        "dry-run", "edit", "field-manager", "save-config", "selector", "validate",
        "windows-line-endings",
    },
)  # fmt: skip
