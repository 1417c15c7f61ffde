"""Options of `crictl`: what is given, what is wrong with it in the words of Go's `flag` package.

The first argument ends the options. Source: `flag` of Go; urfave/cli 2.27 (`parse.go`, `flag.go`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from course_lib.command_line import Value, ValueProblem, duration_text, quoted
from course_lib.command_line.values import READERS

# The kinds of options, as pflag calls them, and the word for their value in a help.
EMPTY: dict[str, Value] = {"bool": False, "string": "", "int": 0, "stringSlice": [],
                           "duration": 0.0}  # fmt: skip


class OptionError(Exception):
    """Options that `crictl` cannot read."""


@dataclass(frozen=True)
class Option:
    """An option: `--name`, and `-a` for its `alias`; its kind, default and description."""

    name: str
    alias: str = ""
    kind: str = "string"
    default: Value | None = None
    usage: str = ""

    @property
    def unset(self) -> Value:
        """Its value when it is not given."""
        return EMPTY[self.kind] if self.default is None else self.default

    def head(self) -> str:
        """How it is written, in a help."""
        value = "" if self.kind == "bool" else " value"
        names = [name for name in (self.name, self.alias) if name]
        text = ", ".join(f"{'-' if len(name) == 1 else '--'}{name}{value}" for name in names)
        return f"{text} [ {text} ]" if self.kind == "stringSlice" else text

    def tail(self) -> str:
        """What it is for, and its default, in a help."""
        value = self.unset
        if self.kind == "stringSlice" or value == "" or self.name in ("help", "version"):
            return self.usage
        shown = quoted(value) if isinstance(value, str) else str(value).lower()
        if self.kind == "duration" and isinstance(value, int | float):
            shown = duration_text(value)
        return f"{self.usage} (default: {shown})"


@dataclass
class Given:
    """The values of options, the arguments after them, and which options stand on the line."""

    values: dict[str, Value]
    args: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    def on(self, name: str) -> bool:
        """Whether an option without value is given."""
        return self.values[name] is True

    def text(self, name: str) -> str:
        """The value of an option; empty for one that the command does not have."""
        return str(self.values.get(name, ""))

    def number(self, name: str) -> int:
        """The value of a numeric option."""
        value = self.values[name]
        assert isinstance(value, int), name
        return value

    def texts(self, name: str) -> list[str]:
        """The values of an option that may be given several times."""
        value = self.values[name]
        assert isinstance(value, list), name
        return value


def read(words: Sequence[str], options: Iterable[Option], letters: bool = True) -> Given:
    """Part `words` into `options` and arguments; with `letters`, `-aq` is `-a -q`.

    Raises `OptionError`.
    """
    known = {name: option for option in options for name in (option.name, option.alias) if name}
    given = Given({option.name: option.unset for option in known.values()})
    rest = list(words)
    while rest and rest[0].startswith("-") and rest[0] != "-":
        word = rest.pop(0)
        if word == "--":
            break
        name, equals, value = word.removeprefix("-").removeprefix("-").partition("=")
        if not name or name.startswith("-"):
            raise OptionError(f"bad flag syntax: {word}")
        if name not in known:
            several = letters and not equals and not word.startswith("--") and len(name) > 1
            if several and all(letter in known for letter in name):
                rest = [*(f"-{letter}" for letter in name), *rest]
                continue
            raise OptionError(f"flag provided but not defined: -{name}")
        option = known[name]
        if not equals:
            if option.kind != "bool" and not rest:
                raise OptionError(f"flag needs an argument: -{name}")
            value = "true" if option.kind == "bool" else rest.pop(0)
        _set(given, option, name, value)
    given.args = rest
    return given


def _set(given: Given, option: Option, name: str, text: str) -> None:
    try:
        new = READERS[option.kind](text)
    except ValueProblem:
        what = "invalid boolean value" if option.kind == "bool" else "invalid value"
        about = f"for -{name}" if option.kind == "bool" else f"for flag -{name}"
        raise OptionError(f"{what} {quoted(text)} {about}: parse error") from None
    before = given.values[option.name]
    if isinstance(before, list) and isinstance(new, list) and option.name in given.names:
        new = before + new
    given.values[option.name] = new
    given.names.add(option.name)
