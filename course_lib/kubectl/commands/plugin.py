"""`kubectl plugin list`: programs that add commands to kubectl; the course has none.

Source: kubectl `pkg/cmd/plugin/plugin.go`.
"""

from __future__ import annotations

from course_lib.kubectl.command import Command
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation


def run(call: Invocation) -> None:
    """Say that there are none; raises `CommandError`, as the real one does."""
    raise CommandError("error: unable to find any kubectl plugins in your PATH")


COMMANDS = {"plugin list": Command(run, frozenset({"name-only"}))}
