"""The course's answers, held against those of a real control plane.

A case that agreed must go on agreeing; one that is listed as different and agrees now has to leave
the list (`python -m tests.oracles.plane --renew` writes it again).
"""

from __future__ import annotations

import pytest

from course_lib.objects.release import RELEASE
from tests.oracles.plane import course
from tests.oracles.plane.differences import SAME, compared, listed
from tests.oracles.plane.files import GROUPS, read

PARTS = {"creates": 2, "updates": 1, "columns": 1, "stories": 8, "kubelet": 4}
WANTED = {"creates": 1000, "updates": 150, "columns": 60, "stories": 150, "kubelet": 80}


@pytest.mark.parametrize(
    ("group", "part"), [(group, part) for group in GROUPS for part in range(PARTS[group])]
)
def test_the_course_answers_as_the_list_says(group, part):
    cases = read(group)[1][part :: PARTS[group]]
    told = course.answers(group, cases)
    names = [case["name"] for case in cases]
    found = compared(group, dict(zip(names, told, strict=True)))
    differ = {unit.name for unit in found if unit.level != SAME}
    known = {unit.name for unit in found} & listed(group)
    assert sorted(differ - known) == [], "they agreed before"
    assert sorted(known - differ) == [], "they are listed, and agree now"


@pytest.mark.parametrize("group", GROUPS)
def test_enough_is_asked_of_this_release(group):
    release, cases = read(group)
    assert release == RELEASE
    assert len(cases) >= WANTED[group]
    assert len({case["name"] for case in cases}) == len(cases)


@pytest.mark.parametrize("group", GROUPS)
def test_the_list_names_no_case_that_is_not_there(group):
    names = {case["name"] for case in read(group)[1]}
    assert {unit.rpartition(" / ")[0] if group in ("stories", "kubelet") else unit
            for unit in listed(group)} <= names  # fmt: skip
