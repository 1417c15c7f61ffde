"""Equal parts of two documents as one object in memory: a write costs what it changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

T = TypeVar("T")
Copy = Callable[[object], object]
SMALL = 1024  # bytes; a smaller item of a list is copied whole where it changed

encoded = msgspec.msgpack.encode


def shared(before: object, after: T, copy: Copy = lambda part: part) -> T:
    """The value `after`, in which each part that equals that of `before` is the same object.

    So what a write leaves alone is stored once, and neither decoded nor judged again. `copy` is
    applied to the other parts.

    >>> before = {"spec": {"a": [1]}, "status": {}}
    >>> shared(before, {"spec": {"a": [1]}, "status": {"b": 2}})["spec"] is before["spec"]
    True
    """
    if _equal(before, after):
        return before  # type: ignore[return-value]
    if isinstance(after, dict) and isinstance(before, dict):
        return {k: shared(before.get(k), v, copy) for k, v in after.items()}  # type: ignore[return-value]
    if isinstance(after, list) and isinstance(before, list):
        return _shared_items(before, after, copy)  # type: ignore[return-value]
    return copy(after)  # type: ignore[return-value]


def _shared_items(before: list[object], after: list[object], copy: Copy) -> list[object]:
    """The items `after`; an equal one is taken from wherever it was `before`."""
    known = {encoded(item): item for item in before}
    beside = before if len(before) == len(after) else [None] * len(after)
    return [
        known[key] if key in known else shared(old, new, copy) if len(key) > SMALL else copy(new)
        for key, old, new in zip(map(encoded, after), beside, after, strict=True)
    ]


def _equal(before: object, after: object) -> bool:
    """Whether two values are encoded as the same bytes: in Python True equals 1."""
    return before is after or (before == after and encoded(before) == encoded(after))
