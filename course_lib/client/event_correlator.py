"""Which Events of one component are written: similar ones are combined, and many are dropped.

Source: client-go `tools/record/events_cache.go`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, NamedTuple, TypeVar

import msgspec

MOST_KNOWN = 4096  # entries of each cache
MOST_SIMILAR = 10  # Events that differ by their message alone, from which on they are one Event
SIMILAR_SECONDS = 600.0  # after such a pause they are told apart again
BURST, REFILL_SECONDS = 25, 300.0  # Events about one object at once, and s until one more
COMBINED = "(combined from similar events): "
KeyT = TypeVar("KeyT", bound=Hashable)
ValueT = TypeVar("ValueT")


class Told(NamedTuple):
    """What an Event says, and of which field of its object; empty for the whole of it."""

    type: str
    reason: str
    message: str
    field: str


class Recorded(msgspec.Struct):
    """An Event as it was written last: its name, since when, and how often it was observed."""

    name: str
    first: str
    count: int = 1


class _Similar(msgspec.Struct):
    """The messages of Events that are alike otherwise, and when (s) the last one was."""

    messages: dict[str, None]
    last: float


class _Bucket(msgspec.Struct):
    """How many more Events about an object may be written, counted at a time (s)."""

    tokens: float
    at: float


class Recent(Generic[KeyT, ValueT]):
    """The values that were put or read last, at most so many.

    >>> known = Recent[str, int](most=2)
    >>> for key in "abc":
    ...     known.put(key, 1)
    >>> known.get("a"), known.get("b")
    (None, 1)
    """

    def __init__(self, most: int = MOST_KNOWN) -> None:
        self._most, self._values = most, OrderedDict[KeyT, ValueT]()

    def get(self, key: KeyT) -> ValueT | None:
        """The value of a key, which counts as read now."""
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def put(self, key: KeyT, value: ValueT) -> None:
        """Keep a value; that which was not used for the longest time may go."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._most:
            self._values.popitem(last=False)


class EventCorrelator:
    """What one component has recorded; times are in simulated s."""

    def __init__(self) -> None:
        self._recorded = Recent[tuple[str, ...], Recorded]()
        self._similar = Recent[tuple[str, ...], _Similar]()
        self._buckets = Recent[tuple[str, ...], _Bucket]()

    def combined(self, uid: str, told: Told, now: float) -> tuple[Told, tuple[str, ...]]:
        """What is said of the object with a `uid` at a time `now`, and the key of that Event.

        `told` is what is to be said. From the tenth message on, Events with the same reason are
        combined.
        """
        alike = (uid, told.type, told.reason)
        similar = self._similar.get(alike)
        if similar is None or now - similar.last > SIMILAR_SECONDS:
            similar = _Similar({}, now)
        similar.messages.setdefault(told.message)
        similar.last = now
        self._similar.put(alike, similar)
        if len(similar.messages) < MOST_SIMILAR:
            return told, (uid, *told)
        del similar.messages[next(iter(similar.messages))]
        return told._replace(message=COMBINED + told.message), alike

    def observed(self, key: tuple[str, ...], name: str, now: str) -> Recorded:
        """The record of an Event with a `key`, with one more observation.

        `name` is what it is called, and `now` since when it is observed, if it is new.
        """
        known = self._recorded.get(key)
        record = Recorded(name, now) if known is None else known
        record.count += known is not None
        self._recorded.put(key, record)
        return record

    def is_spam(self, uid: str, kind: str, now: float) -> bool:
        """Whether there were too many Events of a type (`kind`) about an object before `now`.

        `uid` is the object's.
        """
        bucket = self._buckets.get((uid, kind))
        tokens = float(BURST)
        if bucket is not None:
            tokens = min(tokens, bucket.tokens + (now - bucket.at) / REFILL_SECONDS)
        spam = tokens < 1
        self._buckets.put((uid, kind), _Bucket(tokens - (not spam), now))
        return spam
