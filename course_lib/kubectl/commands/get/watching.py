"""`kubectl get --watch`: what is there, and then each change, while time passes.

A watch has no end. In simulated time it lasts as long as `--request-timeout` says, or a minute.
Source: kubectl `pkg/cmd/get/get.go` (`watch`), `skip_printer.go`.
"""

from __future__ import annotations

import msgspec

from course_lib.command_line.go_text import compact_json
from course_lib.kubectl.chosen import Chosen, Wanted
from course_lib.kubectl.commands.get.tables import options_of, sorted_table
from course_lib.kubectl.failures import CommandError, RefusedRequest, raise_all
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.printers.choice import Printer
from course_lib.kubectl.printers.table import TablePrinter
from course_lib.kubectl.printers.tabwriter import TabWriter
from course_lib.kubectl.streams import changes
from course_lib.objects.manifests import Document

SORTING = "warning: {flag} requested, --sort-by will be ignored{what}\n"


class Watching:
    """Prints the objects that are `wanted` in a `call`, and their changes.

    `printer` is None where tables are printed.
    """

    def __init__(self, call: Invocation, wanted: Wanted, printer: Printer | None) -> None:
        self._call, self._printer = call, printer
        self._wanted = msgspec.structs.replace(wanted, flatten=False)
        flags = call.flags
        self._events = flags.on("output-watch-events")
        self._only = flags.on("watch-only") and not flags.on("watch")
        self._sort = flags.text("sort-by")
        self._writer = TabWriter(call.out)
        self._table = TablePrinter(options_of(call, flags.on("all-namespaces")), call.age)

    def run(self) -> None:
        """Print until the time is up; raises `CommandError`."""
        if self._sort:
            flag = "--watch-only" if self._only else "--watch"
            what = "" if self._only else " for watch events received"
            self._call.error(SORTING.format(flag=flag, what=what))
        found = self._call.select(self._wanted)
        raise_all(found.failures)
        if not found.chosen and self._call.flags.on("ignore-not-found"):
            return
        if len({each.resource for each in found.chosen}) > 1:
            raise CommandError("you may only specify a single resource type")
        if len(found.chosen) != 1:
            raise CommandError(
                "watch is only supported on individual resources and resource collections - "
                f"{len(found.chosen)} resources were found"
            )
        chosen = found.chosen[0]
        self._existing(chosen)
        self._follow(chosen)

    def _existing(self, chosen: Chosen) -> None:
        document = chosen.document
        items = document.get("items")
        for each in items if isinstance(items, list) else [document]:
            self._show(self._headed(each, document), "ADDED", show=not self._only)

    def _headed(self, item: Document, whole: Document) -> Document:
        """An item of a list with its kind and version."""
        if item is whole or "kind" in item:
            return item
        kind = str(whole.get("kind", "")).removesuffix("List")
        return {"apiVersion": whole.get("apiVersion", ""), "kind": kind} | item

    def _follow(self, chosen: Chosen) -> None:
        """Print the changes; of one object the first is what was shown already."""
        call, wanted = self._call, self._wanted
        query = dict(wanted.extra)
        if wanted.labels:
            query["labelSelector"] = wanted.labels
        if wanted.fields:
            query["fieldSelector"] = wanted.fields
        if chosen.name:
            query |= {"fieldSelector": f"metadata.name={chosen.name}", "resourceVersion": "0"}
        else:
            query["resourceVersion"] = chosen.document["metadata"]["resourceVersion"]
        path = chosen.resource.path(chosen.namespace)
        events = call.server.watch(path, query, wanted.accept)
        known = not chosen.name
        try:
            for change in changes(events, call.time, call.patience):
                if change["type"] != "BOOKMARK":
                    self._show(change["object"], change["type"], show=known)
                    known = True
        except RefusedRequest as failed:  # it is printed as an object is, and the watch is over
            self._show(failed.status, "ERROR", show=True)

    def _show(self, document: Document, event: str, show: bool) -> None:
        if self._printer is not None:
            if show:
                self._show_whole(self._printer, document, event)
            return
        if not show and document.get("kind") == "Table":
            document = document | {"rows": []}
        elif not show:
            return
        if self._sort and event == "ADDED":
            document = sorted_table(document, self._sort)
        self._table.print(document, self._writer, event if self._events else "")
        self._writer.flush()

    def _show_whole(self, printer: Printer, document: Document, event: str) -> None:
        if not self._events:
            printer.print(document, self._call.out)
        elif self._call.flags.text("output").lower() == "json":  # in one line
            self._call.out(f'{{"type":"{event}","object":{compact_json(document)}}}\n')
        else:
            printer.print({"object": document, "type": event}, self._call.out)
