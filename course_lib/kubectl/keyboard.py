"""Where somebody types while a command runs: `kubectl exec -it`."""

from __future__ import annotations

from typing import Protocol


class Keyboard(Protocol):
    """Lines that somebody types, one after the other."""

    shows: bool  # whether what is typed is seen already, so that its echo is left out

    def line(self) -> str | None:
        """The next line, without its end; None at the end of input."""


class TypedLines:
    """Lines that are known before, such as those of a cell: a terminal shows them.

    >>> keyboard = TypedLines("ls\\nexit")
    >>> keyboard.line(), keyboard.line(), keyboard.line()
    ('ls', 'exit', None)
    """

    shows = False

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()

    def line(self) -> str | None:
        """The next line; None at the end."""
        return self._lines.pop(0) if self._lines else None
