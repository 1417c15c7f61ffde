"""On which nodes the Pods of a DaemonSet run, and how each is bound to its node.

Source: `pkg/controller/daemon/util/daemonset_util.go`, `daemon_controller.go`
(`NodeShouldRunDaemonPod`).
"""

from __future__ import annotations

from course_lib.objects.kinds.node import Node
from course_lib.objects.kinds.pod import Pod, PodSpec, Toleration
from course_lib.objects.kinds.pod.status import FINAL_PHASES
from course_lib.objects.manifests import Document
from course_lib.objects.node_selection import requires
from course_lib.objects.tolerations import tolerated

# Taints that the Pods of a DaemonSet tolerate (`AddOrUpdateDaemonPodTolerations`).
TOLERATIONS: list[Document] = [
    {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"},
    {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute"},
    {"key": "node.kubernetes.io/disk-pressure", "operator": "Exists", "effect": "NoSchedule"},
    {"key": "node.kubernetes.io/memory-pressure", "operator": "Exists", "effect": "NoSchedule"},
    {"key": "node.kubernetes.io/pid-pressure", "operator": "Exists", "effect": "NoSchedule"},
    {"key": "node.kubernetes.io/unschedulable", "operator": "Exists", "effect": "NoSchedule"},
]
HOST_NETWORK = "node.kubernetes.io/network-unavailable"


def daemon_tolerations(host_network: bool) -> list[Document]:
    """What every daemon tolerates; on the node's network also that the network is not ready."""
    more = {"key": HOST_NETWORK, "operator": "Exists", "effect": "NoSchedule"}
    return [*TOLERATIONS, *([more] if host_network else [])]


def should_run(spec: PodSpec, node: Node) -> tuple[bool, bool]:
    """Whether a node should have a Pod of this `spec`, and whether one that is there stays.

    The affinity has to allow both. A taint NoSchedule that is not tolerated keeps new Pods away; a
    taint NoExecute removes those that run, too (`NodeShouldRunDaemonPod`).
    """
    if spec.node_name not in ("", node.name) or not requires(spec, node):
        return False, False
    added = [Toleration(**each) for each in daemon_tolerations(spec.host_network)]
    tolerations = [*(spec.tolerations or ()), *added]
    effects = {t.effect for t in node.spec.taints or () if not tolerated(t, tolerations)}
    stays = "NoExecute" not in effects
    return stays and "NoSchedule" not in effects, stays


def daemon_spec(spec: Document, node: str) -> Document:
    """The template's spec, bound by affinity to one node, with the daemons' tolerations."""
    field = {"key": "metadata.name", "operator": "In", "values": [node]}
    affinity = dict(spec.get("affinity", {}))
    affinity["nodeAffinity"] = dict(affinity.get("nodeAffinity", {})) | {
        "requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [{"matchFields": [field]}]
        }
    }
    added = daemon_tolerations(spec.get("hostNetwork", False))
    tolerations = [*spec.get("tolerations", []), *added]
    return spec | {"affinity": affinity, "tolerations": tolerations}


def target(pod: Pod) -> str:
    """The node that a daemon's Pod is on, or meant for."""
    if pod.spec.node_name:
        return pod.spec.node_name
    affinity = pod.spec.affinity.node_affinity if pod.spec.affinity else None
    required = affinity.required_during_scheduling_ignored_during_execution if affinity else None
    for term in required.node_selector_terms if required else ():
        for field in term.match_fields or ():
            if field.key == "metadata.name" and field.values:
                return field.values[0]
    return ""


def by_target(pod: Pod) -> list[str]:
    """Index function: the UID of a Pod's DaemonSet, and the node that the Pod is meant for.

    A Pod that has ended and is being deleted counts no more.
    """
    owner = pod.metadata.controller
    if owner is None or owner.kind != "DaemonSet":
        return []
    if pod.terminating and pod.status.phase in FINAL_PHASES:
        return []
    return [f"{owner.uid}/{target(pod)}"]
