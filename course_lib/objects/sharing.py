"""Equal parts of two documents as one object in memory: a write costs what it changes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import compress, count
from operator import is_not
from typing import TypeVar

import msgspec

T = TypeVar("T")
Copy = Callable[[object], object]
FEW = 8  # items, so few that each is looked at
SMALL = 1024  # bytes; a smaller item of a list is copied whole where it changed

encoded = msgspec.msgpack.encode


def shared(before: object, after: T, copy: Copy | None = None) -> T:
    """The value `after`, in which each part that equals that of `before` is the same object.

    So what a write leaves alone is stored once, and neither decoded nor judged again. `copy`, if
    there is one, is applied to the other parts.

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
    return copy(after) if copy else after  # type: ignore[return-value]


def _shared_items(before: list[object], after: list[object], copy: Copy | None) -> list[object]:
    """The items `after`; an equal one is taken from wherever it was `before`.

    Those that are the same objects already are not looked at.
    """
    head, tail = same_ends(before, after) if len(after) > FEW else (0, 0)
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    if len(old) == len(new) == 1:  # it is nowhere else
        return [*after[:head], shared(old[0], new[0], copy), *after[len(after) - tail :]]
    there, left = set(map(id, old)), set(map(id, new))
    known = {encoded(item): item for item in old if id(item) not in left}
    beside = old if len(old) == len(new) else [None] * len(new)
    found = [
        item if id(item) in there else _shared_item(was, item, known, copy)
        for was, item in zip(beside, new, strict=True)
    ]
    return [*after[:head], *found, *after[len(after) - tail :]]


def same_ends(before: list[T], after: list[T]) -> tuple[int, int]:
    """How many items at the beginning, and at the end, are the same objects in both lists.

    Where few of many items changed they are found at once: the others are compared in C.

    >>> a, b, c = {}, {}, {}
    >>> same_ends([a, b, c], [a, {}, {}, c]), same_ends([a, b], [a, b])
    ((1, 1), (2, 0))
    """
    least = min(len(before), len(after))
    head = next(compress(count(), map(is_not, before, after)), least)
    tail = next(compress(count(), map(is_not, reversed(before), reversed(after))), least)
    return head, min(tail, least - head)


def _shared_item(old: object, new: object, known: dict[bytes, object], copy: Copy | None) -> object:
    if isinstance(old, dict) and isinstance(new, dict):
        for name, part in new.items():
            if type(part) in (dict, list) and part is old.get(name):
                return shared(old, new, copy)
    key = encoded(new)
    if key in known:
        return known[key]
    if len(key) > SMALL:
        return shared(old, new, copy)
    return copy(new) if copy else new


def _equal(before: object, after: object) -> bool:
    """Whether two values are encoded as the same bytes: in Python True equals 1."""
    return before is after or (before == after and encoded(before) == encoded(after))
