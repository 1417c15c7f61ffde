"""Values of flags as Go programs read them, and their errors in Go's words.

Source: pflag 1.0 (`int.go`, `string_slice.go`, `string_to_string.go`, ...); of Go `strconv`,
`time.ParseDuration`, `encoding/csv`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

Value = str | bool | int | float | list[str] | dict[str, str]
Reader = Callable[[str], Value]

_ESCAPES = {"\a": r"\a", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t",
            "\v": r"\v", "\\": r"\\"}  # fmt: skip
_BOOLS = dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True) | dict.fromkeys(
    ("0", "f", "F", "false", "FALSE", "False"), False
)
_INTEGER = re.compile(
    r"([+-]?)(?:0[xX]((?:_?[0-9a-fA-F])+)|0[bB]((?:_?[01])+)|0[oO]?((?:_?[0-7])+)"
    r"|([0-9](?:_?[0-9])*))"
)
_BASES = {2: 16, 3: 2, 4: 8, 5: 10}  # by the group of the expression
_FLOAT = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?inf(?:inity)?|nan", re.I)
_UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9,
          "m": 60 * 10**9, "h": 3600 * 10**9}  # fmt: skip
_FIELD = re.compile(r'"((?:[^"]|"")*)"(?=,|$)|([^",]*)(?=,|$)')


class ValueProblem(ValueError):
    """A text that is no value of a flag's kind; the message says why, as Go does."""


def quoted(text: str, mark: str = '"') -> str:
    r"""A text in quotation marks, as `%q` of Go writes it.

    >>> print(quoted('a "b"\n'), quoted("x", "'"))
    "a \"b\"\n" 'x'
    """
    return mark + "".join(_escaped(letter, mark) for letter in text) + mark


def _escaped(letter: str, mark: str) -> str:
    if letter == mark:
        return f"\\{mark}"
    if letter in _ESCAPES:
        return _ESCAPES[letter]
    if letter.isprintable():
        return letter
    code = ord(letter)
    return (
        f"\\x{code:02x}" if code < 128 else f"\\u{code:04x}" if code < 2**16 else f"\\U{code:08x}"
    )


def boolean(text: str) -> bool:
    """Yes or no; raises `ValueProblem`."""
    if text not in _BOOLS:
        raise _unreadable("ParseBool", text)
    return _BOOLS[text]


def integer(text: str, bits: int = 64) -> int:
    """A whole number: decimal, or with the prefix of another base; raises `ValueProblem`.

    >>> integer("0x10"), integer("1_000"), integer("010")
    (16, 1000, 8)
    """
    return _whole("ParseInt", text, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def unsigned(text: str, bits: int = 64) -> int:
    """A whole number that is not negative; raises `ValueProblem`."""
    if text[:1] in ("+", "-"):
        raise _unreadable("ParseUint", text)
    return _whole("ParseUint", text, 0, 2**bits - 1)


def _whole(function: str, text: str, least: int, most: int) -> int:
    found = _INTEGER.fullmatch(text)
    if found is None or (found[5] and found[5][0] == "0" and found[5] != "0"):
        raise _unreadable(function, text)
    group = next(number for number in _BASES if found[number] is not None)
    number = int(found[group].replace("_", ""), _BASES[group])
    number = -number if found[1] == "-" else number
    if not least <= number <= most:
        raise _unreadable(function, text, "value out of range")
    return number


def real(text: str) -> float:
    """A number; raises `ValueProblem`."""
    if not _FLOAT.fullmatch(text):
        raise _unreadable("ParseFloat", text)
    if math.isinf(float(text)) and "n" not in text.lower():
        raise _unreadable("ParseFloat", text, "value out of range")
    return float(text)


def _unreadable(function: str, text: str, why: str = "invalid syntax") -> ValueProblem:
    return ValueProblem(f"strconv.{function}: parsing {quoted(text)}: {why}")


def duration(text: str) -> float:
    """A duration of Go in seconds; raises `ValueProblem`.

    >>> duration("1m30s"), duration("-1.5h"), duration("0")
    (90.0, -5400.0, 0.0)
    """
    sign, rest = re.match(r"([+-]?)(.*)", text, re.S).groups()  # type: ignore[union-attr]
    if rest == "0":
        return 0.0
    total = 0
    while rest or not text.strip("+-"):
        found = re.match(r"(\d*)(?:\.(\d*))?([^.\d]*)", rest)
        whole, fraction, unit = found.groups() if found else ("", "", "")
        if not (whole or fraction) or found is None:
            raise ValueProblem(f"time: invalid duration {quoted(text)}")
        if not unit:
            raise ValueProblem(f"time: missing unit in duration {quoted(text)}")
        if unit not in _UNITS:
            raise ValueProblem(f"time: unknown unit {quoted(unit)} in duration {quoted(text)}")
        part = int(fraction or 0) * _UNITS[unit] / 10 ** len(fraction or "")
        total += int(whole or 0) * _UNITS[unit] + int(part)
        rest = rest[found.end() :]
        if total >= 2**63:
            raise ValueProblem(f"time: invalid duration {quoted(text)}")
    return (-total if sign == "-" else total) / 10**9


def listed(text: str) -> list[str]:
    """The parts between commas; a part with a comma stands in quotes; raises `ValueProblem`.

    >>> listed('a,"b,c",')
    ['a', 'b,c', '']
    """
    parts: list[str] = []
    at = 0
    while text:
        found = _FIELD.match(text, at)
        if found is None:
            raise ValueProblem(_misquoted(text, at))
        inside, plain = found.groups()
        parts.append(plain if inside is None else inside.replace('""', '"'))
        if found.end() == len(text):
            break
        at = found.end() + 1
    return parts


def _misquoted(text: str, at: int) -> str:
    """What is wrong with the quotation marks of the part that begins at `at`."""
    if text[at] != '"':
        why, column = 'bare " in non-quoted-field', text.index('"', at) + 1
    else:
        closing = re.compile(r'"(?!")').search(re.sub('""', "..", text[at + 1 :]))
        column = at + 2 + closing.start() if closing else len(text) + 1
        why = 'extraneous or missing " in quoted-field'
    return f"parse error on line 1, column {column}: {why}"


def mapping(text: str) -> dict[str, str]:
    """Pairs `key=value` between commas; raises `ValueProblem`.

    With one `=` there is one pair, and the commas are part of its value.

    >>> mapping("a=1,b=2"), mapping("a=1,2")
    ({'a': '1', 'b': '2'}, {'a': '1,2'})
    """
    pairs = [text.strip('"')] if text.count("=") == 1 else listed(text) if "=" in text else [text]
    for pair in pairs:
        if "=" not in pair:
            raise ValueProblem(f"{pair} must be formatted as key=value")
    return dict(pair.split("=", 1) for pair in pairs)


READERS: dict[str, Reader] = {
    "string": str,
    "bool": boolean,
    "int": integer,
    "int32": lambda text: integer(text, 32),
    "int64": integer,
    "count": integer,
    "uint": unsigned,
    "uint64": unsigned,
    "float64": real,
    "duration": duration,
    "stringSlice": listed,
    "stringArray": lambda text: [text],
    "stringToString": mapping,
}
EMPTY: dict[str, Value] = {
    "string": "",
    "bool": False,
    "float64": 0.0,
    "duration": 0.0,
    "stringSlice": [],
    "stringArray": [],
    "stringToString": {},
}  # of all others: 0
