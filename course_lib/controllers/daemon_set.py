"""DaemonSet: one Pod on each node that suits it (chapter 03).

The Pods are placed by the scheduler: each carries a node affinity for the one node that it is
meant for. Source: `pkg/controller/daemon/daemon_controller.go`, `update.go`.
"""

from __future__ import annotations

from course_lib.controllers.controller import Controller, Key, key_of
from course_lib.controllers.ownership import pod_from_template
from course_lib.controllers.revisions import (
    REVISION_LABEL,
    Revisions,
    revision_of,
    template_generation,
)
from course_lib.objects.kinds.controller_revision import ControllerRevision
from course_lib.objects.kinds.daemon_set import DaemonSet
from course_lib.objects.kinds.node import Node
from course_lib.objects.kinds.pod import Pod, PodSpec, Toleration
from course_lib.objects.manifests import Document
from course_lib.objects.node_selection import requires
from course_lib.objects.pods import is_available, is_ready, resolve
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


class DaemonSetController(Controller):
    """Keeps one Pod on each node."""

    name = "daemonset-controller"
    kind = "DaemonSet"

    def watches(self) -> None:
        """Its Pods and revisions, and the nodes."""
        self.watch_owned(Pod)
        self.watch_owned(ControllerRevision)
        self.watch(Node, self._of_node)

    def _of_node(self, node: Node) -> list[Key]:
        return [key_of(owner) for owner in self.informers.list(DaemonSet)]

    def reconcile(self, owner: DaemonSet) -> None:
        """A Pod where one is missing, none where none should be; then updates."""
        if owner.terminating:
            return
        revisions = Revisions(self.api, self.owned(ControllerRevision, owner), owner)
        nodes = [n for n in self.informers.list(Node) if should_run(owner.spec.template.spec, n)]
        self._manage(owner, nodes, revisions)
        if owner.spec.update_strategy.type == "RollingUpdate":
            self._update(owner, nodes, revisions)
        self._write_status(owner, nodes, revisions)

    def _by_node(self, owner: DaemonSet) -> dict[str, list[Pod]]:
        found: dict[str, list[Pod]] = {}
        for pod in self.claim(Pod, owner):
            found.setdefault(target(pod), []).append(pod)
        return found

    def _manage(self, owner: DaemonSet, nodes: list[Node], revisions: Revisions) -> None:
        by_node = self._by_node(owner)
        desired = {node.name for node in nodes}
        for name, pods in by_node.items():
            alive = [pod for pod in pods if not pod.terminating]
            failed = [pod for pod in alive if pod.status.phase == "Failed"]
            surplus = alive[1:] if name in desired else alive
            for pod in failed:
                message = f"Found failed daemon pod {pod.namespace}/{pod.name} on node {name}"
                self.warning(owner, "FailedDaemonPod", f"{message}, will try to kill it")
            for pod in {p.uid: p for p in [*failed, *surplus]}.values():
                self._delete(owner, pod)
        template = revisions.template(revisions.update)
        for node in nodes:
            if not by_node.get(node.name):
                labels = {
                    REVISION_LABEL: revisions.hash,
                    "pod-template-generation": template_generation(owner),
                }
                made = pod_from_template(owner, template, labels)
                made["spec"] = daemon_spec(made["spec"], node.name)
                self.create(owner, made, "pod")

    def _update(self, owner: DaemonSet, nodes: list[Node], revisions: Revisions) -> None:
        """Replace Pods of an old revision, so many nodes at a time."""
        rolling = owner.spec.update_strategy.rolling_update
        most = resolve(rolling.max_unavailable if rolling else 1, len(nodes), up=True)
        by_node = self._by_node(owner)
        unavailable = 0
        old: list[Pod] = []
        for node in nodes:
            pods = [pod for pod in by_node.get(node.name, []) if not pod.terminating]
            healthy = pods and is_available(pods[0], owner.spec.min_ready_seconds, self.sim.now)
            if pods and revision_of(pods[0]) != revisions.hash:
                if not healthy:
                    self._delete(owner, pods[0])  # it serves nobody: replace it at once
                else:
                    old.append(pods[0])
            unavailable += not healthy
        for pod in old[: max(0, max(1, most) - unavailable)]:
            self._delete(owner, pod)

    def _delete(self, owner: DaemonSet, pod: Pod) -> None:
        self.api.delete(Pod, pod.name, pod.namespace, uid=pod.uid)
        self.normal(owner, "SuccessfulDelete", f"Deleted pod: {pod.name}")

    def _write_status(self, owner: DaemonSet, nodes: list[Node], revisions: Revisions) -> None:
        by_node = self._by_node(owner)
        desired = {node.name for node in nodes}
        first = [
            min(by_node[name], key=lambda pod: pod.terminating)
            for name in by_node
            if name in desired
        ]
        seconds = owner.spec.min_ready_seconds
        available = sum(is_available(pod, seconds, self.sim.now) for pod in first)
        self.api.patch_status(
            owner,
            {
                "observedGeneration": owner.metadata.generation,
                "desiredNumberScheduled": len(nodes),
                "currentNumberScheduled": len(first),
                "numberMisscheduled": sum(name not in desired for name in by_node),
                "numberReady": sum(map(is_ready, first)),
                "numberAvailable": available,
                "numberUnavailable": len(nodes) - available,
                "updatedNumberScheduled": sum(revision_of(p) == revisions.hash for p in first),
            },
        )


def daemon_tolerations(host_network: bool) -> list[Document]:
    """What every daemon tolerates; on the node's network also that the network is not ready."""
    more = {"key": HOST_NETWORK, "operator": "Exists", "effect": "NoSchedule"}
    return [*TOLERATIONS, *([more] if host_network else [])]


def should_run(spec: PodSpec, node: Node) -> bool:
    """Whether a node should have the Pod: its affinity allows it, and its taints are tolerated.

    On a node that is merely not schedulable for a while, a Pod that runs there may stay.
    """
    added = [Toleration(**each) for each in daemon_tolerations(spec.host_network)]
    tolerations = [*(spec.tolerations or ()), *added]
    hard = [t for t in node.spec.taints or () if t.effect in ("NoSchedule", "NoExecute")]
    # The lifecycle controller pairs its NoExecute taints with these; daemons stay for both.
    ours = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
    hard = [taint for taint in hard if taint.key not in ours]
    return requires(spec, node) and all(tolerated(taint, tolerations) for taint in hard)


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
