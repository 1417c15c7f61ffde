"""`kubectl get` as tables: what the server's printers say of objects, a table for each resource.

Source: kubectl `pkg/cmd/get/get.go` (`Run`), `table_printer.go`, `sorter.go`.
"""

from __future__ import annotations

from itertools import groupby

from course_lib.kubectl.chosen import Chosen, Wanted
from course_lib.kubectl.failures import CommandError, raise_all
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.printers.columns import sort_by
from course_lib.kubectl.printers.table import TableOptions, TablePrinter
from course_lib.kubectl.printers.tabwriter import TabWriter
from course_lib.objects.manifests import Document


def options_of(call: Invocation, namespaces: bool, kind: str = "") -> TableOptions:
    """What a table shows by the flags of a `call`.

    `namespaces` and `kind` are those of `TableOptions`.
    """
    flags = call.flags
    return TableOptions(
        wide=flags.text("output") == "wide",
        headers=not flags.on("no-headers"),
        namespaces=namespaces,
        kind=kind,
        labels=flags.on("show-labels"),
        label_columns=tuple(flags.texts("label-columns")),
    )


class Tables:
    """Prints the objects that a call is about."""

    def __init__(self, call: Invocation, wanted: Wanted) -> None:
        self._call, self._wanted = call, wanted
        self._all_namespaces = call.flags.on("all-namespaces")
        self._sort = call.flags.text("sort-by")
        self._parts, self._separate = 0, False

    def print(self) -> None:
        """Print the tables; raises `CommandError` for what went wrong."""
        call, flags = self._call, self._call.flags
        found = call.select(self._wanted)
        all_chosen = self._in_order(found.chosen)
        writer = TabWriter(self._write)
        with_kind = flags.on("show-kind") or len({each.resource for each in all_chosen}) > 1
        namespaces = False
        for resource, chosen in groupby(all_chosen, key=lambda each: each.resource):
            writer.flush()
            writer.forget()
            self._separate = self._parts > 0 and not flags.on("no-headers")
            # As in the real one, tables that follow one with namespaces have the column, too.
            namespaces = namespaces or (self._all_namespaces and resource.namespaced)
            options = options_of(call, namespaces, resource.group_kind if with_kind else "")
            printer = TablePrinter(options, call.age)
            for each in chosen:
                self._table(printer, each.document, writer)
        writer.flush()
        if not self._parts and not flags.on("ignore-not-found") and not found.failures:
            call.error(self._nothing(all_chosen))
        raise_all(found.failures)

    def _in_order(self, chosen: list[Chosen]) -> list[Chosen]:
        """As in the real one, several tables are sorted as wholes, by what they have themselves."""
        if not self._sort or len(chosen) < 2:
            return chosen
        return [chosen[n] for n in sort_by(self._sort, [each.document for each in chosen])]

    def _table(self, printer: TablePrinter, document: Document, writer: TabWriter) -> None:
        if self._sort:
            try:
                document = sorted_table(document, self._sort)
            except CommandError:  # the real one does not say it either
                return
        printer.print(document, writer)

    def _write(self, text: str) -> None:
        if self._separate:
            self._call.out("\n")
            self._separate = False
        self._parts += 1
        self._call.out(text)

    def _nothing(self, chosen: list[Chosen]) -> str:
        namespaced = all(each.resource.namespaced for each in chosen)
        if self._all_namespaces or not namespaced:
            return "No resources found\n"
        return f"No resources found in {self._call.namespace} namespace.\n"


def sorted_table(document: Document, path: str) -> Document:
    """A table with its rows sorted by a field of their objects; raises `CommandError`.

    The rows have their whole objects (`includeObject=Object`). What is no table stays as it is.
    """
    rows = document.get("rows") or []
    if document.get("kind") != "Table" or len(rows) < 2:
        return document
    objects = [row.get("object") or {} for row in rows]
    return document | {"rows": [rows[n] for n in sort_by(path, objects, table=True)]}
