"""A Node as `kubectl describe node` writes it: conditions, resources, and what its Pods ask for.

The conditions have no LastHeartbeatTime here: simulated kubelets state only what changes.

Source: `describeNode` in `pkg/describe/describe.go` of k8s.io/kubectl.
"""

from __future__ import annotations

from collections.abc import Mapping

from course_lib.client import Client
from course_lib.cluster.describe_words import NONE, UNSET, date, multiline, notes, quantities
from course_lib.engine.ages import since
from course_lib.objects.kinds.lease import NODE_LEASES, Lease
from course_lib.objects.kinds.node import Node
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod.requests import ZERO, plus, total
from course_lib.objects.kinds.pod.status import FINAL_PHASES
from course_lib.objects.quantity import Quantity

ROLE = "node-role.kubernetes.io/"
STANDARD = ("cpu", "memory", "ephemeral-storage")
SYSTEM_INFO = (
    ("Kernel Version", "kernelVersion"),
    ("OS Image", "osImage"),
    ("Operating System", "operatingSystem"),
    ("Architecture", "architecture"),
    ("Container Runtime Version", "containerRuntimeVersion"),
    ("Kubelet Version", "kubeletVersion"),
)


def node_lines(api: Client, node: Node) -> list[str]:
    """All but the events."""
    roles = sorted(key.removeprefix(ROLE) for key in node.labels if key.startswith(ROLE))
    taints = sorted(node.spec.taints or (), key=lambda t: (t.effect, t.key))
    shown = [f"{t.key}{'=' + t.value if t.value else ''}:{t.effect}" for t in taints] or [NONE]
    lines = [
        f"Name:\t{node.name}",
        f"Roles:\t{','.join(roles) or NONE}",
        *multiline("Labels", node.labels),
        *notes(node.annotations),
        f"CreationTimestamp:\t{date(node.metadata.creation_timestamp)}",
        f"Taints:\t{shown[0]}",
        *(f"\t{text}" for text in shown[1:]),
        f"Unschedulable:\t{str(node.spec.unschedulable).lower()}",
        *_lease(api.find(Lease, node.name, NODE_LEASES)),
        "Conditions:",
        "  Type\tStatus\tLastTransitionTime\tReason\tMessage",
        "  ----\t------\t------------------\t------\t-------",
    ]
    for c in node.status.conditions or ():
        changed = date(c.last_transition_time)
        lines.append(f"  {c.type} \t{c.status} \t{changed} \t{c.reason} \t{c.message}")
    lines.append("Addresses:")
    lines += [f"  {a.type}:\t{a.address}" for a in node.status.addresses or ()]
    for title, amounts in (
        ("Capacity", node.status.capacity),
        ("Allocatable", node.status.allocatable),
    ):
        if amounts:
            lines += [f"{title}:", *quantities(amounts, "  ")]
    info = node.status.node_info or {}
    lines.append("System Info:")
    lines += [f"  {title}:\t{info.get(field, '')}" for title, field in SYSTEM_INFO]
    if node.spec.pod_cidr:
        lines += [f"PodCIDR:\t{node.spec.pod_cidr}", f"PodCIDRs:\t{node.spec.pod_cidr}"]
    return lines + _allocated(api, node)


def _lease(lease: Lease | None) -> list[str]:
    if lease is None:
        return []
    return [
        "Lease:",
        f"  HolderIdentity:\t{lease.spec.holder_identity or UNSET}",
        f"  AcquireTime:\t{date(lease.spec.acquire_time) or UNSET}",
        f"  RenewTime:\t{date(lease.spec.renew_time) or UNSET}",
    ]


def _allocated(api: Client, node: Node) -> list[str]:
    """What the node's Pods request and may use, each and in sum, with its share of the node."""
    pods = [
        pod
        for pod in api.list(Pod)
        if pod.spec.node_name == node.name and pod.status.phase not in FINAL_PHASES
    ]
    have = node.status.allocatable or node.status.capacity or {}
    lines = [
        f"Non-terminated Pods:\t({len(pods)} in total)",
        "  Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge",
        "  ---------\t----\t\t------------\t----------\t---------------\t-------------\t---",
    ]
    for pod in pods:
        groups = total(pod.spec, "requests"), total(pod.spec, "limits")
        cells = [_share(group, name, have) for name in ("cpu", "memory") for group in groups]
        age = since(pod.metadata.creation_timestamp, api.sim.now)
        lines.append(f"  {pod.namespace}\t{pod.name}\t\t" + "\t".join([*cells, age]))
    return lines + _sums(pods, have)


def _sums(pods: list[Pod], have: Mapping[str, Quantity]) -> list[str]:
    """Requests and limits of all Pods together, resource by resource."""
    requests: dict[str, Quantity] = {}
    limits: dict[str, Quantity] = {}
    for pod in pods:
        requests = plus(requests, total(pod.spec, "requests"))
        limits = plus(limits, total(pod.spec, "limits"))
    lines = [
        "Allocated resources:",
        "  (Total limits may be over 100 percent, i.e., overcommitted.)",
        "  Resource\tRequests\tLimits",
        "  --------\t--------\t------",
    ]
    for name in STANDARD:
        cells = [_share(group, name, have) for group in (requests, limits)]
        lines.append(f"  {name}\t" + "\t".join(cells))
    for name in sorted(set(have) - {*STANDARD, "pods"}):
        lines.append(f"  {name}\t{requests.get(name, ZERO)}\t{limits.get(name, ZERO)}")
    return lines


def _share(amounts: Mapping[str, Quantity], resource: str, have: Mapping[str, Quantity]) -> str:
    amount, whole = amounts.get(resource, ZERO), have.get(resource, ZERO)
    return f"{amount} ({int(100 * amount.nano / whole.nano) if whole.nano else 0}%)"
