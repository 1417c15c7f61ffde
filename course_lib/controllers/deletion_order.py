"""Which Pods a ReplicaSet deletes first, updated with each change instead of sorted each time.

Source: `ActivePodsWithRanks` in `pkg/controller/controller_utils.go`, which sorts all Pods.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from heapq import heapify, heappop, heappush

from course_lib.controllers.ownership import number_in
from course_lib.engine.timestamps import seconds_at
from course_lib.objects.kinds.pod import DELETION_COST, Pod
from course_lib.objects.meta import condition
from course_lib.objects.pods import is_ready

Rank = tuple[bool, int, bool, int, int, int, int, int, str]  # the lowest goes first
Ranking = Callable[[Pod], Rank | None]  # of a Pod as it is now; None if it does not count
SPARE = 100  # outdated entries beyond which the heap is made again


def rank(pod: Pod, crowd: int, now: float) -> Rank:
    """The place of a `pod` in the order of deletion, at a simulated time `now`, in s.

    First come those without a node, not running, not ready; the cheap ones; where many share a node
    (`crowd` Pods); those ready for less long, restarted more often, younger.
    """
    restarts = max((c.restart_count for c in pod.status.container_statuses or ()), default=0)
    ready = condition(pod.status.conditions, "Ready")
    return (
        bool(pod.spec.node_name),
        ("Pending", "Unknown", "Running").index(pod.status.phase),
        is_ready(pod),
        number_in(pod, DELETION_COST, 0),
        -crowd,
        _magnitude(now, ready.last_transition_time if ready else None),
        -restarts,
        _magnitude(now, pod.metadata.creation_timestamp),
        pod.uid,
    )


def removal_order(pod: Pod) -> tuple[bool, int, bool, float, int, float, str]:
    """The place of a Pod in the order in which a Job removes active ones, the lowest first.

    As in `rank`, with exact ages, and without costs (`ActivePods`).
    """
    ready = is_ready(pod)
    since = condition(pod.status.conditions, "Ready") if ready else None
    restarts = max((c.restart_count for c in pod.status.container_statuses or ()), default=0)
    return (
        bool(pod.spec.node_name),
        ("Pending", "Unknown", "Running").index(pod.status.phase),
        ready,
        -seconds_at(since.last_transition_time or "") if since else 0.0,
        -restarts,
        -seconds_at(pod.metadata.creation_timestamp or ""),
        pod.name,
    )


def _magnitude(now: float, since: str | None) -> int:
    """An age on a logarithmic scale, so that ties among similar ages are broken at random
    (`logarithmicRankDiff`: powers of two, in nanoseconds)."""
    nanoseconds = (now - seconds_at(since)) * 1e9 if since else 0.0
    return int(math.log2(nanoseconds)) if nanoseconds > 1 else -1


class DeletionOrder:
    """The Pods of one ReplicaSet in the order in which it deletes them.

    A heap of ranks, of which some are too low: the rank of a Pod rises with time, and when another
    Pod leaves its node. It is corrected when it comes to the top. A Pod whose rank may have fallen
    must be noted. `ranking` gives the present rank of a Pod.
    """

    def __init__(self, ranking: Ranking) -> None:
        self._ranking = ranking
        self._heap: list[Rank] = []
        self._noted: dict[str, tuple[Rank, Pod]] = {}  # by uid; other ranks are outdated

    def note(self, pod: Pod) -> None:
        """Take a Pod in, or at its new rank."""
        found = self._ranking(pod)
        if found is None:
            self._noted.pop(pod.uid, None)
        elif self._rank(pod.uid) != found:
            self._noted[pod.uid] = found, pod
            heappush(self._heap, found)

    def first(self, count: int) -> list[Pod]:
        """The first Pods to go, at most so many; they stay in the order until they are gone."""
        self._compact()
        chosen: list[Pod] = []
        while self._heap and len(chosen) < count:
            lowest = heappop(self._heap)
            noted, pod = self._noted.get(lowest[-1], (None, None))
            if pod is None or noted != lowest:
                continue
            del self._noted[pod.uid]
            if self._ranking(pod) == lowest:
                chosen.append(pod)
            else:
                self.note(pod)
        for pod in chosen:
            self.note(pod)
        return chosen

    def _rank(self, uid: str) -> Rank | None:
        noted = self._noted.get(uid)
        return noted[0] if noted else None

    def _compact(self) -> None:
        """Drop outdated ranks when they are most of the heap."""
        if len(self._heap) > 2 * len(self._noted) + SPARE:
            self._heap = [noted for noted, _ in self._noted.values()]
            heapify(self._heap)
