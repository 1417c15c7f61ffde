"""Nodes: their blocks of Pod addresses, their silence, and what becomes of their Pods.

A node whose lease is not renewed for 50 s is Unknown and tainted; its Pods, which tolerate that
for 300 s unless they say otherwise, are then deleted. Simplified: every node gets its taint
NoExecute at once. The real controller gives it to one node of each zone every ten seconds
(`--node-eviction-rate`); where 55 % of a zone, but not all of it, is not ready, more slowly or not
at all (`--unhealthy-zone-threshold`).
Source: `pkg/controller/nodelifecycle/node_lifecycle_controller.go` (node-monitor-period 5 s,
node-monitor-grace-period 50 s since 1.32), `pkg/controller/tainteviction`, `nodeipam`, `podgc`.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from course_lib.apiserver.errors import Unavailable
from course_lib.client import Client
from course_lib.client.informer import InformerFactory
from course_lib.controllers.controller import Controller, Key, key_of
from course_lib.engine import FOR_EVER, SOON, Ticker
from course_lib.engine.timestamps import seconds_at
from course_lib.errors import CourseError
from course_lib.network.addresses import POD_CIDR, ClusterCIDR
from course_lib.objects.decode import encode
from course_lib.objects.kinds.lease import NODE_LEASES, Lease
from course_lib.objects.kinds.node import Node, Taint
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.manifests import Document
from course_lib.objects.meta import condition, set_condition
from course_lib.objects.tolerations import tolerates

MONITOR_PERIOD = 5.0  # s
GRACE_PERIOD = 50.0  # s
NOT_READY, UNREACHABLE = "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
PRESSURES = {
    "MemoryPressure": "node.kubernetes.io/memory-pressure",
    "DiskPressure": "node.kubernetes.io/disk-pressure",
    "PIDPressure": "node.kubernetes.io/pid-pressure",
}
# The controller's own taints; all others on a node are left alone.
OWN = (NOT_READY, UNREACHABLE, UNSCHEDULABLE, *PRESSURES.values())


class NodeIPAMController(Controller):
    """Gives each node its block of the cluster's Pod addresses (`--cluster-cidr`).

    `api` and `informers` are those of all controllers, `cidr` has the addresses. A node for which
    no block is left stays without one; each try is reported, and the next one comes later.
    Source: `pkg/controller/nodeipam/ipam/range_allocator.go`.
    """

    name = "node-ipam-controller"
    kind = "Node"

    def __init__(
        self, api: Client, informers: InformerFactory, cidr: ClusterCIDR | None = None
    ) -> None:
        shared = cidr or ClusterCIDR(str(POD_CIDR))
        self._cidr = ClusterCIDR(str(shared.network), shared.mask)  # what this process has seen
        super().__init__(api, informers)

    def watches(self) -> None:
        """The nodes: their blocks are taken, and free again when they are deleted."""
        self.informers.informer(Node).add_handler(self._on_node)

    def _on_node(self, before: Node | None, after: Node | None) -> None:
        if after is None and before is not None and before.spec.pod_cidr:
            self._cidr.release(before.spec.pod_cidr)
        elif after is not None and after.spec.pod_cidr:
            self._cidr.occupy(after.spec.pod_cidr)

    def reconcile(self, node: Node) -> None:
        """The next free block; raises `CourseError` when all are given."""
        if node.spec.pod_cidr:
            return
        if self._cidr.full:
            message = f"Node {node.name} status is now: CIDRNotAvailable"
            self.api.events.normal("cidrAllocator", node, "CIDRNotAvailable", message)
        free = self._cidr.take()
        try:
            self.api.patch(Node, node.name, "", {"spec": {"podCIDR": free, "podCIDRs": [free]}})
        except CourseError:
            self._cidr.release(free)
            raise


class NodeLifecycleController(Controller):
    """Taints nodes by their conditions, and notices silent ones."""

    name = "node-controller"
    kind = "Node"

    def __init__(self, api: Client, informers: InformerFactory) -> None:
        # By node: renewTime, and when that was new.
        self._heard: dict[str, tuple[str | None, float]] = {}
        self._doubtful: dict[str, None] = {}  # nodes whose Lease may expire
        self._trusted: dict[str, None] = {}  # nodes whose Lease was renewed in time until now
        super().__init__(api, informers)
        self._monitor = Ticker(self.sim, self.sim.now + MONITOR_PERIOD, MONITOR_PERIOD, self._look)
        self.informers.informer(Node).add_handler(self._on_node)

    def watches(self) -> None:
        """The nodes' Leases."""
        self.informers.informer(Lease)

    def _on_node(self, before: Node | None, after: Node | None) -> None:
        if after is None and before is not None:
            self._trusted.pop(before.name, None)
        elif before is None and after is not None:
            self._doubt(after.name)

    def _doubt(self, node: str) -> None:
        self._doubtful[node] = None
        self._monitor.wake()

    def _look(self) -> float:
        """Look at the nodes whose Lease may expire, and no more at those whose Lease cannot."""
        if not self.informers.synced:
            return SOON
        nodes = [(name, self.informers.find(Node, name)) for name in sorted(self._doubtful)]
        with suppress(Unavailable):  # until an API server answers again
            for name, node in nodes:
                if self.api.limiter.wait():
                    break  # the client's limit leaves the others for the next look
                if node is not None:
                    self._check(node)
                if node is None or self._trust(name):
                    del self._doubtful[name]
        return SOON if self._doubtful else FOR_EVER

    def _trust(self, node: str) -> bool:
        """Whether a node's Lease cannot expire before the controller is told."""
        renewed = self.api.is_renewed(Lease, node, NODE_LEASES, partial(self._doubt, node))
        if renewed:
            self._trusted[node] = None
        return renewed

    def _check(self, node: Node) -> None:
        """State that nothing is known of a node that has been silent for too long.

        The controller goes by its own clock: it counts from when it saw the Lease renewed, and
        one that has just started gives every node the whole time.
        """
        lease = self.informers.find(Lease, node.name, NODE_LEASES)
        renewed = lease.spec.renew_time if lease else ""
        known, since = self._heard.get(node.name, (None, self.sim.now))
        if known != renewed:
            since = self.sim.now
            if node.name in self._trusted and renewed:  # the renewal is seen later than it was made
                since = min(since, self._monitor.first_from(seconds_at(renewed)))
            self._heard[node.name] = renewed, since
        self._trusted.pop(node.name, None)
        ready = condition(node.status.conditions, "Ready")
        silent = self.sim.now - since > GRACE_PERIOD
        if not silent or ready is None or ready.status == "Unknown":
            return
        now, reason = self.sim.timestamp, "NodeStatusUnknown"
        why = "Kubelet stopped posting node status."
        documents: list[Document] = []
        for stated in node.status.conditions or ():
            documents += set_condition([stated], stated.type, "Unknown", now, reason, why)
        self.api.patch_status(node, {"conditions": documents})
        self.normal(node, "NodeNotReady", f"Node {node.name} status is now: NodeNotReady")
        self._pods_not_ready(node)

    def _pods_not_ready(self, node: Node) -> None:
        """Mark the Pods of a silent node as not ready, so that they get no more requests."""
        for pod in self.informers.informer(Pod).by_index(by_node_name, node.name):
            ready = condition(pod.status.conditions, "Ready")
            if ready is not None and ready.status == "True":
                change = {"status": "False", "lastTransitionTime": self.sim.timestamp}
                conditions = [
                    encode(each) | (change if each.type == "Ready" else {})
                    for each in pod.status.conditions or ()
                ]
                self.api.patch_status(pod, {"conditions": conditions})
                self.warning(pod, "NodeNotReady", "Node is not ready")

    def reconcile(self, node: Node) -> None:
        """The taints that a node's conditions call for, and no others of ours."""
        desired = list(taints_for(node))
        document = self.api.document(Node, node.name)
        before: list[Document] = document["spec"].get("taints", [])
        kept = [t for t in before if (t["key"], t["effect"]) in desired or t["key"] not in OWN]
        have = {(t["key"], t["effect"]) for t in kept}
        added = [
            {"key": key, "effect": effect, "timeAdded": self.sim.timestamp}
            for key, effect in desired
            if (key, effect) not in have
        ]
        if kept + added != before:
            self.api.patch(Node, node.name, "", {"spec": {"taints": (kept + added) or None}})


def by_node_name(pod: Pod) -> list[str]:
    """Index function: the node of a Pod; Pods without one are not in the index."""
    return [pod.spec.node_name] if pod.spec.node_name else []


def taints_for(node: Node) -> list[tuple[str, str]]:
    """Key and effect of the taints that a node's conditions and cordon call for."""
    ready = condition(node.status.conditions, "Ready")
    taints = []
    if ready is not None and ready.status != "True":
        key = UNREACHABLE if ready.status == "Unknown" else NOT_READY
        taints += [(key, "NoSchedule"), (key, "NoExecute")]
    if node.spec.unschedulable:
        taints.append((UNSCHEDULABLE, "NoSchedule"))
    for kind, key in PRESSURES.items():
        found = condition(node.status.conditions, kind)
        if found is not None and found.status == "True":
            taints.append((key, "NoSchedule"))
    return taints


class TaintEvictionController(Controller):
    """Deletes Pods from nodes with NoExecute taints, once they tolerate them no longer."""

    name = "taint-eviction-controller"
    kind = "Pod"

    def __init__(self, api: Client, informers: InformerFactory) -> None:
        self._deadlines: dict[str, float] = {}  # by Pod uid
        super().__init__(api, informers)

    def watches(self) -> None:
        """The nodes, whose taints decide."""
        self.watch(Node, self._of_node)

    def _of_node(self, node: Node) -> list[Key]:
        return [
            key_of(pod) for pod in self.informers.informer(Pod).by_index(by_node_name, node.name)
        ]

    def reconcile(self, pod: Pod) -> None:
        """Evict one Pod if its time is up, or come back when it will be."""
        if pod.terminating or not pod.spec.node_name:
            return
        namespace, name = key_of(pod)
        node = self.informers.find(Node, pod.spec.node_name)
        harmful = [t for t in (node.spec.taints or ()) if t.effect == "NoExecute"] if node else []
        wait = tolerated_for(pod, harmful)
        if wait is None:
            if self._deadlines.pop(pod.uid, None) is not None:
                self._cancelled(pod)
            return
        since = max(
            (seconds_at(t.time_added) for t in harmful if t.time_added), default=self.sim.now
        )
        deadline = self._deadlines.setdefault(pod.uid, since + wait)
        if self.sim.now < deadline:
            self.enqueue(key_of(pod), after=deadline - self.sim.now)
            return
        del self._deadlines[pod.uid]
        message = f"Marking for deletion Pod {namespace}/{name}"
        self.normal(pod, "TaintManagerEviction", message)
        now, reason = self.sim.timestamp, "DeletionByTaintManager"
        why = "Taint manager: deleting due to NoExecute taint"
        conditions = set_condition(
            pod.status.conditions, "DisruptionTarget", "True", now, reason, why
        )
        conditions[-1] |= {"observedGeneration": pod.metadata.generation}
        self.api.patch_status(pod, {"conditions": conditions})
        self.api.delete(Pod, name, namespace, uid=pod.uid)
        if pod.spec.termination_grace_period_seconds == 0:  # it is gone
            self._cancelled(pod)

    def _cancelled(self, pod: Pod) -> None:
        """Say that the eviction of a Pod is off: it is tolerated, or gone."""
        message = f"Cancelling deletion of Pod {pod.namespace}/{pod.name}"
        self.normal(pod, "TaintManagerEviction", message)


def tolerated_for(pod: Pod, taints: list[Taint]) -> float | None:
    """Seconds for which a Pod tolerates all of these taints; None for ever, 0 not at all."""
    shortest: float | None = None
    for taint in taints:
        fitting = [t for t in pod.spec.tolerations or () if tolerates(t, taint)]
        if not fitting:
            return 0.0
        for toleration in fitting:
            seconds = toleration.toleration_seconds
            if seconds is not None:
                shortest = min(max(0.0, seconds), float("inf") if shortest is None else shortest)
    return shortest
