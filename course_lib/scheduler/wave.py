"""Many Pods of few shapes: the same decisions, without asking every plugin for every Pod.

A plugin that does not couple (`Plugin.couples`) looks at each node by itself, so a Pod that is
placed changes its answer for one node alone. Such plugins are asked, for all nodes together, what
they would say of a node with one more such Pod, with two, and so on; each answer then serves
thousands of Pods. The plugins that couple are asked for each Pod, for all nodes. Where there are
none, what remains for one Pod is to draw a node from those with the highest score, and to move that
node to the place of its next score.
"""

from __future__ import annotations

import random
from bisect import bisect_left, insort
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.runtime import SchedulingFramework
from course_lib.scheduler.selection import best, draw, select
from course_lib.scheduler.types import Amounts

MOST_SHAPES = 6  # in one wave
WORTH = 24  # Pods of a shape, before it is worth while to sort the nodes by their scores
MOST_SCORES = 2**20  # that are remembered for a shape: 4 MiB

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


class Track:
    """The nodes for Pods of one shape, as they are now.

    `alone` runs the plugins that do not couple, on the snapshot `base` with which the wave began;
    `together` those that do; `pod` is one of the shape.
    """

    def __init__(
        self,
        pod: PodInfo,
        alone: SchedulingFramework,
        together: SchedulingFramework | None,
        base: Nodes,
    ) -> None:
        self.pod, self._alone, self._together, self._base = pod, alone, together, base
        self.answers: dict[Offset, NDArray[np.int32]] = {}
        self.scores: Amounts = self._total(base)  # -1 where a Pod does not fit
        self._lane: Lane | None = None
        self._chosen = 0

    def choose(self, pod: PodInfo, nodes: Nodes, rng: random.Random) -> int:
        """The row for one Pod of this shape, or -1.

        `nodes` is the present snapshot, `rng` breaks ties.
        """
        if self._together is not None:
            return select(self._together, pod, nodes, rng, self.scores)[0]
        if self._lane is None:
            self._chosen += 1
            if self._chosen < WORTH:
                return best(self.scores, rng)
            self._lane = Lane(self.scores.astype(int).tolist())
        return self._lane.best(rng)

    def move(self, row: int, offset: Offset, shapes: Iterable[PodInfo]) -> None:
        """The node in one `row` has `offset` more Pods of the `shapes` than the wave began with."""
        known = self.answers.get(offset)
        if known is None:
            nodes = self._base
            for shape, count in zip(shapes, offset, strict=True):
                if count:
                    nodes = nodes.with_more(shape, count)
            known = self.answers[offset] = self._total(nodes).astype(np.int32)
        if self._lane is None:
            self.scores[row] = known[row]
        else:
            self._lane.move(row, int(known[row]))

    def _total(self, nodes: Nodes) -> Amounts:
        return self._alone.total(self.pod, nodes, self._alone.filter(self.pod, nodes).fits)


class Wave:
    """Decides for Pod after Pod; the caller counts each on the snapshot, and then calls `note`.

    `framework` decides, `nodes` is the snapshot, `rng` breaks ties.
    """

    def __init__(self, framework: SchedulingFramework, nodes: Nodes, rng: random.Random) -> None:
        self.framework, self.nodes, self.rng = framework, nodes, rng
        self.full = False  # whether so much is remembered that it is time to open it again
        self._tracks: dict[bytes, Track] = {}
        self._shapes: list[PodInfo] = []  # one Pod of each track
        self._seen: dict[bytes, None] = {}  # shapes that have come once or more often
        self._offsets: dict[int, Offset] = {}  # of the rows that have got Pods in this wave
        self._changes = nodes.changes  # of the snapshot that the tracks know of
        self._most = 0  # answers of a track

    def choose(self, pod: PodInfo) -> int:
        """The row for one Pod, or -1. A shape that comes for the first time is no wave yet."""
        if self.full or self._changes != self.nodes.changes:
            self.open(())
        track = self._tracks.get(pod.shape)
        if track is None and pod.shape not in self._seen:
            if len(self._seen) >= MOST_SHAPES:
                self._seen.clear()
                self.open(())
            self._seen[pod.shape] = None
            return select(self.framework, pod, self.nodes, self.rng)[0]
        if track is None:
            self.open([*self._shapes, pod])
            track = self._tracks[pod.shape]
        return track.choose(pod, self.nodes, self.rng)

    def open(self, pods: Iterable[PodInfo]) -> None:
        """Begin with the snapshot as it is now, and with one of the `pods` of each shape."""
        self._shapes = list(pods)
        self._most = MOST_SCORES // max(1, len(self.nodes))
        self._offsets.clear()
        self.full, self._changes = False, self.nodes.changes
        self._tracks = {}
        if self._shapes:
            alone, together = self.framework.by_coupling(self._shapes, self.nodes)
            base = self.nodes.frozen()
            for pod in self._shapes:
                self._tracks[pod.shape] = Track(pod, alone, together, base)

    def note(self, pod: PodInfo, row: int) -> None:
        """A Pod has been given the node in a `row`, and nothing else has changed."""
        if pod.shape not in self._tracks:
            self.open(())
            return
        self._changes = self.nodes.changes
        index = list(self._tracks).index(pod.shape)
        offset = self._offsets.get(row) or (0,) * len(self._shapes)
        offset = (*offset[:index], offset[index] + 1, *offset[index + 1 :])
        self._offsets[row] = offset
        for track in self._tracks.values():
            track.move(row, offset, self._shapes)
        self.full = len(track.answers) > self._most  # the same number in all tracks
