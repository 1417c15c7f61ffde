"""Lines that the descriptions of all kinds share; cells end with a tab, as `tabbed` takes them.

Source: `pkg/describe/describe.go` of k8s.io/kubectl.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from course_lib.client.last_applied import LAST_APPLIED
from course_lib.engine.ages import since
from course_lib.objects.kinds.event import Event

LONGEST_NOTE = 140  # characters of an annotation's value that are shown
PADDING = 2  # blanks between columns
NONE, UNSET = "<none>", "<unset>"


def date(stamp: str | None) -> str:
    """A timestamp as kubectl writes it: `Thu, 01 Jan 2026 00:00:02 +0000`."""
    if not stamp:
        return ""
    return datetime.fromisoformat(stamp).strftime("%a, %d %b %Y %H:%M:%S +0000")


def pairs(labels: Mapping[str, str] | None) -> str:
    """Labels in one line, sorted."""
    return ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items())) or NONE


def multiline(title: str, labels: Mapping[str, str] | None) -> list[str]:
    """Labels, one a line, sorted."""
    shown = [f"{key}={value}" for key, value in sorted((labels or {}).items())] or [NONE]
    return [f"{title}:\t{shown[0]}", *(f"\t{text}" for text in shown[1:])]


def notes(annotations: Mapping[str, str]) -> list[str]:
    """Annotations, one a line, sorted; long values are cut."""
    lines = []
    for key, value in sorted(annotations.items()):
        text = value.removesuffix("\n")
        if key == LAST_APPLIED:
            continue
        if len(text) + len(key) + 2 > LONGEST_NOTE or "\n" in text:
            lines.append(f"{key}:")
            lines += [f"  {_shortened(line)}" for line in text.split("\n")]
        else:
            lines.append(f"{key}: {text}")
    shown = lines or [NONE]
    return [f"Annotations:\t{shown[0]}", *(f"\t{text}" for text in shown[1:])]


def _shortened(text: str) -> str:
    longest = LONGEST_NOTE - 2
    return text if len(text) <= longest else text[:longest] + "..."


def stated(*lines: tuple[str, object]) -> list[str]:
    """The lines that have a value."""
    return [f"{title}:\t{value}" for title, value in lines if value]


def flag(value: bool) -> str:
    """True or False as kubectl writes it."""
    return str(value).lower()


def quantities(amounts: Mapping[str, Any], indent: str) -> list[str]:
    """Resources and amounts, one a line, sorted."""
    return [f"{indent}{name}:\t{amount}" for name, amount in sorted(amounts.items())]


def event_lines(events: list[Event], now: float) -> list[str]:
    """An object's events, the oldest first; `now` in simulated seconds."""
    lines = [
        "Events:",
        "  Type\tReason\tAge\tFrom\tMessage",
        "  ----\t------\t----\t----\t-------",
    ]
    for e in sorted(events, key=lambda e: (e.last_timestamp or "", e.name.rpartition(".")[2])):
        first = since(e.first_timestamp, now)
        when = first
        if e.count > 1:
            when = f"{since(e.last_timestamp, now)} (x{e.count} over {first})"
        place = e.involved_object.field_path
        message = f"{place}: {e.message.strip()}" if place else e.message.strip()
        lines.append(f"  {e.type}\t{e.reason}\t{when}\t{e.source.component}\t{message}")
    return lines


def tabbed(lines: list[str]) -> str:
    """Align the cells that end with a tab, as Go's `text/tabwriter` does.

    A column lasts as long as consecutive lines have it.

    >>> print(tabbed(["Name:\\tweb", "Service Account:\\tdefault"]))
    Name:             web
    Service Account:  default
    """
    rows = [line.split("\t") for line in lines]
    widths: list[list[int]] = [[0] * (len(row) - 1) for row in rows]
    for column in range(max((len(width) for width in widths), default=0)):
        start = 0
        while start < len(rows):
            end = start
            while end < len(rows) and len(widths[end]) > column:
                end += 1
            if end > start:
                widest = max(len(row[column]) for row in rows[start:end]) + PADDING
                for width in widths[start:end]:
                    width[column] = widest
            start = max(end, start + 1)
    return "\n".join(
        "".join(cell.ljust(width) for cell, width in zip(row, each, strict=False)) + row[-1]
        for row, each in zip(rows, widths, strict=True)
    )
