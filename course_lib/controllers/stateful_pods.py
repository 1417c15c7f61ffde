"""The Pods of a StatefulSet by ordinal, kept by Pod: a change of one costs that one.

Source: `pkg/controller/statefulset/stateful_set_utils.go`.
"""

from __future__ import annotations

from bisect import bisect_left, insort

from course_lib.controllers.revisions import REVISION_LABEL
from course_lib.controllers.standing import Standing, standing_of
from course_lib.objects.kinds.pod import Pod


def ordinal_of(pod: Pod) -> int | None:
    """The ordinal of a Pod that is named after its StatefulSet; None for any other."""
    owner = pod.metadata.controller
    base, _, ordinal = pod.name.rpartition("-")
    named = owner is not None and owner.kind == "StatefulSet" and base == owner.name
    return int(ordinal) if named and ordinal.isdecimal() else None


def by_replica(pod: Pod) -> list[tuple[str, tuple[Standing, str]]]:
    """Tally function: standing and revision of each StatefulSet's Pods."""
    owner = pod.metadata.controller
    if owner is None or ordinal_of(pod) is None:
        return []
    return [(owner.uid, (standing_of(pod), pod.labels.get(REVISION_LABEL, "")))]


class Ordinals:
    """Which ordinals exist, which of them hold up the next step, and which are of an old revision.

    All three are sorted. `version` is that of the StatefulSet's spec and `update` its revision.
    """

    def __init__(self, version: int, update: str) -> None:
        self.version, self.update = version, update
        self.present: list[int] = []
        self.unsound: list[int] = []  # being deleted, ended, or not available
        self.outdated: list[int] = []
        self._noted: dict[str, None] = {}

    def note(self, name: str) -> None:
        """Look at a Pod."""
        self._noted[name] = None

    def take(self) -> list[str]:
        """The names of the Pods to look at; they are noted no longer."""
        names, self._noted = list(self._noted), {}
        return names

    def put(self, ordinal: int, pod: Pod | None, sound: bool) -> None:
        """Keep what is known of an `ordinal`: its `pod`, if there is one; whether it is `sound`."""
        there = pod is not None
        outdated = pod is not None and pod.labels.get(REVISION_LABEL) != self.update
        _keep(self.present, ordinal, there)
        _keep(self.unsound, ordinal, there and not sound)
        _keep(self.outdated, ordinal, outdated)

    @property
    def first_missing(self) -> int:
        """The lowest ordinal that does not exist: where the sorted ones leave the count."""
        numbers = range(len(self.present))
        return bisect_left(numbers, True, key=lambda number: self.present[number] != number)

    def surplus(self, replicas: int) -> list[int]:
        """The ordinals beyond the replicas, the highest first."""
        return self.present[bisect_left(self.present, replicas) :][::-1]

    def last_outdated(self, replicas: int) -> int | None:
        """The highest ordinal of an old revision among the replicas."""
        place = bisect_left(self.outdated, replicas)
        return self.outdated[place - 1] if place else None

    def all_sound(self, ordinals: range) -> bool:
        """Whether all of these exist and hold nothing up."""
        first, end = ordinals.start, ordinals.stop
        there = bisect_left(self.present, end) - bisect_left(self.present, first)
        return there == len(ordinals) and bisect_left(self.unsound, end) == bisect_left(
            self.unsound, first
        )


def _keep(ordinals: list[int], ordinal: int, inside: bool) -> None:
    """Put an ordinal into a sorted list, or take it out."""
    place = bisect_left(ordinals, ordinal)
    there = place < len(ordinals) and ordinals[place] == ordinal
    if inside and not there:
        insort(ordinals, ordinal)
    elif there and not inside:
        del ordinals[place]
