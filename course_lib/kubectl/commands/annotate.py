"""`kubectl annotate`: annotations of objects.

Source: kubectl `pkg/cmd/annotate/annotate.go`.
"""

from __future__ import annotations

from course_lib.kubectl.changes import OUTPUT_FLAGS, ChangePrinter
from course_lib.kubectl.command import Command
from course_lib.kubectl.dry_run import DryRun, dry_run_of
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.metadata_changes import (
    LIST_AND_OUTPUT,
    SINGLE_VERSION,
    Pairs,
    check_selectors,
    check_words,
    list_pairs,
    send_merge,
    with_pairs,
)
from course_lib.kubectl.pairs import parse_pairs, resources_and_pairs
from course_lib.kubectl.record import CHANGE_CAUSE, RECORD_FLAG, recorded
from course_lib.kubectl.selection import Chosen


def run(call: Invocation) -> None:
    """Set, remove or list annotations; raises `CommandError`."""
    flags, dry_run = call.flags, dry_run_of(call)
    words, written = resources_and_pairs(call.args, "annotation")
    pairs = Pairs("annotations", *parse_pairs(written, "annotation", removes=True))
    if flags.on("list") and flags.text("output"):
        raise CommandError(LIST_AND_OUTPUT)
    check_selectors(call)
    check_words(call, words, dry_run, "rsrc")
    if not pairs.new and not pairs.removed and not flags.on("list"):
        raise CommandError("at least one annotation update is required")
    if both := [key for key in pairs.removed if key in pairs.new]:
        said = "can not both modify and remove the following annotation(s) in the same command"
        raise CommandError(f"{said}: {', '.join(both)}")
    printer = ChangePrinter(call, "annotated", dry_run)
    found = call.select(call.wanted(words, latest=not flags.on("local")))
    if flags.text("resource-version") and not found.single:
        raise CommandError(SINGLE_VERSION)
    single = found.single
    found.visit(lambda each: _one(call, each, pairs, dry_run, printer, single))


def _one(
    call: Invocation,
    each: Chosen,
    pairs: Pairs,
    dry_run: DryRun,
    printer: ChangePrinter,
    single: bool,
) -> None:
    """Annotate one object, and tell of it."""
    flags = call.flags
    if not flags.on("overwrite"):
        _check_overwritten(pairs.existing(each.document), pairs)
    if flags.on("list"):
        list_pairs(call, each, pairs, single)
        return
    if dry_run is DryRun.CLIENT or flags.on("local"):
        printer.print(with_pairs(each.document, pairs))
        return
    after = with_pairs(recorded(call, each.document), pairs)
    printer.print(send_merge(call, each, after, dry_run))


def _check_overwritten(existing: dict[str, str], pairs: Pairs) -> None:
    wrong = [
        f"'{key}' already has a value ({existing[key]})"
        for key, value in pairs.new.items()
        if key != CHANGE_CAUSE and existing.get(key, value) != value
    ]
    if wrong:
        said = "--overwrite is false but found the following declared annotation(s): "
        raise CommandError(said + "; ".join(wrong))


COMMANDS = {
    "annotate": Command(
        run,
        OUTPUT_FLAGS
        | RECORD_FLAG
        | {
            "all", "all-namespaces", "dry-run", "field-manager", "field-selector", "filename",
            "list", "local", "overwrite", "recursive", "resource-version", "selector",
        },
    )
}  # fmt: skip
