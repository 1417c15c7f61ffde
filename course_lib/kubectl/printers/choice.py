"""Which printer `--output` means.

Source: cli-runtime `pkg/genericclioptions` (`print_flags.go` and what it composes).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.printers.documents import (
    JSONPrinter,
    NamePrinter,
    Write,
    YAMLPrinter,
    without_managed_fields,
)
from course_lib.objects.manifests import Document

FORMATS = (
    "json", "yaml", "kyaml", "name", "go-template", "go-template-file", "template",
    "templatefile", "jsonpath", "jsonpath-as-json", "jsonpath-file",
)  # fmt: skip
GET_FORMATS = (*FORMATS, "custom-columns", "custom-columns-file", "wide")


class Printer(Protocol):
    """Writes one document after the other."""

    def print(self, document: Document, write: Write) -> None:
        """Write a document."""


class WithoutManagedFields:
    """Prints documents without who set which field."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer

    def print(self, document: Document, write: Write) -> None:
        """Write a document."""
        self._printer.print(without_managed_fields(document), write)


def printer_of(
    output: str,
    operation: str = "",
    template: str = "",
    formats: tuple[str, ...] = FORMATS,
    managed_fields: bool = False,
    missing_keys: bool = True,
) -> Printer:
    """The printer of an `--output`; raises `CommandError` for a format that there is not.

    `operation` is what was done to the object, as `-o name` does not say it and no output does;
    `template` is `--template`. `formats` are those of the command; `managed_fields` keeps who set
    which field; `missing_keys` says whether a
    template may name fields that are not there.
    """
    name, equals, given = output.partition("=")
    name = name or ("go-template" if template else "")
    made = _templates(name, given if equals else template, missing_keys)
    if not name:
        return NamePrinter(operation)
    if name == "name":
        return NamePrinter()
    made = made or PLAIN.get(name, lambda: None)()
    if made is None or name not in formats:
        allowed = ",".join(sorted(formats))
        raise CommandError(
            f'unable to match a printer suitable for the output format "{output}", '
            f"allowed formats are: {allowed}"
        )
    return made if managed_fields else WithoutManagedFields(made)


PLAIN: dict[str, Callable[[], Printer | None]] = {"json": JSONPrinter, "yaml": YAMLPrinter}


def _templates(name: str, given: str, missing_keys: bool) -> Printer | None:
    return None
