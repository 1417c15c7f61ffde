"""A Node: its conditions, what it has, what runs on it, and what that asks for.

Source: `NodeDescriber` in `pkg/describe/describe.go` of k8s.io/kubectl.
"""

from __future__ import annotations

from collections.abc import Iterator

from course_lib.kubectl.describing import events
from course_lib.kubectl.describing.described import DescribedObject
from course_lib.kubectl.describing.node_resources import device_lines, resource_lines
from course_lib.kubectl.describing.values import date, flag, quantity
from course_lib.kubectl.describing.writing import (
    NONE,
    UNSET,
    Lines,
    field,
    several,
    stated,
    table,
    titled,
)
from course_lib.kubectl.failures import RefusedRequest
from course_lib.kubectl.server import Path
from course_lib.objects.manifests import Document

ROLE_PREFIX, ROLE = "node-role.kubernetes.io/", "kubernetes.io/role"
CONDITIONS = "Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage"
LEASE_TIMES = {"AcquireTime": "acquireTime", "RenewTime": "renewTime"}
SYSTEM_INFO = {
    "Machine ID": "machineID",
    "System UUID": "systemUUID",
    "Boot ID": "bootID",
    "Kernel Version": "kernelVersion",
    "OS Image": "osImage",
    "Operating System": "operatingSystem",
    "Architecture": "architecture",
    "Container Runtime Version": "containerRuntimeVersion",
    "Kubelet Version": "kubeletVersion",
}


def lines(node: DescribedObject) -> Lines:
    """All but the events; raises `RefusedRequest`."""
    pods = _pods(node)
    yield field("Name", node.name)
    yield field("Roles", ",".join(sorted(set(_roles(node)))) or NONE)
    yield from node.marks()
    yield field("CreationTimestamp", date(node.metadata.get("creationTimestamp")))
    yield from several("Taints", _taints(node))
    yield field("Unschedulable", flag(node.spec.get("unschedulable")))
    yield from _lease(node)
    yield from _state(node)
    yield from device_lines(node)
    info = node.status.get("nodeInfo") or {}
    about = (field(title, info.get(name)) for title, name in SYSTEM_INFO.items())
    yield from titled("System Info", about)
    yield from stated(
        ("PodCIDR", node.spec.get("podCIDR")),
        ("PodCIDRs", ",".join(node.spec.get("podCIDRs") or ())),
        ("ProviderID", node.spec.get("providerID")),
    )
    if pods is None:
        yield field("Pods", "not authorized")
    else:
        yield from resource_lines(node, pods)


def found_events(node: DescribedObject) -> list[Document]:
    """Its events: controllers name its UID, the kubelet its name in place of the UID."""
    by_uid = events.about_object(node)
    return by_uid + events.about(node, "Node", node.name)


def _pods(node: DescribedObject) -> list[Document] | None:
    """The Pods that have not ended there; None where they may not be seen."""
    selected = f"spec.nodeName={node.name},status.phase!=Succeeded,status.phase!=Failed"
    try:
        return node.listed("v1", "pods", "", {"fieldSelector": selected})
    except RefusedRequest as refusal:
        if refusal.reason != "Forbidden":
            raise
        return None


def _roles(node: DescribedObject) -> Iterator[str]:
    for key, text in (node.metadata.get("labels") or {}).items():
        if key.startswith(ROLE_PREFIX) and key != ROLE_PREFIX:
            yield key.removeprefix(ROLE_PREFIX)
        elif key == ROLE and text:
            yield text


def _taints(node: DescribedObject) -> Iterator[str]:
    taints = node.spec.get("taints") or ()
    for each in sorted(taints, key=lambda taint: f"{taint.get('effect', '')},{taint['key']}"):
        value, effect = each.get("value", ""), each.get("effect", "")
        yield f"{each['key']}{'=' + value if value else ''}{':' + effect if effect else ''}"


def _lease(node: DescribedObject) -> Lines:
    """The lease that the kubelet renews to say that it lives."""
    path = Path("coordination.k8s.io/v1", "leases", "kube-node-lease", node.name)
    try:
        spec = node.server.get(path).get("spec") or {}
    except RefusedRequest as refusal:
        yield field("Lease", f"Failed to get lease: {refusal.message}")
        return
    times = [(title, spec.get(name)) for title, name in LEASE_TIMES.items()]
    held = field("HolderIdentity", spec.get("holderIdentity", UNSET))
    rest = [field(title, date(stamp) if stamp else UNSET) for title, stamp in times]
    yield from titled("Lease", [held, *rest])


def _state(node: DescribedObject) -> Lines:
    """Conditions, addresses, and amounts of resources."""
    status = node.status
    rows = [_condition(each) for each in status.get("conditions") or ()]
    if rows:
        yield from titled("Conditions", table(CONDITIONS, rows))
    addresses = status.get("addresses") or ()
    yield from titled("Addresses", (field(each["type"], each["address"]) for each in addresses))
    for title in ("Capacity", "Allocatable"):
        amounts = sorted((status.get(title.lower()) or {}).items())
        if amounts:
            yield from titled(title, (field(name, quantity(amount)) for name, amount in amounts))


def _condition(condition: Document) -> tuple[str, ...]:
    return (
        f"{condition['type']} ",
        f"{condition.get('status', '')} ",
        f"{date(condition.get('lastHeartbeatTime'))} ",
        f"{date(condition.get('lastTransitionTime'))} ",
        f"{condition.get('reason', '')} ",
        condition.get("message", ""),
    )
