"""Every exercise: right answers pass in every form, wrong ones get hints of their own."""

from __future__ import annotations

import copy
import importlib
import math
from collections import Counter
from pathlib import Path

import pytest
import yaml

from course_lib.cluster import Cluster
from course_lib.course import Task, exercise
from course_lib.course.exercise import CHAPTERS, examine, exercises
from course_lib.course.progress import Progress, Tries, where_progress_lives
from course_lib.course.questions import Exercise, ExerciseFault, Remark, truth
from course_lib.course.solutions import SOLUTIONS
from course_lib.errors import CourseError
from tests.elsewhere import written

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


def pairs(wrong):
    """Wrong answers with a part of their hint; those that cannot be keys come as pairs."""
    return list(wrong.items() if isinstance(wrong, dict) else wrong)


def numbered(pairs):
    """Names of tests: the exercise, and the answer's place in its list."""
    count = Counter()
    return [f"{name}: {count.update([name]) or count[name]}" for name, *_ in pairs]


def test_each_exercise_has_five_right_and_five_wrong_answers_with_several_hints():
    assert set(ANSWERS) == set(exercises()) == set(SOLUTIONS)
    for name, (right, wrong) in ANSWERS.items():
        assert len(right) >= 4, name  # and the solution
        assert len(pairs(wrong)) >= 5, name
        assert len({hint for _, hint in pairs(wrong)}) >= 3, name


def test_there_are_sixty_or_more_and_five_to_eight_in_each_chapter():
    counts = {n: sum(each.chapter == n for each in exercises().values()) for n in CHAPTERS}
    assert sum(counts.values()) >= 60
    assert all(5 <= count <= 8 for count in counts.values()), counts


@pytest.mark.parametrize("name", SOLUTIONS)
def test_the_solution_that_is_shown_is_right(name):
    task = exercise(name)
    verdict = task.check(written(SOLUTIONS[name], task))
    assert verdict.ok, verdict
    assert task.solution() == SOLUTIONS[name].strip("\n")


RIGHT = [(name, answer) for name, (right, _) in ANSWERS.items() for answer in right]


@pytest.mark.parametrize(("name", "answer"), RIGHT, ids=numbered(RIGHT))
def test_what_is_right_is_right_in_every_form(name, answer):
    verdict = given(name, answer)
    assert verdict.ok, verdict


WRONG = [(n, m, hint) for n, (_, wrong) in ANSWERS.items() for m, hint in pairs(wrong)]


@pytest.mark.parametrize(
    ("name", "mistake", "hint"), WRONG, ids=[f"{name}: {hint}" for name, _, hint in WRONG]
)
def test_a_mistake_gets_its_own_hint(name, mistake, hint):
    verdict = given(name, mistake)
    assert not verdict.ok, verdict
    assert hint in verdict.hint, verdict


def two(first, second):
    raise AssertionError("never called")


HOSTILE = [
    None, 77, -1, 1e9, 10**400, True, math.nan, 2j, "", "x", "{", "kind: [", "5 x", b"x", [], (),
    [None], [[]], {}, {"spec": 5}, {"kind": "Pod"}, {"apiVersion": "v1", "kind": "Pod"},
    {"plugin": []}, object(), object, two, lambda: 1 / 0, lambda *_: None, range(3),
]  # fmt: skip


@pytest.mark.parametrize("name", exercises())
def test_an_answer_of_the_wrong_kind_gets_a_hint_and_no_traceback(name):
    task = exercise(name)
    for answer in [*HOSTILE, Cluster(nodes=0)]:
        verdict = task.check(answer)
        assert not verdict.ok, (answer, verdict)
        assert verdict.hint and "message above" not in verdict.hint, (answer, verdict)
        assert "check cannot go on" not in repr(verdict), (answer, verdict)


def spoiled(value):
    """A document, once for each of its values, with another type in that value's place."""
    for key in value if isinstance(value, dict) else range(len(value)):
        other = {} if isinstance(value[key], int) else 5
        for inner in [other, *(spoiled(value[key]) if isinstance(value[key], dict | list) else ())]:
            made = copy.copy(value)
            made[key] = inner
            yield made


@pytest.mark.parametrize("name", [n for n, text in SOLUTIONS.items() if text[:5] == "\napiV"])
def test_a_value_of_the_wrong_type_anywhere_in_a_manifest_gets_a_hint_and_no_traceback(name):
    for answer in spoiled(list(yaml.safe_load_all(SOLUTIONS[name]))):
        verdict = examine(exercises()[name], answer)
        assert verdict.ok or verdict.hint, answer
        assert "check cannot go on" not in repr(verdict), (answer, verdict)


@pytest.mark.parametrize("name", [n for n, each in exercises().items() if each.starts])
def test_a_repair_that_removes_everything_gets_a_hint_and_no_traceback(name):
    task = exercise(name)
    if isinstance(task.broken, Cluster):
        for kind in ("deployment", "service", "pod"):
            try:
                objects = list(task.broken.get(kind).NAME)
            except CourseError:  # an API that is silent answers nothing
                continue
            for each in objects:
                task.broken.delete(kind, each)
    else:
        for pod in list(task.broken.pods):
            task.broken.delete_pod(pod)
    verdict = task.check()
    assert not verdict.ok and verdict.hint, verdict
    assert "check cannot go on" not in repr(verdict), verdict


def test_a_repair_is_checked_with_its_own_cluster_as_well():
    task = exercise("00-scale")
    task.cluster.kubectl("scale deployment/web --replicas=5")
    assert task.check(task.cluster).ok
    assert "another one" in repr(task.check(Cluster(nodes=1)))


@pytest.mark.parametrize("name", [n for n, each in exercises().items() if not each.starts])
def test_the_dots_in_the_notebook_are_no_answer(name):
    assert "No answer yet" in repr(exercise(name).check(...))


def test_the_question_with_its_manifest_stays_in_sight_above_the_verdict():
    shown = exercise("00-misspelled").check(5)._repr_markdown_()
    assert shown.index("replica: 4") < shown.index("✗") < shown.index("Hint:")
    assert shown.count("```") == 4  # the manifest's fence, and that of the verdict


def test_a_verdict_that_quotes_a_fence_stays_one_block():
    shown = exercise("04-engine").check("```x```y")._repr_markdown_()
    assert shown.count("\n````") == 2, shown


def test_the_solution_is_shown_after_three_tries():
    task = exercise("10-quorum")
    for left in ("3 times", "2 times", "once more"):
        with pytest.raises(CourseError, match=left):
            task.solution()
        said = repr(task.check(3))
    assert 'exercise("10-quorum").solution()' in said
    assert repr(task.solution()) == "2"


def test_a_reset_breaks_again_what_was_repaired_and_forgets_the_tries():
    task = exercise("00-scale")
    task.cluster.kubectl("scale deployment/web --replicas=5")
    assert task.check().ok
    assert task.reset() is task and not task.check().ok
    assert exercise("00-scale")._kept() == Tries(1, False)


def test_an_unknown_exercise_is_told_with_those_of_its_chapter():
    with pytest.raises(CourseError, match="01-exit-code"):
        exercise("01-exitcode")


def examined_by(examine):
    """A task of an exercise that is no part of the course."""
    return Task(Exercise("00-test", "A test", "?", examine), Progress(where_progress_lives()))


@truth
def refused_truth():
    Cluster(nodes=0).apply("data/no-such-file.yaml")


@pytest.mark.parametrize(
    ("bug", "said"),
    [
        (lambda answer: {}["podIPs"], "KeyError: 'podIPs'"),
        (lambda answer: answer.missing, "AttributeError"),
        (lambda answer: refused_truth(), "cannot read the manifest"),
    ],
)
def test_a_fault_of_the_course_is_no_wrong_answer_and_no_try(bug, said):
    def examine(answer):
        yield Remark(True, "so far")
        bug(answer)

    task = examined_by(examine)
    with pytest.raises(ExerciseFault, match="not of your answer") as fault:
        task.check(3)
    assert said in str(fault.value) and fault.value.__cause__ is not None
    assert task._kept() == Tries(0, False)


def test_a_refusal_of_the_answer_is_a_wrong_answer_and_a_try():
    def examine(answer):
        Cluster(nodes=0).apply(answer)
        yield Remark(True, "never said")

    task = examined_by(examine)
    assert "correct the YAML" in task.check("kind: [").hint
    assert task._kept() == Tries(1, False)
