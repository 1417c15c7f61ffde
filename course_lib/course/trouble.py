"""Trouble: a shop that somebody broke: find the fault and repair it with the usual commands.

trouble = Trouble(seed=7)
cluster = trouble.cluster      # look: %kubectl get, describe, logs, exec; then repair
trouble.hint()                 # where to look next
trouble.causes()               # causes that it may have
trouble.diagnose(3)            # the third of them? or in words: "service api: selector"
trouble.check()                # is it repaired?
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from course_lib.cluster import Cluster
from course_lib.course.diagnosis import RIGHT, judged, plausible
from course_lib.course.faults import FAULTS, Fault
from course_lib.course.forms import counted
from course_lib.course.shop import Check, checks
from course_lib.errors import CourseError

if TYPE_CHECKING:
    from course_lib.engine.table import Table

NOTICED = 150.0  # simulated s between the fault and the first call for help
FOLLOWED = 90.0  # simulated s that a repair gets to take effect


class Trouble:
    """One broken shop: the fault that `seed` draws, or the one named `fault`.

    `fault` is a name of `FAULTS`; without one, `seed` chooses it. Raises `CourseError` for another
    name.

    >>> trouble = Trouble(fault="wrong-selector")
    >>> [check.name for check in trouble.failing()]
    ['front reaches api']
    >>> print(trouble.hint())
    all Pods are ready; kubectl exec deploy/front -- curl -m 2 http://api says which connection fails; cluster.trace(pod, 'service/...', port) shows where a packet ends
    >>> print(trouble.check())
    Not repaired yet: front reaches api (dropped).
    >>> _ = trouble.cluster.api.patch("Service", "api", "default", {"spec": {"selector": {"app": "api"}}})
    >>> print(trouble.check())
    Repaired, with 1 hint. And what was the cause? Choose one of trouble.causes(): trouble.diagnose(NUMBER), or name the object and what about it was wrong: trouble.diagnose("...").
    >>> print(trouble.diagnose("Service api: selector"))
    Right. It was this: the Service api selects Pods that do not exist.
    """  # noqa: E501

    def __init__(self, seed: int = 0, fault: str = "") -> None:
        if fault and fault not in FAULTS:
            raise CourseError(
                "no such fault", expected=f"one of {', '.join(FAULTS)}", found=repr(fault)
            )
        name = fault or random.Random(f"trouble/{seed}").choice(list(FAULTS))
        self._fault: Fault = FAULTS[name]
        self.cluster: Cluster = self._fault.opens(seed)
        self._fault.breaks(self.cluster)
        self.cluster.run(NOTICED)
        self.hints = 0
        self.wrong = 0  # diagnoses that were not right
        self._named = self._repaired = False

    def failing(self) -> list[Check]:
        """What does not work now."""
        return [check for check in checks(self.cluster) if not check.ok]

    def table(self) -> Table:
        """What must work, and whether it does: CHECK, OK, SEEN."""
        from course_lib.engine.table import Table

        rows = [(check.name, check.ok, check.said) for check in checks(self.cluster)]
        return Table(rows, columns=["CHECK", "OK", "SEEN"])

    def hint(self) -> str:
        """Where to look next; each call says a little more."""
        hints = self._fault.hints
        self.hints += 1
        if self.hints > len(hints):
            return "there are no more hints; give_up() shows the cause"
        return hints[self.hints - 1]

    def causes(self) -> Table:
        """Causes that look alike at first, one of them the true one: CHOICE, CAUSE."""
        from course_lib.engine.table import Table

        return Table(list(enumerate(plausible(self._fault), 1)), columns=["CHOICE", "CAUSE"])

    def diagnose(self, answer: str | int) -> str:
        """Say whether an answer is the cause: a number of `causes`, or words for it.

        Words name the object, and what about it is wrong. Raises `CourseError` for a number that is
        no choice.
        """
        said = judged(self._fault, answer)
        if said != RIGHT:
            self.wrong += bool(str(answer).strip())
            return said
        self._named = True
        return f"{RIGHT} {self._story}" if self._repaired else f"{RIGHT} Now repair it."

    def check(self) -> str:
        """Run until a repair takes effect, and say whether all works; then ask for the cause."""
        self.cluster.run(FOLLOWED)
        failing = self.failing()
        if failing:
            seen = "; ".join(f"{c.name} ({c.said})" if c.said else c.name for c in failing)
            return f"Not repaired yet: {seen}."
        self._repaired = True
        said = f"Repaired, {self._help_taken()}."
        if not self._named:
            return (
                f"{said} And what was the cause? Choose one of trouble.causes(): "
                "trouble.diagnose(NUMBER), or name the object and what about it was wrong: "
                'trouble.diagnose("...").'
            )
        return f"{said} {self._story}"

    def give_up(self) -> str:
        """What was done to the shop."""
        return self._story

    @property
    def _story(self) -> str:
        return f"It was this: {self._fault.story}."

    def _help_taken(self) -> str:
        """How many hints and how many wrong diagnoses it took."""
        count = min(self.hints, len(self._fault.hints))
        said = "without a hint" if not count else f"with {counted(count, 'hints')}"
        wrong = "diagnosis" if self.wrong == 1 else "diagnoses"
        return f"{said} and {self.wrong} wrong {wrong}" if self.wrong else said
