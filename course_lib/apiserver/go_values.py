"""Values of JSON as Go's `fmt` prints them, and the names of their types.

Source: `fmt` and `encoding/json` of Go.
"""

from __future__ import annotations

import re

from course_lib.objects.field_errors import number, shown
from course_lib.objects.manifests import Json

_TYPES = {bool: "bool", str: "string", int: "int64", float: "float64", list: "[]interface {}"}


def go_text(value: Json) -> str:
    """A value as `%v` prints it: maps by their keys, and nothing in quotes.

    >>> go_text({"b": [1, "x"], "a": None})
    'map[a:<nil> b:[1 x]]'
    """
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{go_text(value[key])}' for key in sorted(value))}]"
    if isinstance(value, list):
        return f"[{' '.join(map(go_text, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return number(value)
    return "<nil>" if value is None else str(value)


def go_type(value: Json) -> str:
    """The type of a value that was read from JSON."""
    return "<nil>" if value is None else _TYPES.get(type(value), "map[string]interface {}")


def go_shape(value: Json) -> str:
    """What Go's decoder calls a value of JSON."""
    names = {bool: "bool", str: "string", int: "number", float: "number", list: "array"}
    return names.get(type(value), "object")


INT64 = 2**63
LONGEST = 100  # characters of a number that is looked at


def go_number_problem(text: str, signed: bool = False) -> str:
    """What Go says of a text that is no whole number of 64 bits; empty for one that is.

    >>> go_number_problem("x"), go_number_problem("-1", signed=True)
    ('strconv.ParseUint: parsing "x": invalid syntax', '')
    """
    function, form = ("ParseInt", "[+-]?[0-9]+") if signed else ("ParseUint", "[0-9]+")
    if not re.fullmatch(form, text):
        return f"strconv.{function}: parsing {shown(text)}: invalid syntax"
    least, most = (-INT64, INT64) if signed else (0, 2 * INT64)
    if len(text) > LONGEST or not least <= int(text) < most:
        return f"strconv.{function}: parsing {shown(text)}: value out of range"
    return ""
