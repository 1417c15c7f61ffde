"""Rules that several kinds share, on their views: selectors, counts, words, ports."""

from __future__ import annotations

import re
from collections.abc import Iterable

from course_lib.objects.kind import Problems
from course_lib.objects.meta import LabelSelector
from course_lib.objects.names import Problem, is_label_key, label_problems

PERCENT = re.compile(r"[0-9]+%")


def label_selector(selector: LabelSelector | None, path: str) -> Problems:
    """What is wrong with a label selector at a path."""
    if selector is None:
        return
    yield from label_problems(selector.match_labels, f"{path}.matchLabels")
    for position, term in enumerate(selector.match_expressions or ()):
        here = f"{path}.matchExpressions[{position}]"
        if term.operator not in ("In", "NotIn", "Exists", "DoesNotExist"):
            yield Problem(f"{here}.operator", "In, NotIn, Exists or DoesNotExist", term.operator)
        elif (term.operator in ("In", "NotIn")) != bool(term.values):
            wanted = "values" if term.operator in ("In", "NotIn") else "no values"
            yield Problem(f"{here}.values", f"{wanted} for {term.operator}", term.values)
        if not is_label_key(term.key):
            yield Problem(f"{here}.key", "a label key", term.key)


def not_negative(**values: int | None) -> Problems:
    """Fields of the spec, named as in the view, of which some are below 0."""
    for path, value in values.items():
        if value is not None and value < 0:
            name = re.sub(r"_(.)", lambda m: m[1].upper(), path)
            yield Problem(f"spec.{name}", "0 or more", value)


def must_be_one_of(path: str, value: str, *allowed: str) -> Problems:
    """A word that is none of those allowed."""
    if value not in allowed:
        yield Problem(path, " or ".join(allowed), value)


def count_or_share(path: str, value: int | str | None) -> Problems:
    """A value that is neither a count nor a percentage of at most 100 %."""
    yield from count_or_percent(path, value)
    if isinstance(value, str) and PERCENT.fullmatch(value) and int(value[:-1]) > 100:
        yield Problem(path, "must not be greater than 100%", value)


def count_or_percent(path: str, value: int | str | None) -> Problems:
    """A value that is neither a count nor a percentage."""
    good = (isinstance(value, int) and value >= 0) or value is None
    if not good and not (isinstance(value, str) and PERCENT.fullmatch(value)):
        yield Problem(path, "a number, 0 or more, or a percentage such as 25%", value)


def port_in_range(path: str, number: int) -> Problems:
    """A port lies between 1 and 65535."""
    if not 1 <= number <= 65535:
        yield Problem(path, "a port from 1 to 65535", number)


def unique(path: str, values: Iterable[object], field: str = "") -> Problems:
    """The `values` of the list at `path`, or of a `field` of its items, that are there twice."""
    seen: list[object] = []
    for position, value in enumerate(values):
        if value in seen:
            yield Problem(f"{path}[{position}]{field and '.'}{field}", "Duplicate value", value)
        seen.append(value)


def changed(path: str, expected: str) -> Problem:
    """A field that an update changed against the rules."""
    return Problem(path, expected, "a different value")
