"""The keys and values of etcd: every change makes a revision, and old ones can be read.

Source: etcd.io "Data model", "etcd API"; errors as in `api/v3rpc/rpctypes/error.go`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import Any

import msgspec


class KeyValue(msgspec.Struct, frozen=True, gc=False):
    """A key at a revision: when it was made, when it was last changed, and how often."""

    key: str
    value: str
    create_revision: int
    mod_revision: int
    version: int
    lease: int = 0


class Put(msgspec.Struct, frozen=True, gc=False):
    """Write a key; with a lease, for as long as that lasts."""

    key: str
    value: str
    lease: int = 0


class Delete(msgspec.Struct, frozen=True, gc=False):
    """Delete a key."""

    key: str


class Get(msgspec.Struct, frozen=True, gc=False):
    """Read a key, now (0) or as it was at a revision."""

    key: str
    revision: int = 0


class Compare(msgspec.Struct, frozen=True):
    """What must hold for a transaction: a key's value, version, or revision of its last change.

    Of a key that is not there, version and revision are 0.
    """

    key: str
    target: str  # value, version, create_revision or mod_revision
    result: str  # =, !=, > or <
    value: str | int


class Txn(msgspec.Struct, frozen=True):
    """If all comparisons hold do `success`, else `failure`: all of it at one revision."""

    compare: tuple[Compare, ...]
    success: tuple[Put | Delete | Get, ...] = ()
    failure: tuple[Put | Delete | Get, ...] = ()


class Compact(msgspec.Struct, frozen=True):
    """Forget what was before a revision."""

    revision: int


class Grant(msgspec.Struct, frozen=True):
    """Make a lease of so many seconds; whoever has it renews it in time."""

    id: int
    seconds: float


class Revoke(msgspec.Struct, frozen=True):
    """End a lease, and delete the keys that hang on it, at one revision."""

    id: int


class Event(msgspec.Struct, frozen=True):
    """What a watch tells: a key was put or deleted."""

    type: str  # PUT or DELETE
    key: str
    revision: int
    value: str = ""


class EtcdError(Exception):
    """A request that etcd refuses, in its words."""


COMPACTED = "etcdserver: mvcc: required revision has been compacted"
FUTURE = "etcdserver: mvcc: required revision is a future revision"
NO_LEASE = "etcdserver: requested lease not found"
LEASE_EXISTS = "etcdserver: lease already exists"
_HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
}


class Answer(msgspec.Struct, frozen=True, gc=False):
    """What came of a request: the store's revision, and what was found or done."""

    revision: int
    result: Any = None


class Store:
    """The state machine: keys with their history since the last compaction.

    >>> store = Store()
    >>> store.apply(Put("a", "1")).revision, store.apply(Put("a", "2")).revision
    (2, 3)
    >>> store.read(Get("a")).result.value, store.read(Get("a", revision=2)).result.value
    ('2', '1')
    """

    def __init__(self) -> None:
        self.revision = 1  # of the empty store
        self.compacted = 0
        self.leases: dict[int, float] = {}  # by ID, their seconds
        self._history: dict[str, list[KeyValue | int]] = {}  # an int: deleted at this revision

    # What members do with it

    def apply(self, command: Any) -> Answer | EtcdError:
        """Do one command; a refusal is a result too, the same on all members."""
        try:
            match command:
                case Put(lease=0) | Delete():  # by far the most
                    result = self._do(command, self.revision + 1)
                    return Answer(self.revision, (result,))
                case Put():
                    return self._change((command,))
                case Txn():
                    return self._transact(command)
                case Compact():
                    return self._compact(command.revision)
                case Grant():
                    return self._grant(command)
                case Revoke():
                    return self._revoke(command.id)
            return Answer(self.revision)
        except EtcdError as error:
            return error

    def read(self, question: Get) -> Answer | EtcdError:
        """Answer a question."""
        try:
            return Answer(self.revision, self.get(question.key, question.revision))
        except EtcdError as error:
            return error

    def save(self) -> Any:
        """The whole state."""
        history = tuple((key, tuple(changes)) for key, changes in self._history.items())
        return self.revision, self.compacted, tuple(self.leases.items()), history

    def load(self, state: Any) -> None:
        """Take on a state that was saved; None is the empty one."""
        self.revision, self.compacted, leases, history = state or (1, 0, (), ())
        self.leases = dict(leases)
        self._history = {key: list(changes) for key, changes in history}

    # Keys

    def get(self, key: str, revision: int = 0) -> KeyValue | None:
        """A key, now or at a revision; raises `EtcdError`."""
        if revision > self.revision:
            raise EtcdError(FUTURE)
        if 0 < revision < self.compacted:
            raise EtcdError(COMPACTED)
        changes = self._history.get(key, ())
        place = bisect_right(changes, revision, key=_revision) if revision else len(changes)
        found = changes[place - 1] if place else None
        return found if isinstance(found, KeyValue) else None

    def _change(self, commands: tuple[Put | Delete | Get, ...]) -> Answer:
        """Do commands at one new revision, all or none; what changes nothing makes none."""
        for command in commands:
            if isinstance(command, Get):
                self.get(command.key, command.revision)
            elif isinstance(command, Put) and command.lease and command.lease not in self.leases:
                raise EtcdError(NO_LEASE)
        revision = self.revision + 1
        results = tuple([self._do(each, revision) for each in commands])
        return Answer(self.revision, results)

    def _do(self, command: Put | Delete | Get, revision: int) -> Any:
        """One command: a put returns what was there, a delete how many keys it deleted."""
        if isinstance(command, Get):
            return self.get(command.key, command.revision)
        changes = self._history.get(command.key, [])
        old = changes[-1] if changes else 0
        if isinstance(command, Put):
            self.revision = revision
            if not changes:
                self._history[command.key] = changes
            if isinstance(old, int):
                new = KeyValue(command.key, command.value, revision, revision, 1, command.lease)
                changes.append(new)
                return None
            made, version = old.create_revision, old.version + 1
            changes.append(
                KeyValue(command.key, command.value, made, revision, version, command.lease)
            )
            return old
        if isinstance(old, int):
            return 0
        changes.append(revision)
        self.revision = revision
        return 1

    def _transact(self, txn: Txn) -> Answer:
        holds = all(self._holds(compare) for compare in txn.compare)
        done = self._change(txn.success if holds else txn.failure)
        return Answer(done.revision, (holds, done.result))

    def _holds(self, compare: Compare) -> bool:
        found = self.get(compare.key)
        if found is None and compare.target == "value":
            return False  # there is no value to compare with
        have = getattr(found, compare.target) if found else 0
        return _HOLDS[compare.result](have, compare.value)

    def _grant(self, lease: Grant) -> Answer:
        if lease.id in self.leases:
            raise EtcdError(LEASE_EXISTS)
        self.leases[lease.id] = lease.seconds
        return Answer(self.revision, lease.id)

    def _revoke(self, id: int) -> Answer:
        if id not in self.leases:
            raise EtcdError(NO_LEASE)
        del self.leases[id]
        held = [Delete(key) for key in self._history if self._lease_of(key) == id]
        return self._change(tuple(held))

    def _lease_of(self, key: str) -> int:
        found = self.get(key)
        return found.lease if found else 0

    def events(self, key: str, since: int) -> list[Event]:
        """What happened to a key from a revision on; raises `EtcdError` when that is forgotten."""
        if since <= self.compacted:
            raise EtcdError(COMPACTED)
        told = []
        for change in self._history.get(key, ()):
            if _revision(change) >= since:
                told.append(_event(key, change))
        return told

    def _compact(self, revision: int) -> Answer:
        if revision <= self.compacted:
            raise EtcdError(COMPACTED)
        if revision > self.revision:
            raise EtcdError(FUTURE)
        self.compacted = revision
        for key in list(self._history):
            changes = self._history[key]
            first = max(0, bisect_right(changes, revision, key=_revision) - 1)
            kept = changes[first:]
            if kept and isinstance(kept[0], int) and kept[0] <= revision:
                kept = kept[1:]  # it was deleted before
            if kept:
                self._history[key] = kept
            else:
                del self._history[key]
        return Answer(self.revision)


def _revision(change: KeyValue | int) -> int:
    return change if isinstance(change, int) else change.mod_revision


def _event(key: str, change: KeyValue | int) -> Event:
    if isinstance(change, KeyValue):
        return Event("PUT", key, change.mod_revision, change.value)
    return Event("DELETE", key, change)
