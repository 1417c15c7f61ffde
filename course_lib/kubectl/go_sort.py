"""The order in which Go's `sort.Sort` leaves elements, of which several may be equal.

It is not stable: where kubectl sorts by a time, objects of one second change places. Up to 12
elements are sorted by insertion, which keeps them; more by a quicksort that looks for patterns.
Its way out of bad luck (heapsort, after many bad pivots) is left out.

Source: `sort/zsortinterface.go` of Go; Orson Peters, "Pattern-defeating Quicksort" (2021).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

K = TypeVar("K", str, float)  # of keys
T = TypeVar("T")

FEW = 12  # so many are sorted by insertion
MANY = 50  # from so many on the pivot is a median of medians
ALL_SWAPPED = 12  # the comparisons of four medians, each of which had to swap
MOST_REPAIRS = 5  # pairs that are out of order in what seems to be sorted
WORD = 2**64 - 1


def go_sorted(items: Iterable[T], less: Callable[[T, T], bool]) -> list[T]:
    """Elements in order; `less` says whether one belongs before another.

    >>> go_sorted([3, 1, 2], lambda one, other: one < other)
    [1, 2, 3]
    """
    sorting = _Sort(list(items), less)
    sorting.run(0, len(sorting.items))
    return sorting.items


def go_sorted_by(items: Iterable[T], key: Callable[[T], K]) -> list[T]:
    """Elements by a key, those with equal keys as Go leaves them.

    >>> go_sorted_by(["b2", "a1", "b1"], key=lambda text: text[0])
    ['a1', 'b2', 'b1']
    """
    pairs = [(key(item), item) for item in items]
    return [item for _, item in go_sorted(pairs, lambda one, other: one[0] < other[0])]


class _Sort(Generic[T]):
    """One sort of `items` in place; `a` and `b` bound a range as in Python."""

    def __init__(self, items: list[T], less: Callable[[T, T], bool]) -> None:
        self.items, self._compare = items, less
        self._swaps = 0  # while a pivot is chosen

    def run(self, a: int, b: int) -> None:
        balanced = partitioned = True
        while b - a > FEW:
            if not balanced:
                self._scatter(a, b)
            length = b - a
            pivot, hint = self._pivot(a, b)
            if hint == "falling":
                self.items[a:b] = self.items[a:b][::-1]
                pivot, hint = b - 1 - (pivot - a), "rising"
            if balanced and partitioned and hint == "rising" and self._repaired(a, b):
                return
            if a > 0 and not self._less(a - 1, pivot):
                a = self._parted_from_equals(a, b, pivot)
                continue
            middle, partitioned = self._parted(a, b, pivot)
            balanced = min(middle - a, b - middle) >= length // 8
            if middle - a < b - middle:
                self.run(a, middle)
                a = middle + 1
            else:
                self.run(middle + 1, b)
                b = middle
        self._insert(a, b)

    def _less(self, i: int, j: int) -> bool:
        return self._compare(self.items[i], self.items[j])

    def _swap(self, i: int, j: int) -> None:
        self.items[i], self.items[j] = self.items[j], self.items[i]

    def _insert(self, a: int, b: int) -> None:
        for i in range(a + 1, b):
            self._sink(i, a)

    def _sink(self, i: int, a: int) -> None:
        """Move an element to the left until the one before it is not greater."""
        while i > a and self._less(i, i - 1):
            self._swap(i, i - 1)
            i -= 1

    def _repaired(self, a: int, b: int) -> bool:
        """Whether a range is sorted, after a few repairs where it is long."""
        i = a + 1
        for _ in range(MOST_REPAIRS):
            while i < b and not self._less(i, i - 1):
                i += 1
            if i == b:
                return True
            if b - a < MANY:
                return False
            self._swap(i, i - 1)
            if i - a >= 2:
                self._sink(i - 1, 0)
            if b - i >= 2:
                self._rise(i + 1, b)
        return False

    def _rise(self, i: int, b: int) -> None:
        while i < b and self._less(i, i - 1):
            self._swap(i, i - 1)
            i += 1

    # The pivot

    def _pivot(self, a: int, b: int) -> tuple[int, str]:
        """Where the pivot is, and whether the range seems to be rising or falling."""
        quarter, self._swaps = (b - a) // 4, 0
        i, j, k = a + quarter, a + 2 * quarter, a + 3 * quarter
        if b - a >= MANY:
            i, j, k = (self._median(n - 1, n, n + 1) for n in (i, j, k))
        j = self._median(i, j, k)
        return j, {0: "rising", ALL_SWAPPED: "falling"}.get(self._swaps, "")

    def _median(self, a: int, b: int, c: int) -> int:
        a, b = self._ordered(a, b)
        b, c = self._ordered(b, c)
        a, b = self._ordered(a, b)
        return b

    def _ordered(self, a: int, b: int) -> tuple[int, int]:
        if self._less(b, a):
            self._swaps += 1
            return b, a
        return a, b

    # Parts

    def _parted(self, a: int, b: int, pivot: int) -> tuple[int, bool]:
        """Smaller ones to the left of the pivot; where it is then, and whether they were there."""
        self._swap(a, pivot)
        i, j, swapped = a + 1, b - 1, False
        while True:
            while i <= j and self._less(i, a):
                i += 1
            while i <= j and not self._less(j, a):
                j -= 1
            if i > j:
                self._swap(j, a)
                return j, not swapped
            self._swap(i, j)
            i, j, swapped = i + 1, j - 1, True

    def _parted_from_equals(self, a: int, b: int, pivot: int) -> int:
        """Those that are equal to the pivot to the left, where none is smaller; their end."""
        self._swap(a, pivot)
        i, j = a + 1, b - 1
        while True:
            while i <= j and not self._less(a, i):
                i += 1
            while i <= j and self._less(a, j):
                j -= 1
            if i > j:
                return i
            self._swap(i, j)
            i, j = i + 1, j - 1

    def _scatter(self, a: int, b: int) -> None:
        """Break a pattern that makes parts of unequal length: three elements by xorshift."""
        length = b - a
        random, mask = length, (1 << length.bit_length()) - 1
        for i in range(a + length // 4 * 2 - 1, a + length // 4 * 2 + 2):
            random ^= random << 13 & WORD
            random ^= random >> 7
            random ^= random << 17 & WORD
            other = random & mask
            self._swap(i, a + (other - length if other >= length else other))
