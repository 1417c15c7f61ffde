"""Process trees: who is whose child, which decides what dies with whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from course_lib.runtimes.container import Container
    from course_lib.runtimes.sandbox import Sandbox

INIT = 1
FIRST_PID = 1000


class ProcessRow(msgspec.Struct, frozen=True):
    """A process of the node: its number, its parent's, and its command line."""

    pid: int
    parent: int
    command: str


def pid(of: Sandbox | Container, offset: int = 0) -> int:
    """The number of a sandbox's or container's process on the node."""
    return FIRST_PID + 10 * of.number + offset


def program_row(container: Container, parent: int) -> ProcessRow:
    """The container's own process, seen from the node."""
    return ProcessRow(pid(container), parent, " ".join(container.command))


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
