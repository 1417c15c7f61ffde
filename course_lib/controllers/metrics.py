"""metrics-server: the CPU and memory that Pods use, read from the kubelets (chapter 03).

Every 15 s it takes the CPU counters of all containers; usage is the difference over the window.
Other metrics come from an adapter, which a cluster has only where somebody installs one.
Source: kubernetes-sigs/metrics-server (`--metric-resolution=15s`); `k8s.io/metrics`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from course_lib.engine import FOR_EVER, Simulation, Ticker
from course_lib.objects.selectors import Selector

RESOLUTION = 15.0  # s


class ContainerReading(msgspec.Struct, frozen=True):
    """What one container has used: CPU time since its start (core-seconds), memory now (bytes)."""

    cpu_seconds: float
    memory: float


Reading = Mapping[str, ContainerReading]  # of one Pod, by the names of its containers


class Usage(msgspec.Struct, frozen=True):
    """What one container uses: cores over the last window, bytes."""

    cpu: float
    memory: float


class MetricsAdapter(Protocol):
    """The custom and external metrics APIs: numbers in thousandths (`MilliValue`).

    Each method raises `CourseError` where there is no such metric. Simplified: the selector of a
    metric is not passed on.
    """

    def of_pods(self, namespace: str, metric: str, selector: Selector) -> Mapping[str, int]:
        """The value of a metric for each Pod that has one, by the names of the Pods.

        `selector` chooses Pods of the `namespace`.
        """

    def of_object(self, namespace: str, kind: str, name: str, metric: str) -> int:
        """The value of a `metric` for an object: its `kind` and `name` in a `namespace`."""

    def external(self, namespace: str, metric: str) -> Sequence[int]:
        """The values of a `metric` of something outside of the cluster, for a `namespace`."""


class ScrapeTarget(Protocol):
    """A node whose kubelet is read."""

    def at(self, time: float) -> Mapping[str, Reading]:
        """The readings of its Pods, by uid, at the time (s) of one of the last two scrapes."""


class MetricsServer:
    """The usage of all Pods, as of the last scrape.

    It reads its `targets`, by the names of their nodes. Their readings can be made later, so that a
    scrape waits until somebody asks what it found. `sim` has the time. Without `installed` there is
    no metrics API. `adapter` has other metrics; None: nobody has installed one.
    """

    def __init__(self, sim: Simulation, installed: bool = True) -> None:
        self.targets: dict[str, ScrapeTarget] = {}
        self.installed = installed
        self.adapter: MetricsAdapter | None = None
        self._ticker = Ticker(sim, sim.now + RESOLUTION, RESOLUTION, self._scrape)

    def _scrape(self) -> float:
        for target in self.targets.values():
            target.at(self._ticker.past(1)[0])
        return FOR_EVER

    def scrapes(self) -> tuple[float, ...]:
        """When the last two scrapes were (simulated s)."""
        return self._ticker.past(2)

    def usage(self, uid: str, node: str) -> dict[str, Usage]:
        """What the containers of the Pod `uid` on a `node` use, by their names.

        Empty unless the last two scrapes found the Pod.
        """
        if node not in self.targets:
            return {}
        scrapes = self.scrapes()
        if len(scrapes) < 2:
            return {}
        before, now = (self.targets[node].at(time).get(uid, {}) for time in scrapes)
        return {
            name: Usage(
                max(0.0, each.cpu_seconds - before[name].cpu_seconds) / RESOLUTION, each.memory
            )
            for name, each in now.items()
            if name in before
        }
