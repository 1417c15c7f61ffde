"""`-o jsonpath`: what the paths of a template find in a document, as text.

Source: `jsonpath.go` of client-go `util/jsonpath`, `compare` functions of its
`third_party/forked/golang/template`; cli-runtime `pkg/printers/jsonpath.go`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from course_lib.command_line.go_text import (
    compact_json,
    go_syntax,
    indented_json,
    type_name,
    value_text,
)
from course_lib.command_line.values import quoted
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.printers.documents import Write
from course_lib.kubectl.printers.jsonpath_syntax import (
    JSONPathProblem,
    PathDescent,
    PathField,
    PathFilter,
    PathList,
    PathSlice,
    PathStep,
    PathText,
    PathUnion,
    PathValue,
    PathWildcard,
    PathWord,
    parse,
)
from course_lib.objects.manifests import Document

Values = list[object]
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le,
    ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


class JSONPathTemplate:
    """A template: `find` gives what each of its parts finds in a document.

    With `missing_keys` a field that is not there finds nothing, else it is a problem. Raises
    `JSONPathProblem` for a template that cannot be read.
    """

    def __init__(self, text: str, missing_keys: bool = True) -> None:
        self._parts = parse(text)
        self._missing_keys = missing_keys
        self._starting = self._ending = self._depth = 0  # of ranges
        self._end = 0  # where the range that was read last ended
        # As in the real one, what a range has passed is gone for the next document.
        self._start = 0

    def find(self, document: object) -> list[Values]:
        """What each part finds; raises `JSONPathProblem` for a document that does not fit."""
        found: list[Values] = []
        place = self._start
        while place < len(self._parts):
            values = self._walk([document], self._parts[place])
            if 0 < self._ending <= self._depth:
                self._ending -= 1
                self._end = place
                break
            if self._starting:
                self._starting -= 1
                place = self._range(values, place, found) + 1
                continue
            found.append(values)
            place += 1
        return found

    def _range(self, values: Values, place: int, found: list[Values]) -> int:
        """Go through a range that begins at a place; returns the place of its end."""
        self._depth += 1
        for each in values:
            self._start = place + 1
            found += self.find(each)
        if not values:
            self._start = place + 1
            self.find(None)
        self._depth -= 1
        return max(place, self._end)

    def _walk(self, values: Values, step: PathStep) -> Values:
        if isinstance(step, PathList):
            for each in step.steps:
                values = self._walk(values, each)
            return values
        if isinstance(step, PathText):
            return [step.text]
        if isinstance(step, PathValue):
            return [step.value] * len(values)
        if isinstance(step, PathField):
            return self._field(values, step.name)
        if isinstance(step, PathSlice):
            return [item for each in values if each is not None for item in _part(each, step)]
        if isinstance(step, PathFilter):
            return [item for each in values for item in self._filtered(each, step)]
        if isinstance(step, PathUnion):
            return [found for path in step.paths for found in self._walk(values, path)]
        if isinstance(step, PathWildcard):
            return [item for each in values for item in _inside(each)]
        if isinstance(step, PathDescent):
            return _descent(values)
        return self._word(values, step)

    def _word(self, values: Values, step: PathWord) -> Values:
        if step.name == "range":
            self._starting += 1
            return values
        if step.name != "end":
            raise JSONPathProblem(f"unrecognized identifier {step.name}")
        if not self._depth:
            raise JSONPathProblem("not in range, nothing to end")
        self._ending += 1
        return []

    def _field(self, values: Values, name: str) -> Values:
        found = [each[name] for each in values if isinstance(each, dict) and name in each]
        if values and not found and not self._missing_keys:
            raise JSONPathProblem(f"{name} is not found")
        return found

    def _filtered(self, items: object, step: PathFilter) -> Values:
        if not isinstance(items, list):
            said = f"{value_text(items)} is not array or slice and cannot be filtered"
            raise JSONPathProblem(said)
        return [item for item in items if self._holds(item, step)]

    def _holds(self, item: object, step: PathFilter) -> bool:
        if not step.operator:
            try:
                return bool(self._walk([item], step.left))
            except JSONPathProblem:
                return False
        sides = []
        for path in (step.left, step.right):
            values = self._walk([item], path)
            if len(values) > 1:
                raise JSONPathProblem("can only compare one element at a time")
            if not values:
                return False
            sides.append(values[0])
        return compared(sides[0], step.operator, sides[1])


def compared(left: object, sign: str, right: object) -> bool:
    """Whether `left` and `right` compare as a `sign` such as `<=` says.

    Raises `JSONPathProblem` for values that cannot be compared.
    """
    if sign not in _COMPARE:
        raise JSONPathProblem(f"unrecognized filter operator {sign}")
    for each in (left, right):
        if not isinstance(each, str | bool | int | float):
            raise JSONPathProblem("invalid type for comparison")
    if type(left) is not type(right):
        raise JSONPathProblem("incompatible types for comparison")
    if isinstance(left, bool) and sign not in ("==", "!="):
        raise JSONPathProblem("invalid type for comparison")
    return _COMPARE[sign](left, right)


def _part(items: object, step: PathSlice) -> Values:
    if not isinstance(items, list):
        raise JSONPathProblem(f"{type_name(items)} is not array or slice")
    length = len(items)
    first = step.first or 0
    first += length if first < 0 else 0
    last = length if step.last is None else step.last
    last += length if last < 0 or (last == 0 and step.alone) else 0
    if first == last:
        return []
    outside = first if not 0 <= first < length else last - 1 if not 0 <= last <= length else None
    if outside is not None:
        raise JSONPathProblem(f"array index out of bounds: index {outside}, length {length}")
    if first > last:
        raise JSONPathProblem(f"starting index {first} is greater than ending index {last}")
    if step.step is not None and step.step <= 0:
        raise JSONPathProblem("step must be > 0")
    return items[first : last : step.step or 1]


def _inside(value: object) -> Values:
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, list) else []


def _descent(values: Values) -> Values:
    found: Values = []
    for each in values:
        inner = _inside(each)
        if inner:
            found += [each, *_descent(inner)]
    return found


class JSONPathPrinter:
    """Prints what a template finds in documents; with `as_json` as lists in JSON.

    `missing_keys` says whether fields may be missing. Raises `CommandError` for a template that
    cannot be read.
    """

    def __init__(self, template: str, missing_keys: bool, as_json: bool = False) -> None:
        self._text, self._as_json = template, as_json
        try:
            self._template = JSONPathTemplate(template, missing_keys)
        except JSONPathProblem as problem:
            raise CommandError(f"error parsing jsonpath {template}, {problem}") from None

    def print(self, document: Document, write: Write) -> None:
        """Write what is found; raises `CommandError` for a document that does not fit."""
        try:
            for values in self._template.find(document):
                write(self._shown(values))
        except JSONPathProblem as problem:
            raise CommandError(
                f"error executing jsonpath {quoted(self._text)}: Error executing template: "
                f"{problem}. Printing more information for debugging the template:\n"
                f"\ttemplate was:\n\t\t{self._text}\n"
                f"\tobject given to jsonpath engine was:\n\t\t{go_syntax(document)}\n\n\n"
            ) from None

    def _shown(self, values: Sequence[object]) -> str:
        if self._as_json:
            return indented_json(list(values)) + "\n"
        return " ".join(map(_as_text, values))


def _as_text(value: object) -> str:
    if isinstance(value, dict | list):
        return compact_json(value)
    return "null" if value is None else value_text(value)
