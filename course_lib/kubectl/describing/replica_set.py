"""A ReplicaSet, and the ReplicationController that was before it.

Source: `describeReplicaSet` and `describeReplicationController` in `pkg/describe/describe.go` of
k8s.io/kubectl.
"""

from __future__ import annotations

from course_lib.kubectl.describing import conditions
from course_lib.kubectl.describing.counting import pods_status
from course_lib.kubectl.describing.described import DescribedObject
from course_lib.kubectl.describing.pod_template import template_lines
from course_lib.kubectl.describing.values import pairs, selector, selector_or_none
from course_lib.kubectl.describing.writing import Lines, field
from course_lib.kubectl.failures import RefusedRequest


def lines(replicas: DescribedObject) -> Lines:
    """A ReplicaSet, all but the events."""
    chosen = replicas.spec.get("selector")
    yield field("Name", replicas.name)
    yield field("Namespace", replicas.namespace)
    yield field("Selector", selector_or_none(chosen))
    yield from replicas.marks()
    yield from replicas.controller()
    yield _counts(replicas)
    try:
        yield field("Pods Status", pods_status(replicas, selector(chosen)))
    except RefusedRequest as refusal:
        yield field("Pods Status", f"error in fetching pods: {refusal.message}")
    yield from _rest(replicas)


def lines_of_replication_controller(replicas: DescribedObject) -> Lines:
    """A ReplicationController, all but the events; raises `RefusedRequest`."""
    chosen = pairs(replicas.spec.get("selector"))
    yield field("Name", replicas.name)
    yield field("Namespace", replicas.namespace)
    yield field("Selector", chosen)
    yield from replicas.marks()
    yield _counts(replicas)
    yield field("Pods Status", pods_status(replicas, chosen))
    yield from _rest(replicas)


def _counts(replicas: DescribedObject) -> str:
    current, desired = replicas.status.get("replicas", 0), replicas.spec.get("replicas", 0)
    return field("Replicas", f"{current} current / {desired} desired")


def _rest(replicas: DescribedObject) -> Lines:
    yield from template_lines(replicas.spec.get("template") or {})
    yield from conditions.of_workload(replicas.status.get("conditions"))
