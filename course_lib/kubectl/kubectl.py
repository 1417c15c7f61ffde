"""kubectl: a line of words, and what it prints, with its exit code."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from functools import partial
from typing import TextIO

from course_lib.command_line import Result, Terminal
from course_lib.kubectl import command
from course_lib.kubectl.editor import Editor
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.help import Help
from course_lib.kubectl.invocation import Environment, Invocation
from course_lib.kubectl.keyboard import Keyboard
from course_lib.kubectl.kubeconfig import Kubeconfig
from course_lib.kubectl.server import APIConnection, Time

OVERRIDES = ("cluster", "user", "server", "token")


class Kubectl:
    """kubectl with its kubeconfig.

    `connect` opens the way to the cluster of a context, and says how time passes there. It is
    called for each command that needs it, with what `OVERRIDES` on the line say in place of the
    context, and raises `CommandError` for a cluster that is not there.
    """

    def __init__(
        self, kubeconfig: Kubeconfig, connect: Callable[..., tuple[APIConnection, Time]]
    ) -> None:
        self.kubeconfig, self._connect = kubeconfig, connect

    def __call__(
        self,
        line: str | Sequence[str],
        stdin: str | TextIO = "",
        context: str = "",
        terminal: Terminal | None = None,
        keyboard: Keyboard | None = None,
        editor: Editor | None = None,
    ) -> Result:
        """Run one command and return what it printed.

        `line` is what stands after `kubectl`, as text or as words; `stdin` is what it can read,
        `context` counts where `--context` is not given. `terminal` shows what is written,
        and `keyboard` is where somebody types, if anybody does. `editor` opens what is edited.
        """
        terminal, code = terminal or Terminal(), 0
        source = io.StringIO(stdin) if isinstance(stdin, str) else stdin
        around: Environment | None = None
        try:
            words = command.split(line) if isinstance(line, str) else list(line)
            read = command.read(words)
            for notice in read.parsed.notices:
                terminal.error(notice + "\n")
            chosen = read.parsed.text("context") or context or self.kubeconfig.current
            given = read.overriding
            overrides = {name: read.parsed.text(name) for name in OVERRIDES if name in given}
            way = partial(self._connect, chosen, **overrides)
            people = keyboard, editor
            around = Environment(terminal, source, self.kubeconfig, chosen, way, *people)
            read.command.run(Invocation(read.described, read.parsed, around))
        except CommandError as failure:
            if isinstance(failure, Help):
                (terminal.error if failure.aside else terminal.out)(failure.text)
            terminal.error(failure.shown())
            code = failure.code
        return terminal.result(code, around.waited if around else 0.0)
