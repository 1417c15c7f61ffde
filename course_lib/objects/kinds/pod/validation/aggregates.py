"""What the containers of a Pod ask for together, read off the document.

Source: `AggregateContainerRequests` in k8s.io/component-helpers `resource/helpers.go`.
"""

from __future__ import annotations

from course_lib.objects.kinds.pod.requests import larger, plus
from course_lib.objects.kinds.pod.validation.containers_of import restarts_always
from course_lib.objects.manifests import Document
from course_lib.objects.quantity import Quantity, ResourceList


def amounts_of(container: Document, group: str) -> ResourceList:
    """The `requests` or `limits` of a container, as amounts."""
    given = (container.get("resources") or {}).get(group) or {}
    return {name: Quantity(amount) for name, amount in sorted(given.items())}


def container_sums(spec: Document, group: str) -> ResourceList:
    """The sum of all `requests` or `limits` of a Pod's containers, without its overhead.

    Containers and sidecars run together; the other init containers run one by one before them.
    """
    together: ResourceList = {}
    for container in spec.get("containers") or ():
        together = plus(together, amounts_of(container, group))
    started: ResourceList = {}
    peak: ResourceList = {}
    for container in spec.get("initContainers") or ():
        mine = plus(started, amounts_of(container, group))
        started = mine if restarts_always(container) else started
        peak = larger(peak, mine)
    return larger(plus(together, started), peak)
