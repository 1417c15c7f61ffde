"""Every exercise: the reference solution passes, and typical mistakes get hints of their own."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from course_lib.course import exercise
from course_lib.course.exercise import CHAPTERS, exercises
from course_lib.errors import CourseError

ANSWERS = {}
for path in sorted((Path(__file__).parent / "answers").glob("ch*.py")):
    ANSWERS |= importlib.import_module(f"tests.course.answers.{path.stem}").ANSWERS


@pytest.fixture(autouse=True)
def own_progress(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))


def given(name, answer):
    """The verdict on an answer; where something is to be repaired, the answer is a function."""
    task = exercise(name)
    if task.broken is None:
        return task.check(answer)
    answer(task.broken)
    return task.check()


def pairs(mistakes):
    """Wrong answers with a word of their hint; where an answer is a dict, they come as pairs."""
    return list(mistakes.items() if isinstance(mistakes, dict) else mistakes)


def test_each_exercise_has_a_reference_solution_and_at_least_two_mistakes():
    assert set(ANSWERS) == set(exercises())
    for name, (_, mistakes) in ANSWERS.items():
        assert len(mistakes) >= 2, name
        assert len({hint for _, hint in pairs(mistakes)}) >= 2, name


def test_there_are_sixty_or_more_and_five_to_eight_in_each_chapter():
    counts = {n: sum(each.chapter == n for each in exercises().values()) for n in CHAPTERS}
    assert sum(counts.values()) >= 60
    assert all(5 <= count <= 8 for count in counts.values()), counts


@pytest.mark.parametrize("name", exercises())
def test_the_reference_solution_passes(name):
    verdict = given(name, ANSWERS[name][0])
    assert verdict.ok, verdict


MISTAKES = [(n, m, hint) for n, (_, wrong) in ANSWERS.items() for m, hint in pairs(wrong)]
IDS = [f"{name}: {hint}" for name, _, hint in MISTAKES]


@pytest.mark.parametrize(("name", "mistake", "hint"), MISTAKES, ids=IDS)
def test_a_mistake_gets_its_own_hint(name, mistake, hint):
    verdict = given(name, mistake)
    assert not verdict.ok, verdict
    assert hint in verdict.hint, verdict


@pytest.mark.parametrize("name", exercises())
def test_an_answer_of_the_wrong_kind_is_no_crash(name):
    task = exercise(name)
    if task.broken is None:
        for nonsense in (None, [], "{", "kind: [", -1, 1e9, True, lambda: 1 / 0, object()):
            assert not task.check(nonsense).ok


@pytest.mark.parametrize("name", [n for n, each in exercises().items() if not each.starts])
def test_the_dots_in_the_notebook_are_no_answer(name):
    assert "No answer yet" in repr(exercise(name).check(...))


def test_an_unknown_exercise_is_told_with_those_of_its_chapter():
    with pytest.raises(CourseError, match="01-exit-code"):
        exercise("01-exitcode")
