"""The API server's store on etcd: writes are transactions, reads come from a cache that watches.

The cache is the plain `Store`: filled by one read of everything, and kept up to date by a watch.
A write takes no time of the cluster's as long as etcd can answer: etcd has a clock of its own,
which runs ahead for the moment that the answer takes. When there is no answer the writer is told
so at once, where a real client would have waited for some seconds.
Source: `staging/src/k8s.io/apiserver/pkg/storage/etcd3/store.go`, `.../storage/cacher`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from course_lib.apiserver.entries import DELETE, PUT, Change, StoredObject, versioned
from course_lib.apiserver.errors import Conflict, ListTooOld, StaleRead, StorageError
from course_lib.apiserver.store import Store, past
from course_lib.engine import Simulation
from course_lib.etcd import (
    Compact,
    Compare,
    Delete,
    EtcdCluster,
    EtcdError,
    Get,
    Member,
    Put,
    Refused,
    Txn,
)
from course_lib.etcd.member import Watcher
from course_lib.etcd.requests import COMPACTED, TIMED_OUT, EtcdResponse, KeyEvent, Outcome, Range
from course_lib.objects.manifests import Document

ROOT = "/registry/"
PATIENCE = 0.5  # s of etcd's time, that a request may take
Ask = Callable[[Member, Callable[[Outcome], None]], None]


class EtcdStore(Store):
    """What one API server knows of etcd, through the members that it may ask.

    `sim` has the time, `endpoints` are names of members (none: all), `reaches` says whether one can
    be reached.
    """

    def __init__(
        self,
        sim: Simulation,
        etcd: EtcdCluster,
        endpoints: Sequence[str] = (),
        reaches: Callable[[str], bool] = lambda member: True,
    ) -> None:
        super().__init__()
        self.sim, self.etcd, self.reaches = sim, etcd, reaches
        self.endpoints = endpoints  # names of members; empty: all
        self.loaded = False
        self._member: Member | None = None
        self._watch: Watcher | None = None
        self._arrived: list[KeyEvent] = []
        self._due = False

    # Reading

    def load(self) -> None:
        """Read everything, and watch from there; raises `StorageError`."""
        answer = self.ask(lambda member, done: member.read(Range(ROOT), done))
        if answer.revision < self.revision:  # etcd was put back in time, or is empty
            self._history.clear()
            self.revision = 0
        here = {kv.key: kv for kv in answer.result}
        for key in [key for key, _ in self.range("/") if key not in here]:
            self._take(KeyEvent("DELETE", key, answer.revision))
        for kv in sorted(here.values(), key=lambda kv: kv.mod_revision):
            known = self.get(kv.key)
            if known is None or known.revision != kv.mod_revision:
                self._take(KeyEvent("PUT", kv.key, kv.mod_revision, kv.value))
        self.revision = max(self.revision, answer.revision)
        self.forget(self.revision)  # what was before is not in this cache
        self._arrived.clear()
        self._follow()
        self.loaded = True

    def at(self, prefix: str, revision: int) -> Store:
        """The entries below a prefix as etcd has them at a revision.

        Raises `ListTooOld` when etcd has forgotten it, and `StorageError`.
        """
        try:
            answer = self.ask(lambda member, done: member.read(Range(prefix, revision), done))
        except StorageError as refusal:
            if refusal.what == COMPACTED:
                raise ListTooOld from None
            raise
        entries = {}
        for kv in answer.result:
            document = versioned(msgspec.json.decode(kv.value), kv.mod_revision)
            entries[kv.key] = StoredObject(document, kv.mod_revision)
        return past(revision, entries)

    def close(self) -> None:
        """The API server ends: nothing is heard any more."""
        self.loaded = False
        self._arrived.clear()
        if self._member is not None and self._watch is not None:
            self._member.unwatch(self._watch)

    def confirm(self) -> None:
        """Be as new as etcd is now, or raise `StorageError`: the read that `kubectl get` does."""
        asked: list[Member] = []
        watch = self._watch

        def read(member: Member, done: Callable[[Outcome], None]) -> None:
            asked.append(member)
            member.read(Get(ROOT), done)

        answer = self.ask(read)
        self.catch_up()
        heard_all = self.loaded and self._watch is watch and asked[-1] is self._member
        if heard_all and answer.revision > self.revision:
            self.revision = answer.revision  # the change was of a key that is not below ROOT
        if answer.revision != self.revision:
            self.load()

    def catch_up(self) -> None:
        """Hear what has changed by now."""
        self.etcd.catch_up()
        if self.loaded and not self._follows():
            self._follow()
        self._drain()

    def _follows(self) -> bool:
        member, watch = self._member, self._watch
        good = member is not None and watch is not None and member.watches(watch)
        return good and member in self._members()

    def _follow(self) -> None:
        """Watch at the first member that answers, from where the cache ends."""
        if self._member is not None and self._watch is not None and self._member.up:
            self._member.unwatch(self._watch)
        self._member = self._watch = None
        for member in self._members()[:1]:
            self._member = member
            self._watch = member.watch(ROOT, self.revision + 1, self._hear, below=True)

    def _hear(self, event: KeyEvent | EtcdError) -> None:
        """Something changed. It is told when etcd's time stands still again."""
        if isinstance(event, EtcdError):
            self.loaded = False  # etcd has forgotten where this cache is
            return
        self._arrived.append(event)
        if not self._due:
            self._due = True
            self.sim.at(self.sim.now, self._drain)

    def _drain(self) -> None:
        self._due = False
        while self._arrived:
            event = self._arrived.pop(0)
            if event.revision > self.revision:
                self._take(event)

    def _take(self, event: KeyEvent) -> None:
        """One change, into the cache and on to those who watch."""
        before = self.get(event.key)
        self.revision = max(self.revision, event.revision)
        if event.type == "PUT":
            document = versioned(msgspec.json.decode(event.value), event.revision)
            if before is not None and _uid(before.document) != _uid(document):
                # Its deletion was not seen: it lies at an earlier revision.
                self._forget(event.key, before, event.revision - 1)
                before = None
            entry = StoredObject(document, event.revision)
            self._enter(event.key, entry)
            self._publish(Change(event.revision, PUT, event.key, entry, before))
        elif before is not None:
            self._forget(event.key, before, event.revision)

    def _forget(self, key: str, before: StoredObject, revision: int) -> None:
        self._remove(key)
        self._publish(Change(revision, DELETE, key, before, before))

    # Writing

    def put(self, key: str, document: Document, expected: int | None = None) -> int:
        """Write a document, if the key was last written by revision `expected`."""
        value = msgspec.json.encode(document).decode()
        return self._write(key, expected, Put(key, value))

    def delete(self, key: str, expected: int | None = None) -> int:
        """Remove a key, if it was last written by revision `expected`."""
        if self.get(key) is None:
            raise Conflict(f"{key} is not in the store")
        return self._write(key, expected, Delete(key))

    def _write(self, key: str, expected: int | None, command: Put | Delete) -> int:
        holds = () if expected is None else (Compare(key, "mod_revision", "=", expected),)
        txn = Txn(holds, (command,), (Get(key),))
        answer = self.ask(lambda member, done: member.propose(txn, done))
        self._drain()
        done, results = answer.result
        if not done:
            found = results[0].mod_revision if results[0] else 0
            raise StaleRead(f"{key} is at revision {found}, not {expected}")
        return int(answer.revision)

    def compact(self, revision: int) -> None:
        """Have etcd forget the changes up to a revision; the cache does so too."""
        try:
            self.ask(lambda member, done: member.propose(Compact(revision), done))
        except StorageError as refusal:
            if refusal.what != COMPACTED:  # somebody else has done it
                raise
        self.forget(revision)

    def forget(self, revision: int) -> None:
        """Drop the changes up to a revision from the cache alone."""
        super().compact(revision)

    # Asking

    def _members(self) -> list[Member]:
        """The members that can be asked, the present one first: up, reached, and with a leader."""
        found = [
            member
            for name, member in self.etcd.members.items()
            if (not self.endpoints or name in self.endpoints)
            and member.up
            and self.reaches(name)
            and member.raft.leader
        ]
        return sorted(found, key=lambda member: member is not self._member)

    def ask(self, ask: Ask) -> EtcdResponse:
        """Ask one member after the other; returns the first answer, or raises `StorageError`."""
        self.etcd.catch_up()
        why = TIMED_OUT
        for member in self._members():
            answers: list[Outcome] = []
            ask(member, answers.append)
            self.etcd.wait(answers, PATIENCE)
            match answers:
                case [Refused(certain=True)]:
                    continue  # it knows of no leader any more: the next may
                case [Refused() as refused]:
                    why = f"etcdserver: {refused.why}"
                case [EtcdError() as error]:
                    why = str(error)
                case [EtcdResponse() as answer]:
                    return answer
            break  # nobody knows whether it was done
        raise StorageError(why)


def _uid(document: Document) -> object:
    return document.get("metadata", {}).get("uid")
