"""Exercises that check themselves: a question, an answer, what was right, and a fitting hint.

task = exercise("01-exit-code")
task                     # the question
task.check(137)          # the question, what was right, what was not, a hint
task.solution()          # one solution, after some tries
task.reset()             # begin again
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from course_lib.cluster.contexts import CONTEXTS
from course_lib.course.editions import name_today
from course_lib.course.progress import Progress, Tries, where_progress_lives
from course_lib.course.questions import (
    EXERCISES,
    Broken,
    Exercise,
    ExerciseFault,
    Mistake,
    Remark,
    Remarks,
)
from course_lib.course.refusals import hint_for
from course_lib.errors import CourseError

if TYPE_CHECKING:
    from course_lib.engine.table import Table

CHAPTERS = {
    0: "Start here",
    1: "Containers",
    2: "Images",
    3: "Why orchestrate",
    4: "Orchestrators compared",
    5: "Container runtimes",
    6: "The kubelet",
    7: "Services and kube-proxy",
    8: "Pod networking",
    9: "Pods across nodes",
    10: "Cluster configurations",
    11: "Capstone",
}


NO_ANSWER = "No answer yet: put yours in the place of the dots, and run the cell again."
ENOUGH = 3  # tries, after which the solution may be seen


class Verdict(msgspec.Struct, frozen=True):
    """The question, and below it what was found in an answer; without an answer the question."""

    remarks: tuple[Remark, ...]
    question: str = ""
    note: str = ""

    @property
    def ok(self) -> bool:
        """Whether all of it is right; no answer is not."""
        return bool(self.remarks) and all(remark.ok for remark in self.remarks)

    @property
    def hint(self) -> str:
        """The hint that belongs to the first thing that was not right."""
        return next((remark.hint for remark in self.remarks if not remark.ok), "")

    def _found(self) -> str:
        lines = [f"{'✓' if each.ok else '✗'} {each.said}" for each in self.remarks]
        lines.append("Right!" if self.ok else f"Hint: {self.hint}")
        return "\n".join([*lines, self.note] if self.note else lines)

    def _repr_markdown_(self) -> str:
        """The question as it is written, and what was found as plain text below it."""
        if not self.remarks:
            return self.question
        return f"{self.question}\n\n{fenced(self._found())}".strip()

    def __repr__(self) -> str:
        below = self._found() if self.remarks else NO_ANSWER
        return f"{self.question}\n\n{below}".strip()


class Solution(str):
    """One solution of an exercise: a value, a manifest, or what to run."""

    def __repr__(self) -> str:
        return str(self)

    def _repr_markdown_(self) -> str:
        return fenced(str(self))


def fenced(text: str) -> str:
    """Text that Markdown shows as it is, whatever it contains."""
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", text))])
    return f"{fence}\n{text}\n{fence}"


class Task:
    """An exercise in a learner's hands: the question, and for repairs what is broken."""

    def __init__(self, exercise: Exercise, progress: Progress) -> None:
        self.exercise, self._progress = exercise, progress
        self.broken: Broken = exercise.starts() if exercise.starts else None

    def __repr__(self) -> str:
        return self._repr_markdown_()

    def _repr_markdown_(self) -> str:
        """The question, for a notebook."""
        return f"**{self.exercise.title}** ({self.exercise.name})\n\n{self.exercise.question}"

    @property
    def cluster(self) -> Broken:
        """The cluster that is to be repaired.

        Raises `CourseError` for an exercise that asks for an answer.
        """
        if self.broken is None:
            raise CourseError(
                f"{self.exercise.name} has no cluster to repair", do="give check() your answer"
            )
        return self.broken

    def check(self, answer: object = ...) -> Verdict:
        """Look at an answer (at the cluster, for repairs), and remember in the progress file."""
        question = self._repr_markdown_()
        if self.broken is None:
            if answer is ...:
                return Verdict((), question)
            verdict = examine(self.exercise, answer)
        elif answer is ... or answer is self.broken:
            verdict = examine(self.exercise, self.broken)
        else:
            verdict = Verdict((_not_asked_for(answer, self.broken),))
        note = ""
        try:
            self._progress.record(self.exercise.name, verdict.ok)
            if not verdict.ok and self._kept().tries >= ENOUGH:
                note = f'(exercise("{self.exercise.name}").solution() shows a solution.)'
        except OSError as problem:
            note = f"(Your progress could not be kept: {problem}.)"
        return msgspec.structs.replace(verdict, question=question, note=note)

    def solution(self) -> Solution:
        """One solution, once the exercise is solved or was tried three times.

        Raises `CourseError` before that.
        """
        from course_lib.course.solutions import SOLUTIONS

        kept = self._kept()
        tries = kept.tries
        if tries < ENOUGH and not kept.solved:
            left = ENOUGH - tries
            raise CourseError(
                f"the solution of {self.exercise.name} is shown after {ENOUGH} tries",
                found=f"{tries} {'try' if tries == 1 else 'tries'}",
                do=f"give check() an answer {'once more' if left == 1 else f'{left} times'}; "
                "each wrong one gets a hint",
            )
        return Solution(SOLUTIONS[self.exercise.name].strip("\n"))

    def reset(self) -> Task:
        """Begin again: what is broken is broken as at first, and the progress is forgotten."""
        self.broken = self.exercise.starts() if self.exercise.starts else None
        self._progress.forget(self.exercise.name)
        return self

    def _kept(self) -> Tries:
        return self._progress.read().get(self.exercise.name, Tries())


def _not_asked_for(answer: object, broken: object) -> Remark:
    """An answer was given where something is to be repaired."""
    what = "cluster" if hasattr(broken, "kubelets") else "broken"
    said = f"this exercise looks at task.{what}, and takes no answer"
    if isinstance(answer, type(broken)):
        said = f"this is another one than task.{what}"
    hint = f"repair `task.{what}`, then call `task.check()` with nothing between the brackets"
    return Remark(False, said, hint)


def examine(exercise: Exercise, answer: object) -> Verdict:
    """What is right, up to the first thing that is not: its hint is what helps next.

    `answer` is the learner's, or what a repair is about. A refusal of it is a remark, too. Raises
    `ExerciseFault` for every other error: it comes from the course, and the answer may be right.

    >>> print(examine(exercises()["10-quorum"], 3))
    ✗ 3: not right
    Hint: with three of five gone two are left, which is no majority: nothing can be written
    >>> print(examine(exercises()["10-quorum"], 2))
    ✓ 2: right
    Right!
    """
    remarks: list[Remark] = []
    try:
        with CONTEXTS.aside():
            _collect(remarks, exercise.examine(answer))
    except Mistake as mistake:
        remarks.append(mistake.remark)
    except ExerciseFault:
        raise
    except CourseError as refusal:
        remarks.append(Remark(False, str(refusal), hint_for(refusal)))
    except Exception as error:
        raise ExerciseFault(error) from error
    return Verdict(tuple(remarks))


def _collect(remarks: list[Remark], found: Remarks) -> None:
    """Add what is `found`, up to the first remark that is not right."""
    for remark in found:
        remarks.append(remark)
        if not remark.ok:
            break


def exercises() -> dict[str, Exercise]:
    """All exercises, in the order of the chapters."""
    import course_lib.course.chapters  # noqa: F401  (each chapter registers its own)

    return EXERCISES


def exercise(name: str) -> Task:
    """Take up an exercise; its name begins with the chapter's number.

    A name of an earlier edition is understood. Raises `CourseError` for a name that no exercise
    has; the error lists the chapter's.
    """
    known, name = exercises(), name_today(name)
    if name not in known:
        chapter = [each for each in known if each.startswith(name[:2])]
        raise CourseError(
            "no such exercise", expected=f"one of {', '.join(chapter or known)}", found=repr(name)
        )
    return Task(known[name], Progress(where_progress_lives()))


def progress() -> Table:
    """How far you are: CHAPTER, TITLE, SOLVED, TRIED, OPEN (names of exercises)."""
    from course_lib.engine.table import Table

    kept = Progress(where_progress_lives()).read()
    rows = []
    for number, title in CHAPTERS.items():
        names = [each.name for each in exercises().values() if each.chapter == number]
        solved = [name for name in names if name in kept and kept[name].solved]
        tried = sum(kept[name].tries for name in names if name in kept)
        left = ", ".join(name for name in names if name not in solved)
        rows.append((f"{number:02d}", title, f"{len(solved)} of {len(names)}", tried, left))
    return Table(rows, columns=["CHAPTER", "TITLE", "SOLVED", "TRIED", "OPEN"])
