"""Flags on a command line: which there are, what was given, what is wrong in pflag's words.

Source: pflag 1.0.10, `flag.go` and `errors.go`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from course_lib.command_line.values import EMPTY, READERS, Value, ValueProblem, quoted
from course_lib.errors import CourseError

_WITHOUT_ARGUMENT = {"bool": "true", "count": "+1"}


class UsageError(CourseError):
    """A command line that a program cannot read; `str()` of it is pflag's sentence."""


@dataclass(frozen=True)
class Flag:
    """A flag: `--name`, `-s`, and the kind of its value, in pflag's words (`values.READERS`).

    `default` counts when the flag is not given; None: the empty value of the kind.
    `no_opt_default` is the value of `--name` without `=`; a flag that has it never takes the
    following word. Flags of the kinds `bool` and `count` always have it.
    `usage` describes it; `deprecated` is added to a notice that its use brings; no help lists what
    is `hidden`.
    """

    name: str
    shorthand: str = ""
    kind: str = "string"
    default: Value | None = None
    no_opt_default: str = ""
    usage: str = ""
    deprecated: str = ""
    hidden: bool = False

    @property
    def without_argument(self) -> str:
        """The text that stands for its value when it is given alone; empty: it needs one."""
        return self.no_opt_default or _WITHOUT_ARGUMENT.get(self.kind, "")

    @property
    def unset(self) -> Value:
        """Its value when it is not given."""
        return EMPTY.get(self.kind, 0) if self.default is None else self.default


@dataclass
class Parsed:
    """What a command line says: the value of each flag, and the arguments.

    `given` has the flags that stand on the line, `written` has them in order, with their texts.
    `dash` is the number of arguments before `--`, or -1 without one. `notices` are lines about
    deprecated flags.
    """

    values: dict[str, Value] = field(default_factory=dict)
    args: list[str] = field(default_factory=list)
    given: set[str] = field(default_factory=set)
    written: list[tuple[str, str]] = field(default_factory=list)
    dash: int = -1
    notices: list[str] = field(default_factory=list)

    def on(self, name: str) -> bool:
        """Whether a flag of the kind `bool` is set."""
        return self.values[name] is True

    def text(self, name: str) -> str:
        """The value of a flag of the kind `string`."""
        value = self.values[name]
        assert isinstance(value, str), name
        return value

    def number(self, name: str) -> int:
        """The value of a flag of a kind of whole numbers."""
        value = self.values[name]
        assert isinstance(value, int), name
        return value

    def seconds(self, name: str) -> float:
        """The value of a flag of the kind `duration`, in seconds."""
        value = self.values[name]
        assert isinstance(value, int | float), name
        return float(value)

    def texts(self, name: str) -> list[str]:
        """The values of a flag of the kinds `stringSlice` and `stringArray`."""
        value = self.values[name]
        assert isinstance(value, list), name
        return value

    def pairs(self, name: str) -> dict[str, str]:
        """The value of a flag of the kind `stringToString`."""
        value = self.values[name]
        assert isinstance(value, dict), name
        return value


def parse(words: Sequence[str], flags: Iterable[Flag], *, interspersed: bool = True) -> Parsed:
    """Part `words` into flags and arguments.

    With `interspersed` flags may stand after arguments; else the first argument ends them.
    Raises `UsageError` with the sentence of pflag.

    >>> flags = [Flag("n", "n", "int"), Flag("all", "", "bool")]
    >>> found = parse(["get", "-n3", "--all", "a"], flags)
    >>> found.values, found.args
    ({'n': 3, 'all': True}, ['get', 'a'])
    """
    return _LineParser(flags).read(list(words), interspersed)


class _LineParser:
    def __init__(self, flags: Iterable[Flag]) -> None:
        self.long = {flag.name: flag for flag in flags}
        self.short = {flag.shorthand: flag for flag in self.long.values() if flag.shorthand}
        self.found = Parsed({name: flag.unset for name, flag in self.long.items()})

    def read(self, rest: list[str], interspersed: bool) -> Parsed:
        found = self.found
        while rest:
            word = rest.pop(0)
            if word == "--":
                found.dash = len(found.args)
                found.args += rest
                break
            if word.startswith("--"):
                self._long(word, rest)
            elif word.startswith("-") and word != "-":
                self._short(word[1:], rest)
            else:
                found.args.append(word)
                if not interspersed:
                    found.args += rest
                    break
        return found

    def _long(self, word: str, rest: list[str]) -> None:
        """`--name`, `--name=value` or `--name value`."""
        name, equals, value = word[2:].partition("=")
        if not name or name.startswith("-"):
            raise UsageError(f"bad flag syntax: {word}")
        if name not in self.long:
            raise UsageError(f"unknown flag: --{name}")
        flag = self.long[name]
        if not equals:
            if not flag.without_argument and not rest:
                raise UsageError(f"flag needs an argument: --{name}")
            value = flag.without_argument or rest.pop(0)
        self._set(flag, value)

    def _short(self, letters: str, rest: list[str]) -> None:
        """`-a`, several as `-abc`, and a value as `-n3`, `-n=3` or `-n 3`."""
        while letters:
            letter, after = letters[0], letters[1:]
            shown = quoted(letter, mark="'") + f" in -{letters}"
            if letter not in self.short:
                raise UsageError(f"unknown shorthand flag: {shown}")
            flag = self.short[letter]
            if len(after) > 1 and after[0] == "=":
                value, after = after[1:], ""
            elif flag.without_argument:
                value = flag.without_argument
            elif after:
                value, after = after, ""
            elif rest:
                value = rest.pop(0)
            else:
                raise UsageError(f"flag needs an argument: {shown}")
            self._set(flag, value)
            letters = after

    def _set(self, flag: Flag, text: str) -> None:
        try:
            self.found.values[flag.name] = self._value(flag, text)
        except ValueProblem as problem:
            name = f"-{flag.shorthand}, --{flag.name}" if flag.shorthand else f"--{flag.name}"
            raise UsageError(
                f"invalid argument {quoted(text)} for {quoted(name)} flag: {problem}"
            ) from None
        self.found.given.add(flag.name)
        self.found.written.append((flag.name, text))
        if flag.deprecated:
            notice = f"Flag --{flag.name} has been deprecated, {flag.deprecated}"
            self.found.notices.append(notice)

    def _value(self, flag: Flag, text: str) -> Value:
        """The new value: of lists, mappings and counts with what was given before."""
        before = self.found.values[flag.name]
        if flag.kind == "count" and text == "+1":
            assert isinstance(before, int)
            return before + 1
        new = READERS[flag.kind](text)
        if flag.name in self.found.given:
            if isinstance(before, list) and isinstance(new, list):
                return before + new
            if isinstance(before, dict) and isinstance(new, dict):
                return before | new
        return new
