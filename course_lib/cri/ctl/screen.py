"""What `crictl` writes: tables, ages, sizes, documents, errors.

Source: cri-tools `display.go`, `util.go`; docker/go-units (`duration.go`, `size.go`); logrus; of
protobuf-go `protojson`.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from course_lib.command_line import Terminal, quoted
from course_lib.command_line.yaml_writer import to_yaml
from course_lib.cri import messages as v1
from course_lib.runtimes.logs import stamp

Json = object
Field = Any  # protobuf's FieldDescriptor, which has no types
LEAST_WIDTH, GAP = 20, 3  # of a column
ID_LENGTH = 13
_PLAIN = re.compile(r"[A-Za-z0-9\-._/@^+]+")
_STEPS = (
    (1, "Less than a second", 0), (2, "1 second", 0), (60, "{} seconds", 1),
    (120, "About a minute", 0), (2760, "{} minutes", 60), (5400, "About an hour", 0),
    (48 * 3600, "{} hours", 3600), (14 * 86400, "{} days", 86400),
    (60 * 86400, "{} weeks", 7 * 86400), (730 * 86400, "{} months", 30 * 86400),
)  # fmt: skip


class CrictlError(Exception):
    """A command of `crictl` fails; the message is logged, and the exit code is 1."""


class Ended(Exception):
    """`crictl` ends with an exit code, and a sentence on stderr unless it is empty."""

    def __init__(self, code: int, why: str = "") -> None:
        super().__init__(why)
        self.code, self.why = code, why


def log(terminal: Terminal, level: str, message: str, now: int) -> None:
    """Log a `message` on the `terminal`'s stderr, at a `level`, at the time `now` (ns)."""
    shown = message if _PLAIN.fullmatch(message) else quoted(message)
    terminal.error(f'time="{stamp(now)[:19]}Z" level={level} msg={shown}\n')


def age(nanoseconds: int) -> str:
    """How long ago something was.

    >>> age(0), age(75 * 10**9), age(3 * 3600 * 10**9)
    ('Less than a second ago', 'About a minute ago', '3 hours ago')
    """
    seconds = max(0, nanoseconds) // 10**9
    for limit, text, unit in _STEPS:
        if seconds < limit:
            return text.format(seconds // unit if unit else "") + " ago"
    return f"{seconds / (365 * 86400):g} years ago"


def size(count: float, digits: int = 4) -> str:
    """Bytes in units of 1000.

    >>> size(0), size(33554432), size(2000000, 3)
    ('0B', '33.55MB', '2MB')
    """
    units = iter(("B", "kB", "MB", "GB", "TB", "PB", "EB"))
    unit = next(units)
    while count >= 1000:
        count, unit = count / 1000, next(units)
    return f"{count:.{digits}g}{unit}"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows in columns; the last one is not padded."""
    widths = [
        max(LEAST_WIDTH, *(len(cell) + GAP for cell in column))
        for column in zip(*rows, strict=True)
    ]
    lines = [
        "".join(cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False)) + row[-1]
        for row in rows
    ]
    return "".join(f"{line}\n" for line in lines)


def short(id: str, prefix: str = "") -> str:
    """The beginning of an ID, without a prefix."""
    return id.removeprefix(prefix)[:ID_LENGTH]


def pairs(title: str, found: Mapping[str, str]) -> str:
    """Labels or annotations, below their title; nothing where there are none."""
    lines = "".join(f"\t{key} -> {found[key]}\n" for key in sorted(found))
    return f"{title}:\n{lines}" if found else ""


def document(message: v1.Message) -> dict[str, Json]:
    """A message as JSON has it, in the order of its fields, with what is empty.

    Messages that are not set, and optional fields without a value, are left out.
    """
    found: dict[str, Json] = {}
    for each in message.DESCRIPTOR.fields:
        value = getattr(message, each.name)
        if each.message_type is not None and each.message_type.GetOptions().map_entry:
            kind = each.message_type.fields_by_name["value"]
            found[each.json_name] = {str(key): _value(kind, value[key]) for key in sorted(value)}
        elif each.is_repeated:
            found[each.json_name] = [_value(each, part) for part in value]
        elif not each.has_presence or message.HasField(each.name):
            found[each.json_name] = _value(each, value)
    return found


def _value(each: Field, value: object) -> Json:
    """One value of a field: 64-bit numbers are texts, enumerations their names."""
    kind = each.cpp_type
    if kind == each.CPPTYPE_MESSAGE:
        assert isinstance(value, v1.Message)
        return document(value)
    if kind == each.CPPTYPE_ENUM:
        return str(each.enum_type.values_by_number[value].name)
    if kind in (each.CPPTYPE_INT64, each.CPPTYPE_UINT64):
        return str(value)
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def write_list(message: v1.Message, format: str, terminal: Terminal) -> bool:
    """Write the list of a `message` on the `terminal`; False for a `format` but json and yaml."""
    if format == "json":
        terminal.out(json.dumps(document(message), indent=2, ensure_ascii=False) + "\n")
    elif format == "yaml":
        terminal.out(to_yaml(document(message)) + "\n")
    return format in ("json", "yaml")


def write_statuses(statuses: Sequence[Json], format: str, terminal: Terminal) -> None:
    """Write one of the `statuses`, or a list of them, in a `format`; raises `CrictlError`.

    `terminal` is the screen.
    """
    if not statuses:
        return
    shown = statuses[0] if len(statuses) == 1 else list(statuses)
    if format == "json":
        text = json.dumps(shown, indent=2, sort_keys=True, ensure_ascii=False)
        for sign in "<>&":
            text = text.replace(sign, f"\\u{ord(sign):04x}")
        terminal.out(text + "\n")
    elif format == "yaml":
        terminal.out(to_yaml(shown) + "\n")
    elif format == "go-template":
        raise CrictlError("crictl --output=go-template is not simulated by the course")
    else:
        raise CrictlError(f"unsupported format: {quoted(format)}")


def details(info: Mapping[str, str]) -> dict[str, Json]:
    """What a runtime says beyond the CRI, by name: JSON is read, other text loses its quotes."""
    return {
        key: json.loads(info[key]) if info[key].startswith("{") else info[key].strip('"')
        for key in sorted(info)
    }


def info_text(info: Mapping[str, str]) -> str:
    """The same as Go prints a map."""
    return f"Info: map[{' '.join(f'{key}:{info[key]}' for key in sorted(info))}]\n"


def time_text(nanoseconds: int) -> str:
    """A time since 1970 in RFC 3339 without zeros at its end; 0 is Go's first moment.

    >>> time_text(0), time_text(1_767_225_605_500_000_000)
    ('0001-01-01T00:00:00Z', '2026-01-01T00:00:05.5Z')
    """
    if not nanoseconds:
        return "0001-01-01T00:00:00Z"
    return stamp(nanoseconds)[:-1].rstrip("0").rstrip(".") + "Z"
