"""The diagnosis of a fault: a choice among plausible causes, or the object and what is wrong.

A repair without a diagnosis teaches little: who applies all manifests of the shop again repairs
about half of the faults without a look.
"""

from __future__ import annotations

import random
import re

from course_lib.course.faults import FAULTS, Fault
from course_lib.errors import CourseError

CHOICES = 5  # causes to choose from
SEVERAL = 4  # faults that one short text may happen to fit
RIGHT = "Right."


def plausible(fault: Fault) -> list[str]:
    """The causes to choose from: that of the fault, and of others that look alike at first.

    Others are first those whose first hint is the same, and then those with as many other hints in
    common. The order is drawn once for each fault.
    """
    rng = random.Random(f"diagnosis/{fault.name}")
    others = [each for each in FAULTS.values() if each.name != fault.name]
    rng.shuffle(others)
    others.sort(key=lambda each: (each.hints[0] != fault.hints[0], -_common(each, fault)))
    chosen = [fault.story, *(each.story for each in others[: CHOICES - 1])]
    rng.shuffle(chosen)
    return chosen


def _common(one: Fault, other: Fault) -> int:
    return len(set(one.hints) & set(other.hints))


def judged(fault: Fault, answer: str | int) -> str:
    """What is said to a diagnosis: the number of a choice, or words for the object and its fault.

    It begins with `RIGHT` if it is right. Raises `CourseError` for what is neither.
    """
    if isinstance(answer, str) and answer.strip().isdecimal():
        answer = int(answer)
    if isinstance(answer, bool) or not isinstance(answer, int | str):
        answer = ""
    return _of_choice(fault, answer) if isinstance(answer, int) else _of_words(fault, answer)


def _of_choice(fault: Fault, number: int) -> str:
    causes = plausible(fault)
    if not 1 <= number <= len(causes):
        raise CourseError(
            "no such choice",
            expected=f"a number from 1 to {len(causes)}",
            found=repr(number),
            do="trouble.causes() lists them",
        )
    if causes[number - 1] == fault.story:
        return RIGHT
    return "That is not the cause. What would you see if it were? Look whether you see it."


def _of_words(fault: Fault, text: str) -> str:
    said = _squashed(text)
    if not said:
        return (
            "Name the cause: a number of trouble.causes(), or a text with the object and its "
            'field, such as "pod x: image".'
        )
    place, cause = _fits(fault, said)
    if sum(all(_fits(each, said)) for each in FAULTS.values()) > SEVERAL:
        return "That names many causes. Name one object, and one thing that is wrong about it."
    if place and cause:
        return RIGHT
    if place:
        return "The object is right. What about it is wrong? Describe it, field by field."
    if cause:
        return "Something like that is wrong. In which object? Name its kind and its name."
    return "That is not the cause. trouble.hint() says where to look next."


def _squashed(text: str) -> str:
    """A text without what separates words: `target port` is `targetPort`."""
    return re.sub(r"[^a-z0-9.]", "", text.casefold())


def _fits(fault: Fault, text: str) -> tuple[bool, bool]:
    """Whether a text names the broken object, and whether it names what is broken about it."""
    places, causes = fault.words
    return any(word in text for word in places), any(word in text for word in causes)
