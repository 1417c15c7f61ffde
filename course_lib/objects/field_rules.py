"""Rules for single fields of a document: which check stands at which path.

A table maps paths to checks; a check says what was expected, in the API server's words, or nothing.
In a path `[*]` is every item of a list, `*` every value of a map, and `~` every key of it.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from course_lib.errors import CourseError
from course_lib.objects.names import (
    LABEL,
    LABEL_KEY,
    LABEL_VALUE,
    SUBDOMAIN,
    Problem,
    is_label,
    is_label_key,
    is_label_value,
    is_subdomain,
)
from course_lib.objects.quantity import Quantity
from course_lib.objects.sharing import FEW, same_ends

Check = Callable[[object], str]
Table = Mapping[str, Check]
MAX_INT32, MAX_INT64 = 2**31 - 1, 2**63 - 1
_PORT_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


class Rules:
    """A table of checks, arranged so that only fields that a document has are looked at.

    >>> rules = Rules({"spec.replicas": whole(0), "spec.ports[*].name": port_name})
    >>> [p.path for p in rules.problems({"spec": {"replicas": -1, "ports": [{"name": "80"}]}})]
    ['spec.replicas', 'spec.ports[0].name']
    """

    def __init__(self, table: Table) -> None:
        self._tree: dict[str, Any] = {}
        for path, check in table.items():
            place = self._tree
            for step in path.replace("[*]", ".[*]").split("."):
                place = place.setdefault(step, {})
            place[""] = check

    def problems(
        self, document: object, path: str = "", before: object = None
    ) -> Iterator[Problem]:
        """What the checks have to say of a document; `path` is where it stands.

        Parts that it has in common with `before` were judged then.
        """
        yield from _walk(document, self._tree, path, before)


def _walk(
    value: object, rules: dict[str, Any], path: str, before: object = None
) -> Iterator[Problem]:
    if value is None or (value is before and isinstance(value, dict | list)):
        return
    check = rules.get("")
    if check is not None:
        expected = check(value)
        if expected:
            yield Problem(path, expected, value)
            return
    if isinstance(value, dict):
        was = before if isinstance(before, dict) else {}
        for key, item in value.items():
            if (below := rules.get(key)) is not None and key:
                yield from _walk(item, below, f"{path}.{key}" if path else key, was.get(key))
            elif "*" in rules:
                yield from _walk(item, rules["*"], f"{path}[{key}]")
            if "~" in rules:
                yield from _walk(key, rules["~"], f"{path}[{key}]")
    elif isinstance(value, list) and "[*]" in rules:
        judged = before if isinstance(before, list) else []
        head, tail = same_ends(judged, value) if len(value) > FEW else (0, 0)
        known = {id(item) for item in judged[head : len(judged) - tail]}  # items may have moved
        beside = judged if len(judged) == len(value) else [None] * len(value)
        for position, item in enumerate(value[head : len(value) - tail], head):
            if id(item) not in known:
                yield from _walk(item, rules["[*]"], f"{path}[{position}]", beside[position])
    elif value is not None and len(rules) > (check is not None):
        yield Problem(path, "a list" if "[*]" in rules else "a mapping", value)


# Checks of several fields


def below(path: str, table: Table) -> dict[str, Check]:
    """The same table, for fields below a path."""
    return {f"{path}.{field}" if field else path: check for field, check in table.items()}


def selector(path: str) -> dict[str, Check]:
    """The checks of a label selector."""
    return below(
        path,
        {
            "matchLabels.~": label_key,
            "matchLabels.*": label_value,
            "matchExpressions[*]": expression,
            "matchExpressions[*].key": label_key,
        },
    )


def expression(term: Any) -> str:
    """One of a selector's `matchExpressions`: its operator fits its values."""
    if not isinstance(term, dict):
        return "a mapping"
    operator, values = term.get("operator"), term.get("values")
    if operator not in ("In", "NotIn", "Exists", "DoesNotExist"):
        return "an operator In, NotIn, Exists or DoesNotExist"
    if operator in ("In", "NotIn"):
        return "" if values else "values: must be specified when `operator` is 'In' or 'NotIn'"
    unwanted = "values: may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
    return unwanted if values else ""


# Checks of one value


def whole(least: int = 0, most: int = MAX_INT32) -> Check:
    """A whole number within bounds."""

    def check(value: object) -> str:
        if not isinstance(value, int) or isinstance(value, bool):
            return "a whole number"
        if least <= value <= most:
            return ""
        if most in (MAX_INT32, MAX_INT64) and value < least:
            return f"must be greater than or equal to {least}"
        return f"must be between {least} and {most}, inclusive"

    return check


def one_of(*allowed: str) -> Check:
    """One of some words; empty text is as good as none."""
    shown = ", ".join(f'"{word}"' for word in allowed)
    return lambda value: "" if value in ("", *allowed) else f"supported values: {shown}"


def optional(check: Check) -> Check:
    """Empty text, or what a check lets pass: in Go's types an empty text is an absent one."""
    return lambda value: "" if value == "" else check(value)


def matching(good: Callable[[str], bool], expected: str) -> Check:
    """Text of some form."""
    return lambda value: "" if isinstance(value, str) and good(value) else expected


def truth(value: object) -> str:
    """true or false."""
    return "" if isinstance(value, bool) else "true or false"


def text(value: object) -> str:
    """Any text."""
    return "" if isinstance(value, str) else "text"


def mapping(value: object) -> str:
    """Any mapping."""
    return "" if isinstance(value, dict) else "a mapping"


def port_name(value: object) -> str:
    """A port's name (`IsValidPortName` in apimachinery `util/validation`)."""
    if not isinstance(value, str):
        return "text"
    if len(value) > 15:
        return "must be no more than 15 characters"
    if not re.search("[a-z]", value):
        return "must contain at least one letter (a-z)"
    if not _PORT_NAME.fullmatch(value) or "--" in value:
        return "must contain only alpha-numeric characters (a-z, 0-9), and single hyphens between"
    return ""


def port(value: object) -> str:
    """A port's number, or its name."""
    return port_name(value) if isinstance(value, str) else port_number(value)


@lru_cache(maxsize=65536)
def _is_address(text: str) -> bool:
    try:
        return "%" not in text and bool(ipaddress.ip_address(text))
    except ValueError:
        return False


def address(value: object) -> str:
    """An IP address."""
    good = isinstance(value, str) and _is_address(value)
    return "" if good else "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"


def cidr(value: object) -> str:
    """A block of addresses with its prefix length."""
    text = value if isinstance(value, str) else ""
    try:
        good = text.partition("/")[2].isdecimal() and bool(ipaddress.ip_network(text, strict=False))
    except ValueError:
        good = False
    if not good:
        return "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
    inside = ipaddress.ip_interface(text)
    if inside.ip != inside.network.network_address:
        return f"must not have bits set beyond the prefix length: {inside.network}"
    return ""


def quantity(value: object) -> str:
    """An amount, 0 or more."""
    try:
        amount = Quantity(value) if isinstance(value, str | int | float) else None
    except CourseError as problem:
        return problem.expected
    if amount is None or isinstance(value, bool):
        return "a quantity"
    return "" if amount.nano >= 0 else "must be greater than or equal to 0"


def encoded(value: object) -> str:
    """Text in base64."""
    try:
        good = isinstance(value, str)
        base64.b64decode("".join(str(value).split()), validate=True)
    except (binascii.Error, ValueError):
        good = False
    return "" if good else "base64 data"


def inside(value: object) -> str:
    """A relative path that stays below its volume."""
    if not isinstance(value, str):
        return "text"
    if value.startswith("/"):
        return "must be a relative path"
    return no_way_up(value)


def no_way_up(value: object) -> str:
    """A path without `..`."""
    if not isinstance(value, str):
        return "text"
    return "must not contain '..'" if ".." in value.split("/") else ""


def unreserved(value: object) -> str:
    """A path as `inside`, whose first name does not begin with two dots (`..data`)."""
    begins = isinstance(value, str) and value.startswith("..") and value != ".."
    return "must not start with '..'" if begins else inside(value)


def absolute(value: object) -> str:
    """A path from the root."""
    return "" if isinstance(value, str) and value.startswith("/") else "must be an absolute path"


def filled(value: object) -> str:
    """Text that is not empty."""
    return "" if isinstance(value, str) and value else "text that is not empty: Required value"


def needs(*fields: str) -> Check:
    """A mapping that has these fields, filled."""

    def check(value: object) -> str:
        if not isinstance(value, dict):
            return "a mapping"
        missing = [field for field in fields if value.get(field) in (None, "", [])]
        return f"{missing[0]}: Required value" if missing else ""

    return check


def one_field(*fields: str) -> Check:
    """A mapping with one of these fields, and not more."""

    def check(value: object) -> str:
        if not isinstance(value, dict):
            return "a mapping"
        there = [field for field in fields if value.get(field) is not None]
        return "" if len(there) == 1 else f"one of {', '.join(fields)}, and not more"

    return check


def at_most(most: int) -> Check:
    """A list with a bounded number of items."""
    return lambda value: (
        f"at most {most} items" if isinstance(value, list) and len(value) > most else ""
    )


port_number = whole(1, 65535)
label = matching(is_label, LABEL)
subdomain = matching(is_subdomain, SUBDOMAIN)
label_key = matching(is_label_key, LABEL_KEY)
label_value = matching(is_label_value, LABEL_VALUE)
config_key = matching(
    lambda key: (
        len(key) <= 253
        and re.fullmatch(r"[-._a-zA-Z0-9]+", key) is not None
        and key not in (".", "..")
        and not key.startswith("..")
    ),
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
)
