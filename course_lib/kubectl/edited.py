"""What is done with objects that come back from an editor: patched, annotated or created.

Source: kubectl `pkg/cmd/util/editor/editoptions.go` (`visitToPatch`, `visitToApplyEditPatch`,
`visitToCreate`).
"""

from __future__ import annotations

import msgspec

from course_lib.client.last_applied import LAST_APPLIED, encoded
from course_lib.client.merge_diff import merge_diff
from course_lib.client.strategic_diff import two_way
from course_lib.command_line.values import quoted
from course_lib.kubectl.changes import ChangePrinter
from course_lib.kubectl.chosen import Chosen
from course_lib.kubectl.creation import saved, validation
from course_lib.kubectl.editing_header import Reason
from course_lib.kubectl.failures import CommandError, RefusedRequest
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.printers.documents import without_managed_fields
from course_lib.kubectl.record import recorded
from course_lib.kubectl.server import MERGE_PATCH, STRATEGIC_PATCH
from course_lib.kubectl.writing import ObjectWriter
from course_lib.objects.api_types.table import type_of
from course_lib.objects.manifests import Document

CHANGED = "At least one of apiVersion, kind and name was changed"


class EditOutcome(msgspec.Struct):
    """What became of changes: why the editor opens again, and how many cannot be made."""

    reasons: list[Reason] = []
    retryable: int = 0
    missing: int = 0

    def add(self, refusal: RefusedRequest, chosen: Chosen) -> str:
        """Note that the change of an object is refused; returns what is said of it (`addError`)."""
        title = f"{chosen.resource.full_name} {quoted(chosen.name)}"
        if refusal.reason == "Invalid":
            causes = (refusal.status.get("details") or {}).get("causes") or []
            told = tuple(f"{each.get('field')}: {each.get('message')}" for each in causes)
            self.reasons.append(Reason(f"{title} was not valid", told))
            return f"error: {title} is invalid"
        if refusal.reason == "NotFound":
            self.missing += 1
            return f"error: {title} could not be found on the server"
        self.retryable += 1
        return f"error: {title} could not be patched: {refusal.message}"


class EditChange:
    """What is done with objects that were edited, for a `call`."""

    of_annotations = False

    def __init__(self, call: Invocation) -> None:
        self._call = call
        self._writer = ObjectWriter(
            call.server,
            manager=call.flags.text("field-manager"),
            validation=validation(call),
            part=call.flags.text("subresource") if "subresource" in call.flags.values else "",
        )

    def make(self, original: Chosen, updated: Chosen, outcome: EditOutcome) -> None:
        """Make of an `original` object what was `updated`; what is refused is in the `outcome`."""
        raise NotImplementedError

    def _say(self, operation: str, document: Document) -> None:
        ChangePrinter(self._call).print_as(operation, document)


class Patching(EditChange):
    """The difference becomes a patch."""

    def make(self, original: Chosen, updated: Chosen, outcome: EditOutcome) -> None:
        """Patch an object."""
        call = self._call
        before = without_managed_fields(original.document)
        after = recorded(call, updated.document)
        if "save-config" in call.flags.values and call.flags.on("save-config"):
            after = saved(after, create=True)
        if before == after:
            self._say("skipped", updated.document)
            return
        custom = type_of(str(after.get("apiVersion")), str(after.get("kind"))) is None
        patch = merge_diff(before, after) if custom else two_way(before, after)
        if {"apiVersion", "kind"} & set(patch) or "name" in (patch.get("metadata") or {}):
            raise CommandError(CHANGED)
        if call.flags.values.get("output-patch") is True:
            call.out(f"Patch: {encoded(patch)}")
        try:
            media = MERGE_PATCH if custom else STRATEGIC_PATCH
            document = self._writer.patch(original, patch, media)
        except RefusedRequest as refusal:
            call.error(outcome.add(refusal, original) + "\n")
            return
        self._say("edited", document)


class Annotating(EditChange):
    """The edited text becomes the annotation."""

    of_annotations = True

    def make(self, original: Chosen, updated: Chosen, outcome: EditOutcome) -> None:
        """Patch the annotation of an object."""
        if original.document == updated.document:
            self._say("skipped", updated.document)
            return
        text = encoded(updated.document)
        patch: Document = {"metadata": {"annotations": {LAST_APPLIED: text}}}
        self._writer.patch(original, patch, MERGE_PATCH)
        self._say("edited", updated.document)


class Creating(EditChange):
    """A new object is made."""

    def make(self, original: Chosen, updated: Chosen, outcome: EditOutcome) -> None:
        """Create an object."""
        call = self._call
        document = recorded(call, saved(updated.document, call.flags.on("save-config")))
        self._say("created", self._writer.create(original, document))
