"""What a client of etcd says and hears: requests, answers, events, errors in etcd's words.

Source: etcd.io "etcd API"; errors as in `api/v3rpc/rpctypes/error.go`.
"""

from __future__ import annotations

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


class Range(msgspec.Struct, frozen=True, gc=False):
    """Read all keys below a prefix, now (0) or as they were at a revision."""

    prefix: str
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
    """Make a lease of so many seconds; its holder renews it in time."""

    id: int
    seconds: float


class Revoke(msgspec.Struct, frozen=True):
    """End a lease, and delete the keys that hang on it, at one revision."""

    id: int


class Alarm(msgspec.Struct, frozen=True):
    """Raise or end the alarm NOSPACE: with it, nothing is written that takes space."""

    raised: bool


class KeyEvent(msgspec.Struct, frozen=True):
    """What a watch reports: a key was put or deleted."""

    type: str  # PUT or DELETE
    key: str
    revision: int
    value: str = ""


class EtcdError(Exception):
    """A request that etcd refuses, in its words."""


class Refused(Exception):
    """A request that a member cannot answer: there is no leader, or it changed.

    `certain` says that it was not done and never will be; else the outcome is unknown.
    """

    def __init__(self, why: str, certain: bool) -> None:
        super().__init__(why)
        self.why, self.certain = why, certain


class EtcdResponse(msgspec.Struct, frozen=True, gc=False):
    """The response to a request: the store's revision, and what was found or done."""

    revision: int
    result: Any = None  # a KeyValue, several, a count, or a transaction's results


Question = Get | Range
Command = Put | Delete | Txn | Compact | Grant | Revoke | Alarm
Outcome = EtcdResponse | EtcdError | Refused | None  # None: of a command that is not the store's


COMPACTED = "etcdserver: mvcc: required revision has been compacted"
FUTURE = "etcdserver: mvcc: required revision is a future revision"
NO_LEASE = "etcdserver: requested lease not found"
LEASE_EXISTS = "etcdserver: lease already exists"
NO_SPACE = "etcdserver: mvcc: database space exceeded"
TIMED_OUT = "etcdserver: request timed out"
NO_LEADER = "etcdserver: no leader"
