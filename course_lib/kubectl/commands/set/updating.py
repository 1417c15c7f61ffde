"""What the commands of `kubectl set` have in common.

Source: the `Run` functions of kubectl `pkg/cmd/set/set_*.go`, which are alike.
"""

from __future__ import annotations

import msgspec

from course_lib.kubectl.changes import ChangePrinter
from course_lib.kubectl.dry_run import DryRun
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.patching import Change, Patched, calculate, send
from course_lib.kubectl.selection import Selection
from course_lib.kubectl.typed import typed
from course_lib.objects.manifests import Document

LOCAL_RESOURCE = (
    "error: you must specify resources by --filename when --local is set.\n"
    "Example resource specifications include:\n"
    "   '-f rsrc.yaml'\n"
    "   '--filename=rsrc.json'"
)
LOCAL_AND_SERVER = "cannot specify --local and --dry-run=server - did you mean --dry-run=client?"
ALL_AND_SELECTOR = "cannot set --all and --selector at the same time"


class Update(msgspec.Struct):
    """How a command of `kubectl set` changes objects.

    `failed` stands before the words of a server that refuses; `sends_empty` says that a patch
    without a change is sent, too.
    """

    call: Invocation
    dry_run: DryRun
    printer: ChangePrinter
    failed: str = ""
    sends_empty: bool = False

    def run(self, found: Selection, change: Change) -> list[CommandError]:
        """Make a `change` in all that was found; returns what went wrong."""
        failures: list[CommandError] = []
        for each in calculate(found.chosen, change):
            try:
                self._one(each)
            except CommandError as failure:
                failures.append(failure)
        return failures

    def _one(self, each: Patched) -> None:
        if each.failure is not None:
            title = _local_title(each) if is_local(self.call) else each.chosen.title
            raise CommandError(f"error: {title} {each.failure.message}\n")
        if not each.patch and not self.sends_empty:
            return
        if is_local(self.call) or self.dry_run is DryRun.CLIENT:
            self.printer.print(each.after)
        else:
            self.printer.print(self._sent(each))

    def _sent(self, each: Patched) -> Document:
        try:
            return send(self.call, each, self.dry_run)
        except CommandError as refusal:
            if not self.failed:
                raise
            raise CommandError(self.failed + refusal.message) from None


def _local_title(each: Patched) -> str:
    """What a file's object is called, of which no server says the resource (`ObjectName`)."""
    resource = each.chosen.resource
    end = f".{resource.group}/{each.chosen.name}\n" if resource.group else f"/{each.chosen.name}"
    return resource.kind.lower() + end


def is_local(call: Invocation) -> bool:
    """Whether the command only changes what files say."""
    return call.flags.on("local")


def select(call: Invocation, words: list[str]) -> Selection:
    """The objects that `words` and files name, each as Go writes it; raises `CommandError`."""
    local = is_local(call)
    if local and words:
        raise CommandError(LOCAL_RESOURCE)
    found = call.select(call.wanted(words, latest=not local))
    for each in found.chosen:
        each.document = typed(each.document)
    return found
