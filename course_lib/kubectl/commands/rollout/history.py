"""`kubectl rollout history`: the revisions of a workload.

Source: kubectl `pkg/cmd/rollout/rollout_history.go` and `pkg/polymorphichelpers/history.go`.
"""

from __future__ import annotations

import re

from course_lib.kubectl.changes import ChangePrinter
from course_lib.kubectl.commands.rollout.naming import check_named, check_revision, select
from course_lib.kubectl.commands.rollout.revisions import RevisionHistory, history_of
from course_lib.kubectl.describing.pod_template import template_lines
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.printers.tabwriter import tabbed
from course_lib.kubectl.selection import Chosen
from course_lib.kubectl.typed import typed
from course_lib.objects.manifests import Document

KINDS = ("DaemonSet", "Deployment", "StatefulSet")
_VISITED = (
    ("apps", "DaemonSet"), ("apps", "Deployment"), ("batch", "Job"), ("", "Pod"),
    ("apps", "ReplicaSet"), ("", "ReplicationController"), ("apps", "StatefulSet"),
    ("batch", "CronJob"),
)  # fmt: skip


def run(call: Invocation) -> None:
    """Show the revisions of each object, or one of them whole."""
    check_named(call)
    check_revision(call.flags.number("revision"))
    found = select(call)
    if call.flags.text("output") or call.flags.text("template"):
        printer = ChangePrinter(call)
        found.visit(lambda each: _print_whole(call, each, printer))
    else:
        found.visit(lambda each: _print(call, each))


def check_kind(chosen: Chosen, missing: str, what: str) -> None:
    """Raise `CommandError` for an object without revisions.

    `chosen` is the object; `what` is what kubectl would need for it, `missing` how it says that it
    has none.
    """
    resource = chosen.resource
    kind = ".".join(filter(None, [resource.kind, resource.group]))
    if (resource.group, resource.kind) not in _VISITED:
        why = f"no visitor method exists for {{{resource.group} {resource.kind}}}"
        raise CommandError(f'error retrieving {what} for "{kind}", {why}')
    if resource.kind not in KINDS:
        raise CommandError(f'no {missing} has been implemented for "{kind}"')


def template_text(template: Document) -> str:
    """A template of Pods as `describe` shows it, its columns not aligned (`printTemplate`)."""
    lines = (re.sub("^ +\t", "\t", line) for line in template_lines(template))
    return "".join(f"{line}\n" for line in lines)


def _print(call: Invocation, chosen: Chosen) -> None:
    check_kind(chosen, "history viewer", "history")
    number = call.flags.number("revision")
    text = _text(history_of(call, chosen), number)
    head = f"with revision #{number}" if number > 0 else ""
    ChangePrinter(call, f"{head}\n{text}").print(chosen.document)


def _text(history: RevisionHistory, number: int) -> str:
    if not history.revisions:
        return "No rollout history found."
    if number > 0:
        found = history.numbered(number)
        if found is None:
            raise CommandError("unable to find the specified revision")
        return template_text(found.template)
    causes = {each.number: each.cause for each in history.revisions}
    rows = [f"{each}\t{cause or '<none>'}\n" for each, cause in causes.items()]
    return tabbed("REVISION\tCHANGE-CAUSE\n" + "".join(rows))


def _print_whole(call: Invocation, chosen: Chosen, printer: ChangePrinter) -> None:
    check_kind(chosen, "history viewer", "history")
    number, history = call.flags.number("revision"), history_of(call, chosen)
    numbers = [number] if number > 0 else list({each.number: each for each in history.revisions})
    for each in numbers:
        found = history.numbered(each)
        if found is None:
            raise CommandError("unable to find the specified revision")
        printer.print(typed(found.whole))
