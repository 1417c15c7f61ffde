"""What is derived from an object once for all that share its parts.

Pods of one template have the same containers in memory. What follows from these alone is derived
for the first of the Pods, and is one object for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import TypeVar

OfT = TypeVar("OfT")
K = TypeVar("K")
T = TypeVar("T")
KEPT = 1024  # values of one derivation; then the oldest goes


def derived_once(*parts: str) -> Callable[[Callable[[OfT], T]], Callable[[OfT], T]]:
    """Derive a value once for all objects whose `parts` (attributes; two or more, or none: the
    object itself) are the same objects in memory. The value is shared: nobody changes it.

    >>> @derived_once()
    ... def length(text: str) -> int:
    ...     print("derived")
    ...     return len(text)
    >>> word = "node"
    >>> length(word) + length(word)
    derived
    8
    """
    parts_of = attrgetter(*parts) if parts else lambda of: (of,)
    return lambda derive: _derived(derive, parts_of, KEPT)


def derived_from_all(
    kept: int,
) -> Callable[[Callable[[tuple[OfT, ...]], T]], Callable[[tuple[OfT, ...]], T]]:
    """Derive a value once from all objects of a tuple, while they are the same objects in memory.

    The last `kept` values are remembered. A value is shared: nobody changes it.
    """
    return lambda derive: _derived(derive, lambda of: of, kept)


def _derived(
    derive: Callable[[OfT], T], parts_of: Callable[[OfT], Iterable[object]], kept: int
) -> Callable[[OfT], T]:
    # By the identity of the parts; an object that is kept keeps its own.
    known: dict[tuple[int, ...], tuple[OfT, T]] = {}

    def find(of: OfT) -> T:
        key = tuple(map(id, parts_of(of)))
        found = known.get(key)
        if found is None:
            found = of, derive(of)
            remember(known, key, found, kept)
        return found[1]

    return find


def remember(known: dict[K, T], key: K, value: T, most: int) -> None:
    """Keep a `value` under a `key` of what is `known`; of `most` values the oldest goes."""
    if len(known) >= most:
        del known[next(iter(known))]
    known[key] = value
