"""The kubelet's own admission: it refuses what does not fit, whoever bound it here.

Source: `pkg/kubelet/lifecycle/predicate.go` (`OutOfcpu`, `OutOfmemory`, `OutOfpods`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod.requests import ZERO, plus, total
from course_lib.objects.quantity import Quantity

if TYPE_CHECKING:
    from course_lib.node.kubelet import Kubelet


def refuse(kubelet: Kubelet, pod: Pod) -> tuple[str, str] | None:
    """Reason and message when the node cannot take a Pod."""
    allocatable = kubelet.node().status.allocatable or {}
    # Pods that are over hold nothing any more (`filterOutInactivePods`).
    active = [w for w in kubelet.workers.values() if w.phase() not in ("Succeeded", "Failed")]
    used = {"pods": Quantity.of(len(active))}
    for worker in active:
        used = plus(used, total(worker.pod.spec, "requests"))
    for name, amount in (total(pod.spec, "requests") | {"pods": Quantity("1")}).items():
        capacity = allocatable.get(name, ZERO)
        taken = used.get(name, ZERO)
        if amount.nano and taken + amount > capacity:
            unit = (lambda q: q.milli) if name == "cpu" else (lambda q: q.value)
            return f"OutOf{name}", (
                f"Node didn't have enough resource: {name}, requested: {unit(amount)}, "
                f"used: {unit(taken)}, capacity: {unit(capacity)}"
            )
    return None
