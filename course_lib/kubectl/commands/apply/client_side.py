"""Apply on the client's side: kubectl itself computes the patch, of three documents.

Source: `applyOneObject` of kubectl `pkg/cmd/apply/apply.go`; `patcher.go`.
"""

from __future__ import annotations

import copy
from typing import NamedTuple

from course_lib.apiserver.patches import merge_patch
from course_lib.apiserver.statuses import to_json
from course_lib.apiserver.strategic import strategic_merge
from course_lib.client.last_applied import LAST_APPLIED, annotated, last_applied, read_last_applied
from course_lib.client.merge_diff import three_way_merge_diff
from course_lib.client.three_way import three_way
from course_lib.errors import CourseError
from course_lib.kubectl.chosen import Chosen, Wanted
from course_lib.kubectl.deletion import delete_options, is_missing, propagation_of
from course_lib.kubectl.dry_run import DryRun
from course_lib.kubectl.failures import CommandError, RefusedRequest, sourced
from course_lib.kubectl.file_selection import fetched
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.server import MERGE_PATCH, STRATEGIC_PATCH
from course_lib.kubectl.writing import ObjectWriter
from course_lib.objects.api_types.table import type_of
from course_lib.objects.manifests import Document, sorted_keys

NOT_DECLARATIVE = (
    "Warning: resource {title} is missing the {annotation} annotation which is required by kubectl "
    "apply. kubectl apply should only be used on resources created declaratively by either kubectl "
    "create --save-config or kubectl apply. The missing annotation will be patched automatically.\n"
)
TRIES = 5  # of a patch that meets a conflict


class AppliedPatch(NamedTuple):
    """A patch of a media type, and the object with it."""

    patch: Document
    media: str
    document: Document


class Patcher:
    """Computes and sends the patches of an apply for a `call`; `writer` sends them.

    With `local` nothing is sent, and the object is patched here; `locked` adds the version of the
    object to each patch.
    """

    def __init__(
        self, call: Invocation, writer: ObjectWriter, local: bool = False, locked: bool = False
    ) -> None:
        self._call, self._writer = call, writer
        self._local, self._locked = local, locked

    def patch(self, live: Chosen, desired: Document) -> AppliedPatch:
        """Change the `live` object to what is `desired`; raises `CommandError`."""
        for tries in range(1 + TRIES):
            try:
                return self._once(live, desired)
            except RefusedRequest as refusal:
                if refusal.reason != "Conflict" or tries == TRIES:
                    raise
            if tries:
                self._call.time.wait(lambda: False, 1.0)
            live = fetched(self._call.server, live, Wanted())
        raise AssertionError

    def _once(self, live: Chosen, desired: Document) -> AppliedPatch:
        patch, media = patch_between(live.document, desired)
        if not patch:
            return AppliedPatch(patch, media, live.document)
        if self._local:
            return AppliedPatch(patch, media, _merged(live.document, patch, media))
        if self._locked:
            version = live.document["metadata"]["resourceVersion"]
            meta = (patch.get("metadata") or {}) | {"resourceVersion": version}
            patch = patch | {"metadata": meta}
        try:
            return AppliedPatch(patch, media, self._writer.patch(live, patch, media))
        except RefusedRequest as refusal:
            refusal.patch = patch
            raise


def patch_between(live: Document, desired: Document) -> tuple[Document, str]:
    """The patch by which an apply changes the `live` document, and its media type.

    A kind that the release does not have gets a merge patch. Raises `CommandError` for a `desired`
    object that is another one.
    """
    last = read_last_applied(live)
    type = type_of(str(live.get("apiVersion", "")), str(live.get("kind", "")))
    if type is not None:
        return three_way(last, desired, live, type), STRATEGIC_PATCH
    patch = three_way_merge_diff(last, desired, live)
    named = isinstance(patch.get("metadata"), dict) and "name" in patch["metadata"]
    if named or "apiVersion" in patch or "kind" in patch:
        raise CommandError("At least one of apiVersion, kind and name was changed")
    return patch, MERGE_PATCH


def _merged(live: Document, patch: Document, media: str) -> Document:
    """A live document with a patch, as a dry run of the client shows it."""
    if media == MERGE_PATCH:
        merged: Document = merge_patch(live, patch)
        return merged
    type = type_of(str(live.get("apiVersion", "")), str(live.get("kind", "")))
    try:
        return strategic_merge(copy.deepcopy(live), patch, type)
    except CourseError as problem:
        raise CommandError(f"applying patch locally: {problem.what}") from None


class ClientSide:
    """Applies objects on the client's side, for a `call`, as far as `dry_run` goes.

    `writer` sends the requests.
    """

    def __init__(self, call: Invocation, writer: ObjectWriter, dry_run: DryRun) -> None:
        self._call, self._writer, self._dry_run = call, writer, dry_run
        self._patcher = Patcher(call, writer, local=dry_run is DryRun.CLIENT)

    def apply(self, chosen: Chosen) -> tuple[str, Document]:
        """Create or patch an object; returns what was done, and the object."""
        desired = annotated(chosen.document)
        try:
            live = fetched(self._call.server, chosen, Wanted())
        except CommandError as failure:
            if isinstance(failure, RefusedRequest) and failure.reason == "NotFound":
                return "created", self._create(chosen, desired)
            verb = f"retrieving current configuration of:\n{chosen.described}\nfrom server for:"
            raise sourced(failure, verb, chosen.source) from None
        if last_applied(live.document) is None:
            said = NOT_DECLARATIVE.format(title=live.title, annotation=LAST_APPLIED)
            self._call.error(said)
        try:
            done = self._patcher.patch(live, desired)
        except CommandError as failure:
            if self._recreates(failure):
                return "configured", self._recreate(live, desired)
            raise _refused(failure, live) from None
        return ("configured" if done.patch else "unchanged"), done.document

    def _create(self, chosen: Chosen, desired: Document) -> Document:
        desired = without_nulls(desired)
        if self._dry_run is DryRun.CLIENT:
            return desired
        try:
            return self._writer.create(chosen, desired)
        except CommandError as failure:
            raise sourced(failure, "creating", chosen.source) from None

    def _recreates(self, failure: CommandError) -> bool:
        """Whether `--force` deletes and creates an object that cannot be patched."""
        refused = isinstance(failure, RefusedRequest) and failure.reason in ("Conflict", "Invalid")
        return refused and self._call.flags.on("force")

    def _recreate(self, live: Chosen, desired: Document) -> Document:
        """Delete an object, wait until it is gone, and create it (`deleteAndCreate`)."""
        call = self._call
        grace = call.flags.number("grace-period")
        try:
            self._writer.delete(live, delete_options(propagation_of(call), grace))
            if not call.time.wait(lambda: is_missing(call, live), call.flags.seconds("timeout")):
                raise CommandError("context deadline exceeded")
            return self._writer.create(live, desired)
        except CommandError as failure:
            raise _refused(failure, live, desired) from None


def without_nulls(document: Document) -> Document:
    """A document without fields that are null (`pruneNullsFromMap`)."""
    return {key: _without_nulls(value) for key, value in document.items() if value is not None}


def _without_nulls(value: object) -> object:
    if isinstance(value, dict):
        return without_nulls(value)
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value


def _refused(failure: CommandError, live: Chosen, sent: Document | None = None) -> CommandError:
    """What is said of a patch that is refused: the patch, the object, and why."""
    if sent is None:
        sent = getattr(failure, "patch", None)
        failure = sourced(failure, "patching", live.source)
    written = to_json(sorted_keys(sent)) if sent is not None else ""
    return sourced(failure, f"applying patch:\n{written}\nto:\n{live.described}\nfor:", live.source)
