"""The keys and values of etcd: every change makes a revision (etcd.io "Data model")."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable

import msgspec

from course_lib.etcd.requests import (
    COMPACTED,
    FUTURE,
    LEASE_EXISTS,
    NO_LEASE,
    NO_SPACE,
    Alarm,
    Command,
    Compact,
    Compare,
    Delete,
    EtcdError,
    EtcdResponse,
    Get,
    Grant,
    KeyEvent,
    KeyValue,
    Put,
    Range,
    Revoke,
    Txn,
)

QUOTA = 2 * 2**30  # bytes, as etcd's --quota-backend-bytes
OVERHEAD = 40  # bytes that a revision takes beside its key and value, roughly
_HOLDS: dict[str, Callable[[str | int, str | int], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">": lambda a, b: a > b,  # type: ignore[operator]  # both are of the target's type
    "<": lambda a, b: a < b,  # type: ignore[operator]
}


class SavedStore(msgspec.Struct, frozen=True):
    """A store's whole state, as a value; at first that of the empty store."""

    revision: int = 1
    compacted: int = 0
    leases: tuple[tuple[int, float], ...] = ()
    history: tuple[tuple[str, tuple[KeyValue | int, ...]], ...] = ()
    alarm: bool = False


class MVCCStore:
    """The state machine: keys with their history since the last compaction.

    >>> store = MVCCStore()
    >>> store.apply(Put("a", "1")).revision, store.apply(Put("a", "2")).revision
    (2, 3)
    >>> store.read(Get("a")).result.value, store.read(Get("a", revision=2)).result.value
    ('2', '1')
    """

    def __init__(self, quota: float = QUOTA) -> None:
        self.quota = quota
        self.revision = 1  # of the empty store
        self.compacted = 0
        self.leases: dict[int, float] = {}  # by ID, their seconds
        self.in_use = 0  # bytes of all revisions that are kept
        self.size = 0  # bytes of the file, which does not shrink by itself
        self.alarm = False  # NOSPACE
        self._history: dict[str, list[KeyValue | int]] = {}  # an int: deleted at this revision
        self._changes: list[tuple[int, str]] = []  # revision and key, in order

    # What members do with it

    def apply(self, command: object) -> EtcdResponse | EtcdError:
        """Do one command; a refusal is a result too, the same on all members."""
        try:
            match command:
                case Put(lease=0) if not self.alarm:  # by far the most
                    result = self._do(command, self.revision + 1)
                    return EtcdResponse(self.revision, (result,))
                case Delete() | Put():
                    return self._change((command,))
                case Txn():
                    return self._transact(command)
                case Compact():
                    return self._compact(command.revision)
                case Grant():
                    return self._grant(command)
                case Revoke():
                    return self._revoke(command.id)
                case Alarm():
                    self.alarm = command.raised
            return EtcdResponse(self.revision)
        except EtcdError as error:
            return error

    def read(self, question: Get | Range) -> EtcdResponse | EtcdError:
        """Answer a question."""
        try:
            if isinstance(question, Range):
                return EtcdResponse(self.revision, self.range(question.prefix, question.revision))
            return EtcdResponse(self.revision, self.get(question.key, question.revision))
        except EtcdError as error:
            return error

    def save(self) -> SavedStore:
        """The whole state."""
        history = tuple((key, tuple(changes)) for key, changes in self._history.items())
        leases = tuple(self.leases.items())
        return SavedStore(self.revision, self.compacted, leases, history, self.alarm)

    def load(self, state: object) -> None:
        """Take on a state that was saved; None is the empty one."""
        saved = state if isinstance(state, SavedStore) else SavedStore()
        self.revision, self.compacted, self.alarm = saved.revision, saved.compacted, saved.alarm
        self.leases = dict(saved.leases)
        self._history = {key: list(changes) for key, changes in saved.history}
        self._changes = sorted(
            (_revision(change), key) for key, changes in saved.history for change in changes
        )
        self.in_use = sum(_bytes(key, c) for key, changes in saved.history for c in changes)
        self.size = self.in_use

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

    def range(self, prefix: str, revision: int = 0) -> tuple[KeyValue, ...]:
        """All keys below a prefix, in order; raises `EtcdError`."""
        found = (self.get(key, revision) for key in sorted(self._history) if key.startswith(prefix))
        return tuple([each for each in found if each is not None])

    def fits(self, command: Command) -> bool:
        """Whether a command leaves the store within its quota."""
        if isinstance(command, Put):
            return self.size + len(command.key) + len(command.value) + OVERHEAD <= self.quota
        puts = command.success + command.failure if isinstance(command, Txn) else (command,)
        added = sum(_bytes(p.key, p) for p in puts if isinstance(p, Put))
        return not added or self.size + added <= self.quota

    def _change(self, commands: tuple[Put | Delete | Get, ...]) -> EtcdResponse:
        """Do commands at one new revision, all or none; what changes nothing makes none."""
        for command in commands:
            if isinstance(command, Get):
                self.get(command.key, command.revision)
            elif isinstance(command, Put) and self.alarm:
                raise EtcdError(NO_SPACE)
            elif isinstance(command, Put) and command.lease and command.lease not in self.leases:
                raise EtcdError(NO_LEASE)
        revision = self.revision + 1
        results = tuple([self._do(each, revision) for each in commands])
        return EtcdResponse(self.revision, results)

    def _do(self, command: Put | Delete | Get, revision: int) -> KeyValue | int | None:
        """One command: a put returns what was there, a delete how many keys it deleted."""
        if isinstance(command, Get):
            return self.get(command.key, command.revision)
        changes = self._history.get(command.key, [])
        old = changes[-1] if changes else 0
        if isinstance(command, Put):
            self.revision = revision
            self._changes.append((revision, command.key))
            self.in_use += OVERHEAD + len(command.key) + len(command.value)
            if self.in_use > self.size:
                self.size = self.in_use
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
        self._changes.append((revision, command.key))
        self.in_use += OVERHEAD + len(command.key)
        self.size = max(self.size, self.in_use)
        self.revision = revision
        return 1

    def _transact(self, txn: Txn) -> EtcdResponse:
        holds = all(self._holds(compare) for compare in txn.compare)
        done = self._change(txn.success if holds else txn.failure)
        return EtcdResponse(done.revision, (holds, done.result))

    def _holds(self, compare: Compare) -> bool:
        found = self.get(compare.key)
        if found is None and compare.target == "value":
            return False  # there is no value to compare with
        have = getattr(found, compare.target) if found else 0
        return _HOLDS[compare.result](have, compare.value)

    def _grant(self, lease: Grant) -> EtcdResponse:
        if self.alarm:
            raise EtcdError(NO_SPACE)
        if lease.id in self.leases:
            raise EtcdError(LEASE_EXISTS)
        self.leases[lease.id] = lease.seconds
        return EtcdResponse(self.revision, lease.id)

    def _revoke(self, id: int) -> EtcdResponse:
        if id not in self.leases:
            raise EtcdError(NO_LEASE)
        del self.leases[id]
        now = {key: self.get(key) for key in self._history}
        held = [Delete(key) for key, found in now.items() if found and found.lease == id]
        return self._change(tuple(held))

    def events(self, prefix: str, since: int) -> list[KeyEvent]:
        """What happened below a prefix from a revision on; raises `EtcdError` when forgotten."""
        if since < self.compacted:
            raise EtcdError(COMPACTED)
        told = []
        for revision, key in self._changes[bisect_left(self._changes, (since, "")) :]:
            if key.startswith(prefix) and key in self._history:
                changes = self._history[key]
                change = changes[bisect_right(changes, revision, key=_revision) - 1]
                told.append(_event(key, change))
        return told

    def defragment(self) -> None:
        """Give back what compaction has freed (`etcdctl defrag`); a member does it for itself."""
        self.size = self.in_use

    def _compact(self, revision: int) -> EtcdResponse:
        if revision <= self.compacted:
            raise EtcdError(COMPACTED)
        if revision > self.revision:
            raise EtcdError(FUTURE)
        self.compacted = revision
        for key in list(self._history):
            changes = self._history[key]
            first = max(0, bisect_right(changes, revision, key=_revision) - 1)
            kept = changes[first:]
            self.in_use -= sum(_bytes(key, gone) for gone in changes[:first])
            if kept and isinstance(kept[0], int) and kept[0] <= revision:
                self.in_use -= _bytes(key, kept[0])
                kept = kept[1:]  # it was deleted before
            if kept:
                self._history[key] = kept
            else:
                del self._history[key]
        del self._changes[: bisect_left(self._changes, (revision, ""))]
        return EtcdResponse(self.revision)


def _revision(change: KeyValue | int) -> int:
    return change if isinstance(change, int) else change.mod_revision


def _bytes(key: str, change: KeyValue | Put | int) -> int:
    return OVERHEAD + len(key) + (0 if isinstance(change, int) else len(change.value))


def _event(key: str, change: KeyValue | int) -> KeyEvent:
    if isinstance(change, KeyValue):
        return KeyEvent("PUT", key, change.mod_revision, change.value)
    return KeyEvent("DELETE", key, change)
