"""`kubectl get`: objects as tables, or whole.

Source: kubectl `pkg/cmd/get/get.go`.
"""

from __future__ import annotations

from itertools import groupby

from course_lib.kubectl.command import Command
from course_lib.kubectl.failures import CommandError, raise_all
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.printers.choice import GET_FORMATS, printer_of
from course_lib.kubectl.printers.table import TableOptions, TablePrinter
from course_lib.kubectl.printers.tabwriter import TabWriter
from course_lib.kubectl.selection import Chosen, Selection, Wanted
from course_lib.kubectl.server import JSON, TABLE
from course_lib.objects.manifests import Document

NO_TYPE = (
    'You must specify the type of resource to get. Use "kubectl api-resources" for a complete '
    "list of supported resources.\n\n"
)
NEXT = (
    "Required resource not specified.\n"
    'Use "kubectl explain <resource>" for a detailed description of that resource '
    "(e.g. kubectl explain pods)."
)


def run(call: Invocation) -> None:
    """Get, print, and perhaps watch."""
    flags = call.flags
    if not call.args and not flags.texts("filename"):
        call.error(NO_TYPE)
        raise call.usage_error(NEXT)
    output = flags.text("output")
    _check_columns(call, output)
    if output in ("", "wide") and not flags.text("template"):
        _Tables(call).print()
    else:
        _print_whole(call)


def wanted(call: Invocation, accept: str) -> Wanted:
    """The objects that the flags and arguments name."""
    flags = call.flags
    return Wanted(
        words=call.args,
        paths=flags.texts("filename"),
        recursive=flags.on("recursive"),
        labels=flags.text("selector") or None,
        fields=flags.text("field-selector") or None,
        everything=True,
        all_namespaces=flags.on("all-namespaces"),
        part=flags.text("subresource"),
        accept=accept,
        missing_ok=flags.on("ignore-not-found"),
    )


def _check_columns(call: Invocation, output: str) -> None:
    flags = call.flags
    if flags.on("show-labels") and output not in ("", "wide"):
        raise CommandError(f"--show-labels option cannot be used with {output} printer")
    if flags.texts("label-columns") and output.startswith("custom-columns"):
        raise CommandError(f"--label-columns option cannot be used with {output} printer")


class _Tables:
    """Prints what the server's printers say, a table for each resource."""

    def __init__(self, call: Invocation) -> None:
        self._call = call
        self._all_namespaces = call.flags.on("all-namespaces")

    def print(self) -> None:
        call, flags = self._call, self._call.flags
        accept = TABLE if flags.on("server-print") else JSON
        found = call.select(wanted(call, accept))
        writer = TabWriter(self._write)
        with_kind = flags.on("show-kind") or len({each.resource for each in found.chosen}) > 1
        self._parts, self._separate = 0, False
        namespaces = False
        for resource, chosen in groupby(found.chosen, key=lambda each: each.resource):
            writer.flush()
            writer.forget()
            self._separate = self._parts > 0 and not flags.on("no-headers")
            # As in the real one, tables that follow one with namespaces have the column, too.
            namespaces = namespaces or (self._all_namespaces and resource.namespaced)
            options = self._options(namespaces, resource.group_kind if with_kind else "")
            printer = TablePrinter(options, call.age)
            for each in chosen:
                printer.print(each.document, writer)
        writer.flush()
        if not self._parts and not flags.on("ignore-not-found") and not found.failures:
            call.error(self._nothing(found.chosen))
        raise_all(found.failures)

    def _options(self, namespaces: bool, kind: str) -> TableOptions:
        flags = self._call.flags
        return TableOptions(
            wide=flags.text("output") == "wide",
            headers=not flags.on("no-headers"),
            namespaces=namespaces,
            kind=kind,
            labels=flags.on("show-labels"),
            label_columns=tuple(flags.texts("label-columns")),
        )

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


def _print_whole(call: Invocation) -> None:
    """Print objects whole: one by itself, more as a list."""
    flags = call.flags
    found = call.select(wanted(call, JSON))
    if found.single:
        raise_all(found.failures)
    if not found.chosen and flags.on("ignore-not-found"):
        return
    printer = printer_of(
        flags.text("output"),
        template=flags.text("template"),
        formats=GET_FORMATS,
        managed_fields=flags.on("show-managed-fields"),
        missing_keys=flags.on("allow-missing-template-keys"),
    )
    printer.print(_whole(found), call.out)
    raise_all(found.failures)


def _whole(found: Selection) -> Document:
    if found.single and len(found.chosen) == 1:
        return found.chosen[0].document
    items = [each.document for each in found.chosen]
    meta = {"resourceVersion": ""}
    return {"apiVersion": "v1", "items": items, "kind": "List", "metadata": meta}


COMMANDS = {
    "get": Command(
        run,
        frozenset(
            {
                "all-namespaces", "allow-missing-template-keys", "chunk-size", "field-selector",
                "filename", "ignore-not-found", "label-columns", "no-headers", "output",
                "recursive", "selector", "server-print", "show-kind", "show-labels",
                "show-managed-fields", "subresource", "template",
            }
        ),
    )
}  # fmt: skip
