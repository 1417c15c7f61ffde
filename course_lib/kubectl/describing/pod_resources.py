"""What a Pod asks for and may use in all, by its spec and by what its node has granted already.

Source: `PodRequests` and `PodLimits` of k8s.io/component-helpers `resource/helpers.go`.
"""

from __future__ import annotations

from collections.abc import Iterable

from course_lib.objects.kinds.pod.requests import ZERO, is_shared, larger, plus
from course_lib.objects.manifests import Document
from course_lib.objects.quantity import Quantity, ResourceList

# Where a container's amounts are looked for: the first place that has any counts.
SPEC: tuple[str, ...] = ()
GRANTED = {
    "requests": ("allocatedResources", "resources.requests"),
    "limits": ("resources.limits",),
}


def asked(pod: Document, group: str) -> ResourceList:
    """The sum of `requests` or of `limits` by the spec alone."""
    return _whole(pod, group, _sum(pod, group, SPEC))


def in_effect(pod: Document, group: str) -> ResourceList:
    """The sum of `requests` or of `limits`, or what the node has granted where that is more."""
    granted: ResourceList = {}
    for n in range(len(GRANTED[group])):
        granted = larger(granted, _sum(pod, group, tuple(reversed(GRANTED[group][: n + 1]))))
    if not _is_infeasible(pod):
        granted = larger(_sum(pod, group, SPEC), granted)
    return _whole(pod, group, granted)


def _whole(pod: Document, group: str, sums: ResourceList) -> ResourceList:
    """What the Pod says of itself as a whole counts instead; its overhead is added."""
    spec = pod.get("spec") or {}
    own = _amounts((spec.get("resources") or {}).get(group))
    sums = sums | {name: amount for name, amount in own.items() if is_shared(name)}
    overhead = _amounts(spec.get("overhead"))
    if group == "limits":  # there is no limit where the containers have none
        overhead = {n: amount for n, amount in overhead.items() if sums.get(n, ZERO).nano}
    return plus(sums, overhead)


def _sum(pod: Document, group: str, places: tuple[str, ...]) -> ResourceList:
    """All containers together; init containers one by one before them (`is_sidecar`: beside)."""
    spec = pod.get("spec") or {}
    statuses = _statuses(pod)

    def of(container: Document) -> ResourceList:
        return _of_container(container, statuses.get(container["name"], {}), group, places)

    together: ResourceList = {}
    for container in spec.get("containers") or ():
        together = plus(together, of(container))
    sidecars: ResourceList = {}
    peak: ResourceList = {}
    for container in spec.get("initContainers") or ():
        mine = plus(sidecars, of(container))
        if container.get("restartPolicy") == "Always":
            sidecars = mine
        peak = larger(peak, mine)
    return larger(plus(together, sidecars), peak)


def _of_container(
    container: Document, status: Document, group: str, places: Iterable[str]
) -> ResourceList:
    for place in places:
        step, _, rest = place.partition(".")
        found = status.get(step)
        found = (found or {}).get(rest) if rest else found
        if found is not None:
            return _amounts(found)
    return _amounts((container.get("resources") or {}).get(group))


def _statuses(pod: Document) -> dict[str, Document]:
    status = pod.get("status") or {}
    groups = (status.get("initContainerStatuses") or (), status.get("containerStatuses") or ())
    return {each["name"]: each for group in groups for each in group}


def _is_infeasible(pod: Document) -> bool:
    """Whether the node can never have room for what the spec says now."""
    for each in (pod.get("status") or {}).get("conditions") or ():
        if each["type"] == "PodResizePending":
            return bool(each.get("reason") == "Infeasible")
    return False


def _amounts(written: Document | None) -> ResourceList:
    return {name: Quantity(amount) for name, amount in (written or {}).items()}
