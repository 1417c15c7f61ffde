"""Exercises that check themselves: a question, an answer, what was right, and a fitting hint.

task = exercise("01-exit-code")
task                     # the question
task.check(137)          # what was right, what was not, a hint
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from course_lib.course.progress import Progress, where_progress_lives
from course_lib.errors import CourseError

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


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at in an answer: right or not, and a hint where it was not."""

    ok: bool
    said: str
    hint: str = ""


NO_ANSWER = "No answer yet: put yours in the place of the dots, and run the cell again."
Findings = Iterator[Finding]
Examiner = Callable[[Any], Findings]


class Mistake(Exception):
    """An answer so wrong that the rest of it cannot be looked at."""

    def __init__(self, said: str, hint: str) -> None:
        super().__init__(said)
        self.finding = Finding(False, said, hint)


class Exercise(msgspec.Struct, frozen=True):
    """A question of a chapter; `examine` reads an answer, `starts` makes what is to be repaired."""

    name: str
    title: str
    question: str
    examine: Examiner
    starts: Callable[[], Any] | None = None

    @property
    def chapter(self) -> int:
        """The chapter's number, with which the name begins."""
        return int(self.name[:2])


class Verdict(msgspec.Struct, frozen=True):
    """What became of an answer; without one, the question again."""

    findings: tuple[Finding, ...]
    question: str = ""
    note: str = ""

    @property
    def ok(self) -> bool:
        """Whether all of it is right; no answer is not."""
        return bool(self.findings) and all(finding.ok for finding in self.findings)

    @property
    def hint(self) -> str:
        """The hint that belongs to the first thing that was not right."""
        return next((finding.hint for finding in self.findings if not finding.ok), "")

    def _repr_markdown_(self) -> str | None:
        """The question as it is written; what was found is plain text."""
        return self.question if not self.findings else f"```\n{self!r}\n```"

    def __repr__(self) -> str:
        if not self.findings:
            return f"{self.question}\n\n{NO_ANSWER}"
        lines = [f"{'✓' if each.ok else '✗'} {each.said}" for each in self.findings]
        lines.append("Right!" if self.ok else f"Hint: {self.hint}")
        return "\n".join([*lines, self.note] if self.note else lines)


class Task:
    """An exercise in a learner's hands: the question, and for repairs what is broken."""

    def __init__(self, exercise: Exercise, progress: Progress) -> None:
        self.exercise, self._progress = exercise, progress
        self.broken: Any = exercise.starts() if exercise.starts else None

    def __repr__(self) -> str:
        return self._repr_markdown_()

    def _repr_markdown_(self) -> str:
        """The question, for a notebook."""
        return f"**{self.exercise.title}** ({self.exercise.name})\n\n{self.exercise.question}"

    @property
    def cluster(self) -> Any:
        """The cluster that is to be repaired."""
        if self.broken is None:
            raise CourseError(
                f"{self.exercise.name} has no cluster to repair", do="give check() your answer"
            )
        return self.broken

    def check(self, answer: Any = ...) -> Verdict:
        """Look at an answer (at the cluster, for repairs), and remember in the progress file."""
        if answer is ... and self.broken is None:
            return Verdict((), self._repr_markdown_())
        verdict = examine(self.exercise, self.broken if answer is ... else answer)
        try:
            self._progress.record(self.exercise.name, verdict.ok)
        except OSError as problem:
            note = f"(Your progress could not be kept: {problem}.)"
            verdict = msgspec.structs.replace(verdict, note=note)
        return verdict


def examine(exercise: Exercise, answer: Any) -> Verdict:
    """What is right, up to the first thing that is not: its hint is what helps next.

    A refusal of the learner's manifest is a finding too.

    >>> print(examine(exercises()["10-quorum"], 3))
    ✗ 3 is not it
    Hint: with three of five gone two are left, which is no majority: nothing can be written
    >>> print(examine(exercises()["10-quorum"], 2))
    ✓ 2 it is
    Right!
    """
    findings: list[Finding] = []
    try:
        for finding in exercise.examine(answer):
            findings.append(finding)
            if not finding.ok:
                break
    except Mistake as mistake:
        findings.append(mistake.finding)
    except CourseError as refusal:
        findings.append(Finding(False, str(refusal), refusal.do or "read the message above"))
    return Verdict(tuple(findings))


EXERCISES: dict[str, Exercise] = {}


def asks(
    name: str, title: str, question: str, starts: Callable[[], Any] | None = None
) -> Callable[[Examiner], Examiner]:
    """Make a function that examines answers an exercise of the course."""

    def register(examiner: Examiner) -> Examiner:
        assert name not in EXERCISES, name
        text = inspect.cleandoc(question)
        EXERCISES[name] = Exercise(name, title, text, examiner, starts)
        return examiner

    return register


def exercises() -> dict[str, Exercise]:
    """All exercises, in the order of the chapters."""
    import course_lib.course.chapters  # noqa: F401  (each chapter registers its own)

    return EXERCISES


def exercise(name: str) -> Task:
    """Take up an exercise; its name begins with the chapter's number."""
    known = exercises()
    if name not in known:
        chapter = [each for each in known if each.startswith(name[:2])]
        raise CourseError(
            "no such exercise", expected=f"one of {', '.join(chapter or known)}", found=repr(name)
        )
    return Task(known[name], Progress(where_progress_lives()))


def progress() -> Any:
    """How far you are: CHAPTER, TITLE, SOLVED, TRIED, OPEN (names of exercises)."""
    from course_lib.engine.table import Table

    kept = Progress(where_progress_lives()).read()
    rows = []
    for number, title in CHAPTERS.items():
        names = [each.name for each in exercises().values() if each.chapter == number]
        solved = [name for name in names if kept.get(name, {}).get("solved")]
        tried = sum(kept.get(name, {}).get("tries", 0) for name in names)
        left = ", ".join(name for name in names if name not in solved)
        rows.append((f"{number:02d}", title, f"{len(solved)} of {len(names)}", tried, left))
    return Table(rows, columns=["CHAPTER", "TITLE", "SOLVED", "TRIED", "OPEN"])
