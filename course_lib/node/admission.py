"""The kubelet's own admission: it refuses Pods that do not fit, also when a scheduler bound them.

Source: `pkg/kubelet/lifecycle/predicate.go` (`OutOfcpu`, `OutOfmemory`, `OutOfpods`).
"""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod.requests import ZERO, plus, total
from course_lib.objects.quantity import Quantity


def refuse(
    pod: Pod, active: Sequence[Pod], allocatable: dict[str, Quantity]
) -> tuple[str, str] | None:
    """Reason and message when a node cannot take a Pod.

    `active` are the Pods that hold resources there: those that are over hold nothing any more
    (`filterOutInactivePods`). `allocatable` is what the node has for Pods. `pod` is the one that is
    new.
    """
    used = {"pods": Quantity.of(len(active))}
    for other in active:
        used = plus(used, total(other.spec, "requests"))
    for name, amount in (total(pod.spec, "requests") | {"pods": Quantity("1")}).items():
        capacity = allocatable.get(name, ZERO)
        taken = used.get(name, ZERO)
        if amount.nano and taken + amount > capacity:
            requested, used_now, most = (
                each.milli if name == "cpu" else each.value for each in (amount, taken, capacity)
            )
            return f"OutOf{name}", (
                f"Node didn't have enough resource: {name}, requested: {requested}, "
                f"used: {used_now}, capacity: {most}"
            )
    return None
