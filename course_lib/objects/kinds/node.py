"""Node: a machine that runs Pods (Kubernetes API reference, `core/v1`)."""

from __future__ import annotations

import msgspec

from course_lib.objects.columns import NONE
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Row, by_path
from course_lib.objects.kinds import node_rules
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import Condition, Object, Value, condition
from course_lib.objects.quantity import ResourceList

# Labels that every cluster has: kubernetes.io "Well-Known Labels, Annotations and Taints".
HOSTNAME = "kubernetes.io/hostname"
ZONE, REGION = "topology.kubernetes.io/zone", "topology.kubernetes.io/region"


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
    node_info: Document | None = None


class Node(Object, frozen=True, kw_only=True):
    """A machine that runs Pods."""

    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


def _complete(document: Document) -> None:
    """Source: `pkg/apis/core/v1/defaults.go` and `conversion.go`."""
    for spec in places(document, "spec"):
        if spec.get("podCIDR") == "":
            del spec["podCIDR"]
        first, blocks = spec.get("podCIDR"), spec.get("podCIDRs")
        if first and (not blocks or (isinstance(blocks, list) and blocks[0] != first)):
            spec["podCIDRs"] = [first]
        elif blocks and not first:
            spec["podCIDR"] = blocks[0]
    if isinstance(document.setdefault("status", {}), dict):
        document["status"] = _stated(document["status"])


# What Kubernetes writes of a node's software and machine, whether it is known or not.
SYSTEM_INFO = dict.fromkeys(
    (
        "machineID",
        "systemUUID",
        "bootID",
        "kernelVersion",
        "osImage",
        "containerRuntimeVersion",
        "kubeletVersion",
        "kubeProxyVersion",
        "operatingSystem",
        "architecture",
    ),
    "",
)
NO_ENDPOINT = {"kubeletEndpoint": {"Port": 0}}


def _stated(status: Document) -> Document:
    """A status with what is always stated; pods may have all that there is, if nobody says more."""
    missing: Document = {}
    if status.get("capacity") and not status.get("allocatable"):
        missing["allocatable"] = dict(status["capacity"])
    if "daemonEndpoints" not in status:
        missing["daemonEndpoints"] = NO_ENDPOINT
    info = status.get("nodeInfo") or {}
    if isinstance(info, dict) and not SYSTEM_INFO.keys() <= info.keys():
        missing["nodeInfo"] = SYSTEM_INFO | info
    return status | missing if missing else status


def _row(node: Node, now: float) -> Row:
    ready = condition(node.status.conditions, "Ready")
    status = "Unknown" if ready is None else "Ready" if ready.status == "True" else "NotReady"
    status += ",SchedulingDisabled" if node.spec.unschedulable else ""
    prefix = "node-role.kubernetes.io/"
    roles = {k.removeprefix(prefix) for k in node.labels if k.startswith(prefix)}
    roles.add(node.labels.get("kubernetes.io/role", ""))
    info = node.status.node_info or {}
    addresses = {a.type: a.address for a in reversed(node.status.addresses or ())}
    kernel = info.get("kernelVersion") or "<unknown>"
    machine = info.get("architecture")
    return (
        node.name,
        status,
        ",".join(sorted(roles - {""})) or NONE,
        info.get("kubeletVersion", ""),
        addresses.get("InternalIP", NONE),
        addresses.get("ExternalIP", NONE),
        info.get("osImage") or "<unknown>",
        f"{kernel} ({machine})" if machine else kernel,
        info.get("containerRuntimeVersion") or "<unknown>",
    )


NODE = Kind(
    "v1",
    Node,
    ("no",),
    selectable=by_path("spec.unschedulable"),
    not_simulated=("spec.providerID",),
    namespaced=False,
    complete=_complete,
    status_at_creation=True,  # a kubelet registers its node together with its capacity
    complete_status=_stated,
    prepare=node_rules.drop_disabled,
    prepare_update=node_rules.drop_disabled,
    validate=node_rules.validate,
    validate_update=node_rules.validate_update,
    validate_status=node_rules.changed,
    warnings=node_rules.warnings,
    columns=table_columns(
        "Name  Status  Roles  Age  Version"
        "  +Internal-IP  +External-IP  +OS-Image  +Kernel-Version  +Container-Runtime"
    ),
    row=_row,
)
