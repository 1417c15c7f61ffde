"""Which printer `--output` means.

Source: cli-runtime `pkg/genericclioptions` (`print_flags.go` and what it composes).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.printers.columns import CustomColumnsPrinter, columns_of, columns_of_file
from course_lib.kubectl.printers.documents import (
    JSONPrinter,
    NamePrinter,
    Write,
    YAMLPrinter,
    without_managed_fields,
)
from course_lib.kubectl.printers.go_template import GoTemplatePrinter
from course_lib.kubectl.printers.jsonpath import JSONPathPrinter
from course_lib.kubectl.printers.kyaml import KYAMLPrinter
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
    headers: bool = True,
) -> Printer:
    """The printer of an `--output`; raises `CommandError` for a format that there is not.

    `operation` is what was done to the object, as `-o name` does not say it and no output does;
    `template` is `--template`. `formats` are those of the command; `managed_fields` keeps who set
    which field; `missing_keys` says whether a template may name fields that are not there, and
    `headers` whether columns have them.
    """
    if template and not output:
        output = "go-template"
    if not output:
        return NamePrinter(operation)
    if output == "name":
        return NamePrinter()
    if output.lower() in PLAIN:
        plain = PLAIN[output.lower()]()
        return plain if managed_fields else WithoutManagedFields(plain)
    made = _of_template(output, template, missing_keys, headers, formats)
    if made is None:
        allowed = ",".join(sorted(formats))
        raise CommandError(
            f'unable to match a printer suitable for the output format "{output}", '
            f"allowed formats are: {allowed}"
        )
    return made


PLAIN: dict[str, Callable[[], Printer]] = {
    "json": JSONPrinter,
    "yaml": YAMLPrinter,
    "kyaml": KYAMLPrinter,
}


def _of_template(
    output: str, template: str, missing_keys: bool, headers: bool, formats: tuple[str, ...]
) -> Printer | None:
    """The printer of a format that needs a template, which stands after `=` or in `--template`."""
    name, _, given = (output, "", template) if template else output.partition("=")
    if name not in formats or name in ("name", "wide"):
        return None
    if name == "custom-columns":
        return CustomColumnsPrinter(columns_of(given), headers)
    if name == "custom-columns-file":
        return CustomColumnsPrinter(columns_of_file(given), headers=True)
    if not given:
        raise CommandError("template format specified but no template given")
    if name in ("go-template-file", "templatefile", "jsonpath-file"):
        given = _content(given)
    if name.startswith("jsonpath"):
        return JSONPathPrinter(given, missing_keys, as_json=name == "jsonpath-as-json")
    return GoTemplatePrinter(given, missing_keys)


def _content(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as problem:
        said = (problem.strerror or "").lower()
        raise CommandError(f"error reading --template {path}, open {path}: {said}") from None
