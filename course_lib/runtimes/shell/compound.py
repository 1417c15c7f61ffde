"""Compound commands: if, while, until, for, case.

Source: POSIX.1-2017, Shell Command Language, 2.9.4 Compound Commands.
"""

from __future__ import annotations

from typing import Protocol

from course_lib.runtimes.kernel import Running
from course_lib.runtimes.shell import syntax
from course_lib.runtimes.shell.expansion import Expansion
from course_lib.runtimes.shell.programs import INSTANT
from course_lib.runtimes.shell.state import LeaveLoop, ShellState
from course_lib.runtimes.world import World


class Compounding(Protocol):
    """The shell, as far as its compound commands are concerned."""

    state: ShellState
    expand: Expansion

    def script(
        self, script: syntax.ShellScript, world: World, final: bool = False, tested: bool = False
    ) -> Running:
        """Run a script in `world`; `final` and `tested` as in `Shell.script`."""

    def assign(self, name: str, value: str) -> None:
        """Set a variable."""


def choose(shell: Compounding, choice: syntax.IfCommand, world: World, tested: bool) -> Running:
    """`if`: the `shell` runs what stands after the first condition of a `choice` that is true.

    `world` and `tested` as in `Shell.script`.
    """
    for condition, body in choice.branches:
        if (yield from shell.script(condition, world, tested=True)) == 0:
            return (yield from shell.script(body, world, tested=tested))
    if choice.otherwise is not None:
        return (yield from shell.script(choice.otherwise, world, tested=tested))
    return 0


def match(shell: Compounding, case: syntax.Case, world: World, tested: bool) -> Running:
    """`case`: the `shell` runs what stands after the first pattern of a `case` that matches.

    `world` and `tested` as in `Shell.script`.
    """
    text = yield from shell.expand.text(case.word)
    for patterns, body in case.branches:
        for pattern in patterns:
            if (yield from shell.expand.pattern(pattern)).fullmatch(text):
                return (yield from shell.script(body, world, tested=tested))
    return 0


def repeat(
    shell: Compounding, loop: syntax.Loop | syntax.For, world: World, tested: bool
) -> Running:
    """A `loop`, round after round; one in which no time passes takes an instant.

    `shell`, `world` and `tested` as in `choose`. Raises `LeaveLoop` for a loop around it.
    """
    rounds: list[str] | None = None
    if isinstance(loop, syntax.For):
        rounds = list(shell.state.arguments)
        if loop.words is not None:
            rounds = yield from shell.expand.fields(loop.words)
    code = 0
    while rounds or rounds is None:
        began = world.kernel.now
        try:
            if isinstance(loop, syntax.For):
                assert rounds
                shell.assign(loop.name, rounds.pop(0))
            else:
                asked = yield from shell.script(loop.condition, world, tested=True)
                if (asked == 0) == loop.until:
                    return code
            code = yield from shell.script(loop.body, world, tested=tested)
        except LeaveLoop as leave:
            if leave.count > 1:
                raise LeaveLoop(leave.count - 1, leave.again) from None
            if not leave.again:
                return 0
        if rounds is None and world.kernel.now == began:
            yield INSTANT
    return code
