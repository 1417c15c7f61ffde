"""What is derived once for objects that share their parts."""

from __future__ import annotations

import msgspec
import pytest

from course_lib.objects.derived import KEPT, derived_from_all, derived_once


class Spec(msgspec.Struct):
    containers: list[str]
    overhead: dict[str, str] | None = None
    node: str = ""


def counting() -> tuple[list[Spec], object]:
    derived: list[Spec] = []

    @derived_once("containers", "overhead")
    def count(spec: Spec) -> int:
        derived.append(spec)
        return len(spec.containers)

    return derived, count


def test_specs_with_the_same_parts_share_what_is_derived():
    derived, count = counting()
    containers = ["a", "b"]
    assert [count(Spec(containers, node=name)) for name in ("one", "two")] == [2, 2]
    assert len(derived) == 1


@pytest.mark.parametrize("other", [Spec(["a", "b"]), Spec([]), Spec(["a"], {"cpu": "1"})])
def test_parts_that_are_other_objects_are_derived_again(other):
    derived, count = counting()
    first = Spec(["a", "b"])
    assert (count(first), count(other)) == (2, len(other.containers))
    assert derived == [first, other]


@pytest.mark.parametrize(("others", "times"), [(KEPT - 2, 1), (KEPT - 1, 1), (KEPT, 2)])
def test_the_oldest_goes_when_there_are_too_many(others, times):
    derived, count = counting()
    first = Spec(["a"])
    count(first)
    for number in range(others):
        count(Spec([str(number)]))
    count(first)
    assert sum(spec is first for spec in derived) == times


@pytest.mark.parametrize(("others", "times"), [(1, 1), (2, 2)])
def test_what_is_derived_from_several_objects_is_kept_while_they_are_the_same(others, times):
    derived: list[tuple[str, ...]] = []

    @derived_from_all(kept=2)
    def joined(words: tuple[str, ...]) -> str:
        derived.append(words)
        return "".join(words)

    words = ("a", "b")
    assert joined(words) == joined(words[:1] + words[1:]) == "ab"
    for number in range(others):
        joined((f"other {number}",))
    joined(words)
    assert derived.count(words) == times
    assert joined(("b", "a")) == "ba", "the order counts"
