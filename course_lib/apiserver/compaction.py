"""Compaction: every five minutes a store drops the changes made before the previous compaction.

A watch can resume after a break of five minutes. After a break of ten minutes it has to list again.
Source: `k8s.io/apiserver/pkg/storage/etcd3/compact.go` (`--etcd-compaction-interval`).
"""

from __future__ import annotations

from math import ceil, floor

from course_lib.apiserver.store import Store
from course_lib.engine import Simulation

INTERVAL = 300.0  # s, the default of --etcd-compaction-interval


class Compactor:
    """Compacts a store in memory, at each full interval after the start.

    There is no timer while the store has no changes to drop.
    """

    def __init__(self, sim: Simulation, store: Store) -> None:
        self._sim, self._store, self._began = sim, store, sim.now
        self._before = store.revision  # at the previous compaction
        self._sleeps = True
        store.on_history = self._wake
        if store.has_history:
            self._next()

    def _wake(self) -> None:
        """Start the timer at the first change after a compaction that left none."""
        if self._sleeps:
            self._before = self._store.revision - 1
            self._at(ceil((self._sim.now - self._began) / INTERVAL))  # now, at a full interval

    def _next(self) -> None:
        self._at(floor((self._sim.now - self._began) / INTERVAL) + 1)

    def _at(self, interval: int) -> None:
        self._sleeps = False
        self._sim.at(self._began + max(interval, 1) * INTERVAL, self._compact)

    def _compact(self) -> None:
        self._store.compact(self._before)
        self._before = self._store.revision
        self._sleeps = True
        if self._store.has_history:
            self._next()
