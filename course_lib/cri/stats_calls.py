"""The RuntimeService's calls for statistics: what containers and sandboxes use.

Source: `runtime_v1.proto`; containerd 2.3 lists statistics of running containers only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from course_lib.cri import messages as v1
from course_lib.cri.container_calls import passes
from course_lib.cri.handlers import Handlers, matches
from course_lib.cri.translate import sandbox_parts
from course_lib.runtimes import RuntimeContainer, Sandbox
from course_lib.runtimes.containers import Containers
from course_lib.runtimes.machine import RuntimeMachine
from course_lib.runtimes.sandboxes import Sandboxes

WRITABLE = "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs"


class StatsCalls:
    """Measure the `containers` and `sandboxes` of a `machine`."""

    def __init__(
        self, sandboxes: Sandboxes, containers: Containers, machine: RuntimeMachine
    ) -> None:
        self._sandboxes, self._containers, self._machine = sandboxes, containers, machine
        self.handlers: Handlers = {
            "ContainerStats": self.container_stats,
            "ListContainerStats": self.list_container_stats,
            "StreamContainerStats": self.stream_container_stats,
            "PodSandboxStats": self.sandbox_stats,
            "ListPodSandboxStats": self.list_sandbox_stats,
            "StreamPodSandboxStats": self.stream_sandbox_stats,
        }

    def container_stats(self, request: v1.ContainerStatsRequest) -> v1.ContainerStatsResponse:
        """What one container uses."""
        container = self._containers.by_id(request.container_id)
        return v1.ContainerStatsResponse(stats=self._of_container(container))

    def list_container_stats(
        self, request: v1.ListContainerStatsRequest
    ) -> v1.ListContainerStatsResponse:
        """What the running containers use that a filter lets through."""
        return v1.ListContainerStatsResponse(stats=self._of_containers(request.filter))

    def stream_container_stats(
        self, request: v1.StreamContainerStatsRequest
    ) -> Iterator[v1.StreamContainerStatsResponse]:
        """The same, in parts."""
        for stats in self._of_containers(request.filter):
            yield v1.StreamContainerStatsResponse(container_stats=[stats])

    def sandbox_stats(self, request: v1.PodSandboxStatsRequest) -> v1.PodSandboxStatsResponse:
        """What one sandbox's containers use together."""
        sandbox = self._sandboxes.by_id(request.pod_sandbox_id)
        return v1.PodSandboxStatsResponse(stats=self._of_sandbox(sandbox))

    def list_sandbox_stats(
        self, request: v1.ListPodSandboxStatsRequest
    ) -> v1.ListPodSandboxStatsResponse:
        """What the sandboxes use that a filter lets through."""
        return v1.ListPodSandboxStatsResponse(stats=self._of_sandboxes(request.filter))

    def stream_sandbox_stats(
        self, request: v1.StreamPodSandboxStatsRequest
    ) -> Iterator[v1.StreamPodSandboxStatsResponse]:
        """The same, in parts."""
        for stats in self._of_sandboxes(request.filter):
            yield v1.StreamPodSandboxStatsResponse(pod_sandbox_stats=[stats])

    def _of_containers(self, wanted: v1.ContainerStatsFilter) -> Iterator[v1.ContainerStats]:
        for container in self._containers.values():
            if container.running and passes(container, wanted):
                yield self._of_container(container)

    def _of_container(self, container: RuntimeContainer) -> v1.ContainerStats:
        spec, now = container.spec, self._machine.clock()
        stats = v1.ContainerStats(
            attributes=v1.ContainerAttributes(
                id=container.id,
                metadata=v1.ContainerMetadata(name=spec.name, attempt=spec.attempt),
                labels=spec.labels,
                annotations=spec.annotations,
            ),
            cpu=_cpu([container], now),
            memory=_memory([container], now),
        )
        stats.writable_layer.timestamp = now
        stats.writable_layer.fs_id.mountpoint = WRITABLE
        stats.writable_layer.used_bytes.value = stats.writable_layer.inodes_used.value = 0
        return stats

    def _of_sandboxes(self, wanted: v1.PodSandboxStatsFilter) -> Iterator[v1.PodSandboxStats]:
        for sandbox in self._sandboxes.values():
            labelled = matches(sandbox.spec.labels, wanted.label_selector)
            if sandbox.ready and sandbox.id.startswith(wanted.id) and labelled:
                yield self._of_sandbox(sandbox)

    def _of_sandbox(self, sandbox: Sandbox) -> v1.PodSandboxStats:
        parts, now = sandbox_parts(sandbox, self._machine.epoch), self._machine.clock()
        running = [c for c in self._containers.of(sandbox) if c.running]
        eth0 = v1.NetworkInterfaceUsage(name="eth0", rx_bytes=_amount(0), tx_bytes=_amount(0))
        return v1.PodSandboxStats(
            attributes=v1.PodSandboxAttributes(
                **{key: parts[key] for key in ("id", "metadata", "labels", "annotations")}
            ),
            linux=v1.LinuxPodSandboxStats(
                cpu=_cpu(running, now),
                memory=_memory(running, now),
                network=v1.NetworkUsage(timestamp=now, default_interface=eth0),
                process=v1.ProcessUsage(timestamp=now, process_count=_amount(len(running) + 1)),
                containers=map(self._of_container, running),
            ),
        )


def _amount(value: float) -> v1.UInt64Value:
    return v1.UInt64Value(value=max(0, round(value)))


def _cpu(containers: Sequence[RuntimeContainer], now: int) -> v1.CpuUsage:
    running = [container for container in containers if container.running]
    used = sum(container.cpu_seconds() for container in containers)
    rate = sum(min(c.behaviour.cpu.at(c.time.age), c.cpu.limit) for c in running)
    usage = v1.CpuUsage(timestamp=now)
    usage.usage_core_nano_seconds.value = round(used * 1e9)
    usage.usage_nano_cores.value = round(rate * 1e9)
    return usage


def _memory(containers: Sequence[RuntimeContainer], now: int) -> v1.MemoryUsage:
    used = round(sum(container.memory() for container in containers))
    usage = v1.MemoryUsage(timestamp=now)
    for amount in (usage.working_set_bytes, usage.usage_bytes, usage.rss_bytes):
        amount.value = used
    return usage
