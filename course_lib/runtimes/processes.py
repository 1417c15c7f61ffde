"""Process trees: a parent's end decides which children end."""

from __future__ import annotations

import msgspec

from course_lib.runtimes.container import RuntimeContainer
from course_lib.runtimes.sandbox import Sandbox

INIT = 1
FIRST_PID, FIRST_CHILD = 1000, 100_000


class ProcessRow(msgspec.Struct, frozen=True):
    """A process of the node: its number, its parent's, and its command line."""

    pid: int
    parent: int
    command: str


def pid(of: Sandbox | RuntimeContainer, offset: int = 0) -> int:
    """The number of a sandbox's or container's process on the node."""
    return FIRST_PID + 10 * of.number + offset


def program_rows(container: RuntimeContainer, parent: int) -> list[ProcessRow]:
    """The container's own processes, seen from the node: the main one, and its children."""
    main, *children = container.titles
    own = pid(container)
    below = FIRST_CHILD + 100 * container.number
    rows = [ProcessRow(below + n, own, title) for n, (title, _) in enumerate(children)]
    return [ProcessRow(own, parent, main[0]), *rows]


def drawn(rows: list[ProcessRow]) -> str:
    """The tree as text, as `ps --forest` draws it."""
    lines: list[str] = []

    def draw(parent: int, depth: int) -> None:
        for row in rows:
            if row.parent == parent and row.pid != parent:
                lines.append(f"{row.pid:>6} {'  ' * depth}{row.command}")
                draw(row.pid, depth + 1)

    lines.append("   PID COMMAND")
    lines.append(f"{INIT:>6} systemd")
    draw(INIT, 1)
    return "\n".join(lines)
