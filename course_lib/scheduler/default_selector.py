"""Which Pods are of one kind with a Pod that does not say so itself: those that share its
Services and its workload. Spreading by default goes by this.

Source: `pkg/scheduler/framework/plugins/helper/spread.go` (`DefaultSelector`).
"""

from __future__ import annotations

from course_lib.objects.kinds.pod import Pod
from course_lib.objects.meta import selector_of
from course_lib.objects.selectors import EVERYTHING, Selector, selector_from_labels
from course_lib.scheduler.framework import Lister

WORKLOADS = ("ReplicationController", "ReplicaSet", "StatefulSet")


def default_selector(pod: Pod, lister: Lister) -> Selector:
    """The selectors of all its Services, and of the workload that controls it, in one."""
    labels: dict[str, str] = {}
    for service in lister.list("Service", pod.namespace):
        if selector_from_labels(service.spec.selector).matches(pod.labels):
            labels |= service.spec.selector
    parts = list(selector_from_labels(labels).requirements)
    owner = pod.metadata.controller
    if owner is not None and owner.kind in WORKLOADS:
        found = lister.find(owner.kind, owner.name, pod.namespace)
        if found is not None:
            written = found.spec.selector
            own = selector_from_labels(written) if isinstance(written, dict) else None
            parts += (own or selector_of(written)).requirements
    return Selector(tuple(dict.fromkeys(parts))) if parts else EVERYTHING
