"""What a Pod asks for in all, and which quality of service that earns it (chapters 04 and 06).

Sources: kubernetes.io "Sidecar Containers" (effective requests), "Pod Quality of Service
Classes"; k8s.io/component-helpers `resource/helpers.go`.
"""

from __future__ import annotations

from course_lib.objects.derived import derived_once
from course_lib.objects.kinds.pod.containers import Container
from course_lib.objects.kinds.pod.spec import PodSpec
from course_lib.objects.quantity import Quantity, ResourceList

ZERO = Quantity("0")


def is_sidecar(container: Container) -> bool:
    """An init container that keeps running beside the others."""
    return container.restart_policy == "Always"


def total(spec: PodSpec, group: str) -> ResourceList:
    """The sum of `requests` or `limits`: containers and sidecars run together, and init
    containers one by one before them, so the larger of the two phases counts.
    """
    together: ResourceList = {}
    for container in spec.containers:
        together = plus(together, amounts(container, group))
    started: ResourceList = {}
    peak: ResourceList = {}
    for container in spec.init_containers or ():
        mine = plus(started, amounts(container, group))
        if is_sidecar(container):
            started = mine
        peak = larger(peak, mine)
    return plus(larger(plus(together, started), peak), spec.overhead or {})


def amounts(container: Container, group: str) -> ResourceList:
    """A container's own `requests` or `limits`."""
    given = container.resources
    return (given.requests if group == "requests" else given.limits) or {}


def plus(left: ResourceList, right: ResourceList) -> ResourceList:
    """The sum, resource by resource."""
    if not left or not right:
        return left or right
    return {n: left.get(n, ZERO) + right.get(n, ZERO) for n in left | right}


def larger(left: ResourceList, right: ResourceList) -> ResourceList:
    """The larger of two, resource by resource."""
    if not left or not right:
        return left or right
    return {n: max(left.get(n, ZERO), right.get(n, ZERO)) for n in left | right}


@derived_once("containers", "init_containers")
def qos_class(spec: PodSpec) -> str:
    """Guaranteed when every container's limits equal its requests for CPU and memory,
    BestEffort when no container says anything, else Burstable; an amount of 0 says nothing.
    """
    stated = [
        [amounts(container, group) for group in ("requests", "limits")]
        for container in (*(spec.init_containers or ()), *spec.containers)
    ]
    if not any(map(any, stated)):
        return "BestEffort"
    pairs = [
        tuple(group.get(name, ZERO) for group in groups)
        for groups in stated
        for name in ("cpu", "memory")
    ]
    if all(request == limit == ZERO for request, limit in pairs):
        return "BestEffort"
    guaranteed = all(ZERO != limit == request for request, limit in pairs)
    return "Guaranteed" if guaranteed else "Burstable"
