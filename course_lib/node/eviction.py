"""Node-pressure eviction: when memory runs out, the kubelet ends Pods before the kernel does.

Source: kubernetes.io "Node-pressure Eviction"; `pkg/kubelet/eviction/helpers.go`
(`rankMemoryPressure`). The simulation has the memory signal, with the default hard threshold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from course_lib.engine.simulation import Process
from course_lib.node.volumes import over_limit
from course_lib.objects.kinds.pod.requests import ZERO, total
from course_lib.objects.quantity import BINARY_SI, Quantity

if TYPE_CHECKING:
    from course_lib.node.kubelet import Kubelet
    from course_lib.node.pod_worker import PodWorker

MONITORING_PERIOD = 10.0  # s
THRESHOLD = Quantity("100Mi")  # memory.available
TRANSITION_PERIOD = 300.0  # s that the condition lasts after the pressure is over


class EvictionManager:
    """Watches one node's memory."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet
        self._last_pressure = float("-inf")

    def run(self) -> Process:
        """Look every ten seconds."""
        while True:
            yield self.kubelet.sim.sleep(MONITORING_PERIOD)
            if self.kubelet.powered:
                self._look()

    def _look(self) -> None:
        self._evict_for_storage()
        kubelet, now = self.kubelet, self.kubelet.sim.now
        used = kubelet.memory_used()
        if used is None:
            return  # the runtime does not answer
        available = kubelet.machine.memory.value - sum(used.values())
        if available < THRESHOLD.value:
            self._last_pressure = now
        pressure = now - self._last_pressure < TRANSITION_PERIOD
        if pressure != kubelet.pressure:
            kubelet.pressure = pressure
            reason = "NodeHasInsufficientMemory" if pressure else "NodeHasSufficientMemory"
            kubelet.normal(kubelet.node(), reason, f"Node {kubelet.name} status is now: {reason}")
            kubelet.report_node()
        if available < THRESHOLD.value:
            self._evict(available, used)

    def _evict_for_storage(self) -> None:
        """End Pods whose volumes have grown over their own limits (`localStorageEviction`)."""
        for worker in list(self.kubelet.workers.values()):
            if worker.stop_by is None and not worker.final[0]:
                message = over_limit(self.kubelet.disk, worker.pod)
                if message:
                    self.kubelet.warning(worker.pod, "Evicted", message)
                    worker.fail("Evicted", message)

    def _evict(self, available: float, used: dict[str, int]) -> None:
        """One Pod at a time: the first in the ranking."""
        running = [
            worker
            for worker in self.kubelet.workers.values()
            if usage(worker, used) and worker.stop_by is None
        ]
        victim = min(running, key=lambda worker: rank(worker, used), default=None)
        if victim is None:
            return
        found = Quantity.of(max(0, int(available)), BINARY_SI)
        message = (
            f"The node was low on resource: memory. Threshold quantity: {THRESHOLD}, "
            f"available: {found.value // 1024}Ki. "
        )
        for slot in victim.slots:
            if slot.current is not None and slot.running:
                request = (slot.spec.resources.requests or {}).get("memory", ZERO)
                kilobytes = used.get(slot.current.id, 0) // 1024
                message += (
                    f"Container {slot.spec.name} was using {kilobytes}Ki, request is {request}, "
                    "has larger consumption of memory. "
                )
        self.kubelet.warning(victim.pod, "Evicted", message)
        victim.fail("Evicted", message)


def usage(worker: PodWorker, used: dict[str, int]) -> int:
    """Bytes that a Pod's containers use now."""
    return sum(used.get(slot.current.id, 0) for slot in worker.slots if slot.current is not None)


def rank(worker: PodWorker, used: dict[str, int]) -> tuple[bool, int, float]:
    """First who exceeds its request, then by priority, then by how far it exceeds it."""
    asked = total(worker.pod.spec, "requests").get("memory", ZERO).value
    over = usage(worker, used) - asked
    return over <= 0, worker.pod.spec.priority, -over
