"""metrics-server: the CPU and memory that Pods use, read from the kubelets (chapter 03).

Every 15 s it takes the CPU counters of all containers; usage is the difference over the window.
Source: kubernetes-sigs/metrics-server (`--metric-resolution=15s`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from course_lib.engine import Simulation
from course_lib.engine.simulation import Process

RESOLUTION = 15.0  # s


class Reading(msgspec.Struct, frozen=True):
    """What one Pod has used: CPU time since its start (core-seconds), memory now (bytes)."""

    cpu_seconds: float
    memory: float


class Usage(msgspec.Struct, frozen=True):
    """What one Pod uses: cores over the last window, bytes."""

    cpu: float
    memory: float


Scrape = Callable[[], Mapping[str, Reading]]  # by Pod uid


class MetricsServer:
    """The usage of all Pods, by uid, as of the last scrape."""

    def __init__(self, sim: Simulation, scrape: Scrape) -> None:
        self.sim, self._scrape = sim, scrape
        self.usage: dict[str, Usage] = {}
        self._last: Mapping[str, Reading] = {}
        sim.loop("metrics-server", self._run)

    def _run(self) -> Process:
        while True:
            yield self.sim.sleep(RESOLUTION)
            now = self._scrape()
            self.usage = {
                uid: Usage(
                    max(0.0, reading.cpu_seconds - self._last[uid].cpu_seconds) / RESOLUTION,
                    reading.memory,
                )
                for uid, reading in now.items()
                if uid in self._last  # two readings make a usage
            }
            self._last = now
