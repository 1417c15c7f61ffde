"""From words to fields: parameters, substitutions, splitting, file names.

Source: POSIX.1-2017, Shell Command Language, 2.6 Word Expansions, 2.13 Pattern Matching.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from typing import NamedTuple, Protocol

from course_lib.runtimes.shell.arithmetic import evaluate
from course_lib.runtimes.shell.state import ShellFault, ShellState
from course_lib.runtimes.shell.syntax import (
    Arithmetic,
    LiteralText,
    Parameter,
    ShellScript,
    Substitution,
    Word,
)
from course_lib.runtimes.world import World


class Chunk(NamedTuple):
    """A part of a word: quoted text is no pattern; what an expansion gave is split into fields."""

    text: str
    quoted: bool
    split: bool = False


Chunks = list[Chunk]
Step = Generator[float, None, Chunks]
_BREAK = Chunk("break", False)  # between the fields of "$@"
_NOTHING = Chunk("nothing", False)  # where "$@" has no fields


class Output(Protocol):
    """Who runs the script of a `$(...)`."""

    def __call__(self, script: ShellScript) -> Generator[float, None, str]:
        """What it prints, without the last ends of line."""


class Expansion:
    """Expands the words of a shell in `world`: `state` has its variables, `output` runs `$()`."""

    def __init__(self, world: World, state: ShellState, output: Output) -> None:
        self._world, self._state, self._output = world, state, output

    def fields(self, words: tuple[Word, ...]) -> Generator[float, None, list[str]]:
        """All words as fields: split, and with file names in place of patterns."""
        found: list[str] = []
        for word in words:
            chunks = yield from self._expanded(word)
            for field in self._split(chunks):
                found += self._files(field)
        return found

    def text(self, word: Word) -> Generator[float, None, str]:
        """A word as one text, neither split nor a pattern."""
        chunks = yield from self._expanded(word)
        return "".join(_plain(chunk) for chunk in chunks)

    def pattern(self, word: Word) -> Generator[float, None, re.Pattern[str]]:
        """A word as a pattern."""
        return compiled((yield from self._expanded(word)))

    def _expanded(self, word: Word) -> Step:
        found: Chunks = []
        for piece in word.pieces:
            match piece:
                case LiteralText(text, quoted):
                    found.append(Chunk(text, quoted))
                case Parameter():
                    found += yield from self._parameter(piece)
                case Substitution(script, quoted):
                    said = yield from self._output(script)
                    found.append(Chunk(said, quoted, not quoted))
                case Arithmetic(expression, quoted):
                    text = yield from self.text(expression)
                    try:
                        number = evaluate(text, self._state.variables)
                        found.append(Chunk(str(number), quoted, not quoted))
                    except ArithmeticError as problem:
                        raise ShellFault(self._arithmetic(str(problem), text), 2) from problem
        return found

    def _arithmetic(self, problem: str, text: str) -> str:
        """How the shell words what is wrong with an expression."""
        if problem != "divide by zero" or self._world.busybox:
            return problem
        return f'arithmetic expression: division by zero: "{text}"'

    def _parameter(self, piece: Parameter) -> Step:
        state, name, quoted = self._state, piece.name, piece.quoted
        if name == "@" and quoted and not piece.op:
            parts: Chunks = []
            for argument in state.arguments:
                parts += [_BREAK] if parts else []
                parts.append(Chunk(argument, True))
            return parts or [_NOTHING]
        value = state.value(name)
        op, word = piece.op, piece.word
        if op == "length":
            return [Chunk(str(len(value or "")), quoted)]
        if op and op[0] in "%#" and word is not None:
            pattern = yield from self.pattern(word)
            return [Chunk(_trimmed(value or "", pattern, op), quoted, not quoted)]
        if op and word is not None:
            missing = value is None or (op.startswith(":") and not value)
            match op[-1], missing:
                case ("-", True) | ("+", False):
                    chunks = yield from self._expanded(word)
                    return [Chunk(c.text, c.quoted or quoted, not quoted) for c in chunks]
                case ("=", True):
                    value = state.variables[name] = yield from self.text(word)
                case ("?", True):
                    why = (yield from self.text(word)) or "parameter not set or null"
                    raise ShellFault(f"{name}: {why}", 2)
                case ("+", True):
                    return [Chunk("", True)] if quoted else []
        if value is None and state.options["u"] and name not in "@*":
            raise ShellFault(f"{name}: parameter not set", 2)
        return [Chunk(value or "", quoted, not quoted)]

    def _split(self, chunks: Chunks) -> Iterator[Chunks]:
        """Fields: unquoted results are cut at spaces, tabs and ends of line (or `IFS`)."""
        given = self._state.value("IFS")
        separators = " \t\n" if given is None else given
        field: Chunks | None = None
        for chunk in chunks:
            if chunk is _BREAK:
                yield field or [Chunk("", True)]
                field = []
            elif chunk is _NOTHING:
                continue
            elif not chunk.split or not separators:
                field = [*(field or []), chunk]
            else:
                pieces = re.split(f"[{re.escape(separators)}]+", chunk.text)
                for number, piece in enumerate(pieces):
                    if number and field is not None:
                        yield field
                        field = None
                    if piece:
                        field = [*(field or []), Chunk(piece, False)]
        if field is not None:
            yield field

    def _files(self, field: Chunks) -> list[str]:
        """The files that a pattern stands for; itself, where there are none."""
        plain = "".join(chunk.text for chunk in field)
        if not _wild(field) or self._state.options["f"]:
            return [plain]
        return self._matching(field, plain) or [plain]

    def _matching(self, field: Chunks, plain: str) -> list[str]:
        world = self._world
        found = ["/" if plain.startswith("/") else ""]
        for part in _by_slash(field):
            name = "".join(chunk.text for chunk in part)
            if not _wild(part):
                found = [f"{above}{name}" for above in found]
                found = [path for path in found if world.find(path) is not None]
            else:
                pattern = compiled(part)
                found = [
                    f"{above}{each}"
                    for above in found
                    for each in world.below(above or ".")
                    if pattern.fullmatch(each) and (each[0] != "." or name[0] == ".")
                ]
            found = [f"{path}/" for path in found]
        return [path.rstrip("/") or "/" for path in found]


def _plain(chunk: Chunk) -> str:
    return " " if chunk is _BREAK else "" if chunk is _NOTHING else chunk.text


def _wild(chunks: Chunks) -> bool:
    """Whether there is a pattern in it."""
    return any(not chunk.quoted and re.search(r"[*?\[]", chunk.text) for chunk in chunks)


def _by_slash(field: Chunks) -> list[Chunks]:
    """The parts of a path."""
    parts: list[Chunks] = [[]]
    for chunk in field:
        first, *rest = chunk.text.split("/")
        if first:
            parts[-1].append(Chunk(first, chunk.quoted))
        for piece in rest:
            parts.append([Chunk(piece, chunk.quoted)] if piece else [])
    return [part for part in parts if part]


def compiled(chunks: Chunks) -> re.Pattern[str]:
    """A pattern of the shell as a regular expression: `*`, `?` and `[...]`, where not quoted."""
    out = ""
    for text, protected, _ in chunks:
        place = 0
        while place < len(text):
            sign = text[place]
            place += 1
            end = text.find("]", place + 1)
            if protected or sign not in "*?[" or (sign == "[" and end < 0):
                out += re.escape(sign)
            elif sign == "[":
                inner = text[place:end].replace("\\", "\\\\")
                inner = f"^{inner[1:]}" if inner.startswith("!") else inner
                out, place = f"{out}[{inner}]", end + 1
            else:
                out += ".*" if sign == "*" else "."
    return re.compile(out, re.DOTALL)


def glob(pattern: str) -> Callable[[str], bool]:
    """Whether a name matches a pattern, as `find -name` has it."""
    expression = compiled([Chunk(pattern, False)])
    return lambda name: expression.fullmatch(name) is not None


def _trimmed(value: str, pattern: re.Pattern[str], op: str) -> str:
    """A value without the shortest (`%`, `#`) or longest (`%%`, `##`) end or beginning."""
    size = len(value)
    cuts = range(size + 1) if op in ("#", "%%") else range(size, -1, -1)
    for cut in cuts:
        part = value[:cut] if op[0] == "#" else value[cut:]
        if pattern.fullmatch(part):
            return value[cut:] if op[0] == "#" else value[:cut]
    return value
