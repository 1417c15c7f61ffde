"""The scheduling queue: Pods that wait for a node.

The life of a waiting Pod: active, until it is tried; unschedulable, until something happens that
may help it; backing off, if that is too soon after the last try; and active again.
Source: `pkg/scheduler/backend/queue/scheduling_queue.go`.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterable

import msgspec

from course_lib.engine import Simulation
from course_lib.scheduler.pod_info import PodInfo

INITIAL_BACKOFF = 1.0  # s, doubled with each attempt
MAX_BACKOFF = 10.0  # s
MAX_UNSCHEDULABLE = 300.0  # s, after which a Pod is tried again whatever happened
FEW = 1000  # Pods handed out, before their places in the queue are cleared

SortKey = tuple[float, ...]


class QueuedPod(msgspec.Struct, eq=False):
    """A Pod in the queue, with its history (`QueuedPodInfo`)."""

    info: PodInfo
    added_at: float
    order: int  # of arrival, to settle ties
    attempts: int = 0
    put_back_at: float = 0.0  # into the queue, after the last attempt
    events: tuple[str, ...] = ()  # that may help it

    def backoff_until(self) -> float:
        """Not to be tried before this time."""
        if not self.attempts:
            return 0.0
        return self.put_back_at + min(INITIAL_BACKOFF * 2.0 ** (self.attempts - 1), MAX_BACKOFF)


class SchedulingQueue:
    """The Pods that wait, the one with the smallest `sort` key first; `on_active` is called when
    one becomes active.

    `sim` has the time, in which back-offs and flushes are counted.
    """

    def __init__(
        self, sim: Simulation, on_active: Callable[[], None], sort: Callable[[QueuedPod], SortKey]
    ) -> None:
        self.sim, self._on_active, self._sort = sim, on_active, sort
        self._count = 0
        self.waiting: dict[str, QueuedPod] = {}  # all, by uid
        self.active: list[tuple[SortKey, int, str]] = []  # sorted
        self._first = 0  # of the active ones; those before it have been handed out
        self.unschedulable: dict[str, None] = {}  # uids, in order
        self._helped: dict[str, dict[str, None]] = {}  # the same, by the events that may help

    def add(self, info: PodInfo) -> None:
        """A Pod is new, or has changed in a way that may help it."""
        uid = info.pod.uid
        known = self.waiting.get(uid)
        if known is None:
            self._count += 1
            self.waiting[uid] = QueuedPod(info, self.sim.now, self._count)
            self._activate(uid)
        else:
            changed = known.info.pod.spec != info.pod.spec
            known.info = info
            if changed and uid in self.unschedulable:
                self._move(uid)

    def remove(self, uid: str) -> None:
        """A Pod is gone, or has its node."""
        self._leave(uid)
        self.waiting.pop(uid, None)

    def pop(self) -> QueuedPod | None:
        """The active Pod that comes first; this is an attempt."""
        while self._first < len(self.active):
            *_, uid = self.active[self._first]
            self._first += 1
            if self._first > FEW and 2 * self._first > len(self.active):
                del self.active[: self._first]
                self._first = 0
            queued = self.waiting.get(uid)
            if queued is not None:
                queued.attempts += 1
                return queued
        return None

    def give_back(self, queued: QueuedPod, events: Iterable[str]) -> None:
        """No node was found; these events may help."""
        uid = queued.info.pod.uid
        if uid not in self.waiting:
            return
        self._leave(uid)
        queued.events = tuple(dict.fromkeys(events))
        self.unschedulable[uid] = None
        for event in queued.events:
            self._helped.setdefault(event, {})[uid] = None
        queued.put_back_at = put_back_at = self.sim.now

        def retry() -> None:
            if queued.put_back_at == put_back_at and uid in self.unschedulable:
                self._move(uid)

        self.sim.at(put_back_at + MAX_UNSCHEDULABLE, retry)

    def move(self, event: str) -> None:
        """Something happened: try the Pods again that it may help."""
        for uid in list(self._helped.get(event, ())):
            self._move(uid)

    def retry_later(self, queued: QueuedPod) -> None:
        """Something else went wrong (a binding refused): back off and try again."""
        if queued.info.pod.uid in self.waiting:
            queued.put_back_at = self.sim.now
            self._move(queued.info.pod.uid)

    def _leave(self, uid: str) -> None:
        """A Pod is unschedulable no more."""
        if uid in self.unschedulable:
            del self.unschedulable[uid]
            for event in self.waiting[uid].events:
                del self._helped[event][uid]

    def _move(self, uid: str) -> None:
        self._leave(uid)
        until = self.waiting[uid].backoff_until()
        if until > self.sim.now:
            self.sim.at(until, lambda: self._activate(uid))
        else:
            self._activate(uid)

    def _activate(self, uid: str) -> None:
        queued = self.waiting.get(uid)
        if queued is None:
            return
        try:
            insort(self.active, (self._sort(queued), queued.order, uid), self._first)
        except Exception as error:  # of QueueSort; a key that compares with no other, too
            self.give_back(queued, ())
            self.sim.failed(error, "scheduler", f"Pod/{queued.info.pod.name}")
        else:
            self._on_active()
