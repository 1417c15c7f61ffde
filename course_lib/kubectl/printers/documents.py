"""Whole objects: as YAML, as JSON, or by name only.

Source: cli-runtime `pkg/printers` (`yaml.go`, `json.go`, `name.go`, `managedfields.go`).
"""

from __future__ import annotations

from collections.abc import Callable

from course_lib.command_line.go_text import indented_json
from course_lib.command_line.yaml_writer import to_yaml as to_yaml
from course_lib.kubectl.typed import StructDocument
from course_lib.objects.manifests import Document, Json

Write = Callable[[str], object]


def to_json(value: Json) -> str:
    """A value as kubectl writes it in JSON: keys sorted, four blanks a level, safe within HTML."""
    return indented_json(value)


class YAMLPrinter:
    """Prints documents as YAML, with a line between two of them."""

    def __init__(self) -> None:
        self._printed = False

    def print(self, document: Document, write: Write) -> None:
        """Write one document."""
        write(("---\n" if self._printed else "") + to_yaml(document))
        self._printed = True


class JSONPrinter:
    """Prints documents as JSON."""

    def print(self, document: Document, write: Write) -> None:
        """Write one document."""
        in_order = isinstance(document, StructDocument)
        write(indented_json(document, in_order=in_order) + "\n")


class NamePrinter:
    """Prints what a document is: `deployment.apps/web`, and an `operation` that was done to it."""

    def __init__(self, operation: str = "") -> None:
        self._operation = operation

    def print(self, document: Document, write: Write) -> None:
        """Write a line for the object, or for each of a list."""
        if isinstance(document.get("items"), list) and str(document.get("kind")).endswith("List"):
            for each in document["items"]:
                self.print(each, write)
            return
        operation = f" {self._operation}" if self._operation else ""
        write(named(document) + operation + "\n")


def named(document: Document) -> str:
    """Kind, group and name of an object: `deployment.apps/web`."""
    group, _, _ = str(document.get("apiVersion", "")).rpartition("/")
    kind = str(document.get("kind", "")).lower()
    name = (document.get("metadata") or {}).get("name") or "<unknown>"
    return f"{kind}.{group}/{name}" if group else f"{kind}/{name}"


def without_managed_fields(document: Document) -> Document:
    """A document, or the list that it is, without who set which field."""
    if isinstance(document.get("items"), list):
        items = [without_managed_fields(each) for each in document["items"]]
        return document | {"items": items}
    meta = document.get("metadata")
    if not isinstance(meta, dict) or "managedFields" not in meta:
        return document
    return document | {"metadata": {k: v for k, v in meta.items() if k != "managedFields"}}
