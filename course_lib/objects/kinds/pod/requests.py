"""What a Pod asks for in all, and which quality of service that earns it (chapters 04 and 06).

Sources: kubernetes.io "Sidecar Containers" (effective requests), "Pod Quality of Service
Classes"; k8s.io/component-helpers `resource/helpers.go`.
"""

from __future__ import annotations

from course_lib.objects.derived import derived_once
from course_lib.objects.kinds.pod.containers import Container, ResourceRequirements
from course_lib.objects.kinds.pod.spec import PodSpec
from course_lib.objects.quantity import Quantity, ResourceList

ZERO = Quantity("0")


def is_sidecar(container: Container) -> bool:
    """An init container that keeps running beside the others."""
    return container.restart_policy == "Always"


def total(spec: PodSpec, group: str) -> ResourceList:
    """The sum of `requests` or `limits`: containers and sidecars run together, and init
    containers one by one before them, so the larger of the two phases counts.

    What the Pod says of itself as a whole counts instead.
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
    sums = larger(plus(together, started), peak)
    if spec.resources is not None:
        whole = spec.resources.requests if group == "requests" else spec.resources.limits
        sums = sums | {name: amount for name, amount in (whole or {}).items() if is_shared(name)}
    return plus(sums, spec.overhead or {})


def is_shared(name: str) -> bool:
    """Whether all containers of a Pod can have a resource together: CPU, memory, huge pages.

    Source: `IsSupportedPodLevelResource` in k8s.io/component-helpers `resource/helpers.go`.
    """
    return name in ("cpu", "memory") or name.startswith("hugepages-")


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


@derived_once("containers", "init_containers", "resources")
def qos_class(spec: PodSpec) -> str:
    """Guaranteed when every container's limits equal its requests for CPU and memory,
    BestEffort when no container says anything, else Burstable; an amount of 0 says nothing.

    What the Pod says of itself as a whole counts instead of its containers (`ComputePodQOS`).
    """
    containers = (*(spec.init_containers or ()), *spec.containers)
    return quality(spec.resources, [container.resources for container in containers])


def quality(whole: ResourceRequirements | None, containers: list[ResourceRequirements]) -> str:
    """The class of service by what a `whole` Pod says of itself, or else its `containers`."""
    if whole is not None and any(map(is_shared, (*(whole.requests or ()), *(whole.limits or ())))):
        return _class_of(whole)
    classes = {_class_of(resources) for resources in containers}
    return classes.pop() if len(classes) == 1 else "Burstable" if classes else "BestEffort"


def _class_of(resources: ResourceRequirements) -> str:
    """The class of one set of requests and limits (`requirementsQOS`)."""
    requests, limits = resources.requests or {}, resources.limits or {}
    stated = [(requests.get(name, ZERO), limits.get(name, ZERO)) for name in ("cpu", "memory")]
    if any(request != limit for request, limit in stated):
        return "Burstable"
    amounts = [request != ZERO for request, _ in stated]
    return "Guaranteed" if all(amounts) else "Burstable" if any(amounts) else "BestEffort"
