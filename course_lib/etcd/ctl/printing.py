"""How `etcdctl` writes what came of a command: simple lines, a table, JSON or fields.

Source: `etcdctl/ctlv3/command/printer*.go` (etcd 3.7); tables as `olekukonko/tablewriter` 1.1.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping, Sequence

import msgspec

from course_lib.command_line import Exit, Terminal, quoted
from course_lib.etcd.requests import KeyValue

Json = Mapping[str, object] | Sequence[object]
FORMATS = ("simple", "table", "json", "fields")
BAD_FEATURE = 4  # the exit code for a value of a flag that is not supported


class Answer(msgspec.Struct, frozen=True):
    """What came of a command, in each format; None: the command does not have that format.

    `simple` has its own line breaks, `fields` are lines, `warnings` go to stderr with `simple`.
    """

    simple: str
    json: Json | None = None
    table: tuple[Sequence[str], Sequence[Sequence[str]]] | None = None
    fields: Sequence[str] | None = None
    warnings: str = ""

    def write(self, format: str, terminal: Terminal) -> None:
        """Write it in one format; raises `Exit` when it does not have that."""
        if format == "simple":
            terminal.out(self.simple)
            terminal.error(self.warnings)
        elif format == "json" and self.json is not None:
            terminal.out(go_json(self.json) + "\n")
        elif format == "table" and self.table is not None:
            terminal.out(boxed(*self.table) + "\n")
        elif format == "fields" and self.fields is not None:
            terminal.out("".join(f"{line}\n" for line in self.fields))
        else:
            raise Exit(BAD_FEATURE, f"{format} not supported as output format")


def check_format(format: str) -> None:
    """Raise `Exit` for a format that there is not, or that the course does not write."""
    if format == "protobuf":
        raise Exit(BAD_FEATURE, "--write-out=protobuf is not simulated by the course")
    if format not in FORMATS:
        raise Exit(BAD_FEATURE, "unsupported output format")


def go_json(value: Json) -> str:
    """JSON as Go writes it: no spaces, and `<`, `>`, `&` escaped."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


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


class KeyPrinter:
    """Keys and values in each format; `hex` writes their bytes, `value_only` leaves out the key."""

    def __init__(self, hex: bool, value_only: bool = False) -> None:
        self.hex, self.value_only = hex, value_only

    def simple(self, kv: KeyValue) -> str:
        """A key and its value, each on a line."""
        key = "" if self.value_only else f"{self._text(kv.key)}\n"
        return f"{key}{self._text(kv.value)}\n"

    def _text(self, text: str) -> str:
        return "".join(f"\\x{byte:02x}" for byte in text.encode()) if self.hex else text

    def json(self, kv: KeyValue) -> dict[str, object]:
        """A key and its value as JSON of protobuf has them: bytes in base64, and nothing empty."""
        fields = {
            "key": base64.b64encode(kv.key.encode()).decode(),
            "create_revision": kv.create_revision,
            "mod_revision": kv.mod_revision,
            "version": kv.version,
            "value": base64.b64encode(kv.value.encode()).decode(),
            "lease": kv.lease,
        }
        return {name: value for name, value in fields.items() if value}

    def fields(self, kv: KeyValue, prefix: str = "") -> list[str]:
        """A key and its value, field by field."""
        rows = (
            ("Key", quoted(kv.key)),
            ("CreateRevision", kv.create_revision),
            ("ModRevision", kv.mod_revision),
            ("Version", kv.version),
            ("Value", quoted(kv.value)),
            ("Lease", f"{kv.lease:016x}" if self.hex else kv.lease),
        )
        return [f'"{prefix}{name}" : {value}' for name, value in rows]


class Header(msgspec.Struct, frozen=True):
    """The header of a response; the revision is 0 where there is none."""

    cluster_id: int
    member_id: int
    revision: int
    raft_term: int

    def json(self, hex: bool = False) -> dict[str, object]:
        """As JSON, with IDs as numbers, or in hex."""
        ids = {"cluster_id": self.cluster_id, "member_id": self.member_id}
        shown: dict[str, object] = {k: f"{v:x}" if hex else v for k, v in ids.items()}
        revision = {"revision": self.revision} if self.revision else {}
        return {**shown, **revision, "raft_term": self.raft_term}

    def fields(self, hex: bool = False) -> list[str]:
        """Field by field."""
        rows = [("ClusterID", self.cluster_id), ("MemberID", self.member_id)]
        lines = [f'"{name}" : {id_text(number, hex)}' for name, number in rows]
        lines += [f'"Revision" : {self.revision}'] if self.revision else []
        return [*lines, f'"RaftTerm" : {self.raft_term}']


def id_text(number: int, hex: bool) -> str:
    """An ID of a member or a cluster."""
    return f"{number:x}" if hex else str(number)
