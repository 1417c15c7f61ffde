"""What an exercise consists of: a question, a function that examines answers, and remarks.

The examiner of an exercise is a generator: it yields a `Remark` for each thing that it looks at.
A refusal of the answer is a `Mistake`, or a `CourseError` of the API server. Every other error
comes from the course, and is an `ExerciseFault`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from typing import Any, TypeVar

import msgspec

from course_lib.errors import CourseError

Value = TypeVar("Value")


class Remark(msgspec.Struct, frozen=True):
    """One thing that was looked at in an answer: right or not, and a hint where it was not."""

    ok: bool
    said: str
    hint: str = ""


Remarks = Iterator[Remark]
Examiner = Callable[[Any], Remarks]
Broken = Any  # what a repair begins with: a `Cluster`, or a `PodNetwork`


class Mistake(Exception):
    """An answer so wrong that the rest of it cannot be looked at."""

    def __init__(self, said: str, hint: str) -> None:
        super().__init__(said)
        self.remark = Remark(False, said, hint)


class ExerciseFault(CourseError):
    """A fault of the course itself while it looked at an answer; the answer may be right."""

    def __init__(self, error: Exception) -> None:
        super().__init__(
            "the check itself failed: this is a fault of the course, not of your answer",
            found=f"{type(error).__name__}: {error}",
            do="report it with this message; the try does not count",
        )


class Exercise(msgspec.Struct, frozen=True):
    """A question of a chapter; `examine` reads an answer, `starts` makes what is to be repaired."""

    name: str
    title: str
    question: str
    examine: Examiner
    starts: Callable[[], Broken] | None = None

    @property
    def chapter(self) -> int:
        """The chapter's number, with which the name begins."""
        return int(self.name[:2])


EXERCISES: dict[str, Exercise] = {}


def asks(
    name: str, title: str, question: str, starts: Callable[[], Broken] | None = None
) -> Callable[[Examiner], Examiner]:
    """Make a function that examines answers an exercise of the course.

    `name` begins with the chapter's number and is unique, `title` and `question` are Markdown.
    `starts` makes what is to be repaired; the examiner gets that in place of an answer.

    >>> @asks("99-sum", "A sum", "**How much is 2 + 2?**")
    ... def sum_of_two(answer):
    ...     yield Remark(answer == 4, f"the answer is {answer}", "count on your fingers")
    >>> [remark.ok for remark in EXERCISES.pop("99-sum").examine(5)]
    [False]
    """

    def register(examiner: Examiner) -> Examiner:
        assert name not in EXERCISES, name
        text = inspect.cleandoc(question)
        EXERCISES[name] = Exercise(name, title, text, examiner, starts)
        return examiner

    return register


@contextmanager
def no_answer_involved() -> Iterator[None]:
    """Work of the course alone: raises `ExerciseFault` for each of its errors."""
    try:
        yield
    except Exception as error:
        raise ExerciseFault(error) from error


def truth(compute: Callable[..., Value]) -> Callable[..., Value]:
    """Make a function that computes, once, the value that answers are held against.

    The value depends on no answer, so an error in it is raised as `ExerciseFault`.
    """

    @cache
    @wraps(compute)
    def once(*arguments: object) -> Value:
        with no_answer_involved():
            return compute(*arguments)

    return once
