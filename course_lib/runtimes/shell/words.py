"""Reading the words of a script: quotes, parameters, substitutions.

Source: POSIX.1-2017, Shell Command Language, 2.2 Quoting, 2.6 Word Expansions.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from course_lib.runtimes.shell.source import ScriptSource
from course_lib.runtimes.shell.syntax import (
    Arithmetic,
    LiteralText,
    NotUnderstood,
    Parameter,
    Piece,
    ShellScript,
    Substitution,
    SyntaxFault,
    Word,
)

END_OF_WORD = " \t\r\n;&|<>()"
_NAME = re.compile(r"[A-Za-z_]\w*|[0-9@*#?$!-]")
_BRACED = re.compile(r"[A-Za-z_]\w*|\d+|[@*#?$!-]")
_OPERATION = re.compile(r":?[-=?+]|%%?|##?")
UNTERMINATED = "unterminated quoted string"


class Words:
    """Reads words of `source`; `script` reads what is in `$( )`."""

    def __init__(self, source: ScriptSource, script: Callable[[], ShellScript]) -> None:
        self._source, self._script = source, script

    def word(self, ends: str = END_OF_WORD) -> Word:
        """A word, up to one of the characters that end it."""
        source, pieces = self._source, list[Piece]()
        if source.peek() == "~" and (source.peek(2)[1:] or " ") in f"/{ends} ":
            source.place += 1
            pieces.append(Parameter("HOME", quoted=True))
        while not source.over and source.peek() not in ends:
            match source.peek():
                case "'":
                    pieces.append(LiteralText(self._until_quote(), quoted=True))
                case '"':
                    pieces += self._double()
                case "\\":
                    source.place += 1
                    escaped = source.peek()
                    source.place += 1
                    if escaped != "\n":
                        pieces.append(LiteralText(escaped or "\\", quoted=True))
                case "$" | "`":
                    pieces.append(self.expansion(quoted=False))
                case _:
                    pieces.append(LiteralText(self._bare(ends)))
        return Word(tuple(pieces))

    def _bare(self, ends: str) -> str:
        source, start = self._source, self._source.place
        while not source.over and source.peek() not in ends and source.peek() not in "'\"\\$`":
            source.place += 1
        return source.text[start : source.place]

    def _until_quote(self) -> str:
        source = self._source
        end = source.text.find("'", source.place + 1)
        if end < 0:
            raise SyntaxFault(UNTERMINATED)
        found = source.text[source.place + 1 : end]
        source.place = end + 1
        return found

    def _double(self) -> list[Piece]:
        source = self._source
        source.place += 1
        pieces = self.quoted('"')
        if not source.take('"'):
            raise SyntaxFault(UNTERMINATED)
        return pieces or [LiteralText("", quoted=True)]

    def quoted(self, end: str) -> list[Piece]:
        """The pieces up to a closing character (empty: all), as in double quotes."""
        source, pieces = self._source, list[Piece]()
        while not source.over and not (end and source.peek() == end):
            if source.peek() == "\\":
                escaped = source.peek(2)[1:]
                source.place += 2
                if escaped != "\n":
                    special = escaped in '$`"\\' if end else escaped in "$`\\"
                    pieces.append(LiteralText(escaped if special else f"\\{escaped}", quoted=True))
            elif source.peek() in "$`":
                pieces.append(self.expansion(quoted=True))
            else:
                start = source.place
                while not source.over and source.peek() not in f"\\$`{end}":
                    source.place += 1
                pieces.append(LiteralText(source.text[start : source.place], quoted=True))
        return pieces

    def expansion(self, quoted: bool) -> Piece:
        """What begins with `$` or a backquote; raises `NotUnderstood` or `SyntaxFault`."""
        source = self._source
        if source.take("`"):
            return self._backquoted(quoted)
        if source.take("$(("):
            return self._arithmetic(quoted)
        if source.take("$("):
            script = self._script()
            if not source.take(")"):
                raise SyntaxFault('end of file unexpected (expecting ")")')
            return Substitution(script, quoted)
        if source.take("${"):
            return self._braced(quoted)
        source.place += 1
        if not quoted and source.peek() == "'":
            raise NotUnderstood("$'")
        match = _NAME.match(source.text, source.place)
        if match is None:
            return LiteralText("$", quoted)
        source.place = match.end()
        return Parameter(match[0], quoted=quoted)

    def _backquoted(self, quoted: bool) -> Piece:
        source, found = self._source, ""
        while not source.over and source.peek() != "`":
            if source.peek() == "\\" and source.peek(2)[1:] in "$`\\":
                source.place += 1
            found += source.peek()
            source.place += 1
        if not source.take("`"):
            raise SyntaxFault(UNTERMINATED)
        place, text = source.place, source.text
        source.text, source.place = found, 0
        try:
            script = self._script()
        finally:
            source.text, source.place = text, place
        return Substitution(script, quoted)

    def _arithmetic(self, quoted: bool) -> Piece:
        source, depth, start = self._source, 0, self._source.place
        while not source.over and not (depth == 0 and source.at("))")):
            depth += {"(": 1, ")": -1}.get(source.peek(), 0)
            source.place += 1
        inner = Words(ScriptSource(source.text[start : source.place]), self._script)
        if not source.take("))"):
            raise SyntaxFault("missing '))'")
        return Arithmetic(Word(tuple(inner.quoted(""))), quoted)

    def _braced(self, quoted: bool) -> Piece:
        source = self._source
        if source.peek() == "#" and source.peek(2)[1:] not in ("}", ""):
            source.place += 1
            name = self._name()
            piece = Parameter(name, "length", quoted=quoted)
        else:
            name = self._name()
            operation = _OPERATION.match(source.text, source.place)
            if operation is None:
                piece = Parameter(name, quoted=quoted)
            else:
                source.place = operation.end()
                pieces = self.quoted("}") if quoted else list(self.word("}").pieces)
                piece = Parameter(name, operation[0], Word(tuple(pieces)), quoted)
        if not source.take("}"):
            raise NotUnderstood(f"${{{name}{source.peek(8)}")
        return piece

    def _name(self) -> str:
        match = _BRACED.match(self._source.text, self._source.place)
        if match is None:
            raise NotUnderstood(f"${{{self._source.peek(8)}")
        self._source.place = match.end()
        return match[0]
