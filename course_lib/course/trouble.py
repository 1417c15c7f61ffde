"""Trouble: a shop that somebody broke: find the fault and repair it with the usual commands.

trouble = Trouble(seed=7)
cluster = trouble.cluster      # look: get, describe, logs, trace, nslookup; then repair
trouble.hint()                 # where to look next
trouble.cause("service api: selector")   # is this what was broken?
trouble.check()                # is it repaired?
"""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

from course_lib.cluster import Cluster
from course_lib.course.faults import FAULTS, Fault
from course_lib.course.shop import Check, checks
from course_lib.errors import CourseError

if TYPE_CHECKING:
    from course_lib.engine.table import Table

NOTICED = 150.0  # simulated s between the fault and the first call for help
SEVERAL = 4  # faults that one short text may happen to fit
FOLLOWED = 90.0  # simulated s that a repair gets to take effect


class Trouble:
    """One broken shop: the fault that `seed` draws, or the one named `fault`.

    `fault` is a name of `FAULTS`; without one, `seed` chooses it. Raises `CourseError` for another
    name.

    >>> trouble = Trouble(fault="wrong-selector")
    >>> [check.name for check in trouble.failing()]
    ['front reaches api']
    >>> print(trouble.hint())
    all Pods are ready; trace the packet: cluster.trace(pod, 'service/...', port); where does it end, by which rule?
    >>> print(trouble.check())
    Not repaired yet: front reaches api (dropped).
    >>> _ = trouble.cluster.api.patch("Service", "api", "default", {"spec": {"selector": {"app": "api"}}})
    >>> print(trouble.check())
    Repaired, with 1 hint. And what was the cause? Name the object, and what about it was wrong: trouble.cause("...").
    >>> print(trouble.cause("Service api: selector"))
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

    def cause(self, text: str) -> str:
        """Whether a text names the cause: the object, and what about it is wrong.

        To apply the manifests of the healthy shop again repairs only about half of the faults. For
        the others the learner must find the cause.
        """
        if not isinstance(text, str) or not _squashed(text):
            return 'Name the cause as a text: the object and its field, such as "pod x: image".'
        said = _squashed(text)
        places, causes = _both(self._fault, said)
        if sum(all(_both(fault, said)) for fault in FAULTS.values()) > SEVERAL:
            return "That names many causes. Name one object, and one thing that is wrong about it."
        if places and causes:
            self._named = True
            story = f" It was this: {self._fault.story}." if self._repaired else ""
            return f"Right.{story}" if story else "Right. Now repair it."
        if places:
            return "The object is right. What about it is wrong? Describe it, field by field."
        if causes:
            return "Something like that is wrong. In which object? Name its kind and its name."
        return "That is not the cause. trouble.hint() says where to look next."

    def check(self) -> str:
        """Run until a repair takes effect, and say whether all works; then ask for the cause."""
        self.cluster.run(FOLLOWED)
        failing = self.failing()
        if failing:
            seen = "; ".join(f"{c.name} ({c.said})" if c.said else c.name for c in failing)
            return f"Not repaired yet: {seen}."
        self._repaired = True
        count = min(self.hints, len(self._fault.hints))
        hints = "without a hint" if not count else f"with {count} hint{'s' if count > 1 else ''}"
        if not self._named:
            return (
                f"Repaired, {hints}. And what was the cause? Name the object, and what about it "
                'was wrong: trouble.cause("...").'
            )
        return f"Repaired, {hints}. It was this: {self._fault.story}."

    def give_up(self) -> str:
        """What was done to the shop."""
        return f"It was this: {self._fault.story}."


def _squashed(text: str) -> str:
    """A text without what separates words: `target port` is `targetPort`."""
    return re.sub(r"[^a-z0-9.]", "", text.casefold())


def _both(fault: Fault, text: str) -> tuple[bool, bool]:
    """Whether a text names the broken object, and whether it names what is broken about it."""
    places, causes = fault.words
    return any(word in text for word in places), any(word in text for word in causes)
