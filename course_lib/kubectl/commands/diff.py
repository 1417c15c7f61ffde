"""`kubectl diff`: what an apply would change, as the program `diff -u -N` shows it.

Source: kubectl `pkg/cmd/diff/diff.go`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from course_lib.client.last_applied import configuration
from course_lib.kubectl.chosen import Chosen, Wanted
from course_lib.kubectl.command import Command
from course_lib.kubectl.commands.apply.client_side import Patcher
from course_lib.kubectl.commands.apply.command import DELETING, manager_of
from course_lib.kubectl.dry_run import DryRun
from course_lib.kubectl.failures import CommandError, RefusedRequest, Silent
from course_lib.kubectl.file_selection import fetched
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.manifest_flags import (
    MANIFEST_FLAGS,
    manifests,
    no_words,
    require_manifests,
)
from course_lib.kubectl.printers.documents import to_yaml, without_managed_fields
from course_lib.kubectl.server import APPLY_PATCH
from course_lib.kubectl.writing import ObjectWriter
from course_lib.objects.manifests import Document

TRIES = 4  # of an object that changes
PROGRAM = "KUBECTL_EXTERNAL_DIFF"
BEFORE, AFTER, MASK = "*** (before)", "*** (after)", "***"
_ALLOWED = re.compile(r"[a-zA-Z0-9-=]+")


def run(call: Invocation) -> None:
    """Show the differences; the exit code is that of `diff`, of a failure more than 1."""
    try:
        _run(call)
    except Silent:
        raise
    except CommandError as failure:
        failure.code += 1
        raise


def _run(call: Invocation) -> None:
    no_words(call)
    require_manifests(call)
    if call.flags.on("force-conflicts") and not call.flags.on("server-side"):
        raise CommandError("--force-conflicts only works with --server-side")
    wanted = manifests(call, validate=False)
    sides = [Path(tempfile.mkdtemp(prefix=f"{side}-")) for side in ("LIVE", "MERGED")]
    try:
        for chosen in call.select(wanted).until_failure():
            _write(call, chosen, sides)
        code = _compare(call, sides)
    finally:
        for side in sides:
            shutil.rmtree(side)
    if code:
        raise Silent(code)


def _write(call: Invocation, chosen: Chosen, sides: list[Path]) -> None:
    """Write an object as it is and as it would be, each into its folder."""
    live, merged = _versions(call, chosen)
    documents = [live, merged]
    if not call.flags.on("show-managed-fields"):
        documents = [each and without_managed_fields(each) for each in documents]
    resource = chosen.resource
    if (resource.api_version, resource.kind) == ("v1", "Secret") and not call.flags.on(
        "show-secrets"
    ):
        documents = _masked(*documents)
    group = f"{resource.group}." if resource.group else ""
    name = f"{group}{resource.version}.{resource.kind}.{chosen.namespace}.{chosen.name}"
    for folder, document in zip(sides, documents, strict=True):
        (folder / name).write_text(to_yaml(document) if document else "", encoding="utf-8")
    if live and live["metadata"].get("deletionTimestamp"):
        call.error(DELETING.format(chosen.name))


def _versions(call: Invocation, chosen: Chosen) -> tuple[Document | None, Document]:
    """An object as it is, and as it would be; again, where it changes meanwhile."""
    resource = chosen.resource
    for tries in range(1, TRIES + 1):
        try:
            live: Document | None = fetched(call.server, chosen, Wanted()).document
        except RefusedRequest as refusal:
            if refusal.reason != "NotFound":
                raise
            live = None
        if tries == TRIES:
            kind = f"{resource.group}/{resource.version}, Kind={resource.kind}"
            said = f"Object ({kind}: {chosen.name}) keeps changing, diffing without lock"
            call.log("diff.go:723", said)
        try:
            return live, _merged(call, chosen, live, locked=tries < TRIES)
        except RefusedRequest as refusal:
            if refusal.reason != "Conflict" or tries == TRIES:
                raise
    raise AssertionError


def _merged(call: Invocation, chosen: Chosen, live: Document | None, locked: bool) -> Document:
    """An object as an apply would make it, by a dry run of the server."""
    writer = ObjectWriter(call.server, DryRun.SERVER, manager_of(call))
    if call.flags.on("server-side"):
        force = str(call.flags.on("force-conflicts")).lower()
        return writer.patch(chosen, chosen.document, APPLY_PATCH, {"force": force})
    if live is None:
        return writer.create(chosen, chosen.document)
    desired = configuration(chosen.document)
    existing = Chosen(chosen.resource, chosen.namespace, chosen.name, live, chosen.source)
    return Patcher(call, writer, locked=locked).patch(existing, desired).document


def _masked(before: Document | None, after: Document | None) -> list[Document | None]:
    """Two versions of a Secret, without its values: only whether they differ is seen."""
    old, new = ((each or {}).get("data") or {} for each in (before, after))
    found: list[Document | None] = []
    for document, data, other, mark in ((before, old, new, BEFORE), (after, new, old, AFTER)):
        shown = {
            key: mark if key in other and other[key] != value else MASK
            for key, value in data.items()
        }
        found.append(document | {"data": shown} if document and data else document)
    return found


def _compare(call: Invocation, sides: list[Path]) -> int:
    """Run the program that shows differences; returns its exit code."""
    named = os.environ.get(PROGRAM, "")
    words = ["diff", "-u", "-N"]
    if named:
        program, *rest = named.split(" ")
        words = [program, *(each for each in rest if _ALLOWED.fullmatch(each))]
    try:
        done = subprocess.run(
            [*words, *map(str, sides)], capture_output=True, text=True, check=False
        )
    except OSError:
        said = "executable file not found in $PATH"
        raise CommandError(f'failed to run "{words[0]}": {said}') from None
    call.out(done.stdout)
    call.error(done.stderr)
    return done.returncode


COMMANDS = {
    "diff": Command(
        run,
        MANIFEST_FLAGS
        | {
            "concurrency", "field-manager", "force-conflicts", "selector", "server-side",
            "show-managed-fields", "show-secrets",
        },
    )
}  # fmt: skip
