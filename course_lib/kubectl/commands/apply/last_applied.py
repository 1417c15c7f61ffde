"""`kubectl apply view-last-applied` and `set-last-applied`: the annotation of an apply by itself.

Source: kubectl `pkg/cmd/apply/apply_view_last_applied.go` and `apply_set_last_applied.go`.
"""

from __future__ import annotations

import json

from course_lib.client.last_applied import LAST_APPLIED, encoded, last_applied
from course_lib.kubectl.changes import ChangePrinter
from course_lib.kubectl.chosen import Chosen, Wanted
from course_lib.kubectl.dry_run import DryRun, dry_run_of
from course_lib.kubectl.failures import CommandError, RefusedRequest, sourced
from course_lib.kubectl.file_selection import fetched
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.manifest_flags import manifests
from course_lib.kubectl.printers.documents import to_yaml
from course_lib.kubectl.server import MERGE_PATCH
from course_lib.kubectl.writing import ObjectWriter
from course_lib.objects.manifests import Document

MISSING = (
    "no last-applied-configuration annotation found on resource: {}, to create the annotation, run "
    "the command with --create-annotation"
)


def view_last_applied(call: Invocation) -> None:
    """Print what the annotations of objects say."""
    flags = call.flags
    selection = call.select(call.wanted(call.args))
    found = [(each, last_applied(each.document)) for each in selection.until_failure()]
    output = flags.text("output")
    for _, text in found:
        if text is None:
            continue
        if output not in ("yaml", "json"):
            raise call.usage_error(
                f"Unexpected -o output mode: {output}, the flag 'output' must be one of yaml|json"
            )
        call.out(to_yaml(json.loads(text)) if output == "yaml" else _indented(text))


def _indented(text: str) -> str:
    """A text in JSON with line breaks and blanks (Go's `json.Indent`)."""
    end = text[len(text.rstrip()) :]
    shown = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    for character in "<>&":
        shown = shown.replace(character, f"\\u{ord(character):04x}")
    return shown + end


def set_last_applied(call: Invocation) -> None:
    """Write manifests into the annotations of the objects that they describe."""
    dry_run = dry_run_of(call)
    printer = ChangePrinter(call, "configured", dry_run)
    changes = []
    for each in call.select(manifests(call, validate=False)).until_failure():
        if change := _change(call, each):
            changes.append(change)
    writer = ObjectWriter(call.server, dry_run)
    for live, patch in changes:
        document = live.document
        if dry_run is not DryRun.CLIENT:
            document = writer.patch(live, patch, MERGE_PATCH)
        printer.print(document)


def _change(call: Invocation, chosen: Chosen) -> tuple[Chosen, Document] | None:
    """The object that a manifest describes and the patch for its annotation; None: all is well."""
    written = encoded(chosen.document)
    try:
        live = fetched(call.server, chosen, Wanted())
    except CommandError as failure:
        if isinstance(failure, RefusedRequest) and failure.reason == "NotFound":
            raise
        verb = f"retrieving current configuration of:\n{chosen.described}\nfrom server for:"
        raise sourced(failure, verb, chosen.source) from None
    known = last_applied(live.document)
    if known is None and not call.flags.on("create-annotation"):
        raise CommandError(MISSING.format(live.name))
    if known == written:
        call.out(f"set-last-applied {live.name}: no changes required.\n")
        return None
    return live, {"metadata": {"annotations": {LAST_APPLIED: written}}}
