"""Node-pressure eviction: when memory runs out, the kubelet ends Pods before the kernel does.

Source: kubernetes.io "Node-pressure Eviction"; `pkg/kubelet/eviction/helpers.go`
(`rankMemoryPressure`). The simulation has the memory signal, with the default hard threshold.
"""

from __future__ import annotations

from collections.abc import Mapping

from course_lib.engine import FOR_EVER, SOON
from course_lib.node.kubelet_events import KubeletEvents
from course_lib.node.local_storage import has_limits, over_limit
from course_lib.node.machine import MachineInfo
from course_lib.node.node_runtime import NodeRuntime
from course_lib.node.node_status import NodeStatusReporter
from course_lib.node.pod_worker import PodWorker
from course_lib.objects.kinds.pod.requests import ZERO, total
from course_lib.objects.kinds.priority_class import SYSTEM_CRITICAL
from course_lib.objects.quantity import BINARY_SI, Quantity
from course_lib.runtimes.files import FileSystem

MONITORING_PERIOD = 10.0  # s
THRESHOLD = Quantity("100Mi")  # memory.available
TRANSITION_PERIOD = 300.0  # s that the condition lasts after the pressure is over


class EvictionManager:
    """Watches one node's memory, and the disk that its Pods' volumes take.

    `machine` and `runtime` measure, `workers` end Pods, `events` and `node_status` report.
    """

    def __init__(
        self,
        machine: MachineInfo,
        runtime: NodeRuntime,
        workers: Mapping[str, PodWorker],
        disk: FileSystem,
        events: KubeletEvents,
        node_status: NodeStatusReporter,
    ) -> None:
        self._machine, self._runtime, self._workers = machine, runtime, workers
        self._disk, self._events, self._node_status = disk, events, node_status
        self._last_pressure = float("-inf")

    def look(self, now: float) -> float:
        """Look at what the Pods use, and end what must end; `now` in simulated seconds.

        Returns until when a look would find nothing, if no container and no Pod starts.
        """
        limited = self._evict_for_storage()
        most = self._machine.memory.value - THRESHOLD.value
        calm = now - self._last_pressure >= TRANSITION_PERIOD
        calm = calm and not self._node_status.memory_pressure and self._runtime.stays_below(most)
        if not calm:
            self._evict_for_memory(now)
        return FOR_EVER if calm and not limited else SOON

    def _evict_for_memory(self, now: float) -> None:
        used = self._runtime.memory_used()
        if used is None:
            return  # the runtime does not answer
        available = self._machine.memory.value - sum(used.values())
        if available < THRESHOLD.value:
            self._last_pressure = now
        pressure = now - self._last_pressure < TRANSITION_PERIOD
        if pressure != self._node_status.memory_pressure:
            self._node_status.set_memory_pressure(pressure)
        if available < THRESHOLD.value:
            self._evict(available, used)

    def _evict_for_storage(self) -> bool:
        """End Pods that take more of the disk than they may (`localStorageEviction`).

        Returns whether there are Pods that could do so.
        """
        workers = [
            worker
            for worker in self._workers.values()
            if has_limits(worker.pod) and not _critical(worker)
        ]
        for worker in workers:
            if worker.state.stop_by is None and not worker.state.final[0]:
                message = over_limit(self._disk, worker.pod)
                if message:
                    self._events.warning(worker.pod, "Evicted", message)
                    worker.fail("Evicted", message)
        return bool(workers)

    def _evict(self, available: float, used: dict[str, int]) -> None:
        """One Pod at a time: the first in the ranking."""
        running = [
            worker
            for worker in self._workers.values()
            if usage(worker, used) and worker.state.stop_by is None and not _critical(worker)
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
        self._events.warning(victim.pod, "Evicted", message)
        victim.disrupt("TerminationByKubelet", message)
        victim.fail("Evicted", message)


def _critical(worker: PodWorker) -> bool:
    """Whether a Pod is never evicted by the kubelet."""
    return worker.pod.spec.priority >= SYSTEM_CRITICAL


def usage(worker: PodWorker, used: dict[str, int]) -> int:
    """Bytes that a Pod's containers use now."""
    return sum(used.get(slot.current.id, 0) for slot in worker.slots if slot.current is not None)


def rank(worker: PodWorker, used: dict[str, int]) -> tuple[bool, int, float]:
    """First who exceeds its request, then by priority, then by how far it exceeds it."""
    asked = total(worker.pod.spec, "requests").get("memory", ZERO).value
    over = usage(worker, used) - asked
    return over <= 0, worker.pod.spec.priority, -over
