"""Sorting as Go's `sort.Sort` does it, which orders equal items by its own way of working.

kubectl sorts rows by it, so that rows with equal values stand as in the real one. Source: Go's
`sort/zsortinterface.go` (pattern-defeating quicksort); without its fall-back to heapsort.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
SHORT = 12  # items that are sorted by insertion
LONG = 50  # items from which on a pivot is the median of nine
MOST_STEPS = 5  # of an insertion sort that is tried
ALL_SWAPPED = 12  # of the medians of nine: the items are in falling order


def go_sorted(items: list[T], less: Callable[[T, T], bool]) -> list[T]:
    """The items in order; `less` says whether one belongs before another.

    >>> go_sorted([3, 1, 2], lambda one, other: one < other)
    [1, 2, 3]
    """
    sorting = _Sorting(list(items), less)
    sorting.sort(0, len(items))
    return sorting.items


class _Sorting(Generic[T]):
    def __init__(self, items: list[T], less: Callable[[T, T], bool]) -> None:
        self.items, self._compare = items, less
        self._swaps = 0

    def _less(self, one: int, other: int) -> bool:
        return self._compare(self.items[one], self.items[other])

    def _swap(self, one: int, other: int) -> None:
        items = self.items
        items[one], items[other] = items[other], items[one]

    def sort(self, start: int, end: int) -> None:
        """Sort the items from `start` to before `end`."""
        balanced = partitioned = True
        while end - start > SHORT:
            length = end - start
            if not balanced:
                self._break_patterns(start, end)
            pivot, hint = self._pivot(start, end)
            if hint == ALL_SWAPPED:
                self.items[start:end] = self.items[start:end][::-1]
                pivot, hint = end - 1 - (pivot - start), 0
            if balanced and partitioned and hint == 0 and self._nearly_sorted(start, end):
                return
            if start > 0 and not self._less(start - 1, pivot):
                start = self._part_equal(start, end, pivot)
                continue
            middle, partitioned = self._part(start, end, pivot)
            left, right = middle - start, end - middle
            balanced = min(left, right) >= length // 8
            if left < right:
                self.sort(start, middle)
                start = middle + 1
            else:
                self.sort(middle + 1, end)
                end = middle
        for n in range(start + 1, end):
            self._insert(n, start)

    def _insert(self, place: int, least: int) -> None:
        while place > least and self._less(place, place - 1):
            self._swap(place, place - 1)
            place -= 1

    def _part(self, start: int, end: int, pivot: int) -> tuple[int, bool]:
        """Put what is less than the pivot before it; returns its place, and if it was so before."""
        self._swap(start, pivot)
        left, right = start + 1, end - 1
        first = True
        while True:
            while left <= right and self._less(left, start):
                left += 1
            while left <= right and not self._less(right, start):
                right -= 1
            if left > right:
                self._swap(right, start)
                return right, first
            self._swap(left, right)
            left, right, first = left + 1, right - 1, False

    def _part_equal(self, start: int, end: int, pivot: int) -> int:
        """Put what equals the pivot first; returns the place of the first greater one."""
        self._swap(start, pivot)
        left, right = start + 1, end - 1
        while True:
            while left <= right and not self._less(start, left):
                left += 1
            while left <= right and self._less(start, right):
                right -= 1
            if left > right:
                return left
            self._swap(left, right)
            left, right = left + 1, right - 1

    def _nearly_sorted(self, start: int, end: int) -> bool:
        """Move a few items to their places; returns whether all are in order then."""
        place = start + 1
        for _ in range(MOST_STEPS):
            while place < end and not self._less(place, place - 1):
                place += 1
            if place == end:
                return True
            if end - start < LONG:
                return False
            self._swap(place, place - 1)
            if place - start >= 2:
                self._insert(place - 1, 0)
            if end - place >= 2:
                self._shift(place + 1, end)
        return False

    def _shift(self, place: int, end: int) -> None:
        while place < end and self._less(place, place - 1):
            self._swap(place, place - 1)
            place += 1

    def _break_patterns(self, start: int, end: int) -> None:
        length = end - start
        state, most = length, 1 << length.bit_length()
        middle = start + length // 4 * 2
        for place in range(middle - 1, middle + 2):
            state = (state ^ state << 13) & (2**64 - 1)
            state ^= state >> 7
            state = (state ^ state << 17) & (2**64 - 1)
            other = state & (most - 1)
            self._swap(place, start + (other - length if other >= length else other))

    def _pivot(self, start: int, end: int) -> tuple[int, int]:
        """The place of a pivot, and how often items that were compared were in falling order."""
        self._swaps, quarter = 0, (end - start) // 4
        places = [start + quarter * n for n in (1, 2, 3)]
        if end - start >= LONG:
            places = [self._median(n - 1, n, n + 1) for n in places]
        return self._median(*places), self._swaps

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
