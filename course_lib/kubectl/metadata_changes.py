"""How `label` and `annotate` change objects: by merge patches of their metadata.

Source: `RunLabel` and `RunAnnotate` of kubectl `pkg/cmd/label/label.go`, `annotate/annotate.go`.
"""

from __future__ import annotations

import msgspec

from course_lib.client.merge_diff import merge_diff
from course_lib.kubectl.dry_run import DryRun
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.selection import Chosen
from course_lib.kubectl.server import MERGE_PATCH
from course_lib.objects.manifests import Document

LIST_AND_OUTPUT = "--list and --output may not be specified together"
SINGLE_VERSION = "--resource-version may only be used with a single resource"


class Pairs(msgspec.Struct):
    """What is set in a `field` of the metadata, and which keys are removed."""

    field: str
    new: dict[str, str]
    removed: list[str]

    def existing(self, document: Document) -> dict[str, str]:
        """What the document has now."""
        return dict((document.get("metadata") or {}).get(self.field) or {})

    def changed(self, document: Document) -> dict[str, str]:
        """What it is to have."""
        return {
            key: value
            for key, value in (self.existing(document) | self.new).items()
            if key not in self.removed
        }


def with_pairs(document: Document, pairs: Pairs) -> Document:
    """A document with `pairs` set and removed."""
    meta = dict(document.get("metadata") or {})
    values = pairs.changed(document)
    meta[pairs.field] = values
    if not values:
        del meta[pairs.field]
    return document | {"metadata": meta}


def check_selectors(call: Invocation) -> None:
    """Raise `CommandError` for `--all` with a selector."""
    for name in ("selector", "field-selector"):
        if call.flags.on("all") and call.flags.text(name):
            raise CommandError(f"cannot set --all and --{name} at the same time")


def check_words(call: Invocation, words: list[str], dry_run: DryRun, example: str) -> None:
    """Raise `CommandError` where nothing is named, or what the command may not be about.

    `words` name resources, `dry_run` is that of the `call`; `example` is a file in messages.
    """
    paths = call.flags.texts("filename")
    if not call.flags.on("local"):
        if not words and not paths:
            raise CommandError(
                "one or more resources must be specified as <resource> <name> or <resource>/<name>"
            )
        return
    if dry_run is DryRun.SERVER:
        said = "cannot specify --local and --dry-run=server - did you mean --dry-run=client?"
        raise CommandError(said)
    forms = f"-f {example}.yaml or --filename={example}.json"
    if words:
        raise CommandError(f"can only use local files by {forms} when --local=true is set")
    if not paths:
        raise CommandError(f"one or more files must be specified as {forms}")


def send_merge(call: Invocation, each: Chosen, after: Document, dry_run: DryRun) -> Document:
    """Send the merge patch that makes an object's metadata as in `after`.

    `call` names the manager, `each` is the object as it is, `dry_run` of the server changes
    nothing. Raises `RefusedRequest`.
    """
    patch = merge_diff(each.document, after)
    version = call.flags.text("resource-version")
    if version:
        patch["metadata"] = patch.get("metadata", {}) | {"resourceVersion": version}
    query = {"fieldManager": call.flags.text("field-manager")} | dry_run.query
    return call.server.send("PATCH", each.path, query, patch, MERGE_PATCH)


def list_pairs(call: Invocation, each: Chosen, pairs: Pairs, single: bool) -> None:
    """Print the labels or annotations of an object, below its name where it is not the only one.

    `call` is the command, `each` the object, `pairs` says which of the two, `single` whether it is
    the only one.
    """
    indent = "" if single else " "
    if not single:
        title = f"{each.resource.kind}.{each.resource.group}/{each.name}"
        call.out(f"Listing {pairs.field} for {title}:\n")
    for key, value in pairs.changed(each.document).items():
        call.out(f"{indent}{key}={value}\n")
