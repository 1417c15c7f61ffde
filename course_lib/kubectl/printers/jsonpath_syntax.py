"""JSONPath templates as kubectl reads them: text, and in braces paths, `range` and `end`.

Source: `parser.go` of client-go `util/jsonpath`.
"""

from __future__ import annotations

import re

import msgspec

_DICT_KEY = re.compile(r"'([^']*)'")
_SLICE = re.compile(r"(-?[0-9]*)(:-?[0-9]*)?(:-?[0-9]*)?")
_COMPARISON = re.compile(r"([^!<>=]+)([!<>=]+)(.+)", re.DOTALL)
_INTEGER = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)")
_ENDS = " \t\r\n.,[]${}@"  # what ends the name of a field


class JSONPathProblem(Exception):
    """A template that cannot be read, or that does not fit a document; the message is Go's."""


class PathText(msgspec.Struct, frozen=True):
    """Text as it is."""

    text: str


class PathValue(msgspec.Struct, frozen=True):
    """A number, or yes or no, to compare with."""

    value: int | float | bool


class PathField(msgspec.Struct, frozen=True):
    """The field of a name."""

    name: str


class PathSlice(msgspec.Struct, frozen=True):
    """Items from `first` to before `last`, every `step`th; None: not given.

    `alone` says that there is only a position, so that `last` follows from it.
    """

    first: int | None
    last: int | None
    step: int | None
    alone: bool


class PathFilter(msgspec.Struct, frozen=True):
    """Items for which a comparison holds, or, without an operator, that have a field."""

    left: PathList
    operator: str
    right: PathList


class PathWildcard(msgspec.Struct, frozen=True):
    """All that is directly inside."""


class PathDescent(msgspec.Struct, frozen=True):
    """All that is inside, at any depth."""


class PathUnion(msgspec.Struct, frozen=True):
    """What several paths find."""

    paths: tuple[PathList, ...]


class PathWord(msgspec.Struct, frozen=True):
    """A word: `range` or `end`."""

    name: str


class PathList(msgspec.Struct, frozen=True):
    """One step after the other."""

    steps: list[PathStep]


PathStep = (
    PathText | PathValue | PathField | PathSlice | PathFilter | PathWildcard | PathDescent
    | PathUnion | PathWord | PathList
)  # fmt: skip


def parse(text: str) -> list[PathStep]:
    """The parts of a template; raises `JSONPathProblem`."""
    return _PathParser(text).parse()


def _action(text: str) -> PathList:
    """One expression, as if in braces."""
    found = parse(f"{{{text}}}")[0]
    assert isinstance(found, PathList)
    return found


class _PathParser:
    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def parse(self) -> list[PathStep]:
        parts: list[PathStep] = []
        while self._at < len(self._text):
            brace = self._text.find("{", self._at)
            end = len(self._text) if brace < 0 else brace
            if end > self._at:
                parts.append(PathText(self._text[self._at : end]))
            self._at = end
            if brace >= 0:
                self._at += 1
                steps: list[PathStep] = []
                parts.append(PathList(steps))
                self._expression(steps)
        return parts

    def _expression(self, steps: list[PathStep]) -> None:
        while not self._skip("}"):
            if self._skip("[?("):
                steps.append(self._filter())
            elif self._text.startswith("..", self._at):
                self._descent(steps)
            else:
                self._step(steps)

    def _skip(self, sign: str) -> bool:
        found = self._text.startswith(sign, self._at)
        self._at += len(sign) if found else 0
        return found

    def _next(self) -> str:
        letter = self._text[self._at : self._at + 1]
        self._at += len(letter)
        return letter

    def _step(self, steps: list[PathStep]) -> None:
        letter = self._next()
        if letter in ("", "\r", "\n"):
            raise JSONPathProblem("unclosed action")
        if letter in " @$":
            return
        if letter == "[":
            steps += self._brackets()
        elif letter in "\"'":
            steps.append(PathText(self._quoted(letter)))
        elif letter == ".":
            steps.append(self._field())
        elif letter in "+-" or letter.isdigit():
            self._at -= 1
            steps.append(self._number())
        elif letter == "_" or letter.isalpha():
            self._at -= 1
            steps.append(self._word())
        else:
            raise JSONPathProblem(
                f"unrecognized character in action: U+{ord(letter):04X} '{letter}'"
            )

    def _word(self) -> PathStep:
        start = self._at
        while self._at < len(self._text) and self._text[self._at] not in _ENDS:
            self._at += 1
        word = self._text[start : self._at]
        return PathValue(word == "true") if word in ("true", "false") else PathWord(word)

    def _descent(self, steps: list[PathStep]) -> None:
        if steps and isinstance(steps[-1], PathDescent):
            raise JSONPathProblem("invalid multiple recursive descent")
        self._at += 2
        steps.append(PathDescent())
        letter = self._text[self._at : self._at + 1]
        if letter == "_" or letter.isalnum():
            steps.append(self._field())

    def _number(self) -> PathValue:
        start = self._at
        self._at += self._text[self._at] in "+-"
        while self._at < len(self._text) and (
            self._text[self._at] == "." or self._text[self._at].isdigit()
        ):
            self._at += 1
        word = self._text[start : self._at]
        if _INTEGER.fullmatch(word):
            return PathValue(int(word))
        if _NUMBER.fullmatch(word):
            return PathValue(float(word))
        raise JSONPathProblem(f"cannot parse number {word}")

    def _field(self) -> PathStep:
        start = self._at
        while self._at < len(self._text) and self._text[self._at] not in _ENDS:
            self._at += 2 if self._text[self._at] == "\\" else 1
        name = self._text[start : self._at]
        return PathWildcard() if name == "*" else PathField(name.replace("\\", ""))

    def _quoted(self, mark: str) -> str:
        start = self._at
        while True:
            letter = self._next()
            if letter in ("", "\n"):
                raise JSONPathProblem("unterminated quoted string")
            if letter == mark and self._text[self._at - 2] != "\\":
                break
        return _unquoted(self._text[start : self._at - 1], mark)

    def _brackets(self) -> list[PathStep]:
        start = self._at
        while (letter := self._next()) != "]":
            if letter in ("", "\n"):
                raise JSONPathProblem("unterminated array")
        text = self._text[start : self._at - 1]
        text = ":" if text == "*" else text
        if "," in text:
            return [PathUnion(tuple(_action(f"[{each.strip(' ')}]") for each in text.split(",")))]
        if key := _DICT_KEY.fullmatch(text):
            return _action(f".{key[1]}").steps
        found = _SLICE.fullmatch(text)
        if found is None:
            raise JSONPathProblem(f"invalid array index {text}")
        return [_slice(*(each or "" for each in found.groups()))]

    def _filter(self) -> PathFilter:
        start, opened, closed, pair = self._at, False, False, ""
        while True:
            letter = self._next()
            if letter in ("", "\n"):
                raise JSONPathProblem("unterminated filter")
            if letter in "\"'":
                if not opened:
                    opened, pair = True, letter
                elif self._text[self._at - 2] != "\\" and letter == pair:
                    closed = True
            elif letter == ")" and opened == closed:
                break
        text = self._text[start : self._at - 1]
        if self._next() != "]":
            raise JSONPathProblem("unclosed array expect ]")
        found = _COMPARISON.fullmatch(text)
        if found is None:
            return PathFilter(_action(text), "", PathList([]))
        return PathFilter(_action(found[1]), found[2], _action(found[3]))


def _slice(first: str, last: str, step: str) -> PathSlice:
    numbers = []
    for text in (first, last[1:], step[1:]):
        if text == "-":
            raise JSONPathProblem("array index - is not a number")
        numbers.append(int(text) if text else None)
    alone = not last
    end = (numbers[0] or 0) + 1 if alone else numbers[1]
    return PathSlice(numbers[0], end, numbers[2], alone)


def _unquoted(text: str, mark: str) -> str:
    """A text in quotation marks with its escapes read; raises `JSONPathProblem`."""
    if "\\" not in text:
        return text
    try:
        return re.sub(r"\\(x..|u....|U........|[0-7]{3}|.)|\\$", lambda m: _escape(m, mark), text)
    except (KeyError, ValueError):
        said = f"{mark}{text}{mark}"
        raise JSONPathProblem(f"unquote string {said} error invalid syntax") from None


_LETTERS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\"}


def _escape(found: re.Match[str], mark: str) -> str:
    sign = found[1]
    if sign == mark:
        return mark
    if sign[0] in "xuU":
        return chr(int(sign[1:], 16))
    return chr(int(sign, 8)) if sign.isdigit() else _LETTERS[sign]


def relaxed(path: str) -> str:
    """A path as columns and `--sort-by` have it: braces and the first dot may be missing.

    Source: `RelaxedJSONPathExpression` of kubectl `pkg/cmd/get/customcolumn.go`. Raises
    `JSONPathProblem`.

    >>> relaxed("metadata.name"), relaxed("{.metadata.name}")
    ('{.metadata.name}', '{.metadata.name}')
    """
    if not path:
        return path
    found = re.fullmatch(r"\{\.?([^{}]+)\}|\.?([^{}]+)", path)
    if found is None:
        raise JSONPathProblem(
            "unexpected path string, expected a 'name1.name2' or '.name1.name2' or "
            "'{name1.name2}' or '{.name1.name2}'"
        )
    return f"{{.{found[1] or found[2]}}}"
