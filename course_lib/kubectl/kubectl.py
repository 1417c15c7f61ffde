"""kubectl: a line of words, and what it prints, with its exit code."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

from course_lib.command_line import Result, Terminal
from course_lib.kubectl import command
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Environment, Invocation
from course_lib.kubectl.kubeconfig import Kubeconfig
from course_lib.kubectl.server import APIConnection, Time


class Kubectl:
    """kubectl with its kubeconfig.

    `connect` opens the way to the cluster of a context, and says how time passes there. It is
    called for each command, and raises `CommandError` for a cluster that is not there.
    """

    def __init__(
        self, kubeconfig: Kubeconfig, connect: Callable[[str], tuple[APIConnection, Time]]
    ) -> None:
        self.kubeconfig, self._connect = kubeconfig, connect

    def __call__(
        self,
        line: str | Sequence[str],
        stdin: str = "",
        context: str = "",
        terminal: Terminal | None = None,
    ) -> Result:
        """Run one command and return what it printed.

        `line` is what stands after `kubectl`, as text or as words; `stdin` is what it can read,
        `context` counts where `--context` is not given. `terminal` shows what is written.
        """
        terminal, code = terminal or Terminal(), 0
        time: Time | None = None
        try:
            words = command.split(line) if isinstance(line, str) else list(line)
            read = command.read(words)
            for notice in read.parsed.notices:
                terminal.error(notice + "\n")
            chosen = read.parsed.text("context") or context or self.kubeconfig.current
            connection, time = self._connect(chosen)
            around = Environment(
                terminal, io.StringIO(stdin), self.kubeconfig, chosen, connection, time
            )
            read.command.run(Invocation(read.described, read.parsed, around))
        except CommandError as failure:
            terminal.error(failure.shown())
            code = failure.code
        return terminal.result(code, time.waited if time else 0.0)
