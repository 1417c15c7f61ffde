"""Compaction: every five minutes a store forgets the changes before the last time.

So whoever watches can go on after a break of five minutes, and lists anew after one of ten.
Source: `k8s.io/apiserver/pkg/storage/etcd3/compact.go` (`--etcd-compaction-interval`).
"""

from __future__ import annotations

from math import floor

from course_lib.apiserver.store import Store
from course_lib.engine import Simulation

INTERVAL = 300.0  # s, the default of --etcd-compaction-interval


class Compactor:
    """The compaction of a store in memory, at each full interval after it began.

    While there is nothing to forget there is no timer: each time would find the same.
    """

    def __init__(self, sim: Simulation, store: Store) -> None:
        self._sim, self._store, self._began = sim, store, sim.now
        self._before = store.revision  # at the last time
        self._sleeps = True
        store.on_history = self._wake
        if store.has_history:
            self._next()

    def _wake(self) -> None:
        """The first change after a time without any."""
        if self._sleeps:
            self._before = self._store.revision - 1
            self._next()

    def _next(self) -> None:
        self._sleeps = False
        passed = floor((self._sim.now - self._began) / INTERVAL)
        self._sim.at(self._began + (passed + 1) * INTERVAL, self._compact)

    def _compact(self) -> None:
        self._store.compact(self._before)
        self._before = self._store.revision
        self._sleeps = True
        if self._store.has_history:
            self._next()
