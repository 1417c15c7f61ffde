"""Compaction: every five minutes a store drops the changes made before the previous compaction.

A watch can resume after a break of five minutes. After a break of ten minutes it has to list again.
`Compactor` does it for a store in memory, `EtcdCompactor` for the etcd of several API servers.
Source: `k8s.io/apiserver/pkg/storage/etcd3/compact.go` (`--etcd-compaction-interval`).
"""

from __future__ import annotations

from contextlib import suppress
from math import ceil, floor

from course_lib.apiserver.errors import StorageError
from course_lib.apiserver.etcd_store import EtcdStore
from course_lib.apiserver.store import Store
from course_lib.engine import Simulation
from course_lib.engine.simulation import Process
from course_lib.etcd import Compare, Get, Put, Txn

INTERVAL = 300.0  # s, the default of --etcd-compaction-interval
TURN = "compact_rev_key"  # its value: up to which revision the last compaction went


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


class EtcdCompactor:
    """Compacts etcd for one API server, at each full interval after its start when it has its turn.

    All API servers try. The first one in an interval changes a key in etcd; the others find the key
    changed, and do nothing before the next interval. `store` is the API server's store.
    """

    def __init__(self, store: EtcdStore) -> None:
        self._store = store
        self._version = 0  # that the key had at the last try
        self._before = 0  # the revision of etcd at the last try; 0: there was none

    def run(self, sim: Simulation) -> Process:
        """Try at each interval; after a failure, at the next one."""
        while True:
            yield sim.sleep(INTERVAL)
            with suppress(StorageError):
                self._compact()

    def _compact(self) -> None:
        mine = Compare(TURN, "version", "=", self._version)
        take = Txn((mine,), (Put(TURN, str(self._before)),), (Get(TURN),))
        answer = self._store.ask(lambda member, done: member.propose(take, done))
        taken, (kept,) = answer.result
        before, self._before = self._before, answer.revision
        if taken:
            self._version += 1
            if before:
                self._store.compact(before)
        else:  # another API server was faster, or etcd has the state of an earlier time
            self._version = kept.version if kept else 0
            self._store.forget(int(kept.value) if kept and kept.value.isdecimal() else 0)
