"""`kubectl patch`: fields of objects are changed.

Source: kubectl `pkg/cmd/patch/patch.go`.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path

import msgspec
import yaml
from msgspec.structs import replace

from course_lib.apiserver.json_patches import json_patch
from course_lib.apiserver.patches import merge_patch
from course_lib.apiserver.strategic import strategic_merge
from course_lib.command_line.values import quoted
from course_lib.errors import CourseError
from course_lib.kubectl.changes import OUTPUT_FLAGS, ChangePrinter
from course_lib.kubectl.chosen import Chosen
from course_lib.kubectl.command import Command
from course_lib.kubectl.dry_run import DryRun, dry_run_of
from course_lib.kubectl.failures import CommandError, RefusedRequest
from course_lib.kubectl.files import yaml_problem
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.manifest_flags import MANIFEST_FLAGS
from course_lib.kubectl.record import RECORD_FLAG
from course_lib.kubectl.server import JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH
from course_lib.kubectl.writing import ObjectWriter
from course_lib.objects.api_types.table import type_of
from course_lib.objects.manifests import Document, Json
from course_lib.objects.validation.json_text import syntax_problem
from course_lib.objects.yaml_text import lenient

TYPES = {"json": JSON_PATCH, "merge": MERGE_PATCH, "strategic": STRATEGIC_PATCH}

# What is said of a patch that is not JSON where no server reads it; else what is wrong with it.
NOT_JSON = {MERGE_PATCH: "Invalid JSON Patch", STRATEGIC_PATCH: "invalid JSON document"}
NO_OPERATIONS = "json: cannot unmarshal {} into Go value of type jsonpatch.Patch"
NO_OBJECT = "json: cannot unmarshal array into Go value of type unstructured.detector"


def run(call: Invocation) -> None:
    """Patch what the arguments or files name; raises `CommandError`."""
    flags = call.flags
    dry_run = dry_run_of(call)
    media = _check(call, dry_run)
    patch = _patch_of(call)
    local = flags.on("local")
    printer = ChangePrinter(call, "patched")  # as upstream, it does not tell of dry runs
    writer = ObjectWriter(
        call.server, dry_run, flags.text("field-manager"), part=flags.text("subresource")
    )

    def change(chosen: Chosen) -> None:
        if local or dry_run is DryRun.CLIENT:
            document = _patched(chosen.document, patch, media)
        else:
            try:
                document = writer.patch(chosen, patch, media)
            except RefusedRequest as refusal:
                if refusal.reason == "UnsupportedMediaType":
                    raise _unsupported(refusal, chosen, media) from None
                raise
        same = document == chosen.document
        printer.print_as("patched (no change)" if same else "patched", document)

    wanted = call.wanted(call.args, everything=False, latest=False)
    selection = call.select(replace(wanted, part=flags.text("subresource")))
    selection.visit(change)
    if not selection.found:
        raise CommandError("no objects passed to patch")


def _check(call: Invocation, dry_run: DryRun) -> str:
    """The media type of `--type`; raises `CommandError` for flags that make no sense."""
    flags = call.flags
    patch, file, local = flags.text("patch"), flags.text("patch-file"), flags.on("local")
    if patch and file:
        raise CommandError("cannot specify --patch and --patch-file together")
    if not patch and not file:
        raise CommandError(
            "must specify --patch or --patch-file containing the contents of the patch"
        )
    if local and call.args:
        raise CommandError("cannot specify --local and server resources")
    if local and dry_run is DryRun.SERVER:
        raise CommandError(
            "cannot specify --local and --dry-run=server - did you mean --dry-run=client?"
        )
    kind = flags.text("type")
    if kind and kind.lower() not in TYPES:
        raise CommandError(f"--type must be one of [json merge strategic], not {quoted(kind)}")
    return TYPES[kind.lower() or "strategic"]


def _patch_of(call: Invocation) -> Json:
    """The patch of the flags; raises `CommandError`.

    What begins as JSON is sent as it is written, and the server says what is wrong with it; all
    else is read as YAML.
    """
    text, file = call.flags.text("patch"), call.flags.text("patch-file")
    if file:
        try:
            text = Path(file).read_text(encoding="utf-8")
        except OSError as problem:
            said = f"open {file}: {(problem.strerror or '').lower()}"
            raise CommandError(f"unable to read patch file: {said}") from None
    if text.lstrip().startswith("{"):
        return msgspec.Raw(text.encode())
    try:
        patch = lenient(text + "\n")
        return msgspec.Raw(b"null") if patch is None else patch
    except (yaml.YAMLError, ValueError) as problem:
        shown = quoted(call.flags.text("patch"))
        raise CommandError(f"unable to parse {shown}: {yaml_problem(problem)}") from None


def _patched(document: Document, patch: Json, media: str) -> Document:
    """A document with a patch, without a request (`getPatchedJSON`); raises `CommandError`."""
    patch = _decoded(patch, media)
    try:
        if media == JSON_PATCH:
            changed: Document = json_patch(document, patch)
            return changed
        if media == MERGE_PATCH:
            merged: Document = merge_patch(document, patch)
            return merged
        version, kind = str(document.get("apiVersion", "")), str(document.get("kind", ""))
        type = type_of(version, kind)
        if type is None:
            group, _, number = version.rpartition("/")
            raise CommandError(
                f"strategic merge patch is not supported for {group}/{number}, Kind={kind} "
                "locally, try --type merge"
            )
        return strategic_merge(copy.deepcopy(document), patch, type)
    except CourseError as problem:
        raise CommandError(problem.what) from None


def _decoded(patch: Json, media: str) -> Json:
    """A patch of a `media` type, read; raises `CommandError` for what cannot be one."""
    if isinstance(patch, msgspec.Raw):
        text = bytes(patch).decode()
        if problem := syntax_problem(text):
            raise CommandError(NOT_JSON.get(media, problem))
        patch = json.loads(text)
    wanted = list if media == JSON_PATCH else dict
    if patch is None or isinstance(patch, wanted):
        return wanted() if patch is None else patch
    if media == JSON_PATCH:
        names = {dict: "object", bool: "bool", int: "number", float: "number"}
        raise CommandError(NO_OPERATIONS.format(names.get(type(patch), "string")))
    whole = media == MERGE_PATCH and isinstance(patch, list)
    raise CommandError(NO_OBJECT if whole else NOT_JSON[media])


def _unsupported(refusal: RefusedRequest, chosen: Chosen, media: str) -> CommandError:
    kind = chosen.resource
    title = f"{kind.group}/{kind.version}, Kind={kind.kind}"
    return CommandError(f"{media} is not supported by {title}: {refusal.message}")


COMMANDS = {
    "patch": Command(
        run,
        OUTPUT_FLAGS
        | RECORD_FLAG
        | MANIFEST_FLAGS
        | {"dry-run", "field-manager", "local", "patch", "patch-file", "subresource", "type"},
    )
}
