"""How `etcdctl` writes what came of a command: simple lines, a table, JSON or fields.

Source: `etcdctl/ctlv3/command/printer*.go` (etcd 3.7).
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Sequence
from typing import Any

import msgspec

from course_lib.etcd import EtcdError
from course_lib.etcd.requests import KeyValue
from course_lib.objects.manifests import Document


class Printed(msgspec.Struct, frozen=True):
    """What came of a command, in each format; None: the command does not have that format."""

    simple: str
    json: Any = None
    table: tuple[Sequence[str], Sequence[Sequence[str]]] | None = None
    fields: str | None = None

    def write(self, format: str) -> str:
        """The result in one format; raises `EtcdError` when it does not have that."""
        if format == "simple":
            return self.simple
        if format == "json" and self.json is not None:
            return json.dumps(self.json, separators=(",", ":"))
        if format == "table" and self.table is not None:
            return boxed(*self.table)
        if format == "fields" and self.fields is not None:
            return self.fields
        raise EtcdError(f"{format} not supported as output format")


def boxed(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in a frame: headers in the middle, cells to the right.

    >>> print(boxed(["ID", "name"], [["1f", "etcd-1"]]))
    ┌────┬────────┐
    │ ID │  NAME  │
    ├────┼────────┤
    │ 1f │ etcd-1 │
    └────┴────────┘
    """
    titles = [title.upper().replace("_", " ") for title in header]
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]

    def line(left: str, middle: str, right: str) -> str:
        return left + middle.join("─" * (width + 2) for width in widths) + right

    def cells(texts: Sequence[str]) -> str:
        return "│ " + " │ ".join(texts) + " │"

    centred = [
        title.rjust((w + len(title)) // 2).ljust(w) for title, w in zip(titles, widths, strict=True)
    ]
    body = [cells([text.rjust(w) for text, w in zip(row, widths, strict=True)]) for row in rows]
    head = [line("┌", "┬", "┐"), cells(centred)]
    return "\n".join([*head, *([line("├", "┼", "┤"), *body] if body else []), line("└", "┴", "┘")])


def human_bytes(count: float) -> str:
    """A size as `go-humanize` writes it.

    >>> human_bytes(7), human_bytes(20480), human_bytes(2147483648)
    ('7 B', '20 kB', '2.1 GB')
    """
    if count < 10:
        return f"{count:.0f} B"
    power = min(int(math.log(count, 1000) + 1e-9), 5)
    value = math.floor(count / 1000**power * 10 + 0.5) / 10
    unit = ("B", "kB", "MB", "GB", "TB", "PB")[power]
    return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"


def key_value(kv: KeyValue, value_only: bool = False) -> str:
    """A key and its value, each on a line."""
    return kv.value if value_only else f"{kv.key}\n{kv.value}"


def key_value_json(kv: KeyValue) -> Document:
    """A key and its value as protobuf's JSON writes them: bytes in base64."""
    found: Document = {
        "key": base64.b64encode(kv.key.encode()).decode(),
        "create_revision": kv.create_revision,
        "mod_revision": kv.mod_revision,
        "version": kv.version,
    }
    if kv.value:
        found["value"] = base64.b64encode(kv.value.encode()).decode()
    return found | ({"lease": kv.lease} if kv.lease else {})


def key_value_fields(kv: KeyValue, prefix: str = "") -> list[str]:
    """A key and its value, field by field."""
    rows = (
        ("Key", json.dumps(kv.key)),
        ("CreateRevision", kv.create_revision),
        ("ModRevision", kv.mod_revision),
        ("Version", kv.version),
        ("Value", json.dumps(kv.value)),
        ("Lease", kv.lease),
    )
    return [f'"{prefix}{name}" : {value}' for name, value in rows]


def header_fields(header: Document) -> list[str]:
    """A response's header, field by field."""
    names = {"cluster_id": "ClusterID", "member_id": "MemberID", "revision": "Revision"}
    rows = [(label, header[name]) for name, label in names.items() if header.get(name)]
    return [f'"{label}" : {value}' for label, value in [*rows, ("RaftTerm", header["raft_term"])]]
