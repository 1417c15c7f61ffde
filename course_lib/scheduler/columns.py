"""Columns over all nodes: the values of one label as numbers, images, what a plugin counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import numpy as np

from course_lib.objects.kinds.node import Node
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.types import Amounts, Bools, Ints


class Ledger(Protocol):
    """What a plugin counts beyond amounts, such as single devices; kept true as Pods come and go.

    It can be worked out from the Pods alone, so no restart of the scheduler loses it.
    """

    def add(self, pod: PodInfo, row: int) -> None:
        """A Pod is counted on a node."""

    def remove(self, pod: PodInfo, row: int) -> None:
        """It is counted no more."""


class LabelColumn:
    """One label over all nodes: each value has a code from 1 on; 0 stands for no such label.

    `values` are the values of the nodes in order, None where there is none.
    """

    def __init__(self, values: Iterable[str | None]) -> None:
        self.vocabulary: dict[str, int] = {}
        codes = [
            0 if value is None else self.vocabulary.setdefault(value, len(self.vocabulary) + 1)
            for value in values
        ]
        self.codes: Ints = np.array(codes, dtype=np.int64)
        self.present: Bools = self.codes > 0  # which nodes have the label

    def among(self, values: Sequence[str]) -> Bools:
        """The nodes whose label has one of these values."""
        codes = [self.vocabulary[v] for v in values if v in self.vocabulary]
        return np.isin(self.codes, codes)

    def where(self, holds: Callable[[str], bool]) -> Bools:
        """The nodes that have the label, with a value of which something holds."""
        return self.among([value for value in self.vocabulary if holds(value)])

    def sums(self, counts: Amounts) -> Amounts:
        """The counts of all nodes with the same value, added up, by code; nothing for code 0."""
        sums: Amounts = np.bincount(self.codes, weights=counts, minlength=len(self.vocabulary) + 1)  # type: ignore[assignment]
        sums[0] = 0
        return sums

    def shared(self, counts: Amounts) -> Amounts:
        """For each node the sum over its domain: all nodes with the same value."""
        shared: Amounts = self.sums(counts)[self.codes]
        return shared


class ImageColumns:
    """Which of the `nodes` has which image."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._size = len(nodes)
        self._known: dict[str, tuple[Bools, int]] = {}  # by name: the nodes, and bytes
        for row, node in enumerate(nodes):
            self._set(row, node, True)

    def find(self, name: str) -> tuple[Bools, int]:
        """Which nodes have an image, and its size in bytes."""
        return self._known.get(name) or (np.zeros(self._size, dtype=bool), 0)

    def update(self, row: int, before: Node, after: Node) -> None:
        """The node in one `row` has changed: `before` and `after` may have other images."""
        self._set(row, before, False)
        self._set(row, after, True)

    def _set(self, row: int, node: Node, present: bool) -> None:
        for image in node.status.images or ():
            for name in image.names or ():
                if name not in self._known:
                    self._known[name] = np.zeros(self._size, dtype=bool), image.size_bytes
                self._known[name][0][row] = present
