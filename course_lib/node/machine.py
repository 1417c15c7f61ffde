"""The hardware below a node."""

from __future__ import annotations

import msgspec

from course_lib.objects.quantity import Quantity


class MachineInfo(msgspec.Struct, frozen=True):
    """A machine's address and capacity, and the labels and taints that its node registers with."""

    name: str
    address: str
    cpu: Quantity
    memory: Quantity
    pods: int = 110
    disk: Quantity = Quantity("100Gi")  # for images
    labels: dict[str, str] = {}
    taints: tuple[dict[str, str], ...] = ()
