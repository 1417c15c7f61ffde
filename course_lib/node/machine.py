"""The hardware below a node."""

from __future__ import annotations

import hashlib

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

    def identity(self, of: str) -> str:
        """A UUID that the machine has `of` itself, such as its system's: always the same."""
        digest = hashlib.sha256(f"{self.name} {of}".encode()).hexdigest()
        return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}"
