"""YAML as kubectl and crictl write it: keys in natural order, text in the styles of go-yaml.

Source: `go.yaml.in/yaml/v2`, `encode.go` (`stringv`), `sorter.go` (`keyList.Less`), `emitterc.go`
(`yaml_emitter_analyze_scalar`, `yaml_emitter_select_scalar_style`, and how lines are broken).
"""

from __future__ import annotations

import re
from functools import cache, cmp_to_key

from course_lib.command_line.go_text import general, means_another_type

WIDTH = 80  # characters, after which a line is broken at the next blank
_SIMPLE = re.compile(r"[A-Za-z/_][\w./+=$()-]{0,59}", re.ASCII)
_LONGEST_KEY = 128  # bytes of a key that needs no `?`
_SPECIAL = re.compile("[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]")
_FIRST = frozenset("#,[]{}&*!|>'\"%@`")
_BREAKS = "\n\r\x85\u2028\u2029"
_ESCAPES = {
    "\0": "0", "\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r",
    "\x1b": "e", '"': '"', "\\": "\\", "\x85": "N", "\xa0": "_", "\u2028": "L", "\u2029": "P",
}  # fmt: skip
_TO_ESCAPE = re.compile(f'{_SPECIAL.pattern}|[{_BREAKS}"\\\\]')


def to_yaml(value: object) -> str:
    """A value as kubectl writes it in YAML.

    >>> print(to_yaml({"b": ["1", 1], "a": "x"}), end="")
    a: x
    b:
    - "1"
    - 1
    """
    lines: list[str] = []
    if isinstance(value, dict) and value:
        _mapping(value, 0, "", lines)
    elif isinstance(value, list) and value:
        _sequence(value, 0, "", lines)
    else:
        lines.append(_scalar(value, 0, 0))
    return "\n".join([*lines, ""])


def _mapping(value: dict[str, object], indent: int, first: str, lines: list[str]) -> None:
    """Write a mapping; its first line begins with `first`, the others with blanks."""
    before = first or " " * indent
    blanks = " " * indent
    for key in natural_order(value):
        each = value[key]
        start = f"{before}{_key(key)}:"
        before = blanks
        if isinstance(each, dict) and each:
            lines.append(start)
            _mapping(each, indent + 2, "", lines)
        elif isinstance(each, list) and each:
            lines.append(start)
            _sequence(each, indent, "", lines)
        else:
            lines.append(f"{start} {_scalar(each, indent + 2, len(start) + 1)}")


def _sequence(value: list[object], indent: int, first: str, lines: list[str]) -> None:
    before = first or " " * indent
    blanks = " " * indent
    for each in value:
        start = f"{before}- "
        before = blanks
        if isinstance(each, dict) and each:
            _mapping(each, indent + 2, start, lines)
        elif isinstance(each, list) and each:
            _sequence(each, indent + 2, start, lines)
        else:
            lines.append(start + _scalar(each, indent + 2, len(start)))


def _scalar(value: object, indent: int, column: int) -> str:
    """A value that has no lines of its own, at a column; further lines stand at the indent."""
    if isinstance(value, str):
        if _SIMPLE.fullmatch(value) and not means_another_type(value):
            return value
        return _text(value, indent, column)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return general(value)
    return "{}" if value == {} else "[]" if value == [] else str(value)


def _text(text: str, indent: int, column: int) -> str:
    plain, single, block = _allowed(text)
    if "\n" in text:
        return _literal(text, indent) if block else _double(text, indent, column)
    if means_another_type(text):
        return _double(text, indent, column)
    if plain:
        return _folded(text, indent, column)
    if single:
        return _single(text, indent, column)
    return _double(text, indent, column)


@cache
def _key(text: str) -> str:
    """A key: always in one line."""
    if _SIMPLE.fullmatch(text) and not means_another_type(text):
        return text
    plain, single, _ = _allowed(text)
    if "\n" in text or means_another_type(text):
        shown = _double(text, 0, -len(text) * 10)
    elif plain and text:
        shown = text
    else:
        shown = _single(text, 0, -len(text) * 10) if single else _double(text, 0, -len(text) * 10)
    return f"? {shown}\n" if len(text.encode()) > _LONGEST_KEY else shown


def _allowed(text: str) -> tuple[bool, bool, bool]:
    """Whether a text may be plain, in single quotation marks, and a block."""
    if not text:
        return True, True, False
    broken = any(each in _BREAKS for each in text)
    space_break = re.search(f" [{_BREAKS}]", text) is not None
    break_space = re.search(f"[{_BREAKS}] ", text) is not None
    special = _SPECIAL.search(text) is not None
    outside = text[0] in " " + _BREAKS or text[-1] in " " + _BREAKS
    plain = not (_indicates(text) or broken or outside or special)
    single = not (break_space or space_break or special)
    return plain, single, not (space_break or special or text[-1] == " ")


def _indicates(text: str) -> bool:
    """Whether a text would be read as YAML's own signs."""
    if text.startswith(("---", "...")) or text[0] in _FIRST:
        return True
    if text[0] in "?:-" and (len(text) == 1 or text[1] in " \t" + _BREAKS):
        return True
    return re.search(rf":(?:[ \t{_BREAKS}]|$)|[ \t{_BREAKS}]#", text[1:]) is not None or (
        text[0] in " \t" and text[1:2] == "#"
    )


def _folded(text: str, indent: int, column: int) -> str:
    """Plain text; a line that is too long is broken at a single blank."""
    if column + len(text) <= WIDTH:
        return text
    return _broken(text, indent, column, 0, len(text))


def _single(text: str, indent: int, column: int) -> str:
    inside = text.replace("'", "''")
    if column + len(inside) < WIDTH or "\n" in inside:
        return f"'{inside}'"
    return f"'{_broken(inside, indent, column + 1, 1, len(inside) - 1)}'"


def _broken(text: str, indent: int, column: int, least: int, most: int) -> str:
    """Break a text at single blanks from position `least` to before `most`."""
    out: list[str] = []
    spaces = False
    for n, letter in enumerate(text):
        if letter != " ":
            spaces = False
        elif not spaces and column > WIDTH and least <= n < most and text[n + 1 : n + 2] != " ":
            out.append("\n" + " " * indent)
            column, spaces = indent, True
            continue
        else:
            spaces = True
        out.append(letter)
        column += 1
    return "".join(out)


def _double(text: str, indent: int, column: int) -> str:
    """Text in double quotation marks, broken at blanks where it is too long."""
    out, column, spaces = ['"'], column + 1, False
    for n, letter in enumerate(text):
        if letter == " ":
            if not spaces and column > WIDTH and 0 < n < len(text) - 1:
                out.append("\n" + " " * indent + "\\" * (text[n + 1] == " "))
                column = indent + (text[n + 1] == " ")
                spaces = True
                continue
            shown, spaces = " ", True
        else:
            shown, spaces = _escaped(letter), False
        out.append(shown)
        column += len(shown)
    return "".join([*out, '"'])


def _escaped(letter: str) -> str:
    if not _TO_ESCAPE.match(letter):
        return letter
    code = ord(letter)
    written = f"x{code:02X}" if code < 256 else f"u{code:04X}" if code < 2**16 else f"U{code:08X}"
    return "\\" + _ESCAPES.get(letter, written)


def _literal(text: str, indent: int) -> str:
    """A text of several lines as it is."""
    hint = "2" if text[0] in " " + _BREAKS else ""
    if text[-1] not in _BREAKS:
        hint += "-"
    elif len(text) == 1 or text[-2] in _BREAKS:
        hint += "+"
    blanks = " " * indent
    body = text.removesuffix("\n")
    return "\n".join(["|" + hint, *(blanks + line if line else "" for line in body.split("\n"))])


def natural_order(keys: dict[str, object]) -> list[str]:
    """Keys in the order of go-yaml: numbers within them count as numbers, letters come last.

    >>> natural_order({"a10": 0, "a2": 0, "a.b": 0})
    ['a.b', 'a2', 'a10']
    """
    if len(keys) < 2 or all(each.isalpha() for each in keys):
        return sorted(keys)
    return sorted(keys, key=cmp_to_key(_compare))


def _compare(one: str, other: str) -> int:
    return -1 if _less(one, other) else 1 if _less(other, one) else 0


def _less(one: str, other: str) -> bool:
    for n, (a, b) in enumerate(zip(one, other, strict=False)):
        if a == b:
            continue
        if a.isalpha() and b.isalpha():
            return a < b
        if a.isalpha() or b.isalpha():
            return b.isalpha()
        return _less_at(one, other, n)
    return len(one) < len(other)


def _less_at(one: str, other: str, at: int) -> bool:
    """Compare from the first place, which is no letter, where two keys differ."""
    start = 0
    if "0" in (one[at], other[at]):
        before = re.search(r"\d*$", one[:at])
        start = int(bool(before and before[0].strip("0")))
    first, second = _digits(one, at), _digits(other, at)
    a, b = int(f"{start}{first}"), int(f"{start}{second}")
    if a != b:
        return a < b
    return len(first) < len(second) if len(first) != len(second) else one[at] < other[at]


def _digits(text: str, at: int) -> str:
    found = re.compile(r"\d*").match(text, at)
    return found[0] if found else ""
