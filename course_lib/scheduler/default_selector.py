"""The default selector of topology spread constraints: the Pods of the same Services and workload.

Source: `pkg/scheduler/framework/plugins/helper/spread.go` (`DefaultSelector`).
"""

from __future__ import annotations

from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.replica_set import ReplicaSet
from course_lib.objects.kinds.replication_controller import ReplicationController
from course_lib.objects.kinds.service import Service
from course_lib.objects.kinds.stateful_set import StatefulSet
from course_lib.objects.meta import LabelSelector, selector_of
from course_lib.objects.selectors import EVERYTHING, Selector, selector_from_labels
from course_lib.scheduler.handle import SharedLister

Workload = ReplicationController | ReplicaSet | StatefulSet
WORKLOADS: dict[str, type[Workload]] = {
    "ReplicationController": ReplicationController,
    "ReplicaSet": ReplicaSet,
    "StatefulSet": StatefulSet,
}


def default_selector(pod: Pod, lister: SharedLister) -> Selector:
    """The selectors of all its Services, and of the workload that controls it, in one."""
    labels: dict[str, str] = {}
    for service in _services(pod, lister):
        labels |= service.spec.selector or {}
    parts = list(selector_from_labels(labels).requirements)
    owner = pod.metadata.controller
    if owner is not None and owner.kind in WORKLOADS:
        found = lister.find(WORKLOADS[owner.kind], owner.name, pod.namespace)
        if found is not None:
            written = found.spec.selector
            if isinstance(written, LabelSelector):
                parts += selector_of(written).requirements
            else:
                parts += selector_from_labels(written).requirements
    return Selector(tuple(dict.fromkeys(parts))) if parts else EVERYTHING


def _services(pod: Pod, lister: SharedLister) -> list[Service]:
    """The Services that select a Pod, in the API's order; those that cannot are not looked at."""
    found = [
        service
        for label in pod.labels.items()
        for service in lister.by_index(Service, _by_first_label, _place(pod.namespace, *label))
        if selector_from_labels(service.spec.selector).matches(pod.labels)
    ]
    return sorted(found, key=lambda service: service.name) if len(found) > 1 else found


def _by_first_label(service: Service) -> list[str]:
    """Index function: the namespace, and the first label that a Service selects by."""
    selector = service.spec.selector
    return [_place(service.namespace, *min(selector.items()))] if selector else []


def _place(namespace: str, key: str, value: str) -> str:
    return f"{namespace}/{key}={value}"
