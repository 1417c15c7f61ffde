"""The course's answers, held against those of a real control plane.

A case that agreed must go on agreeing; one that is listed as different and agrees now has to leave
the list (`python -m tests.oracles.plane --renew` writes it again).
"""

from __future__ import annotations

import pytest

from course_lib.objects.kinds import BUILT_IN
from course_lib.objects.release import RELEASE
from tests.oracles.plane import course
from tests.oracles.plane.differences import SAME, compared, known, listed
from tests.oracles.plane.files import GROUPS, read
from tests.oracles.plane.reasons import OPEN
from tests.peers.plane.questions import questions

PARTS = {"creates": 2, "updates": 1, "columns": 1, "stories": 8, "kubelet": 4}
LEAST = {"creates": 1000, "updates": 150, "columns": 60, "stories": 150, "kubelet": 80}


@pytest.mark.parametrize(
    ("group", "part"), [(group, part) for group in GROUPS for part in range(PARTS[group])]
)
def test_the_course_answers_as_the_list_says(group, part):
    cases = read(group)[1][part :: PARTS[group]]
    told = course.answers(group, cases)
    names = [case["name"] for case in cases]
    found = compared(group, dict(zip(names, told, strict=True)))
    differ = {unit.name: unit.level for unit in found if unit.level != SAME}
    of_them = set(names)
    expected = {
        name: level for name, level in listed(group).items() if case_of(group, name) in of_them
    }
    assert {name: differ[name] for name in differ if expected.get(name) != differ[name]} == {}, (
        "they agreed before, or differ in another way"
    )
    assert sorted(expected.keys() - differ.keys()) == [], "they are listed, and agree now"


def case_of(group, unit):
    return unit.rpartition(" / ")[0] if group in ("stories", "kubelet") else unit


@pytest.mark.parametrize("group", GROUPS)
def test_enough_is_asked_of_this_release(group):
    release, cases = read(group)
    assert release == RELEASE
    assert len(cases) >= LEAST[group]
    assert len({case["name"] for case in cases}) == len(cases)


@pytest.mark.parametrize("group", GROUPS)
def test_the_list_is_of_these_cases_and_counts_them(group):
    names = {case["name"] for case in read(group)[1]}
    assert {case_of(group, unit) for unit in listed(group)} <= names
    counts = known()["counts"][group]
    assert counts["asked"] - counts[SAME] == len(listed(group))


@pytest.mark.parametrize("group", GROUPS)
def test_each_difference_has_a_reason(group):
    open_ones = [entry for entry in known().get(group, []) if entry["reason"].startswith(OPEN)]
    assert open_ones == []


def test_the_list_says_which_programs_were_exchanged():
    for entry in known()["exchanged"]:
        assert entry.keys() == {"part", "server", "agrees", "differs"}


@pytest.mark.parametrize("group", GROUPS)
def test_the_stored_cases_are_the_questions(group):
    stored = [
        {key: case[key] for key in case if key not in ("answer", "unsteady")}
        for case in read(group)[1]
    ]
    assert stored == questions(group)


def test_every_kind_is_asked_for():
    asked = {case["document"]["kind"] for case in read("creates")[1] if has_kind(case["document"])}
    assert {kind.kind for kind in BUILT_IN} - asked == set()


def has_kind(document):
    return isinstance(document, dict) and isinstance(document.get("kind"), str)
