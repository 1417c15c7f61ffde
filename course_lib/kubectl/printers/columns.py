"""`-o custom-columns`: a table whose columns the learner names, and sorting by a field.

Source: kubectl `pkg/cmd/get/customcolumn.go`, `customcolumn_flags.go`, `sorter.go`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from course_lib.command_line.go_text import type_name, value_text
from course_lib.errors import CourseError
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.go_sort import go_sorted
from course_lib.kubectl.printers.documents import Write
from course_lib.kubectl.printers.jsonpath import JSONPathTemplate
from course_lib.kubectl.printers.jsonpath_syntax import JSONPathProblem, relaxed
from course_lib.kubectl.printers.tabwriter import TabWriter
from course_lib.objects.manifests import Document
from course_lib.objects.quantity import Quantity

_WHITESPACE = "Expected format is one line of space separated headers, one line of space separated "
_MISSING = "<none>"
_MISSING_VALUE = object()


class CustomColumn(NamedTuple):
    """A column: what stands above it, and the template of its cells."""

    header: str
    path: str


class CustomColumnsPrinter:
    """Prints documents as rows; `headers` says whether the first line names the columns."""

    def __init__(self, columns: list[CustomColumn], headers: bool) -> None:
        self._columns, self._headers = columns, headers
        self._kind = ""  # of what was printed last

    def print(self, document: Document, write: Write) -> None:
        """Write a row for a document, or for each of a list."""
        out = TabWriter(write)
        try:
            templates = [JSONPathTemplate(each.path) for each in self._columns]
            if self._headers and self._kind != _sort_of(document):
                self._kind = _sort_of(document)
                out.write("\t".join(each.header for each in self._columns) + "\n")
            for each in _items(document):
                out.write("\t".join(_cell(template, each) for template in templates) + "\n")
        except JSONPathProblem as problem:
            raise CommandError(str(problem)) from None
        finally:
            out.flush()


def columns_of(text: str) -> list[CustomColumn]:
    """The columns of `NAME:.metadata.name,...`; raises `CommandError`."""
    if not text:
        raise CommandError("custom-columns format specified but no custom columns given")
    columns = []
    for part in text.split(","):
        header, colon, path = part.partition(":")
        if not colon:
            raise CommandError(
                f"unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>"
            )
        columns.append(CustomColumn(header, _relaxed(path)))
    return columns


def columns_of_file(path: str) -> list[CustomColumn]:
    """The columns of a file of two lines: headers, and a path for each; raises `CommandError`."""
    if not path:
        raise CommandError("custom-columns format specified but no custom columns given")
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError as problem:
        said = (problem.strerror or "").lower()
        raise CommandError(f"error reading template {path}, open {path}: {said}\n") from None
    for number, name in enumerate(("header", "spec")):
        if len(lines) <= number:
            raise CommandError(f"invalid template, missing {name} line. {_WHITESPACE}column specs.")
    headers, paths = lines[0].split(), lines[1].split()
    if len(headers) != len(paths):
        raise CommandError(
            f"number of headers ({len(headers)}) and field specifications ({len(paths)}) "
            "don't match"
        )
    return [
        CustomColumn(header, _relaxed(each)) for header, each in zip(headers, paths, strict=True)
    ]


def _relaxed(path: str) -> str:
    try:
        return relaxed(path)
    except JSONPathProblem as problem:
        raise CommandError(str(problem)) from None


def _items(document: Document) -> list[Document]:
    items = document.get("items")
    return items if isinstance(items, list) else [document]


def _sort_of(document: Document) -> str:
    return "list" if isinstance(document.get("items"), list) else "object"


def _cell(template: JSONPathTemplate, document: Document) -> str:
    values = template.find(document)
    cells = [] if values and values[0] else [_MISSING]
    cells += [value_text(each) for found in values for each in found]
    return ",".join(cells).replace("\x1b", "^[").replace("\r", "\\r")


def sort_by(path: str, documents: list[Document], table: bool = False) -> list[int]:
    """The order of documents by the value at a `path`, as their places; raises `CommandError`.

    Numbers and amounts are compared by size, what has no such field comes first. `table` says
    that the documents are rows of a table.
    """
    try:
        field = relaxed(path)
        template = JSONPathTemplate(field)
        found = [template.find(each) for each in documents]
    except JSONPathProblem as problem:
        raise CommandError(f"sorting error: {problem}" if table else str(problem)) from None
    values = [each[0][0] if each and each[0] else _MISSING_VALUE for each in found]
    if values and all(each is _MISSING_VALUE for each in values):
        raise CommandError(f'couldn\'t find any field with path "{field}" in the list of objects')
    return go_sorted(list(range(len(values))), lambda one, other: _less(values[one], values[other]))


def _less(one: Any, other: Any) -> bool:
    if one is _MISSING_VALUE or other is _MISSING_VALUE:
        return one is _MISSING_VALUE
    if one is None or other is None:
        return one is None and other is not None
    if isinstance(one, dict | list | bool):
        raise CommandError(f"Field is an unsortable type: {type_name(one)}")
    if type(one) is not type(other):
        raise CommandError("unsortable interface: interface")
    if isinstance(one, str):
        one, other = _amounts(one, other)
    return bool(one < other)


def _amounts(one: str, other: str) -> tuple[Any, Any]:
    """Two texts as amounts, where both are."""
    try:
        return Quantity(one), Quantity(other)
    except CourseError:
        return one, other
