"""Many Pods of few shapes at once: the same decisions, without asking every node for every Pod.

Where no plugin looks at other nodes (`Plugin.couples`), a Pod that is placed changes the scores
of its own node alone. So the plugins are asked, for all nodes together, what they would say of a
node with one more such Pod, with two, and so on; each answer then serves thousands of Pods. What
remains for one Pod is to draw a node from those with the highest score, and to move that node to
the place of its next score.
"""

from __future__ import annotations

import random
from bisect import bisect_left, insort

from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.runtime import SchedulingFramework
from course_lib.scheduler.selection import draw

Offset = tuple[int, ...]  # how many Pods of each shape a node has got in this wave


class Lane:
    """The nodes by their score for Pods of one shape."""

    def __init__(self, scores: list[int]) -> None:
        self.scores = scores  # of each row now; -1 where it does not fit
        self.rows: dict[int, list[int]] = {}
        for row, score in enumerate(scores):
            if score >= 0:
                self.rows.setdefault(score, []).append(row)
        self.top = max(self.rows, default=-1)

    def best(self, rng: random.Random) -> int:
        """A row with the highest score, ties broken at random; -1 when no node fits."""
        if self.top < 0:
            return -1
        equals = self.rows[self.top]
        return equals[draw(len(equals), rng)]

    def move(self, row: int, score: int) -> None:
        """A row has another score now."""
        before = self.scores[row]
        if score == before:
            return
        self.scores[row] = score
        if before >= 0:
            equals = self.rows[before]
            del equals[bisect_left(equals, row)]
            if not equals:
                del self.rows[before]
        if score >= 0:
            insort(self.rows.setdefault(score, []), row)
            if score > self.top:
                self.top = score
        if self.top not in self.rows:
            self.top = max(self.rows, default=-1)


class Wave:
    """One stretch of Pods of few shapes; the snapshot itself is brought up to date by `settle`.

    `framework` decides, `nodes` is the snapshot, `rng` breaks ties.
    """

    def __init__(self, framework: SchedulingFramework, nodes: Nodes, rng: random.Random) -> None:
        self.framework, self.nodes, self.rng = framework, nodes, rng
        self.shapes: list[PodInfo] = []
        self._index: dict[bytes, int] = {}
        self._lanes: list[Lane] = []
        self._answers: list[dict[Offset, list[int]]] = []  # by shape and offset: for all rows
        self._offsets: dict[int, Offset] = {}  # of the rows that have got Pods in this wave
        self._placed: list[list[tuple[PodInfo, int]]] = []

    def place(self, pod: PodInfo) -> int:
        """The row for one Pod, or -1."""
        index = self._index.get(pod.shape)
        if index is None:
            index = self._open(pod)
        row = self._lanes[index].best(self.rng)
        if row >= 0:
            self._placed[index].append((pod, row))
            offset = self._offsets.get(row) or (0,) * len(self.shapes)
            offset = (*offset[:index], offset[index] + 1, *offset[index + 1 :])
            self._offsets[row] = offset
            for other, lane in enumerate(self._lanes):
                lane.move(row, self._answer(other, offset)[row])
        return row

    def _open(self, pod: PodInfo) -> int:
        """A new shape joins; what the wave has placed so far is settled first."""
        self.settle()
        self.shapes.append(pod)
        self._index[pod.shape] = len(self.shapes) - 1
        nothing = (0,) * len(self.shapes)
        self._answers = [{} for _ in self.shapes]
        self._placed = [[] for _ in self.shapes]
        self._lanes = [Lane(list(self._answer(i, nothing))) for i in range(len(self.shapes))]
        return len(self.shapes) - 1

    def _answer(self, index: int, offset: Offset) -> list[int]:
        """The plugins' scores if each node had `offset` more Pods."""
        known = self._answers[index].get(offset)
        if known is None:
            nodes = self.nodes
            for shape, count in zip(self.shapes, offset, strict=True):
                if count:
                    nodes = nodes.with_more(shape, count)
            pod = self.shapes[index]
            fits = self.framework.filter(pod, nodes).fits
            known = self.framework.total(pod, nodes, fits).astype(int).tolist()
            self._answers[index][offset] = known
        return known

    def settle(self) -> None:
        """Count all that was placed in the snapshot itself."""
        for placed in self._placed:
            self.nodes.add_many(placed)
            placed.clear()
        self._offsets.clear()
        self._answers = [{} for _ in self.shapes]
