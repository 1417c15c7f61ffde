"""Values as Go prints them: `%v`, `%#v`, JSON, and numbers as text.

Source: Go's `fmt/print.go`, `fmt/format.go`, `strconv` (`FormatFloat`), `encoding/json`
(`floatEncoder`); for text that means another type `resolve.go` of `go.yaml.in/yaml/v2`.
"""

from __future__ import annotations

import math
import re
from functools import cache

import msgspec

from course_lib.command_line.values import quoted

MOST_DIGITS = 6  # before the point; a larger number has an exponent
# What YAML 1.1 reads as something else than text.
_OTHER = re.compile(
    r"""(?x)
    | ~ | null | Null | NULL | <<
    | y|Y|yes|Yes|YES|on|On|ON | n|N|no|No|NO|off|Off|OFF | true|True|TRUE | false|False|FALSE
    | [-+]?\.(?:inf|Inf|INF) | \.(?:nan|NaN|NAN)
    | [-+]?(?:[0-9][0-9_]*)(?:\.[0-9_]*)?(?:[eE][-+]?[0-9_]+)?
    | [-+]?\.[0-9_]+(?:[eE][-+]?[0-9]+)?
    | [-+]?0[xX]_?[0-9a-fA-F_]+ | [-+]?0[bB][01_]+ | [-+]?0[oO]?[0-7_]+
    | [-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?
    | \d{4}-\d{1,2}-\d{1,2}
      (?:[Tt]\d{1,2}:\d{1,2}:\d{1,2}(?:[.,]\d+)?(?:Z|[-+]\d\d:\d\d)
      | [ ]\d{1,2}:\d{1,2}:\d{1,2}(?:[.,]\d+)?)?
    """
)


@cache
def means_another_type(text: str) -> bool:
    """Whether YAML reads a text without quotation marks as a number, a time, yes, no or nothing.

    >>> [means_another_type(each) for each in ("yes", "1e3", "2026-11-26", "10Mi", "12:30")]
    [True, True, True, False, True]
    """
    return _OTHER.fullmatch(text) is not None


def general(number: float) -> str:
    """A number as `%v` prints it.

    >>> general(0.5), general(2.0), general(1e21), general(1234567.0)
    ('0.5', '2', '1e+21', '1.234567e+06')
    """
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else "+Inf" if number > 0 else "-Inf"
    sign, digits, exponent = _decimal(number)
    if number and not -4 <= exponent < MOST_DIGITS:
        return sign + _scientific(digits, exponent, 2)
    return sign + _positional(digits, exponent)


def number_in_json(number: float) -> str:
    """A number as Go's `encoding/json` writes it.

    >>> number_in_json(2.0), number_in_json(1e-7), number_in_json(1e21)
    ('2', '1e-7', '1e+21')
    """
    sign, digits, exponent = _decimal(number)
    if number and not 1e-6 <= abs(number) < 1e21:
        return sign + _scientific(digits, exponent, 1 if exponent < 0 else 2)
    return sign + _positional(digits, exponent)


def _decimal(number: float) -> tuple[str, str, int]:
    """Sign, digits, and the exponent of the first digit."""
    mantissa, _, exponent = repr(number).partition("e")
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    digits = (whole + fraction).lstrip("0")
    place = len(whole) - 1 - (len(whole + fraction) - len(digits))
    return sign, digits.rstrip("0") or "0", (place if digits else 0) + int(exponent or 0)


def _scientific(digits: str, exponent: int, width: int) -> str:
    fraction = f".{digits[1:]}" if digits[1:] else ""
    return f"{digits[0]}{fraction}e{'-' if exponent < 0 else '+'}{abs(exponent):0{width}d}"


def _positional(digits: str, exponent: int) -> str:
    if exponent < 0:
        return "0." + "0" * (-exponent - 1) + digits
    whole = digits[: exponent + 1].ljust(exponent + 1, "0")
    fraction = digits[exponent + 1 :]
    return f"{whole}.{fraction}" if fraction else whole


def value_text(value: object) -> str:
    """A value as `%v` prints it.

    >>> value_text({"b": [1, None], "a": True})
    'map[a:true b:[1 <nil>]]'
    """
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return general(value)
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{value_text(value[key])}' for key in sorted(value))}]"
    if isinstance(value, list):
        return f"[{' '.join(map(value_text, value))}]"
    return str(value)


def go_syntax(value: object) -> str:
    """A value as `%#v` prints it: as Go writes it in a program.

    >>> go_syntax({"a": [1, None]})
    'map[string]interface {}{"a":[]interface {}{1, interface {}(nil)}}'
    """
    if value is None:
        return "interface {}(nil)"
    if isinstance(value, dict):
        inside = ", ".join(f"{quoted(key)}:{go_syntax(value[key])}" for key in sorted(value))
        return f"map[string]interface {{}}{{{inside}}}"
    if isinstance(value, list):
        return f"[]interface {{}}{{{', '.join(map(go_syntax, value))}}}"
    return quoted(value) if isinstance(value, str) else value_text(value)


def type_name(value: object) -> str:
    """The type that Go has for a value of a document."""
    if isinstance(value, bool):
        return "bool"
    names: dict[type, str] = {
        str: "string", int: "int64", float: "float64", dict: "map[string]interface {}",
        list: "[]interface {}",
    }  # fmt: skip
    return names.get(type(value), "interface {}")


def compact_json(value: object) -> str:
    """A value as `json.Marshal` writes it: keys sorted, safe within HTML."""
    return _safe(msgspec.json.encode(_whole(value), order="sorted").decode())


def indented_json(value: object, indent: int = 4, in_order: bool = False) -> str:
    """A value as `json.MarshalIndent` writes it: safe within HTML, `indent` blanks a level.

    The keys of maps are sorted; `in_order` says that the order of the keys is to stay.
    """
    encoded = msgspec.json.encode(_whole(value), order=None if in_order else "sorted")
    return _safe(msgspec.json.format(encoded, indent=indent).decode())


def _safe(text: str) -> str:
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _whole(value: object) -> object:
    """A value whose numbers are as Go writes them."""
    if isinstance(value, dict):
        return {key: _whole(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_whole(each) for each in value]
    if isinstance(value, float):
        return msgspec.Raw(number_in_json(value).encode())
    return value
