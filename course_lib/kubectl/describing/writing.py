"""The vocabulary of descriptions: lines, whose cells end with tabs.

A description is an iterator of lines. `printers.tabwriter` aligns the cells afterwards, so that
nothing here counts blanks.

Source: `pkg/describe/describe.go` of k8s.io/kubectl (`PrefixWriter`, `printLabelsMultiline`,
`printAnnotationsMultiline`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from course_lib.client.last_applied import LAST_APPLIED

Lines = Iterator[str]

NONE, UNSET, UNKNOWN = "<none>", "<unset>", "<unknown>"
LONGEST_NOTE = 140  # characters of an annotation that are shown


def field(title: str, value: object = None) -> str:
    """A title, and its value in the next column; nothing stands there for None.

    >>> field("Replicas", 3)
    'Replicas:\\t3'
    """
    return f"{title}:\t{'' if value is None else value}"


def stated(*fields: tuple[str, object]) -> Lines:
    """The fields that have a value: neither None nor empty text."""
    return (field(title, value) for title, value in fields if value not in (None, ""))


def indented(lines: Iterable[str], levels: int = 1) -> Lines:
    """Lines some levels further to the right, each of two blanks."""
    return ("  " * levels + line for line in lines)


def several(title: str, texts: Iterable[str]) -> Lines:
    """A title with one text below the other; `<none>` where there are none.

    >>> list(several("Labels", ["app=web", "tier=front"]))
    ['Labels:\\tapp=web', '\\ttier=front']
    """
    first, *rest = [*texts] or [NONE]
    yield field(title, first)
    yield from (f"\t{text}" for text in rest)


def labels(title: str, pairs: Mapping[str, str] | None) -> Lines:
    """Labels one below the other, by their keys."""
    return several(title, (f"{key}={value}" for key, value in sorted((pairs or {}).items())))


def notes(written: Mapping[str, str] | None) -> Lines:
    """Annotations by their keys: long ones are cut, what was applied last is left out."""
    return several("Annotations", _notes(written or {}))


def _notes(written: Mapping[str, str]) -> Lines:
    for key, value in sorted(written.items()):
        text = value.removesuffix("\n")
        if key == LAST_APPLIED:
            continue
        if len(f"{key}: {text}".encode()) > LONGEST_NOTE or "\n" in text:
            yield f"{key}:"
            yield from (f"  {_shortened(line)}" for line in text.split("\n"))
        else:
            yield f"{key}: {text}"


def _shortened(text: str) -> str:
    longest = LONGEST_NOTE - len("  ")
    return text if len(text) <= longest else text[:longest] + "..."


def table(columns: str, rows: Iterable[Iterable[object]], rule: str = "") -> Lines:
    """A table: the names of its columns with tabs between, a line of dashes, the rows.

    `rule` are the dashes where they are not as long as the names.

    >>> list(table("Type\\tStatus", [("Ready", True)]))
    ['Type\\tStatus', '----\\t------', 'Ready\\tTrue']
    """
    yield columns
    yield rule or re.sub(r"[^\t]", "-", columns)
    yield from ("\t".join(map(str, row)) for row in rows)


def titled(title: str, lines: Iterable[str]) -> Lines:
    """A title alone in its line, and lines below it, further to the right."""
    yield f"{title}:"
    yield from indented(lines)
