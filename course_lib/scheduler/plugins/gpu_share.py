"""GpuShare: several Pods on one GPU. Not one of kube-scheduler's plugins, but added to it.

Kubernetes hands out whole GPUs. Where shares are given (in thousandths of a device), a share must
fit on one device; a Pod of several devices takes the same share of each. The devices stand in an
annotation of the Pod, so a scheduler that starts again knows which are taken.
Source: the annotations and the rule of github.com/alibaba/open-gpu-share; the choice of the
fullest device that still fits is that of its `allocateGpuId`.
"""

from __future__ import annotations

import numpy as np

from course_lib.objects.kinds.pod import Pod
from course_lib.scheduler.framework import NODE_ADD, POD_DELETE, Plugin
from course_lib.scheduler.handle import Handle
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.status import NodeToStatus
from course_lib.scheduler.types import Amounts, Bools

REASON = "node(s) had no GPU with enough left"
COUNT, MILLI = "alibabacloud.com/gpu-count", "alibabacloud.com/gpu-milli"
INDEX = "alibabacloud.com/gpu-index"  # the devices that a Pod has, such as 0-2
WHOLE = 1000  # thousandths of one device


class GpuShare(Plugin):
    """Filter by what is left of each GPU; note on the Pod which GPUs it takes."""

    name = "GpuShare"
    events = (NODE_ADD, POD_DELETE)

    def filter(self, pod: PodInfo, nodes: Nodes) -> NodeToStatus | None:
        """Every node with so many devices that have the share left."""
        count, share = demand(pod)
        return NodeToStatus.where(fits(count, share, left(nodes)), REASON) if count else None

    def reserve(self, pod: PodInfo, nodes: Nodes, node: str) -> str:
        """Note the devices that are counted as the Pod's."""
        count, _ = demand(pod)
        devices = ledger(nodes).held.get(pod.key, ()) if count else ()
        if len(devices) < count:
            return REASON
        if count:
            pod.pod.annotations[INDEX] = "-".join(map(str, devices))
        return ""

    def unreserve(self, pod: PodInfo, nodes: Nodes, node: str) -> None:
        """The Pod has no devices."""
        pod.pod.annotations.pop(INDEX, None)

    def pre_bind(self, pod: PodInfo, node: str, handle: Handle) -> str:
        """Write the devices to the API, where the node's device plugin reads them."""
        if INDEX in pod.pod.annotations:
            noted = {INDEX: pod.pod.annotations[INDEX]}
            patch = {"metadata": {"uid": pod.pod.uid, "annotations": noted}}
            handle.client.patch(Pod, pod.pod.name, pod.namespace, patch)
        return ""

    def couples(self, pod: PodInfo, nodes: Nodes) -> bool:
        """Devices are more than amounts."""
        return demand(pod)[0] > 0


class DeviceLedger:
    """The devices of all nodes, and which Pods have them."""

    def __init__(self, nodes: Nodes) -> None:
        counts = nodes.capacity(COUNT)
        most = int(counts.max(initial=0))
        # Thousandths left: a row for each node, a column for each device.
        self.left: Amounts = WHOLE * (np.arange(most) < counts[:, np.newaxis]).astype(float)
        self.held: dict[str, list[int]] = {}  # by Pod: the columns

    def add(self, pod: PodInfo, row: int) -> None:
        """Give a Pod the devices that its annotation names, else the fullest that have enough."""
        count, share = demand(pod)
        if not count:
            return
        left = self.left[row]
        enough = [int(d) for d in np.argsort(left, kind="stable") if left[d] >= share]
        devices = noted(pod, len(left)) or enough[:count]
        left[devices] -= share
        self.held[pod.key] = devices

    def remove(self, pod: PodInfo, row: int) -> None:
        """Take them back."""
        self.left[row, self.held.pop(pod.key, [])] += demand(pod)[1]


def demand(pod: PodInfo) -> tuple[int, int]:
    """Devices, and thousandths of each."""
    notes = pod.pod.annotations
    return int(notes.get(COUNT, 0)), int(notes.get(MILLI, WHOLE))


def noted(pod: PodInfo, most: int) -> list[int]:
    """The devices that a Pod's annotation names, as far as the node has them."""
    named = [int(d) for d in pod.pod.annotations.get(INDEX, "").split("-") if d.isdecimal()]
    return [device for device in named if device < most]


def ledger(nodes: Nodes) -> DeviceLedger:
    """The devices in a snapshot of the cluster."""
    return nodes.ledger(GpuShare.name, DeviceLedger)


def left(nodes: Nodes) -> Amounts:
    """Thousandths left of each device: a row for each node, a column for each device."""
    return ledger(nodes).left


def fits(count: int, share: int, devices: Amounts) -> Bools:
    """The nodes with so many devices that have the share left.

    `count` devices are asked for, `share` is what each of them must have left (thousandths),
    `devices` has what each node's devices have left.
    """
    enough: Bools = (devices >= share).sum(axis=1) >= count
    return enough
