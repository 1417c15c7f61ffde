"""`kubectl events`: what happened, oldest first.

Source: kubectl `pkg/cmd/events` (`events.go`, `event_printer.go`).
"""

from __future__ import annotations

from course_lib.kubectl.command import Command
from course_lib.kubectl.failures import CommandError, Plain
from course_lib.kubectl.go_sort import go_sorted
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.printers.choice import Printer, printer_of
from course_lib.kubectl.printers.documents import Write
from course_lib.kubectl.printers.tabwriter import TabWriter
from course_lib.kubectl.server import Path
from course_lib.kubectl.streams import changes
from course_lib.kubectl.typed import StructDocument, typed
from course_lib.objects.manifests import Document

TYPES = ("normal", "warning")


def run(call: Invocation) -> None:
    """List events, and perhaps watch them; raises `CommandError`."""
    flags = call.flags
    subject = _subject(call, flags.text("for"))
    printer: Printer = _EventPrinter(call)
    if flags.text("output"):
        printer = printer_of(
            flags.text("output"),
            template=flags.text("template"),
            managed_fields=flags.on("show-managed-fields"),
            missing_keys=flags.on("allow-missing-template-keys"),
        )
    types = {each.lower() for each in flags.texts("types")}
    if not types <= set(TYPES):
        raise CommandError("valid --types are Normal or Warning")
    space = "" if flags.on("all-namespaces") else call.namespace
    path = Path("v1", "events", space)
    query = {"limit": "500"} | ({"fieldSelector": subject} if subject else {})
    if flags.on("watch"):
        _watch(call, path, query, printer, types)
        return
    found = [each for each in call.server.items(path, query) if _is_of(each, types)]
    if not found:
        where = "" if flags.on("all-namespaces") else f" in {call.namespace} namespace"
        call.error(f"No events found{where}.\n")
        return
    ordered = go_sorted(found, lambda one, other: _time(one) < _time(other))
    if flags.text("output") != "name":  # the real one prints no names of lists, and no error
        head = {"kind": "EventList", "apiVersion": "v1", "metadata": {}}
        printer.print(StructDocument(head | {"items": [typed(each) for each in ordered]}), call.out)


def _watch(
    call: Invocation, path: Path, query: dict[str, str], printer: Printer, types: set[str]
) -> None:
    events = call.server.watch(path, query)
    for change in changes(events, call.time, call.patience):
        if change["type"] in ("ADDED", "MODIFIED") and _is_of(change["object"], types):
            printer.print(change["object"], call.out)


def _subject(call: Invocation, text: str) -> str:
    """The field selector of `--for`: the object that events are about."""
    if not text:
        return ""
    if "/" not in text:
        raise CommandError("--for must be in resource/name form")
    if text.count("/") > 1:
        raise CommandError("arguments in resource/name form may not have more than one slash")
    word, name = text.split("/")
    try:
        resource = call.resources.named(word.lower())
    except CommandError as problem:
        raise Plain(problem.message) from None
    return (
        f"involvedObject.kind={resource.kind},involvedObject.apiVersion={resource.api_version},"
        f"involvedObject.name={name}"
    )


def _is_of(event: Document, types: set[str]) -> bool:
    return not types or str(event.get("type", "")).lower() in types


def _time(event: Document) -> str:
    """When an event was seen last."""
    series = event.get("series")
    if series:
        return str(series.get("lastObservedTime") or "")
    return str(event.get("lastTimestamp") or event.get("eventTime") or "")


class _EventPrinter:
    """Prints events as rows."""

    def __init__(self, call: Invocation) -> None:
        self._call = call
        self._namespaces = call.flags.on("all-namespaces")
        self._headers = not call.flags.on("no-headers")
        self._writer = TabWriter(call.out)

    def print(self, document: Document, write: Write) -> None:
        """Write the rows of a list, or the row of one event."""
        writer = self._writer
        if self._headers:
            self._headers = False
            space = "NAMESPACE\t" if self._namespaces else ""
            writer.write(f"{space}LAST SEEN\tTYPE\tREASON\tOBJECT\tMESSAGE\n")
        items = document.get("items")
        for event in items if isinstance(items, list) else [document]:
            writer.write(self._row(event))
        writer.flush()

    def _row(self, event: Document) -> str:
        about = event.get("involvedObject") or {}
        cells = [event["metadata"].get("namespace", "")] * self._namespaces
        cells += [self._seen(event), event.get("type", ""), event.get("reason", "")]
        cells += [f"{about.get('kind', '')}/{about.get('name', '')}"]
        return "\t".join([*cells, str(event.get("message", "")).strip()]) + "\n"

    def _seen(self, event: Document) -> str:
        age = self._call.age
        first = age(event.get("eventTime") or event.get("firstTimestamp"))
        series = event.get("series")
        if series:
            return f"{age(series['lastObservedTime'])} (x{series['count']} over {first})"
        if event.get("count", 0) > 1:
            return f"{age(event.get('lastTimestamp'))} (x{event['count']} over {first})"
        return first


COMMANDS = {
    "events": Command(
        run,
        frozenset(
            {
                "all-namespaces", "allow-missing-template-keys", "chunk-size", "for", "no-headers",
                "output", "show-managed-fields", "template", "types", "watch",
            }
        ),
    )
}  # fmt: skip
