"""`--dry-run`: whether a command asks, is asked to be refused or accepted only, or does.

Source: `GetDryRunStrategy` and `PrintFlagsWithDryRunStrategy` of kubectl `pkg/cmd/util/helpers.go`.
"""

from __future__ import annotations

from enum import Enum

from course_lib.command_line.values import ValueProblem, boolean
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation

_ALONE = "unchanged"  # what `--dry-run` without a value means


class DryRun(Enum):
    """How far a command goes; the value is added to what it says was done."""

    NONE = ""
    CLIENT = " (dry run)"  # no request that changes anything is sent
    SERVER = " (server dry run)"  # the server checks and changes nothing

    @property
    def query(self) -> dict[str, str]:
        """What it adds to the parameters of a request."""
        return {"dryRun": "All"} if self is DryRun.SERVER else {}


def dry_run_of(call: Invocation) -> DryRun:
    """What `--dry-run` of a `call` says; raises `CommandError` for a value that there is not."""
    text = call.flags.text("dry-run")
    try:
        chosen = boolean(text)
    except ValueProblem:
        return _named(call, text)
    kind = "client" if chosen else "none"
    instead = f"can be replaced with --dry-run={kind}."
    line = 728 if chosen else 731
    call.log(f"helpers.go:{line}", f"--dry-run={text} is deprecated (boolean value) and {instead}")
    return DryRun.CLIENT if chosen else DryRun.NONE


def _named(call: Invocation, text: str) -> DryRun:
    if text == _ALONE:
        said = "--dry-run is deprecated and can be replaced with --dry-run=client."
        call.log("helpers.go:714", said)
        return DryRun.CLIENT
    strategies = {"client": DryRun.CLIENT, "server": DryRun.SERVER, "none": DryRun.NONE}
    if text not in strategies:
        raise CommandError(
            f'Invalid dry-run value ({text}). Must be "none", "server", or "client".'
        )
    return strategies[text]
