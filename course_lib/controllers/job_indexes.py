"""Sets of completion indexes, kept as spans of consecutive numbers.

Source: `pkg/controller/job/indexed_job_utils.go` (`orderedIntervals`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator

import msgspec

Span = tuple[int, int]  # the first number and the last


class Indexes(msgspec.Struct, frozen=True):
    """Completion indexes, in order.

    >>> str(Indexes.of([1, 3, 4, 6, 7, 8]))
    '1,3,4,6-8'
    >>> list(Indexes.parse("0,2-4", below=4).missing(6))
    [1, 4, 5]
    """

    spans: tuple[Span, ...] = ()

    @classmethod
    def of(cls, numbers: Iterable[int]) -> Indexes:
        """The set of these numbers."""
        return cls(_joined((number, number) for number in sorted(numbers)))

    @classmethod
    def parse(cls, text: str | None, below: int) -> Indexes:
        """The set that a status or a policy writes, as far as its numbers are `below` a bound.

        A part that is no number is left out.
        """
        return cls(_joined(_parsed(text or "", below)))

    def __or__(self, other: Indexes) -> Indexes:
        return Indexes(_joined(sorted([*self.spans, *other.spans]))) if other.spans else self

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self.spans)

    def __contains__(self, number: int) -> bool:
        place = bisect_left(self.spans, number, key=lambda span: span[1])
        return place < len(self.spans) and self.spans[place][0] <= number

    def __str__(self) -> str:
        return ",".join(map(_shown, self.spans))

    def missing(self, below: int) -> Iterator[int]:
        """The numbers `below` a bound that are not in the set, in order."""
        begin = 0
        for first, last in self.spans:
            yield from range(begin, min(first, below))
            begin = last + 1
        yield from range(begin, below)

    def common(self, other: Indexes) -> int:
        """How many numbers both sets have."""
        found, mine, theirs = 0, 0, 0
        while mine < len(self.spans) and theirs < len(other.spans):
            (first, last), (start, end) = self.spans[mine], other.spans[theirs]
            found += max(0, min(last, end) - max(first, start) + 1)
            mine, theirs = mine + (last <= end), theirs + (end <= last)
        return found


def _parsed(text: str, below: int) -> Iterator[Span]:
    for part in text.split(","):
        start, dash, end = part.partition("-")
        if not start.isdecimal() or (dash and not end.isdecimal()):
            continue
        if int(start) >= below:
            return
        yield int(start), min(int(end), below - 1) if dash else int(start)


def _joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Spans in order of their first numbers, those that touch as one."""
    result: list[Span] = []
    for first, last in spans:
        if result and first <= result[-1][1] + 1:
            result[-1] = result[-1][0], max(result[-1][1], last)
        else:
            result.append((first, last))
    return tuple(result)


def _shown(span: Span) -> str:
    first, last = span
    if first == last:
        return str(first)
    return f"{first},{last}" if last == first + 1 else f"{first}-{last}"
