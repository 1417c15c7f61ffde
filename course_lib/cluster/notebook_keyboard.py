"""Typing to a command in a notebook: `%kubectl exec -it web -- sh` asks for line after line.

What the command has said is shown before each line. Where nobody can be asked, as in a notebook
that runs by itself, the input is at its end.
"""

from __future__ import annotations

from collections.abc import Callable

from course_lib.command_line import Result, Terminal


class LiveTerminal(Terminal):
    """A terminal that shows what was written while the command goes on."""

    def __init__(self) -> None:
        super().__init__()
        self._seen = 0  # parts that are shown already

    def news(self) -> str:
        """What was written since the last look."""
        found = "".join(text for _, text in self._parts[self._seen :])
        self._seen = len(self._parts)
        return found

    def rest(self, result: Result) -> Result:
        """The end of a command, without what is shown already."""
        if not self._seen:
            return result
        return Result(code=result.code, text=self.news() or "\n", waited=result.waited)


class NotebookKeyboard:
    """The person at the notebook; `terminal` shows what was said, `ask` asks for a line."""

    shows = True

    def __init__(self, terminal: LiveTerminal, ask: Callable[[str], str] = input) -> None:
        self._terminal, self._ask = terminal, ask

    def line(self) -> str | None:
        """The next line; None where nobody answers, and where the kernel is interrupted.

        A notebook has no key that ends the input (Ctrl-D): interrupting the kernel does it.
        """
        said, newline, prompt = self._terminal.news().rpartition("\n")
        if newline:
            print(said)
        try:
            return self._ask(prompt)
        except (EOFError, NotImplementedError, KeyboardInterrupt):  # nobody is there, or goes
            if prompt:
                print(prompt)
            return None
