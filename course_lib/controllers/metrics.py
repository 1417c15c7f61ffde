"""metrics-server: the CPU and memory that Pods use, read from the kubelets (chapter 03).

Every 15 s it takes the CPU counters of all containers; usage is the difference over the window.
Source: kubernetes-sigs/metrics-server (`--metric-resolution=15s`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from course_lib.engine import FOR_EVER, Simulation, Ticker

RESOLUTION = 15.0  # s


class Reading(msgspec.Struct, frozen=True):
    """What one Pod has used: CPU time since its start (core-seconds), memory now (bytes)."""

    cpu_seconds: float
    memory: float


class Usage(msgspec.Struct, frozen=True):
    """What one Pod uses: cores over the last window, bytes."""

    cpu: float
    memory: float


class ScrapeTarget(Protocol):
    """A node whose kubelet is read."""

    def at(self, time: float) -> Mapping[str, Reading]:
        """The readings of its Pods, by uid, at the time (s) of one of the last two scrapes."""


class MetricsServer:
    """The usage of all Pods, as of the last scrape.

    It reads its `targets`, by the names of their nodes. Their readings can be made later, so that a
    scrape waits until somebody asks what it found. `sim` has the time.
    """

    def __init__(self, sim: Simulation) -> None:
        self.targets: dict[str, ScrapeTarget] = {}
        self._ticker = Ticker(sim, sim.now + RESOLUTION, RESOLUTION, self._scrape)

    def _scrape(self) -> float:
        for target in self.targets.values():
            target.at(self._ticker.past(1)[0])
        return FOR_EVER

    def scrapes(self) -> tuple[float, ...]:
        """When the last two scrapes were (simulated s)."""
        return self._ticker.past(2)

    def usage(self, uid: str, node: str) -> Usage | None:
        """What the Pod `uid` on a `node` uses; None unless the last two scrapes found it."""
        if node not in self.targets:
            return None
        scrapes = self.scrapes()
        if len(scrapes) < 2:
            return None
        before, now = (self.targets[node].at(time).get(uid) for time in scrapes)
        if before is None or now is None:
            return None
        return Usage(max(0.0, now.cpu_seconds - before.cpu_seconds) / RESOLUTION, now.memory)
