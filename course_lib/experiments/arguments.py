"""Arguments of experiments: several cases, names, and the results of other functions.

Numbers are checked by `count` and `number` of `cluster.arguments`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from course_lib.errors import CourseError

T = TypeVar("T")


def several(values: object, name: str, check: Callable[..., T]) -> list[T]:
    """The values of an argument that lists several, each as `check` returns it.

    `values` is the argument, `check` gets a value and its name, `name` is what errors call it.
    Raises `CourseError` for a single value, for a set, which has no order, and for no value at all:
    a table without rows shows nothing.

    >>> several((3, 5), "nodes", lambda value, name: f"{name} is {value}")
    ['nodes[0] is 3', 'nodes[1] is 5']
    """
    listed = isinstance(values, Iterable) and not isinstance(values, str | bytes | set | frozenset)
    found = list(values) if listed and isinstance(values, Iterable) else []
    if not found:
        raise CourseError(
            "an experiment has one case or more",
            where=name,
            expected="a list with at least one value",
            found=repr(values)[:60],
            do="" if listed else f"put values into a list: {name}=[...]",
        )
    return [check(value, f"{name}[{place}]") for place, value in enumerate(found)]


def named(value: object, name: str, known: Iterable[str], what: str = "name") -> str:
    """A name of those that are `known`; raises `CourseError` for another `value`.

    `name` is the argument's, `what` is what such names are of.
    """
    names = list(known)
    if not isinstance(value, str) or value not in names:
        raise CourseError(
            f"no such {what}",
            where=name,
            expected=f"one of {', '.join(names)}",
            found=repr(value)[:60],
        )
    return value


def made_by(value: object, name: str, kind: type[T] | tuple[type[T], ...], like: str = "") -> T:
    """An object of a class; raises `CourseError` for another `value`.

    `name` is the argument's, `kind` the class, or several; `like` is what the error says of them
    in place of the class's name.
    """
    if not isinstance(value, kind):
        raise CourseError(
            "an argument of the wrong type",
            where=name,
            expected=like or f"a {getattr(kind, '__name__', kind)}",
            found=repr(value)[:60],
        )
    return value
