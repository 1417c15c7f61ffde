"""What is wrong with a text that should be JSON, in the words of Go's decoder.

Source: `scanner.go` of Go's `encoding/json`.
"""

from __future__ import annotations

import json
import re

END = "unexpected end of JSON input"
_NOT_AN_OBJECT = "json: cannot unmarshal {} into Go value of type map[string]interface {{}}"
_SPACE = re.compile(r"[ \t\r\n]*")
_LITERALS = {"t": "true", "f": "false", "n": "null"}


class _Wrong(Exception):
    """The text cannot be read further."""


def syntax_problem(text: str) -> str:
    """Why a text is not JSON; empty where it is."""
    try:
        end = _value(text, _space(text, 0))
        if (rest := _space(text, end)) < len(text):
            raise _unexpected(text, rest, "after top-level value")
    except _Wrong as wrong:
        return str(wrong)
    except RecursionError:
        return "exceeded max depth"
    return ""


def object_problem(text: str) -> str:
    """Why a text is not an object in JSON; empty where it is one."""
    if problem := syntax_problem(text):
        return problem
    found = json.loads(text, strict=False)
    names = {list: "array", str: "string", bool: "bool", int: "number", float: "number"}
    if isinstance(found, dict) or found is None:
        return ""
    return _NOT_AN_OBJECT.format(names[type(found)])


def _space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _unexpected(text: str, at: int, context: str) -> _Wrong:
    if at >= len(text):
        return _Wrong(END)
    mark = text[at]
    shown = {"'": r"'\''", '"': "'\"'"}.get(mark)
    if shown is None:
        shown = f"'{json.dumps(mark, ensure_ascii=False)[1:-1]}'"
    return _Wrong(f"invalid character {shown} {context}")


def _value(text: str, at: int) -> int:
    """The end of the value that begins `at` a place."""
    first = text[at : at + 1]
    if first == "{":
        return _object(text, at)
    if first == "[":
        return _array(text, at)
    if first == '"':
        return _string(text, at)
    if first in _LITERALS and first:
        word = _LITERALS[first]
        for offset, letter in enumerate(word):
            if text[at + offset : at + offset + 1] != letter:
                context = f"in literal {word} (expecting '{letter}')"
                raise _unexpected(text, at + offset, context)
        return at + len(word)
    if first == "-" or (first.isascii() and first.isdigit()):
        return _number(text, at)
    raise _unexpected(text, at, "looking for beginning of value")


def _object(text: str, at: int) -> int:
    at = _space(text, at + 1)
    if text[at : at + 1] == "}":
        return at + 1
    while True:
        if text[at : at + 1] != '"':
            raise _unexpected(text, at, "looking for beginning of object key string")
        at = _space(text, _string(text, at))
        if text[at : at + 1] != ":":
            raise _unexpected(text, at, "after object key")
        at = _space(text, _value(text, _space(text, at + 1)))
        if text[at : at + 1] == "}":
            return at + 1
        if text[at : at + 1] != ",":
            raise _unexpected(text, at, "after object key:value pair")
        at = _space(text, at + 1)


def _array(text: str, at: int) -> int:
    at = _space(text, at + 1)
    if text[at : at + 1] == "]":
        return at + 1
    while True:
        at = _space(text, _value(text, at))
        if text[at : at + 1] == "]":
            return at + 1
        if text[at : at + 1] != ",":
            raise _unexpected(text, at, "after array element")
        at = _space(text, at + 1)


def _string(text: str, at: int) -> int:
    at += 1
    while text[at : at + 1] != '"':
        if at >= len(text) or text[at] < " ":
            raise _unexpected(text, at, "in string literal")
        if text[at] == "\\":
            at += 1
            if at >= len(text) or text[at] not in '"\\/bfnrtu':
                raise _unexpected(text, at, "in string escape code")
            if text[at] == "u":
                for digit in range(at + 1, at + 5):
                    if not re.fullmatch("[0-9a-fA-F]", text[digit : digit + 1]):
                        raise _unexpected(text, digit, "in \\u hexadecimal character escape")
                at += 4
        at += 1
    return at + 1


def _number(text: str, at: int) -> int:
    if text[at] == "-":
        at += 1
        if not re.match("[0-9]", text[at : at + 1]):
            raise _unexpected(text, at, "in numeric literal")
    at = at + 1 if text[at] == "0" else _digits(text, at, "in numeric literal")
    if text[at : at + 1] == ".":
        at = _digits(text, at + 1, "after decimal point in numeric literal")
    if text[at : at + 1] in ("e", "E"):
        at += 1 + (text[at + 1 : at + 2] in ("+", "-"))
        at = _digits(text, at, "in exponent of numeric literal")
    return at


def _digits(text: str, at: int, context: str) -> int:
    match = re.compile("[0-9]+").match(text, at)
    if match is None:
        raise _unexpected(text, at, context)
    return match.end()
