"""GpuShare: several Pods on one GPU. Not one of kube-scheduler's plugins, but added to it.

Kubernetes hands out whole GPUs. Where shares are given (in thousandths of a device), a share must
fit on one device; a Pod of several devices takes the same share of each.
Source: the annotations and the rule of github.com/alibaba/open-gpu-share; the choice of the
fullest device that still fits is that of its `allocateGpuId`.
"""

from __future__ import annotations

import numpy as np

from course_lib.scheduler.framework import NODE_ADD, POD_DELETE, Plugin, Verdict
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.types import Amounts, Bools

REASON = "node(s) had no GPU with enough left"
COUNT, MILLI = "alibabacloud.com/gpu-count", "alibabacloud.com/gpu-milli"
WHOLE = 1000  # thousandths of one device


class GpuShare(Plugin):
    """Filter by what is left of each GPU; note which GPUs a Pod takes."""

    name = "GpuShare"
    events = (NODE_ADD, POD_DELETE)
    filters = True

    def filter(self, pod: PodInfo, nodes: Nodes) -> Verdict | None:
        """Every node with so many devices that have the share left."""
        count, share = demand(pod)
        return Verdict.where(fits(count, share, left(nodes)), REASON) if count else None

    def reserve(self, pod: PodInfo, nodes: Nodes, row: int) -> None:
        """Take the fullest devices that have enough."""
        count, share = demand(pod)
        if count:
            devices = left(nodes)[row]
            enough = [d for d in np.argsort(devices, kind="stable") if devices[d] >= share]
            devices[enough[:count]] -= share

    def couples(self, pod: PodInfo, nodes: Nodes) -> bool:
        """Devices are more than amounts."""
        return demand(pod)[0] > 0


def demand(pod: PodInfo) -> tuple[int, int]:
    """Devices, and thousandths of each."""
    notes = pod.pod.annotations
    return int(notes.get(COUNT, 0)), int(notes.get(MILLI, WHOLE))


def left(nodes: Nodes) -> Amounts:
    """Thousandths left of each device: a row for each node, a column for each device."""
    if COUNT not in nodes.devices:
        counts = nodes.capacity(COUNT)
        most = int(counts.max(initial=0))
        nodes.devices[COUNT] = WHOLE * (np.arange(most) < counts[:, np.newaxis]).astype(float)
    return nodes.devices[COUNT]


def fits(count: int, share: int, devices: Amounts) -> Bools:
    """The nodes with so many devices that have the share left."""
    enough: Bools = (devices >= share).sum(axis=1) >= count
    return enough
