"""What the Pods of the nodes use, as metrics-server reads it from the kubelets.

Between two changes of a node's containers (a start, an end, a request, a freeze) what they use
depends on time alone. So a reading can be made when somebody asks for it, or just before the next
change: it is the same as one made at the time of the scrape.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from course_lib.controllers.metrics import ContainerReading, Reading
from course_lib.node import Kubelet
from course_lib.node.cri_config import CONTAINER_NAME, POD_UID
from course_lib.runtimes import Runtime

NOTHING: Mapping[str, Reading] = {}


class NodeUsage:
    """What the Pods of one node used at the last two `scrapes` (simulated s).

    `kubelet` and `runtime` are the node's.
    """

    def __init__(
        self, kubelet: Kubelet, runtime: Runtime, scrapes: Callable[[], tuple[float, ...]]
    ) -> None:
        self._kubelet, self._scrapes = kubelet, scrapes
        self._readings: dict[float, Mapping[str, Reading]] = {}  # by the time of the scrape
        self.follow(runtime)

    def follow(self, runtime: Runtime) -> None:
        """This runtime has the node from now on."""
        self._runtime = runtime
        runtime.machine.told.append(self.before_change)

    def before_change(self) -> None:
        """Make the readings that are still missing: after the change it is too late."""
        for time in self._scrapes():
            self.at(time)

    def at(self, time: float) -> Mapping[str, Reading]:
        """The readings of one of the last two scrapes, by the Pods' uid."""
        if time not in self._readings:
            self._readings[time] = self._measured(time)
            kept = self._scrapes()
            self._readings = {at: read for at, read in self._readings.items() if at in kept}
        return self._readings[time]

    def _measured(self, time: float) -> Mapping[str, Reading]:
        """The readings at a time since which nothing changed.

        There are none of a machine without power, nor while its runtime is down.
        """
        if not self._kubelet.powered or not self._runtime.up:
            return NOTHING
        readings: dict[str, dict[str, ContainerReading]] = {}
        for container in self._runtime.containers.values():
            if container.running and (uid := container.spec.labels.get(POD_UID)):
                name = container.spec.labels.get(CONTAINER_NAME, container.spec.name)
                readings.setdefault(uid, {})[name] = ContainerReading(
                    round(container.cpu_seconds(time) * 1e9) / 1e9, round(container.memory(time))
                )
        return readings or NOTHING
