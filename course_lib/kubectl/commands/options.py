"""`kubectl options`: the flags of all commands."""

from __future__ import annotations

from course_lib.kubectl.command import Command
from course_lib.kubectl.help import options
from course_lib.kubectl.invocation import Invocation


def run(call: Invocation) -> None:
    """Print them."""
    call.out(options())


COMMANDS = {"options": Command(run, frozenset())}
