"""The scheduler's decisions for one Pod after the other, in waves where many have one shape.

Filters and scores of the last Pods are used for the next ones for as long as nothing else changes.
The decisions, and the random numbers that break ties, are the same as without waves.
"""

from __future__ import annotations

import random

import msgspec

from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.runtime import SchedulingFramework
from course_lib.scheduler.sampling import NodeSampling
from course_lib.scheduler.selection import decide
from course_lib.scheduler.status import Diagnosis
from course_lib.scheduler.wave import Wave


class Decisions:
    """Decides for each Pod; with `plain`, each time by asking all plugins for all nodes.

    `rng` breaks ties.
    """

    def __init__(self, rng: random.Random, plain: bool) -> None:
        self._rng, self._plain = rng, plain
        self._sampling = NodeSampling()
        self._wave: Wave | None = None
        self._refused: dict[bytes, Diagnosis] = {}  # by shape, while nothing changes
        self._refused_at = -1  # so many changes of the snapshot

    def decide(
        self, framework: SchedulingFramework, pod: PodInfo, nodes: Nodes
    ) -> tuple[int, Diagnosis | None]:
        """The row of the node for one `pod`; or -1, with the reasons.

        `framework` has the profile's plugins, `nodes` is the snapshot.
        """
        if self._plain or framework.inscrutable or framework.percentage is not None:
            return decide(framework, pod, nodes, self._rng, self._sampling)
        wave = self._wave
        if wave is None or wave.framework is not framework or wave.nodes is not nodes:
            wave = self._wave = Wave(framework, nodes, self._rng)
            self._refused.clear()
        row = wave.choose(pod)
        return row, self._why(wave, pod) if row < 0 else None

    def placed(self, pod: PodInfo, row: int) -> None:
        """A Pod was counted on the node that was decided for it."""
        if self._wave is not None:
            self._wave.note(pod, row)

    def _why(self, wave: Wave, pod: PodInfo) -> Diagnosis:
        """Why no node fits; Pods of one shape are refused for the same reasons."""
        if self._refused_at != wave.nodes.changes:
            self._refused.clear()
            self._refused_at = wave.nodes.changes
        known = self._refused.get(pod.shape)
        if known is None:
            known = self._refused[pod.shape] = Diagnosis.of(wave.framework.filter(pod, wave.nodes))
        return msgspec.structs.replace(known)
