"""`kubectl edit` and its relatives: objects are shown as text, and become what is made of it.

Source: kubectl `pkg/cmd/util/editor/editoptions.go`.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import yaml
from msgspec.structs import replace

from course_lib.client.last_applied import last_applied
from course_lib.command_line.values import quoted
from course_lib.kubectl import files
from course_lib.kubectl.chosen import Chosen, Wanted
from course_lib.kubectl.creation import validation
from course_lib.kubectl.decoding import problems_of
from course_lib.kubectl.edited import Annotating, Creating, EditChange, EditOutcome, Patching
from course_lib.kubectl.editing_header import Reason, header, without_comments
from course_lib.kubectl.failures import CommandError, Silent
from course_lib.kubectl.file_selection import FileSelector
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.manifest_flags import manifests
from course_lib.kubectl.printers.documents import to_json, to_yaml, without_managed_fields
from course_lib.objects.yaml_text import lenient

NO_ANNOTATION = (
    "no last-applied-configuration annotation found on resources, to create the annotation, use "
    "command `kubectl apply set-last-applied --create-annotation`"
)


def edit(call: Invocation) -> None:
    """Edit objects as they are; raises `CommandError`."""
    wanted = replace(call.wanted(call.args, everything=True), part=call.flags.text("subresource"))
    found = call.select(wanted).all()
    if not found:
        raise CommandError("edit cancelled, no objects found")
    _Session(call, found, Patching(call)).run()


def edit_last_applied(call: Invocation) -> None:
    """Edit what the annotations of objects say was applied; raises `CommandError`."""
    selection = call.select(call.wanted(call.args, everything=True))
    found = []
    for each in selection.all():
        text = last_applied(each.document)
        if text is not None:
            document = msgspec.json.decode(text)
            found.append(Chosen(each.resource, each.namespace, each.name, document))
    if not found:
        raise CommandError(NO_ANNOTATION)
    _Session(call, found, Annotating(call)).run()


def edit_before_create(call: Invocation) -> None:
    """Edit manifests, then create their objects."""
    call.select(manifests(call)).visit(
        lambda chosen: _Session(call, [chosen], Creating(call)).run()
    )


class _Session:
    """Objects in an editor, until they are as their reader wants them, or given up.

    `change` is done with each object that comes back.
    """

    def __init__(self, call: Invocation, chosen: list[Chosen], change: EditChange) -> None:
        self._call, self._change = call, change
        begun = call.around.editor.begin([each.document for each in chosen])
        self._chosen = [
            Chosen(each.resource, each.namespace, each.name, document, each.source)
            for each, document in zip(chosen, begun, strict=False)
        ]
        self._json = call.flags.text("output") == "json"
        self._reasons: list[Reason] = []
        self._file = ""

    def run(self) -> None:
        """Open the editor again and again; raises `CommandError` where it is given up."""
        original = self._shown()
        edited, failed = original, False
        while True:
            text = without_comments(edited) if failed else original
            head = "" if self._json else header(self._reasons, self._change.of_annotations)
            before, (edited, file) = edited, self._edit(head + text)
            if failed and _plain(before) == _plain(edited):
                raise self._kept(CommandError("Edit cancelled, no valid changes were saved."), file)
            self._discard()
            self._reasons = []
            if wrong := self._invalid(edited):
                self._file, failed = file, True
                self._refuse(wrong)
                continue
            if _plain(original) == _plain(edited):
                self._give_up(file, "Edit cancelled, no changes made.")
                return
            if not any(
                line.strip() and not line.lstrip().startswith("#") for line in edited.splitlines()
            ):
                self._give_up(file, "Edit cancelled, saved file was empty.")
                return
            self._file = file
            failed = self._do(edited)
            if not failed:
                return

    def _shown(self) -> str:
        documents = [without_managed_fields(each.document) for each in self._chosen]
        head = {"apiVersion": "v1", "kind": "List", "metadata": {}}
        whole = documents[0] if len(documents) == 1 else head | {"items": documents}
        return to_json(whole) + "\n" if self._json else to_yaml(whole)

    def _edit(self, text: str) -> tuple[str, str]:
        try:
            return self._call.around.editor.edit(text, ".json" if self._json else ".yaml")
        except CommandError as failure:
            raise self._kept(failure, self._file) from None

    def _invalid(self, edited: str) -> str:
        """Why kubectl itself does not take an edited text; empty where it does."""
        if validation(self._call).get("fieldValidation") == "Ignore":
            return ""
        first = next(files.parts(without_comments(edited)), "")
        try:
            value = lenient(first)
        except (yaml.YAMLError, ValueError) as problem:
            return files.yaml_problem(problem)
        problems = problems_of(value)
        return "".join(problems) if len(problems) < 2 else f"[{', '.join(problems)}]"

    def _refuse(self, wrong: str) -> None:
        first = self._chosen[0]
        title = first.resource.full_name
        head = f"{title} {quoted(first.name)} was not valid"
        value = f'<nil>: Invalid value: "The edited file failed validation": {wrong}'
        self._reasons.append(Reason(head, (value,)))
        self._call.error(f"error: {title} {quoted(first.name)} is invalid\n")

    def _do(self, edited: str) -> bool:
        """Change what was edited; returns whether the editor has to open again."""
        try:
            updated = list(self._read(edited))
        except CommandError as problem:
            head = f"The edited file had a syntax error: {problem.message}"
            self._reasons.append(Reason(head))
            return True
        outcome = EditOutcome()
        try:
            for each in updated:
                self._require_namespace(each)
            for each in updated:
                self._change.make(self._original(each), each, outcome)
        except CommandError as failure:
            raise self._kept(failure, self._file) from None
        self._reasons += outcome.reasons
        if outcome.retryable:
            self._call.error(
                f"You can run `kubectl replace -f {self._file}` to try this update again.\n"
            )
            raise Silent
        if outcome.missing:
            kept = quoted(self._file)
            self._call.error(f"The edits you made on deleted resources have been saved to {kept}\n")
            raise Silent
        if not outcome.reasons:
            self._discard()
        return bool(outcome.reasons)

    def _read(self, edited: str) -> Iterator[Chosen]:
        source = files.ManifestSource("edited-file", text=edited)
        reader = FileSelector(self._call, Wanted(latest=False))
        for each in reader.of(source):
            if isinstance(each, CommandError):
                raise each
            yield each

    def _require_namespace(self, updated: Chosen) -> None:
        """Raise `CommandError` where the namespace was edited (`RequireNamespace`)."""
        found, wanted = updated.namespace, self._call.namespace
        if updated.resource.namespaced and found != wanted:
            raise CommandError(
                f'the namespace from the provided object "{found}" does not match the namespace '
                f"\"{wanted}\". You must pass '--namespace={found}' to perform this operation."
            )

    def _original(self, updated: Chosen) -> Chosen:
        uid = (updated.document.get("metadata") or {}).get("uid")
        for each in self._chosen:
            if (each.document.get("metadata") or {}).get("uid") == uid:
                return each
        raise self._kept(CommandError(f"no original object found for {updated.title}"), self._file)

    def _kept(self, failure: CommandError, file: str) -> CommandError:
        """A failure, after which the edited file is kept (`preservedFile`)."""
        if file:
            self._call.error(f"A copy of your changes has been stored to {quoted(file)}\n")
        return failure

    def _give_up(self, file: str, said: str) -> None:
        self._call.around.editor.discard(file)
        self._call.error(said + "\n")

    def _discard(self) -> None:
        if self._file:
            self._call.around.editor.discard(self._file)
            self._file = ""


def _plain(text: str) -> object:
    """What a text says, without its comments."""
    try:
        return [lenient(each) for each in files.parts(text)]
    except (yaml.YAMLError, ValueError):
        return without_comments(text)
