"""`kubectl get`: objects as tables, or whole.

Source: kubectl `pkg/cmd/get/get.go`.
"""

from __future__ import annotations

from msgspec.structs import replace

from course_lib.kubectl.chosen import Selection, Wanted
from course_lib.kubectl.command import Command
from course_lib.kubectl.commands.get.raw import raw
from course_lib.kubectl.commands.get.tables import Tables
from course_lib.kubectl.commands.get.watching import Watching
from course_lib.kubectl.failures import CommandError, raise_all
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.printers.choice import GET_FORMATS, Printer, printer_of
from course_lib.kubectl.printers.columns import sort_by
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
    """Get, print, and perhaps watch; raises `CommandError`."""
    flags = call.flags
    watches = flags.on("watch") or flags.on("watch-only")
    if flags.text("raw"):
        raw(call)
        return
    named = call.args or flags.texts("filename") or flags.text("kustomize")
    if not named and not watches:
        call.error(NO_TYPE)
        raise call.usage_error(NEXT)
    output = flags.text("output")
    _check_columns(call, output)
    if flags.on("output-watch-events") and not watches:
        raise CommandError(
            "--output-watch-events option can only be used with --watch or --watch-only"
        )
    readable = output in ("", "wide") and not flags.text("template")
    if watches:
        accept = TABLE if readable and flags.on("server-print") else JSON
        Watching(call, wanted(call, accept), None if readable else _printer(call)).run()
    elif readable:
        Tables(call, wanted(call, TABLE if flags.on("server-print") else JSON)).print()
    else:
        _print_whole(call)


def wanted(call: Invocation, accept: str) -> Wanted:
    """The objects that the flags and arguments name."""
    flags = call.flags
    sorts = bool(flags.text("sort-by"))
    return replace(
        call.wanted(call.args, everything=True),
        part=flags.text("subresource"),
        accept=accept,
        extra={"includeObject": "Object"} if sorts and accept == TABLE else {},
        chunk=0 if sorts else flags.number("chunk-size"),
        missing_ok=flags.on("ignore-not-found"),
    )


def _check_columns(call: Invocation, output: str) -> None:
    flags = call.flags
    if flags.on("show-labels") and output not in ("", "wide"):
        raise CommandError(f"--show-labels option cannot be used with {output} printer")
    if flags.texts("label-columns") and output.startswith("custom-columns"):
        raise CommandError(f"--label-columns option cannot be used with {output} printer")


def _print_whole(call: Invocation) -> None:
    """Print objects whole: one by itself, more as a list."""
    flags = call.flags
    found = call.select(wanted(call, JSON))
    if found.single:
        raise_all(found.failures)
    if not found.chosen and flags.on("ignore-not-found"):
        return
    printer = _printer(call)
    whole = _whole(found)
    if flags.text("sort-by") and isinstance(items := whole.get("items"), list) and items:
        order = sort_by(flags.text("sort-by"), items)
        whole = whole | {"items": [items[n] for n in order]}
    printer.print(whole, call.out)
    raise_all(found.failures)


def _printer(call: Invocation) -> Printer:
    flags = call.flags
    return printer_of(
        flags.text("output"),
        template=flags.text("template"),
        formats=GET_FORMATS,
        managed_fields=flags.on("show-managed-fields"),
        missing_keys=flags.on("allow-missing-template-keys"),
        headers=not flags.on("no-headers"),
    )


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
                "filename", "ignore-not-found", "kustomize", "label-columns", "no-headers",
                "output", "output-watch-events", "raw", "recursive", "selector", "server-print",
                "show-kind", "show-labels", "show-managed-fields", "sort-by", "subresource",
                "template", "watch", "watch-only",
            }
        ),
    )
}  # fmt: skip
