"""JSONPath as kubectl and the columns of CustomResourceDefinitions write it.

Fields, keys in brackets, positions, slices, `*`, `..` and filters on one comparison; no functions
and no unions. Source: kubernetes.io "JSONPath Support"; `util/jsonpath` of k8s.io/client-go.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import msgspec

from course_lib.errors import CourseError
from course_lib.objects.field_errors import number, shown
from course_lib.objects.manifests import sorted_keys

_STEP = re.compile(
    r"""\.\.(?P<deep>(?:\\.|[\w-])*)
    | \.?\[\?\((?P<filter>(?:'[^']*'|"[^"]*"|[^)'"])*)\)\]
    | \.?\['(?P<key>[^']*)'\]
    | \.?\[(?P<slice>\*|-?\d*(?::-?\d*){0,2})\]
    | \.(?P<field>(?:\\.|[^][.,$@{}\s\\])+)
    | (?P<identifier>\w+)""",
    re.VERBOSE,
)
_COMPARISON = re.compile(r"([^!<>=]+)([!<>=]+)(.+)")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le,
    ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
Find = Callable[[object], Iterator[object]]


class JSONPath(msgspec.Struct, frozen=True):
    """A path through a document; `text` is without the braces.

    >>> path = JSONPath('.status.conditions[?(@.type=="Ready")].status')
    >>> list(path.find({"status": {"conditions": [{"type": "Ready", "status": "True"}]}}))
    ['True']
    """

    text: str

    def __post_init__(self) -> None:
        _steps(self.text)

    def find(self, document: object) -> Iterator[object]:
        """All values at the path; none where a field is missing."""
        yield from _follow([document], _steps(self.text))

    def first(self, document: object) -> object:
        """The first value at the path; None where there is none."""
        return next(self.find(document), None)


def text_of(value: object) -> str:
    """A value as kubectl prints it: text without quotes, lists and mappings as sorted JSON."""
    if value is None:
        return "<no value>"
    if isinstance(value, float):
        return number(value)
    return value if isinstance(value, str) else shown(sorted_keys(value))


@cache
def _steps(text: str) -> tuple[Find, ...]:
    """Read a path; raises `CourseError` for what is none."""
    rest = text.removeprefix("$").removeprefix("@")
    steps: list[Find] = []
    while rest not in ("", "."):
        match = _STEP.match(rest)
        if match is None:
            raise CourseError(
                f"unrecognized column definition {shown(text)}",
                expected="a path such as .spec.replicas",
                found=rest,
            )
        steps += _read(match)
        rest = rest[match.end() :]
    return tuple(steps)


def _read(match: re.Match[str]) -> tuple[Find, ...]:
    kind, said = match.lastgroup, match[match.lastgroup or 0]
    if kind == "deep":
        return (_everything, _field(said)) if said else (_everything,)
    if kind == "identifier":  # without a dot it is no field, and nothing is found
        return (lambda value: iter(()),)
    if kind == "filter":
        return (_filter(said),)
    if kind == "key":
        return _steps(f".{said}")
    if kind == "slice" or said == "*":
        return (_slice(said),)
    return (_field(re.sub(r"\\(.)", r"\1", said)),)


def _follow(values: list[object], steps: tuple[Find, ...]) -> list[object]:
    for step in steps:
        values = [found for value in values for found in step(value)]
    return values


def _field(name: str) -> Find:
    def find(value: object) -> Iterator[object]:
        if isinstance(value, dict) and name in value:
            yield value[name]

    return find


def _slice(text: str) -> Find:
    """`*`, a position, or `from:to:step`; a position counts from the end where it is negative."""
    parts = [int(part) if part else None for part in text.replace("*", ":").split(":")]

    def find(value: object) -> Iterator[object]:
        if isinstance(value, dict) and text == "*":
            yield from value.values()
        elif isinstance(value, list) and len(parts) > 1:
            yield from value[slice(*parts)]
        elif isinstance(value, list) and parts[0] is not None and -len(value) <= parts[0]:
            yield from value[parts[0] :][:1]

    return find


def _everything(value: object) -> Iterator[object]:
    """A value and all that is inside it."""
    yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        yield from _everything(each)


def _filter(text: str) -> Find:
    """The items of a list for which a comparison holds, or which have a field."""
    match = _COMPARISON.fullmatch(text)
    if match is None:
        has = _steps(text.strip())
        return lambda value: (i for i in _items(value) if _follow([i], has))
    left, compare, right = _operand(match[1]), _COMPARE.get(match[2]), _operand(match[3])
    if compare is None:
        raise CourseError(f"unrecognized filter operator {match[2]}", found=text)

    def find(value: object) -> Iterator[object]:
        for item in _items(value):
            for one in left(item):
                for other in right(item):
                    if _comparable(one, other) and compare(one, other):
                        yield item

    return find


def _items(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _operand(text: str) -> Find:
    text = text.strip()
    if text.startswith(("@", ".", "$")):
        steps = _steps(text)
        return lambda item: iter(_follow([item], steps))
    try:
        constant: object = msgspec.json.decode(re.sub(r"^'(.*)'$", r'"\1"', text))
    except msgspec.DecodeError:
        constant = text
    return lambda item: iter([constant])


def _comparable(one: object, other: object) -> bool:
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (one, other))
    return numbers or type(one) is type(other)
