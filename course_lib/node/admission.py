"""The kubelet's own admission: it refuses Pods that do not fit, also when a scheduler bound them.

Source: `pkg/kubelet/lifecycle/predicate.go` (`OutOfcpu`, `OutOfmemory`, `OutOfpods`).
"""

from __future__ import annotations

from course_lib.objects.derived import derived_once
from course_lib.objects.kinds.pod import Pod, PodSpec
from course_lib.objects.kinds.pod.requests import ZERO, total
from course_lib.objects.quantity import ResourceList


class HeldResources:
    """What the Pods of one node hold of it; those that are over hold nothing any more.

    Source: `filterOutInactivePods` in `pkg/kubelet/kubelet_pods.go`.
    """

    def __init__(self) -> None:
        self._by_pod: dict[str, ResourceList] = {}  # by UID
        self._sums: ResourceList = {}

    def hold(self, pod: Pod) -> None:
        """A Pod holds what it requests; instead of what it held before."""
        self.release(pod.uid)
        self._by_pod[pod.uid] = requested = _requested(pod.spec)
        for name, amount in requested.items():
            self._sums[name] = self._sums.get(name, ZERO) + amount

    def change(self, pod: Pod) -> None:
        """A Pod that holds something requests another amount now."""
        if pod.uid in self._by_pod:
            self.hold(pod)

    def release(self, uid: str) -> None:
        """A Pod, by its UID, holds nothing any more."""
        for name, amount in self._by_pod.pop(uid, {}).items():
            self._sums[name] = self._sums[name] - amount

    def refuse(self, pod: Pod, allocatable: ResourceList) -> tuple[str, str] | None:
        """Reason and message when the node, which has `allocatable`, cannot take a new Pod."""
        if len(self._by_pod) + 1 > allocatable.get("pods", ZERO).value:
            return _refusal("pods", 1, len(self._by_pod), allocatable.get("pods", ZERO).value)
        for name, amount in _requested(pod.spec).items():
            capacity, held = allocatable.get(name, ZERO), self._sums.get(name, ZERO)
            if amount.nano and held.nano + amount.nano > capacity.nano:
                inexact = [q.milli if name == "cpu" else q.value for q in (amount, held, capacity)]
                return _refusal(name, *inexact)
        return None


@derived_once("containers", "init_containers", "overhead")
def _requested(spec: PodSpec) -> ResourceList:
    return total(spec, "requests")


def _refusal(name: str, requested: int, used: int, capacity: int) -> tuple[str, str]:
    return f"OutOf{name}", (
        f"Node didn't have enough resource: {name}, requested: {requested}, "
        f"used: {used}, capacity: {capacity}"
    )
