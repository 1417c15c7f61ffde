"""`kubectl label`: labels of objects.

Source: kubectl `pkg/cmd/label/label.go`.
"""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.kubectl.changes import OUTPUT_FLAGS, ChangePrinter
from course_lib.kubectl.command import Command
from course_lib.kubectl.dry_run import DryRun, dry_run_of
from course_lib.kubectl.failures import CommandError, raise_all
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
from course_lib.kubectl.pairs import resources_and_pairs
from course_lib.kubectl.record import RECORD_FLAG, recorded
from course_lib.kubectl.selection import Chosen
from course_lib.objects.validation.formats import label_value


def run(call: Invocation) -> None:
    """Set, remove or list labels; raises `CommandError`."""
    flags, dry_run = call.flags, dry_run_of(call)
    words, pairs = resources_and_pairs(call.args, "label")
    labels = _parse(pairs)
    if flags.on("list") and flags.text("output"):
        raise CommandError(LIST_AND_OUTPUT)
    check_selectors(call)
    check_words(call, words, dry_run, "pod")
    if not labels.new and not labels.removed and not flags.on("list"):
        raise CommandError("at least one label update is required")
    found = call.select(call.wanted(words, latest=not flags.on("local")))
    if flags.text("resource-version") and not found.single:
        raise CommandError(SINGLE_VERSION)
    found.visit(lambda each: _one(call, each, labels, dry_run, found.single))


def _parse(words: Sequence[str]) -> Pairs:
    """The labels that words set and remove; raises `CommandError`."""
    found = Pairs("labels", {}, [])
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            found.removed.append(word[:-1])
            continue
        if "=" in value:
            raise CommandError(f"invalid label spec: {word}")
        if problems := label_value(value):
            raise CommandError(f'invalid label value: "{word}": {";".join(problems)}')
        found.new[key] = value
    if set(found.new) & set(found.removed):
        raise CommandError("can not both modify and remove a label in the same command")
    return found


def _one(call: Invocation, each: Chosen, labels: Pairs, dry_run: DryRun, single: bool) -> None:
    """Label one object, and tell of it."""
    flags = call.flags
    only_said = dry_run is DryRun.CLIENT or flags.on("local") or flags.on("list")
    existing = labels.existing(each.document)
    if not only_said:
        for key in labels.removed:
            if key not in existing:
                call.out(f'label "{key}" not found.\n')
    if not flags.on("overwrite"):
        _check_overwritten(existing, labels)
    if flags.on("list"):
        list_pairs(call, each, labels, single)
        return
    after = with_pairs(each.document, labels)
    operation = _operation(existing, labels)
    if not only_said:
        after = recorded(call, after)
        if operation != "not labeled":
            send_merge(call, each, after, dry_run)
    ChangePrinter(call, operation, dry_run).print(after)


def _check_overwritten(existing: dict[str, str], labels: Pairs) -> None:
    raise_all(
        [
            CommandError(f"'{key}' already has a value ({existing[key]}), and --overwrite is false")
            for key, value in labels.new.items()
            if existing.get(key, value) != value
        ]
    )


def _operation(existing: dict[str, str], labels: Pairs) -> str:
    """What was done, in a word (`updateDataChangeMsg`)."""
    added = any(existing.get(key) != value for key, value in labels.new.items())
    removed = any(key in existing for key in labels.removed)
    if added and removed:
        return "modified"
    return "labeled" if added else "unlabeled" if removed else "not labeled"


COMMANDS = {
    "label": Command(
        run,
        OUTPUT_FLAGS
        | RECORD_FLAG
        | {
            "all", "all-namespaces", "dry-run", "field-manager", "field-selector", "filename",
            "list", "local", "overwrite", "recursive", "resource-version", "selector",
        },
    )
}  # fmt: skip
