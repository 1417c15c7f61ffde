"""The words of a Go template: text, and within double braces fields, variables, numbers, signs.

Source: Go's `text/template/parse/lex.go`.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import Any

import msgspec

from course_lib.command_line.values import quoted

_WORD = re.compile(
    r"""(?x)
      (?P<blank>[\ \t\r\n]+)
    | (?P<declare>:=) | (?P<assign>=) | (?P<pipe>\|)
    | (?P<string>"(?:\\.|[^"\\\n])*") | (?P<raw>`[^`]*`) | (?P<character>'(?:\\.|[^'\\\n])+')
    | (?P<field>\.[A-Za-z_]\w*)
    | (?P<number>[+-]?(?:0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+
        |(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))
    | (?P<dot>\.)
    | (?P<variable>\$\w*)
    | (?P<name>[A-Za-z_]\w*)
    | (?P<char>[(),])
    """
)
_KEYWORDS = frozenset(
    {"if", "else", "end", "range", "with", "break", "continue", "define", "template", "block"}
)
_CONSTANTS = {"true": True, "false": False}
_LETTERS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ESCAPE = re.compile(r"\\(x..|u.{4}|U.{8}|[0-7]{3}|.)", re.DOTALL)


class TemplateWord(msgspec.Struct, frozen=True):
    """One word: its kind, its text, the value that it stands for, and where it stands."""

    kind: str
    text: str
    value: Any
    place: int
    line: int

    @property
    def shown(self) -> str:
        """The word as messages show it."""
        if self.kind == "end of text":
            return "EOF"
        shown = self.text if len(self.text) <= 10 or self.kind == "keyword" else ""
        if self.kind == "keyword":
            return f"<{shown}>"
        return quoted(shown) if shown else f"{quoted(self.text[:10])}..."


def words_of(text: str) -> list[TemplateWord]:
    """All words of a template; raises `ValueError` with Go's message."""
    return [*_words(text), TemplateWord("end of text", "", None, len(text), text.count("\n") + 1)]


def _words(text: str) -> Iterator[TemplateWord]:
    place = 0
    trim = False
    while place <= len(text):
        brace = text.find("{{", place)
        end = len(text) if brace < 0 else brace
        plain = text[place:end]
        plain = plain.lstrip(" \t\r\n") if trim else plain
        if brace < 0:
            if plain:
                yield TemplateWord("text", plain, None, place, 1)
            return
        opening = re.compile(r"\{\{(- (?=\s*\S)|-(?=[\t\r\n]))?").match(text, brace)
        assert opening is not None
        if opening[1]:
            plain = plain.rstrip(" \t\r\n")
        if plain:
            yield TemplateWord("text", plain, None, place, 1)
        place = brace + 2 + (1 if opening[1] else 0)
        comment = re.compile(r"\s*/\*(.*?)\*/(\s-)?\}\}", re.DOTALL).match(text, place)
        if comment:
            place, trim = comment.end(), bool(comment[2])
            continue
        yield TemplateWord("left delim", "{{", None, brace, 1)
        place, trim = yield from _inside(text, place)


def _inside(text: str, place: int) -> Generator[TemplateWord, None, tuple[int, bool]]:
    """The words of one action; returns where it ends, and whether blanks after it go."""
    closing = re.compile(r"(\s-)?\}\}")
    depth = 0
    while True:
        line = text.count("\n", 0, place) + 1
        if found := closing.match(text, place):
            if depth:
                raise ValueError(f"template: output:{line}: unclosed left paren")
            yield TemplateWord("right delim", "}}", None, place, line)
            return found.end(), bool(found[1])
        found = _WORD.match(text, place)
        if found is None:
            raise ValueError(f"template: output:{line}: {_fault(text, place)}")
        if found[0] in "()":
            depth += 1 if found[0] == "(" else -1
            if depth < 0:
                raise ValueError(f"template: output:{line}: unexpected right paren")
        kind, value = _meaning(found)
        yield TemplateWord(kind, found[0], value, place, line)
        place = found.end()


def _fault(text: str, place: int) -> str:
    letter = text[place : place + 1]
    if not letter:
        return "unclosed action"
    if letter == '"':
        return "unterminated quoted string"
    if letter == "`":
        return "unterminated raw quoted string"
    if letter == "'":
        return "unterminated character constant"
    return f"unrecognized character in action: U+{ord(letter):04X} '{letter}'"


def _meaning(found: re.Match[str]) -> tuple[str, Any]:
    kind, text = str(found.lastgroup), found[0]
    if kind == "name":
        if text in _KEYWORDS:
            return "keyword", None
        if text in _CONSTANTS:
            return "constant", _CONSTANTS[text]
        return ("nil", None) if text == "nil" else ("function", text)
    if kind == "field":
        return kind, text[1:]
    if kind == "string":
        return "constant", unescaped(text[1:-1])
    if kind == "raw":
        return "constant", text[1:-1].replace("\r", "")
    if kind == "character":
        return "constant", ord(unescaped(text[1:-1])[:1])
    if kind == "number":
        return "constant", _number(text)
    if text == ")":
        return "right paren", None
    return kind, text


def _number(text: str) -> int | float:
    try:
        return int(text, 0)
    except ValueError:
        number = float(text)
    return int(number) if number.is_integer() and "." not in text else number


def unescaped(text: str) -> str:
    r"""A text between quotation marks with its escapes read.

    >>> unescaped(r"a\tb\u0041")
    'a\tbA'
    """
    return _ESCAPE.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    sign = found[1]
    if sign[0] in "xuU" and len(sign) > 1:
        return chr(int(sign[1:], 16))
    if sign.isdigit() and len(sign) == 3:
        return chr(int(sign, 8))
    return _LETTERS.get(sign, sign)
