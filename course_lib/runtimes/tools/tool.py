"""What the small programs have in common: how they are called, their options, their refusals."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from course_lib.runtimes.kernel import Running
from course_lib.runtimes.world import World

# (world, arguments) -> exit code, at once or after a time.
Tool = Callable[[World, list[str]], "int | Running"]


class ToolFault(Exception):
    """A program ends: what it says on stderr (without its name), and its exit code."""

    def __init__(self, said: str, code: int = 1) -> None:
        super().__init__(said)
        self.said, self.code = said, code


class Options:
    """The options of a command line, and the other arguments.

    `flags` are letters without a value, `valued` letters with one; of `long` names each stands for
    a letter; with `mixed` options may stand behind other arguments. Raises `ToolFault` for an
    option that the course does not simulate.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        flags: str = "",
        valued: str = "",
        long: dict[str, str] | None = None,
        mixed: bool = True,
    ) -> None:
        self.given: dict[str, list[str]] = {}
        self.operands: list[str] = []
        self._flags, self._valued, self._long = flags, valued, long or {}
        rest = list(arguments)
        while rest:
            first = rest.pop(0)
            if first == "--":
                self.operands += rest
                break
            if first.startswith("--"):
                self._named(first, rest)
            elif first.startswith("-") and len(first) > 1:
                self._letters(first[1:], rest)
            else:
                self.operands.append(first)
                if not mixed:
                    self.operands += rest
                    break

    def _named(self, argument: str, rest: list[str]) -> None:
        name, equals, value = argument[2:].partition("=")
        letter = self._long.get(name)
        if letter is None:
            raise ToolFault(f"the course does not simulate the option --{name}", 2)
        if letter in self._valued:
            self._add(letter, value if equals else self._next(rest, f"-{name}"))
        else:
            self._add(letter, "")

    def _letters(self, letters: str, rest: list[str]) -> None:
        for place, letter in enumerate(letters, 1):
            if letter in self._valued:
                self._add(letter, letters[place:] or self._next(rest, letter))
                return
            if letter not in self._flags:
                raise ToolFault(f"the course does not simulate the option -{letter}", 2)
            self._add(letter, "")

    def _add(self, letter: str, value: str) -> None:
        self.given.setdefault(letter, []).append(value)

    @staticmethod
    def _next(rest: list[str], option: str) -> str:
        if not rest:
            raise ToolFault(f"option requires an argument -- '{option}'")
        return rest.pop(0)

    def __contains__(self, letter: str) -> bool:
        return letter in self.given

    def value(self, letter: str, default: str = "") -> str:
        """The value of an option: the last that was given."""
        return self.given.get(letter, [default])[-1]

    def number(self, letter: str, default: int) -> int:
        """A whole number; raises `ToolFault`."""
        text = self.value(letter, str(default))
        if not text.lstrip("+-").isdecimal():
            raise ToolFault(f"invalid number '{text}'")
        return int(text)
