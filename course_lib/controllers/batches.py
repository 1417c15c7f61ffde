"""Many requests of one kind: in batches that grow while all goes well.

Source: `slowStartBatch` in `pkg/controller/replicaset/replica_set.go`; `pkg/controller/job` and
`pkg/controller/daemon` have the same loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

from course_lib.errors import CourseError

# The most Pods that are created or deleted at one look: `BurstReplicas` of ReplicaSets,
# `MaxPodCreateDeletePerSync` of Jobs.
BURST = 500
T = TypeVar("T")


def slow_start(items: Iterable[T], act: Callable[[T], None]) -> None:
    """Call `act` with each of the `items`, in batches of 1, 2, 4, and so on.

    A request is usually refused for a reason that holds for the next one, too. So no batch begins
    after one with a refusal; the first refusal (`CourseError`) is raised.

    >>> slow_start("abc", print)
    a
    b
    c
    """
    for batch in _batches(iter(items)):
        refusals = [refusal for item in batch if (refusal := _refusal(act, item)) is not None]
        if refusals:
            raise refusals[0]


def as_started(items: list[T]) -> list[T]:
    """The order in which `slow_start` really sends the requests for these `items`.

    Those of one batch start side by side, and the Go scheduler runs the last one first.

    >>> as_started([0, 1, 2, 3, 4])
    [0, 2, 1, 4, 3]
    """
    return [item for batch in _batches(iter(items)) for item in (*batch[-1:], *batch[:-1])]


def _batches(items: Iterator[T]) -> Iterator[list[T]]:
    size = 1
    while batch := list(islice(items, size)):
        yield batch
        size *= 2


def _refusal(act: Callable[[T], None], item: T) -> CourseError | None:
    try:
        act(item)
    except CourseError as refusal:
        return refusal
    return None
