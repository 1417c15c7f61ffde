"""Tables: what the API server's printers say of objects, line by line.

Source: cli-runtime `pkg/printers/tableprinter.go` (`decorateTable`, `printTable`) and
`terminal.go`; kubectl `pkg/cmd/get/table_printer.go`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import msgspec

from course_lib.kubectl.printers.tabwriter import TabWriter
from course_lib.objects.manifests import Document

_BREAK = re.compile(r"[\n\r\f]")
_CONTROL = {"\x1b": "^[", "\r": "\\r"}
_OBJECT_COLUMNS = [
    {"name": "Name", "type": "string", "format": "name", "priority": 0},
    {"name": "Age", "type": "string", "format": "", "priority": 0},
]
_STATUS_COLUMNS = [
    {"name": each, "type": "string", "format": "", "priority": 0}
    for each in ("Status", "Reason", "Message")
]


class TableOptions(msgspec.Struct, frozen=True):
    """What a table shows beside the columns of the kind."""

    wide: bool = False
    headers: bool = True
    namespaces: bool = False
    kind: str = ""  # put before each name: `deployment.apps`
    labels: bool = False  # all of them, in the last column
    label_columns: tuple[str, ...] = ()


class TablePrinter:
    """Prints tables; of several with the same columns only the first has headers.

    `age` says how old a timestamp is: for what comes without a table.
    """

    def __init__(self, options: TableOptions, age: Callable[[str | None], str]) -> None:
        self._options, self._age = options, age
        self._columns: list[Document] = []
        self._has_headers = False

    def print(self, document: Document, out: TabWriter, event: str = "") -> None:
        """Write the rows of a table to `out`, or the one row of another document.

        `event` is the type of the change where changes are watched and shown.
        """
        table = document if document.get("kind") == "Table" else self._row_of(document)
        columns, headers = table.get("columnDefinitions") or [], self._options.headers
        rows = table.get("rows") or []
        if self._has_headers and (not columns or columns == self._columns):
            headers = False
        if columns and columns != self._columns:
            self._columns, self._has_headers = columns, False
        self._has_headers = self._has_headers or bool(rows)
        self._write(self._columns, rows, out, event, headers)

    def _write(
        self,
        columns: list[Document],
        rows: Sequence[Document],
        out: TabWriter,
        event: str,
        headers: bool,
    ) -> None:
        shown = self._options
        kept = [n for n, column in enumerate(columns) if shown.wide or not column.get("priority")]
        before = ["EVENT"] * bool(event) + ["NAMESPACE"] * shown.namespaces
        after = [each.rpartition("/")[2].upper() for each in shown.label_columns]
        after += ["LABELS"] * shown.labels
        if headers and rows:
            names = [str(columns[n]["name"]).upper() for n in kept]
            out.write("\t".join([*before, *names, *after]) + "\n")
        named = next((n for n, column in enumerate(columns) if _is_name(column)), -1)
        for row in rows:
            cells = [_cell(each) for each in row["cells"]]
            if shown.kind and named >= 0:
                cells[named] = f"{shown.kind}/{cells[named]}"
            meta = (row.get("object") or {}).get("metadata") or {}
            line = [event.ljust(8)] * bool(event)
            line += [_cell(meta.get("namespace"))] * shown.namespaces
            line += [cells[n] for n in kept if n < len(cells)]
            out.write("\t".join([*line, *self._label_cells(meta)]) + "\n")

    def _label_cells(self, meta: Document) -> list[str]:
        labels = meta.get("labels") or {}
        cells = [str(labels.get(name, "")) for name in self._options.label_columns]
        if self._options.labels:
            cells.append(",".join(f"{k}={v}" for k, v in sorted(labels.items())) or "<none>")
        return cells

    def _row_of(self, document: Document) -> Document:
        """A document that is no table: its name and age, or what a Status says."""
        meta = document.get("metadata") or {}
        if document.get("kind") == "Status":
            cells = [document.get(each, "") for each in ("status", "reason", "message")]
            return {"columnDefinitions": _STATUS_COLUMNS, "rows": [{"cells": cells}]}
        cells = [meta.get("name", ""), self._age(meta.get("creationTimestamp"))]
        rows = [{"cells": cells, "object": {"metadata": meta}}]
        return {"columnDefinitions": _OBJECT_COLUMNS, "rows": rows}


def _is_name(column: Document) -> bool:
    return column.get("format") == "name" and column.get("type") == "string"


def _cell(value: object) -> str:
    """A cell as text: one line, without control characters."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    broken = _BREAK.search(text)
    if broken:
        text = text[: broken.start()] + "..."
    for character, written in _CONTROL.items():
        text = text.replace(character, written)
    return text
