"""The Pods of a StatefulSet by ordinal, kept by Pod: a change of one costs that one.

Source: `pkg/controller/statefulset/stateful_set_utils.go`.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable

from course_lib.controllers.revisions import REVISION_LABEL
from course_lib.controllers.standing import Standing, standing_of
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.stateful_set import StatefulSet
from course_lib.objects.pods import ready_since


def ordinal_of(pod: Pod) -> int | None:
    """The ordinal of a Pod that is named after its StatefulSet; None for any other."""
    owner = pod.metadata.controller
    base, _, ordinal = pod.name.rpartition("-")
    named = owner is not None and owner.kind == "StatefulSet" and base == owner.name
    return int(ordinal) if named and ordinal.isdecimal() else None


def desired_ordinals(owner: StatefulSet) -> range:
    """The ordinals of the Pods that a StatefulSet should have."""
    start = owner.spec.ordinals.start if owner.spec.ordinals else 0
    return range(start, start + owner.spec.replicas)


def by_replica(pod: Pod) -> list[tuple[str, tuple[Standing, str]]]:
    """Tally function: standing and revision of each StatefulSet's Pods."""
    owner = pod.metadata.controller
    if owner is None or ordinal_of(pod) is None:
        return []
    return [(owner.uid, (standing_of(pod), pod.labels.get(REVISION_LABEL, "")))]


def by_time_running_ready(pod: Pod) -> list[tuple[str, str]]:
    """Tally function: since when the Pods of each StatefulSet that run are ready."""
    owner, since = pod.metadata.controller, ready_since(pod)
    if owner is None or ordinal_of(pod) is None or pod.status.phase != "Running" or since is None:
        return []
    return [(owner.uid, since)]


def in_order_of_start(places: Iterable[int], total: int) -> list[int]:
    """The order in which Pods at these `places`, of so many in `total`, are really made.

    All places are gone through in batches of 1, 2, 4, and so on; see `batches.as_started`.
    """

    def order(place: int) -> tuple[int, bool, int]:
        batch = (place + 1).bit_length()
        return batch, place != min((1 << batch) - 2, total - 1), place

    return sorted(places, key=order)


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

    def first_missing(self, desired: range) -> int | None:
        """The lowest of the `desired` ordinals that does not exist."""
        begin = bisect_left(self.present, desired.start)
        numbers = range(len(self.present) - begin)
        gap = bisect_left(
            numbers, True, key=lambda number: self.present[begin + number] != desired.start + number
        )
        return desired.start + gap if gap < len(desired) else None

    def missing(self, desired: range) -> list[int]:
        """The `desired` ordinals that do not exist."""
        if self.first_missing(desired) is None:
            return []
        there = set(_within(self.present, desired))
        return [ordinal for ordinal in desired if ordinal not in there]

    def unsound_in(self, desired: range) -> list[int]:
        """The `desired` ordinals that exist and hold the next step up."""
        return _within(self.unsound, desired)

    def outdated_in(self, desired: range) -> list[int]:
        """The `desired` ordinals that are of an old revision, the highest first."""
        return _within(self.outdated, desired)[::-1]

    def surplus(self, desired: range) -> list[int]:
        """The ordinals that are not among the `desired` ones, the highest first."""
        above = self.present[bisect_left(self.present, desired.stop) :]
        return [*above[::-1], *self.present[: bisect_left(self.present, desired.start)][::-1]]


def _within(ordinals: list[int], desired: range) -> list[int]:
    """Those of sorted `ordinals` that are among the `desired` ones."""
    return ordinals[bisect_left(ordinals, desired.start) : bisect_left(ordinals, desired.stop)]


def _keep(ordinals: list[int], ordinal: int, inside: bool) -> None:
    """Put an ordinal into a sorted list, or take it out."""
    place = bisect_left(ordinals, ordinal)
    there = place < len(ordinals) and ordinals[place] == ordinal
    if inside and not there:
        insort(ordinals, ordinal)
    elif there and not inside:
        del ordinals[place]
