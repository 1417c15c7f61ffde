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
    for service in lister.list(Service, pod.namespace):
        if selector_from_labels(service.spec.selector).matches(pod.labels):
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
