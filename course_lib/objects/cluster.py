"""The cluster's own objects: nodes, namespaces, priorities, leases, events.

Source: the Kubernetes API reference, `core/v1`, `scheduling.k8s.io/v1`, `coordination.k8s.io/v1`.
"""

from __future__ import annotations

import msgspec

from course_lib.objects.meta import Condition, Object, Value
from course_lib.objects.pod import ResourceList
from course_lib.objects.workloads import ObjectReference


class Taint(Value, frozen=True):
    """A mark that keeps Pods away which do not tolerate it."""

    key: str
    effect: str
    value: str = ""
    time_added: str | None = None


class NodeSpec(Value, frozen=True):
    """What a node should be."""

    pod_cidr: str = msgspec.field(default="", name="podCIDR")
    provider_id: str = msgspec.field(default="", name="providerID")
    unschedulable: bool = False
    taints: list[Taint] | None = None


class NodeAddress(Value, frozen=True):
    """One of a node's addresses."""

    type: str
    address: str


class ContainerImage(Value, frozen=True):
    """An image that a node has pulled."""

    names: list[str] | None = None
    size_bytes: int = 0


class NodeStatus(Value, frozen=True):
    """What a node has, and how it is."""

    capacity: ResourceList | None = None
    allocatable: ResourceList | None = None
    conditions: list[Condition] | None = None
    addresses: list[NodeAddress] | None = None
    images: list[ContainerImage] | None = None
    node_info: dict[str, str] | None = None


class Node(Object, frozen=True, kw_only=True):
    """A machine that runs Pods."""

    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


class NamespaceSpec(Value, frozen=True):
    """What must be done before a namespace may go."""

    finalizers: list[str] | None = None


class NamespaceStatus(Value, frozen=True):
    """Active or Terminating."""

    phase: str = "Active"
    conditions: list[Condition] | None = None


class Namespace(Object, frozen=True, kw_only=True):
    """A room for names, quotas and policies."""

    spec: NamespaceSpec = NamespaceSpec()
    status: NamespaceStatus = NamespaceStatus()


class PriorityClass(Object, frozen=True, kw_only=True):
    """How important Pods are, by name."""

    value: int
    global_default: bool = False
    preemption_policy: str = "PreemptLowerPriority"
    description: str = ""


class LeaseSpec(Value, frozen=True):
    """Who holds the lease, and when it was last renewed."""

    holder_identity: str = ""
    lease_duration_seconds: int = 0
    acquire_time: str | None = None
    renew_time: str | None = None
    lease_transitions: int = 0


class Lease(Object, frozen=True, kw_only=True):
    """A heartbeat, or a claim to be the leader."""

    spec: LeaseSpec = LeaseSpec()


class EventSource(Value, frozen=True):
    """The component that reports."""

    component: str = ""
    host: str = ""


class Event(Object, frozen=True, kw_only=True):
    """Something that happened to an object, counted while it goes on."""

    involved_object: ObjectReference = ObjectReference()
    type: str = "Normal"
    reason: str = ""
    message: str = ""
    source: EventSource = EventSource()
    count: int = 1
    first_timestamp: str | None = None
    last_timestamp: str | None = None
