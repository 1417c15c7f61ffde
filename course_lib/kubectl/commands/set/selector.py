"""`kubectl set selector`: which Pods a Service is for.

Source: kubectl `pkg/cmd/set/set_selector.go`.
"""

from __future__ import annotations

from course_lib.kubectl.changes import ChangePrinter
from course_lib.kubectl.commands.set.updating import is_local, select
from course_lib.kubectl.dry_run import DryRun, dry_run_of
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.label_selectors import label_selector
from course_lib.kubectl.patching import Patched, calculate, send
from course_lib.kubectl.record import recorded
from course_lib.kubectl.selection import Chosen
from course_lib.objects.manifests import Document


def run(call: Invocation) -> None:
    """Set the selector of Services; raises `CommandError`."""
    dry_run = dry_run_of(call)
    words = call.args[:-1]
    selector = label_selector(call.args[-1]) if call.args else None
    printer = ChangePrinter(call, "selector updated", dry_run)
    if selector is None:
        raise CommandError("one selector is required")

    def one(each: Chosen) -> None:
        patched = _patched(call, each, selector)
        if is_local(call) or dry_run is DryRun.CLIENT:
            printer.print(patched.after)
        else:
            printer.print(send(call, patched, dry_run))

    select(call, words).visit(one)


def _patched(call: Invocation, each: Chosen, selector: Document) -> Patched:
    """The patch of a Service; raises `CommandError`."""
    version = call.flags.text("resource-version")

    def change(document: Document) -> bool:
        if document.get("kind") != "Service":
            raise CommandError("setting a selector is only supported for Services")
        if expressions := selector.get("matchExpressions"):
            shown = " ".join(_go_text(each) for each in expressions)
            raise CommandError(f"match expression [{shown}] not supported on this object")
        document["spec"]["selector"] = dict(selector.get("matchLabels") or {})
        if version:
            document["metadata"]["resourceVersion"] = version
        document.update(recorded(call, document))
        return True

    if version:
        each.document["metadata"].pop("resourceVersion", None)
    (patched,) = calculate([each], change)
    if patched.failure is not None:
        raise patched.failure
    return patched


def _go_text(expression: Document) -> str:
    values = " ".join(expression.get("values") or [])
    return f"{{{expression['key']} {expression['operator']} [{values}]}}"
