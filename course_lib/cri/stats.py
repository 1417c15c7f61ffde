"""Calls for statistics: what containers and sandboxes use.

Source: `runtime_v1.proto`; containerd 2.3 lists statistics of running containers only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from course_lib.cri import messages as v1
from course_lib.cri.lookups import Lookups, matches
from course_lib.cri.translate import sandbox_parts
from course_lib.runtimes import RuntimeContainer, Sandbox

Message = Any
WRITABLE = "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs"


def _amount(value: float) -> Message:
    return v1.UInt64Value(value=max(0, round(value)))


class StatsCalls(Lookups):
    """The part of the RuntimeService that measures."""

    def ContainerStats(self, request: Message) -> Message:  # noqa: N802
        """What one container uses."""
        container = self.runtime.containers.by_id(request.container_id)
        return v1.ContainerStatsResponse(stats=self._stats(container))

    def ListContainerStats(self, request: Message) -> Message:  # noqa: N802
        """What the running containers use that a filter lets through."""
        running = [c for c in self._containers(request.filter) if c.running]
        return v1.ListContainerStatsResponse(stats=map(self._stats, running))

    def StreamContainerStats(self, request: Message) -> Iterator[Message]:  # noqa: N802
        """The same, in parts."""
        for stats in self.ListContainerStats(request).stats:
            yield v1.StreamContainerStatsResponse(container_stats=[stats])

    def PodSandboxStats(self, request: Message) -> Message:  # noqa: N802
        """What one sandbox's containers use together."""
        sandbox = self.runtime.sandboxes.by_id(request.pod_sandbox_id)
        return v1.PodSandboxStatsResponse(stats=self._sandbox_stats(sandbox))

    def ListPodSandboxStats(self, request: Message) -> Message:  # noqa: N802
        """What the sandboxes use that a filter lets through."""
        wanted = request.filter
        found = [
            sandbox
            for sandbox in self.runtime.sandboxes.values()
            if sandbox.ready
            and sandbox.id.startswith(wanted.id)
            and matches(sandbox.spec.labels, wanted.label_selector)
        ]
        return v1.ListPodSandboxStatsResponse(stats=map(self._sandbox_stats, found))

    def StreamPodSandboxStats(self, request: Message) -> Iterator[Message]:  # noqa: N802
        """The same, in parts."""
        for stats in self.ListPodSandboxStats(request).stats:
            yield v1.StreamPodSandboxStatsResponse(pod_sandbox_stats=[stats])

    def _stats(self, container: RuntimeContainer) -> Message:
        spec, now = container.spec, self.runtime.machine.clock()
        stats = v1.ContainerStats(
            attributes=v1.ContainerAttributes(
                id=container.id,
                metadata=v1.ContainerMetadata(name=spec.name, attempt=spec.attempt),
                labels=spec.labels,
                annotations=spec.annotations,
            ),
            cpu=self._cpu([container], now),
            memory=self._memory([container], now),
        )
        stats.writable_layer.timestamp = now
        stats.writable_layer.fs_id.mountpoint = WRITABLE
        stats.writable_layer.used_bytes.value = stats.writable_layer.inodes_used.value = 0
        return stats

    def _sandbox_stats(self, sandbox: Sandbox) -> Message:
        parts, now = (
            sandbox_parts(sandbox, self.runtime.machine.epoch),
            self.runtime.machine.clock(),
        )
        running = [c for c in self.runtime.containers.of(sandbox) if c.running]
        eth0 = v1.NetworkInterfaceUsage(name="eth0", rx_bytes=_amount(0), tx_bytes=_amount(0))
        return v1.PodSandboxStats(
            attributes=v1.PodSandboxAttributes(
                **{key: parts[key] for key in ("id", "metadata", "labels", "annotations")}
            ),
            linux=v1.LinuxPodSandboxStats(
                cpu=self._cpu(running, now),
                memory=self._memory(running, now),
                network=v1.NetworkUsage(timestamp=now, default_interface=eth0),
                process=v1.ProcessUsage(timestamp=now, process_count=_amount(len(running) + 1)),
                containers=map(self._stats, running),
            ),
        )

    def _cpu(self, containers: Iterable[RuntimeContainer], now: int) -> Message:
        used = sum(container.cpu_seconds() for container in containers)
        rate = sum(
            min(c.behaviour.cpu.at(c.time.age), c.cpu.limit) for c in containers if c.running
        )
        usage = v1.CpuUsage(timestamp=now)
        usage.usage_core_nano_seconds.value = round(used * 1e9)
        usage.usage_nano_cores.value = round(rate * 1e9)
        return usage

    def _memory(self, containers: Iterable[RuntimeContainer], now: int) -> Message:
        used = round(sum(container.memory() for container in containers))
        usage = v1.MemoryUsage(timestamp=now)
        for amount in (usage.working_set_bytes, usage.usage_bytes, usage.rss_bytes):
            amount.value = used
        return usage
