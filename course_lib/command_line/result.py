"""What a program printed, and the code with which it ended."""

from __future__ import annotations

import html
from dataclasses import dataclass

from course_lib.errors import CourseError

SHORTEST = 0.05  # s of simulated time that passed and is said: shorter would be shown as 0.0


def preformatted(text: str) -> str:
    """HTML of a text as it is: long lines scroll, by keyboard too; JupyterLab would break words."""
    style = (
        "overflow-x: auto; white-space: pre; line-height: 1.3; margin: 0; "
        "font-family: var(--jp-code-font-family, monospace)"  # not all front ends say it for pre
    )
    return f'<pre tabindex="0" style="{style}">{html.escape(text)}</pre>'


class Text(str):
    """Text that a notebook shows as it is, with its line breaks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return preformatted(self)


@dataclass(frozen=True)
class Result:
    """What a program wrote to `stdout` and `stderr`, and its exit `code`.

    It shows as a terminal shows it: `text` has both streams in the order of writing. `str()` of it
    has no line break at the end, so that `print` leaves no empty line. `waited` is how much
    simulated time passed meanwhile (s), which is shown below from `SHORTEST` on.

    >>> Result("pod/web created\\n")
    pod/web created
    """

    stdout: str = ""
    stderr: str = ""
    code: int = 0
    text: str = ""
    waited: float = 0.0

    def __post_init__(self) -> None:
        if not self.text:
            object.__setattr__(self, "text", self.stdout + self.stderr)

    def checked(self) -> Result:
        """The result of a program that succeeded; raises `CourseError` for another.

        >>> Result(stderr="error: no\\n", code=1).checked()
        Traceback (most recent call last):
        ...
        course_lib.errors.CourseError: a command failed
          found:    error: no
        """
        if self.code:
            raise CourseError("a command failed", found=self.stderr.strip())
        return self

    def __str__(self) -> str:
        return self.text.removesuffix("\n")

    def __repr__(self) -> str:
        return "\n".join(filter(None, [str(self), self._passed]))

    def _repr_html_(self) -> str:
        passed = f"<p><em>{self._passed}</em></p>" if self._passed else ""
        return preformatted(str(self)) + passed

    @property
    def _passed(self) -> str:
        if self.waited < SHORTEST:
            return ""
        return f"({self.waited:.1f} s of simulated time passed)"


class Terminal:
    """What a program writes while it runs; `result` ends it.

    >>> terminal = Terminal()
    >>> terminal.error("Warning: old\\n")
    >>> terminal.out("done\\n")
    >>> terminal.result(1).text
    'Warning: old\\ndone\\n'
    """

    def __init__(self) -> None:
        self._parts: list[tuple[bool, str]] = []  # whether to stderr, and what

    def out(self, text: str) -> None:
        """Write to stdout."""
        self._parts.append((False, text))

    def error(self, text: str) -> None:
        """Write to stderr."""
        self._parts.append((True, text))

    def result(self, code: int = 0, waited: float = 0.0) -> Result:
        """All that was written, with the exit code and the simulated time that passed (s)."""
        stdout = "".join(text for error, text in self._parts if not error)
        stderr = "".join(text for error, text in self._parts if error)
        return Result(stdout, stderr, code, "".join(text for _, text in self._parts), waited)
