"""How a label selector is written: its tokens, its terms, and what is wrong with it.

    selector = [term {"," term}]
    term     = ["!"] key | key operator value | key ("in" | "notin") "(" [value {"," value}] ")"

Grammar and words: k8s.io/apimachinery `pkg/labels/selector.go`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from course_lib.objects.field_errors import FieldError, invalid, together
from course_lib.objects.validation import formats

SIGNS = ("==", "!=", "=", ">", "<")
OPERATORS = "in, notin, =, ==, !=, gt, lt"
_TOKEN = re.compile(r"[ \t\r\n]*(?:(?P<sign>==|!=|[=!(),<>])|(?P<word>[^ \t\r\n=!(),<>]+))")


class LabelSyntaxError(ValueError):
    """A text that is no selector, in the words of the API server."""


class LabelToken(NamedTuple):
    """A sign, or a word such as a key or a value; the end is an empty sign."""

    text: str
    is_word: bool


class LabelTerm(NamedTuple):
    """One term: its key, the operator (empty for a key alone, `!` before one), and its values."""

    key: str
    operator: str
    values: tuple[str, ...] = ()


def label_terms(text: str) -> list[LabelTerm]:
    """The terms of a selector; raises `LabelSyntaxError`.

    >>> label_terms("app=web, tier in (a,b), !canary")[1]
    LabelTerm(key='tier', operator='in', values=('a', 'b'))
    """
    return LabelParser(text).terms()


class LabelParser:
    """Reads a selector, token by token."""

    def __init__(self, text: str) -> None:
        found = _TOKEN.finditer(text)
        self._tokens = [
            LabelToken(each["sign"] or each["word"], bool(each["word"])) for each in found
        ]
        self._place = 0

    def _ahead(self) -> LabelToken:
        end = self._place >= len(self._tokens)
        return LabelToken("", False) if end else self._tokens[self._place]

    def _next(self) -> LabelToken:
        token = self._ahead()
        self._place += 1
        return token

    def terms(self) -> list[LabelTerm]:
        """All terms; raises `LabelSyntaxError`."""
        found: list[LabelTerm] = []
        if not self._ahead().text:
            return found
        if not self._begins_term():
            raise _unexpected(self._ahead(), ", expected: !, identifier, or 'end of string'")
        while True:
            try:
                found.append(self._term())
            except LabelSyntaxError as problem:
                raise LabelSyntaxError(f"unable to parse requirement: {problem}") from None
            token = self._next()
            if not token.text:
                return found
            if token.text != ",":
                raise _unexpected(token, ", expected: ',' or 'end of string'")
            if not self._begins_term():
                raise _unexpected(self._ahead(), ", expected: identifier after ','")

    def _begins_term(self) -> bool:
        token = self._ahead()
        return token.is_word or token.text == "!"

    def _term(self) -> LabelTerm:
        absent = self._ahead().text == "!"
        if absent:
            self._next()
        token = self._next()
        if not token.is_word:
            raise _unexpected(token, ", expected: identifier")
        key = token.text
        if problems := formats.label_key(key):
            raise LabelSyntaxError(str(invalid("<nil>", key, "; ".join(problems))))
        if absent or self._ahead().text in ("", ","):
            return LabelTerm(key, "!" if absent else "")
        token = self._next()
        if token.text not in (*SIGNS, "in", "notin"):
            raise _unexpected(token, f", expected: {OPERATORS}")
        values = self._values() if token.is_word else (self._value(),)
        _check(key, token.text, values)
        return LabelTerm(key, token.text, values)

    def _value(self) -> str:
        """The value behind a sign, which may be left out."""
        if self._ahead().text in ("", ","):
            return ""
        token = self._next()
        if not token.is_word:
            raise _unexpected(token, ", expected: identifier")
        return token.text

    def _values(self) -> tuple[str, ...]:
        """The values in brackets, sorted and each once; what is between two commas is empty."""
        opening = self._next()
        if opening.text != "(":
            raise _unexpected(opening, " expected: '('")
        if not (self._ahead().is_word or self._ahead().text in (",", ")")):
            raise _unexpected(self._ahead(), ", expected: ',', ')' or identifier")
        found, value = set[str](), ""
        while (token := self._next()).text != ")":
            if token.text == ",":
                found.add(value)
                value = ""
            elif not token.is_word:
                raise _unexpected(token, ", expected: ',', or identifier")
            elif self._ahead().text not in (",", ")"):
                raise _unexpected(self._ahead(), ", expected: ',' or ')'")
            else:
                value = token.text
        return tuple(sorted({*found, value}))


def _unexpected(token: LabelToken, expected: str) -> LabelSyntaxError:
    return LabelSyntaxError(f"found '{token.text}'{expected}")


def _check(key: str, operator: str, values: tuple[str, ...]) -> None:
    """Raise for values that no label can have (`NewRequirement`)."""
    errors: list[FieldError] = []
    if operator in (">", "<") and not re.fullmatch(r"[+-]?[0-9]+", values[0]):
        rule = "for 'Gt', 'Lt' operators, the value must be an integer"
        errors.append(invalid("values[0]", values[0], rule))
    for number, value in enumerate(values):
        if problems := formats.label_value(value):
            errors.append(invalid(f"values[{number}][{key}]", value, "; ".join(problems)))
    if errors:
        raise LabelSyntaxError(together(errors))
