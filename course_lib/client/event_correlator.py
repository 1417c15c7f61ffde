"""Which Events of one component are written: similar ones are combined, and many are dropped.

Source: client-go `tools/record/events_cache.go`.
"""

from __future__ import annotations

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


class Recorded(msgspec.Struct, gc=False):
    """An Event: its name, since when and how often it was observed, and how often written."""

    name: str
    first: str
    count: int = 1
    writes: int = 0


class _Similar(msgspec.Struct, gc=False):
    """The messages of Events that are alike otherwise, and when (s) the last one was."""

    messages: tuple[str, ...]  # the oldest first
    last: float


class _Bucket(msgspec.Struct, gc=False):
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
        self._most, self._values = most, dict[KeyT, ValueT]()  # in the order of their use

    def get(self, key: KeyT) -> ValueT | None:
        """The value of a key, which counts as read now."""
        value = self._values.get(key)
        if value is not None:
            self._values[key] = self._values.pop(key)
        return value

    def put(self, key: KeyT, value: ValueT) -> None:
        """Keep a value; that which was not used for the longest time may go."""
        self._values.pop(key, None)  # the last one written is the last one used
        self._values[key] = value
        if len(self._values) > self._most:
            del self._values[next(iter(self._values))]


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
            similar = _Similar((), now)
            self._similar.put(alike, similar)
        if told.message not in similar.messages:
            similar.messages += (told.message,)
        similar.last = now
        if len(similar.messages) < MOST_SIMILAR:
            return told, (uid, *told)
        similar.messages = similar.messages[1:]
        return told._replace(message=COMBINED + told.message), alike

    def observed(self, key: tuple[str, ...], name: str, now: str) -> Recorded:
        """The record of an Event with a `key`, with one more observation.

        `name` is what it is called, and `now` since when it is observed, if it is new.
        """
        record = self._recorded.get(key)
        if record is None:
            record = Recorded(name, now)
            self._recorded.put(key, record)
        else:
            record.count += 1
        return record

    def is_spam(self, uid: str, kind: str, now: float) -> bool:
        """Whether there were too many Events of a type (`kind`) about an object before `now`.

        `uid` is the object's.
        """
        bucket = self._buckets.get((uid, kind))
        if bucket is None:
            bucket = _Bucket(float(BURST), now)
            self._buckets.put((uid, kind), bucket)
        tokens = min(float(BURST), bucket.tokens + (now - bucket.at) / REFILL_SECONDS)
        spam = tokens < 1
        bucket.tokens, bucket.at = tokens - (not spam), now
        return spam
