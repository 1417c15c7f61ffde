"""The functions of Go templates, and those that kubectl adds: `exists` and `base64decode`.

Source: Go's `text/template/funcs.go`; cli-runtime `pkg/printers/template.go`, `jsonpath.go`.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

from course_lib.command_line.go_text import general, go_syntax, type_name, value_text
from course_lib.command_line.values import quoted

_VERB = re.compile(r"%([-+# 0]*)(\d+)?(?:\.(\d+))?(.)", re.DOTALL)


class CallProblem(Exception):
    """A function that cannot work with what it is given; the message is Go's."""


def truth(value: object) -> bool:
    """Whether a value counts as true: whether it is not empty."""
    return bool(value)


def _length(value: object) -> int:
    if value is None:
        raise CallProblem("len of nil pointer")
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, list | dict):
        return len(value)
    raise CallProblem(f"len of type {type_name(value)}")


def _index(value: object, *keys: object) -> object:
    if value is None:
        raise CallProblem("index of untyped nil")
    for key in keys:
        if value is None:
            raise CallProblem("index of nil pointer")
        if isinstance(value, list | str):
            value = _item(value, key)
        elif isinstance(value, dict):
            if not isinstance(key, str):
                raise CallProblem(f"value has type {_kind(key)}; should be string")
            value = value.get(key)
        else:
            raise CallProblem(f"can't index item of type {_kind(value)}")
    return value


def _item(value: Any, key: object) -> object:
    if not isinstance(key, int) or isinstance(key, bool):
        raise CallProblem(f"cannot index slice/array with type {_kind(key)}")
    items = list(value.encode()) if isinstance(value, str) else value
    if not 0 <= key < len(items):
        raise CallProblem(f"index out of range: {key}")
    return items[key]


def _kind(value: object) -> str:
    return "int" if type(value) is int else type_name(value)


def _slice(value: object, *places: Any) -> object:
    if not isinstance(value, list | str):
        raise CallProblem(f"can't slice item of type {type_name(value)}")
    first = places[0] if places else 0
    last = places[1] if len(places) > 1 else len(value)
    for place in (first, last):
        if not 0 <= place <= len(value):
            raise CallProblem(f"index out of range: {place}")
    if first > last:
        raise CallProblem(f"invalid slice index: {first} > {last}")
    return value[first:last]


def _equal(one: object, *others: object) -> bool:
    if not others:
        raise CallProblem("missing argument for comparison")
    for other in others:
        if type(one) is not type(other) and one is not None and other is not None:
            raise CallProblem("incompatible types for comparison")
        if isinstance(one, dict | list) or isinstance(other, dict | list):
            value = one if isinstance(one, dict | list) else other
            raise CallProblem(f"non-comparable type {value_text(value)}: {type_name(value)}")
        if one == other and type(one) is type(other):
            return True
    return False


def _not_equal(one: object, other: object) -> bool:
    return not _equal(one, other)


def _less(one: Any, other: object) -> bool:
    for each in (one, other):
        if not isinstance(each, str | int | float):
            raise CallProblem("invalid type for comparison")
    if type(one) is not type(other):
        raise CallProblem("incompatible types for comparison")
    if isinstance(one, bool):
        raise CallProblem("invalid type for comparison")
    least: Any = one  # text or number, as the other
    return bool(least < other)


def _less_or_equal(one: object, other: object) -> bool:
    return _less(one, other) or _equal(one, other)


def _print(*values: object) -> str:
    """Values in a row, with a blank between two of which none is text."""
    out = ""
    for n, value in enumerate(values):
        if n and not isinstance(value, str) and not isinstance(values[n - 1], str):
            out += " "
        out += value_text(value)
    return out


def _println(*values: object) -> str:
    return " ".join(map(value_text, values)) + "\n"


def formatted(form: str, *values: object) -> str:
    """Values in a text with verbs such as `%s`, as `fmt.Sprintf` writes it.

    >>> formatted("%-5s|%03d|%q|%v|%.1f|%d%%", "a", 7, "b", None, 0.25, 50)
    'a    |007|"b"|<nil>|0.2|50%'
    """
    left = list(values)

    def replace(found: re.Match[str]) -> str:
        marks, width, precision, verb = found.groups()
        if verb == "%":
            return "%"
        if not left:
            return f"%!{verb}(MISSING)"
        text = _verb(verb, left.pop(0), marks, precision)
        return _padded(text, marks, int(width or 0), verb)

    text = _VERB.sub(replace, form)
    if left:
        extra = ", ".join("<nil>" if v is None else f"{_kind(v)}={value_text(v)}" for v in left)
        text += f"%!(EXTRA {extra})"
    return text


def _padded(text: str, marks: str, width: int, verb: str) -> str:
    if "-" in marks:
        return text.ljust(width)
    if "0" in marks and verb in "dfegxX":
        return text.zfill(width)
    return text.rjust(width)


def _verb(verb: str, value: object, marks: str, precision: str | None) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    places = int(precision) if precision is not None else None
    if verb == "v":
        return go_syntax(value) if "#" in marks else value_text(value)
    if verb == "T":
        return "<nil>" if value is None else _kind(value)
    if isinstance(value, list):
        return f"[{' '.join(_verb(verb, each, marks, precision) for each in value)}]"
    if isinstance(value, str) and verb in "sqxX":
        shown = value[:places] if places is not None else value
        hexadecimal = shown.encode().hex()
        whole = {"s": shown, "q": quoted(shown), "x": hexadecimal, "X": hexadecimal.upper()}
        return whole[verb]
    if isinstance(value, int) and number and verb in "dxXobc":
        made = chr(value) if verb == "c" else format(value, verb)
        return "+" + made if "+" in marks and value >= 0 and verb == "d" else made
    if isinstance(value, float) and verb in "feg":
        if verb == "g" and places is None:
            return general(value)
        return format(value, f".{6 if places is None else places}{verb}")
    if isinstance(value, bool) and verb == "t":
        return value_text(value)
    said = "<nil>" if value is None else f"{_kind(value)}={value_text(value)}"
    return f"%!{verb}({said})"


def _decoded(text: object) -> str:
    if not isinstance(text, str):
        raise CallProblem(f"wrong type for value; expected string; got {type_name(text)}")
    for place, letter in enumerate(text):
        if not re.match(r"[A-Za-z0-9+/=\r\n]", letter):
            raise CallProblem(f"base64 decode failed: illegal base64 data at input byte {place}")
    try:
        return base64.b64decode(text, validate=False).decode(errors="replace")
    except binascii.Error:
        place = len(text.rstrip("=")) if len(text.rstrip("=")) % 4 == 1 else len(text)
        said = f"base64 decode failed: illegal base64 data at input byte {place}"
        raise CallProblem(said) from None


def _exists(value: object, *keys: object) -> bool:
    for key in keys:
        if isinstance(value, list) and isinstance(key, int) and 0 <= key < len(value):
            value = value[key]
        elif isinstance(value, dict) and isinstance(key, str):
            value = value.get(key)
        else:
            return False
    return value is not None


def _html(*values: object) -> str:
    text = html.escape(_print(*values), quote=False)
    return text.replace('"', "&#34;").replace("'", "&#39;")


def _javascript(*values: object) -> str:
    text = _print(*values).replace("\\", "\\\\").replace("'", "\\'").replace('"', '\\"')
    for letter in "<>&=":
        text = text.replace(letter, f"\\u{ord(letter):04X}")
    return text


_MANY = 1_000_000
# How many arguments each takes, at least and at most.
CALLS: dict[str, tuple[int, int, Callable[..., object]]] = {
    "not": (1, 1, lambda value: not truth(value)),
    "len": (1, 1, _length),
    "index": (1, _MANY, _index),
    "slice": (1, 3, _slice),
    "print": (0, _MANY, _print),
    "printf": (1, _MANY, formatted),
    "println": (0, _MANY, _println),
    "eq": (1, _MANY, _equal),
    "ne": (2, 2, _not_equal),
    "lt": (2, 2, _less),
    "le": (2, 2, _less_or_equal),
    "gt": (2, 2, lambda one, other: not _less_or_equal(one, other)),
    "ge": (2, 2, lambda one, other: not _less(one, other)),
    "exists": (1, _MANY, _exists),
    "base64decode": (1, 1, _decoded),
    "html": (0, _MANY, _html),
    "js": (0, _MANY, _javascript),
    "urlquery": (0, _MANY, lambda *values: quote_plus(_print(*values))),
}
