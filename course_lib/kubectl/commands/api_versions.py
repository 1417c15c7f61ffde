"""`kubectl api-versions`: the versions of the groups that the server has.

Source: kubectl `pkg/cmd/apiresources/apiversions.go`.
"""

from __future__ import annotations

from course_lib.kubectl.command import Command
from course_lib.kubectl.invocation import Invocation


def run(call: Invocation) -> None:
    """Print them in order; raises `CommandError` for arguments."""
    if call.args:
        raise call.usage_error(f"unexpected arguments: [{' '.join(call.args)}]")
    for version in sorted({each.api_version for each in call.resources.all}):
        call.out(f"{version}\n")


COMMANDS = {"api-versions": Command(run, frozenset())}
