"""`kubectl api-resources`: what the server has, by name, group and kind.

Source: kubectl `pkg/cmd/apiresources` (`apiresources.go`, `print_flags.go`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from course_lib.kubectl.command import Command
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.printers.choice import printer_of
from course_lib.kubectl.printers.tabwriter import TabWriter
from course_lib.kubectl.resources import Resource
from course_lib.kubectl.typed import StructDocument
from course_lib.objects.manifests import Document

FORMATS = ("json", "kyaml", "name", "wide", "yaml")
HEADERS = ("NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND")
_ORDERS: dict[str, Callable[[Resource], tuple[str, ...]]] = {
    "": lambda each: (each.group, each.plural),
    "name": lambda each: (each.plural,),
    "kind": lambda each: (each.kind, each.plural),
}


def run(call: Invocation) -> None:
    """Print the resources that the flags choose; raises `CommandError`."""
    flags = call.flags
    output, order = flags.text("output"), flags.text("sort-by")
    if call.args:
        raise call.usage_error(f"unexpected arguments: [{' '.join(call.args)}]")
    if output.lower() not in ("", *FORMATS):
        raise CommandError(
            f'unable to match a printer suitable for the output format "{output}", '
            f"allowed formats are: {','.join(FORMATS)}"
        )
    if order not in _ORDERS:
        raise CommandError("--sort-by accepts only name or kind")
    found = sorted(_chosen(call), key=_ORDERS[order])
    if output in ("", "wide"):
        _table(call, found, output == "wide")
    elif output == "name":
        for each in found:
            call.out(f"{each.full_name}\n")
    else:
        printer_of(output, managed_fields=True).print(_list(found), call.out)


def _chosen(call: Invocation) -> Iterable[Resource]:
    flags = call.flags
    verbs, categories = set(flags.texts("verbs")), set(flags.texts("categories"))
    for each in call.resources.preferred:
        if not each.verbs or not verbs <= set(each.verbs):
            continue
        if not categories <= set(each.categories):
            continue
        if "api-group" in flags.given and flags.text("api-group") != each.group:
            continue
        if "namespaced" in flags.given and flags.on("namespaced") != each.namespaced:
            continue
        yield each


def _table(call: Invocation, found: Iterable[Resource], wide: bool) -> None:
    writer = TabWriter(call.out)
    if not call.flags.on("no-headers"):
        writer.write("\t".join([*HEADERS, *(["VERBS", "CATEGORIES"] if wide else [])]) + "\n")
    for each in found:
        cells = [each.plural, ",".join(each.short_names), each.api_version]
        cells += [str(each.namespaced).lower(), each.kind]
        if wide:
            cells += [",".join(each.verbs), ",".join(each.categories)]
        writer.write("\t".join(cells) + "\n")
    writer.flush()


def _list(found: Iterable[Resource]) -> Document:
    head = {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": ""}
    return StructDocument(head | {"resources": [_row(each) for each in found]})


def _row(each: Resource) -> Document:
    row: Document = {"name": each.plural, "singularName": each.singular}
    row["namespaced"] = each.namespaced
    row |= {"group": each.group} if each.group else {}
    row |= {"version": each.version, "kind": each.kind, "verbs": list(each.verbs)}
    row |= {"shortNames": list(each.short_names)} if each.short_names else {}
    return row | ({"categories": list(each.categories)} if each.categories else {})


COMMANDS = {
    "api-resources": Command(
        run,
        frozenset(
            {
                "api-group", "cached", "categories", "namespaced", "no-headers", "output",
                "show-managed-fields", "sort-by", "verbs",
            }
        ),
    )
}  # fmt: skip
