"""Nodes: their silence, and the taints that their conditions call for.

A node whose Lease is not renewed for 50 s is Unknown, and gets no Pods: it has the taint
NoSchedule at once. The taint NoExecute, by which its Pods are deleted, comes at the rate of its
zone (`node_zones`).
Source: `pkg/controller/nodelifecycle/node_lifecycle_controller.go` (node-monitor-period 5 s,
node-monitor-grace-period 50 s since 1.32, node-startup-grace-period 60 s). Not here: Events about
nodes that come and go (RegisteredNode, RemovingNode).
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from course_lib.apiserver.errors import Unavailable
from course_lib.client import Client
from course_lib.client.informer import InformerFactory
from course_lib.controllers.controller import Controller
from course_lib.controllers.node_zones import EXCLUDED, NEVER, EvictionRates, Zones, zone_of
from course_lib.controllers.taint_eviction import by_node_name
from course_lib.engine import FOR_EVER, SOON, Ticker
from course_lib.engine.timestamps import seconds_at
from course_lib.objects.decode import encode
from course_lib.objects.kinds.lease import NODE_LEASES, Lease
from course_lib.objects.kinds.node import Node
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.manifests import Document
from course_lib.objects.meta import condition

MONITOR_PERIOD = 5.0  # s
GRACE_PERIOD = 50.0  # s
STARTUP_GRACE_PERIOD = 60.0  # s, for a node that has never said whether it is ready
EVICTION_PERIOD = 0.1  # s between two looks at the nodes that wait for their taint
NOT_READY, UNREACHABLE = "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
PRESSURES = {
    "MemoryPressure": "node.kubernetes.io/memory-pressure",
    "DiskPressure": "node.kubernetes.io/disk-pressure",
    "NetworkUnavailable": "node.kubernetes.io/network-unavailable",
    "PIDPressure": "node.kubernetes.io/pid-pressure",
}
EVICTING = {"False": NOT_READY, "Unknown": UNREACHABLE}  # by the status of Ready
# The controller's own taints NoSchedule; all others on a node are left alone.
OWN = (NOT_READY, UNREACHABLE, UNSCHEDULABLE, *PRESSURES.values())
STATED = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")
STOPPED = "NodeStatusUnknown", "Kubelet stopped posting node status."
NEVER_BEGAN = "NodeStatusNeverUpdated", "Kubelet never posted node status."


class NodeLifecycleController(Controller):
    """Taints nodes by their conditions, and notices silent ones.

    `api` and `informers` are those of all controllers, `rates` say how fast nodes are given up.
    """

    name = "node-controller"
    kind = "Node"

    def __init__(
        self, api: Client, informers: InformerFactory, rates: EvictionRates | None = None
    ) -> None:
        # By node: renewTime, and when that was new.
        self._heard: dict[str, tuple[str | None, float]] = {}
        self._doubtful: dict[str, None] = {}  # nodes whose Lease may expire
        self._trusted: dict[str, None] = {}  # nodes whose Lease was renewed in time until now
        self._changed: dict[str, None] = {}  # nodes to look at for their taint NoExecute
        self._zones = Zones(rates)
        super().__init__(api, informers)
        first = self.sim.now + MONITOR_PERIOD
        self._monitor = Ticker(self.sim, first, MONITOR_PERIOD, self._look)
        self._taints = Ticker(
            self.sim, self.sim.now + EVICTION_PERIOD, EVICTION_PERIOD, self._taint_waiting
        )
        self.informers.informer(Node).add_handler(self._on_node)

    def watches(self) -> None:
        """The nodes' Leases."""
        self.informers.informer(Lease)

    def _on_node(self, before: Node | None, after: Node | None) -> None:
        if after is None and before is not None:
            self._trusted.pop(before.name, None)
        elif before is None and after is not None:
            self._doubt(after.name)
        seen = after or before
        if seen and (not before or not after or _readiness(before) != _readiness(after)):
            self._changed[seen.name] = None
            self._monitor.wake()

    def _doubt(self, node: str) -> None:
        self._doubtful[node] = None
        self._monitor.wake()

    def _look(self) -> float:
        """Look at the nodes whose Lease may expire, and no more at those whose Lease cannot; then
        at the taints of all whose readiness has changed.
        """
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
            if self._changed:
                self._decide_all()
        return SOON if self._doubtful or self._changed else FOR_EVER

    # Silence

    def _trust(self, node: str) -> bool:
        """Whether a node's Lease cannot expire before the controller is told."""
        renewed = self.api.is_renewed(Lease, node, NODE_LEASES, partial(self._doubt, node))
        if renewed:
            self._trusted[node] = None
        return renewed

    def _check(self, node: Node) -> None:
        """State that nothing is known of a node that has been silent for too long."""
        ready = condition(node.status.conditions, "Ready")
        silent = self.sim.now - self._last_heard(node, ready is None)
        grace = STARTUP_GRACE_PERIOD if ready is None else GRACE_PERIOD
        if silent <= grace or (ready is not None and ready.status == "Unknown"):
            return
        unknown = self.api.patch_status(node, {"conditions": self._unknown(node)})
        if ready is not None and ready.status == "True":
            self.normal(node, "NodeNotReady", f"Node {node.name} status is now: NodeNotReady")
            self._pods_not_ready(node)
        self._decide(unknown)

    def _last_heard(self, node: Node, never: bool) -> float:
        """When a node's Lease was last renewed.

        The controller goes by its own clock: it counts from when it saw the Lease renewed, and
        one that has just started gives every node the whole time. A node that `never` said whether
        it is ready is heard from since its creation.
        """
        lease = self.informers.find(Lease, node.name, NODE_LEASES)
        renewed = lease.spec.renew_time if lease else ""
        began = seconds_at(node.metadata.creation_timestamp or "") if never else self.sim.now
        known, since = self._heard.get(node.name, (None, began))
        if known != renewed:
            since = began if known is None else self.sim.now
            if node.name in self._trusted and renewed:  # the renewal is seen later than it was made
                since = min(since, self._monitor.first_from(seconds_at(renewed)))
            self._heard[node.name] = renewed, since
        self._trusted.pop(node.name, None)
        return since

    def _unknown(self, node: Node) -> list[Document]:
        """The conditions of a silent node; one that it never stated is Unknown too."""
        now, created = self.sim.timestamp, node.metadata.creation_timestamp
        written = self.api.document(Node, node.name).get("status", {}).get("conditions") or []
        stated: list[Document] = [dict(each) for each in written]
        known = {each["type"]: each for each in stated}
        for kind in STATED:
            if kind not in known:
                reason, message = NEVER_BEGAN
                known[kind] = {"type": kind, "lastHeartbeatTime": created}
                stated.append(known[kind])
            else:
                reason, message = STOPPED
            if known[kind].get("status") != "Unknown":
                told = {"status": "Unknown", "reason": reason, "message": message}
                known[kind] |= told | {"lastTransitionTime": now}
        return stated

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

    # The taints NoExecute

    def _decide_all(self) -> None:
        """Look at the nodes whose readiness has changed, and then at the state of the zones."""
        for name in sorted(self._changed):
            node = self.informers.find(Node, name)
            if node is not None:
                self._decide(node)
            del self._changed[name]
        counts: dict[str, tuple[int, int]] = {}
        nodes = self.informers.list(Node)
        for node in nodes:
            if EXCLUDED not in node.labels:
                ready, not_ready = counts.get(zone_of(node), (0, 0))
                well = _readiness(node)[0] == "True"
                counts[zone_of(node)] = (ready + well, not_ready + (not well))
        change = self._zones.update(counts, self.sim.now)
        self._taints.wake()
        for node in nodes if change else ():
            if change == "stop":
                self._reached(node)
            else:
                renewed, _ = self._heard.get(node.name, (None, 0.0))
                self._heard[node.name] = renewed, self.sim.now
            if _readiness(node)[0] in EVICTING:
                self._changed[node.name] = None  # it waits from the next look on

    def _decide(self, node: Node) -> None:
        """Let a node wait for its taint NoExecute, or take it away (`processTaintBaseEviction`)."""
        status, present, _ = _readiness(node)
        key, queue = EVICTING.get(status), self._zones.queue(zone_of(node), self.sim.now)
        if status == "True":
            self._reached(node)
        elif key is not None and present and key not in present:
            self._swap(node, key)
        elif key is not None:
            if key not in present:
                queue.remove(node.name)
            if queue.add(node.name):
                self._taints.wake()

    def _taint_waiting(self) -> float:
        """Give the taint to the nodes whose turn it is (`doNoExecuteTaintingPass`)."""
        for queue in self._zones.queues.values():
            while (name := queue.take(self.sim.now)) and (node := self.informers.find(Node, name)):
                key = EVICTING.get(_readiness(node)[0])
                try:
                    if key is not None:
                        self._swap(node, key)
                except Unavailable:
                    queue.put_back(name)
        due = min((queue.due for queue in self._zones.queues.values()), default=NEVER)
        return due if due < NEVER else FOR_EVER

    def _reached(self, node: Node) -> None:
        """A node is well, or nobody can tell: its Pods stay (`markNodeAsReachable`)."""
        self._zones.queue(zone_of(node), self.sim.now).remove(node.name)
        if _readiness(node)[1]:
            self._swap(node, "")

    def _swap(self, node: Node, key: str) -> None:
        """Give a node this taint NoExecute, and none of the others."""
        before: list[Document] = self.api.document(Node, node.name)["spec"].get("taints", [])
        evicting = EVICTING.values()
        kept = [t for t in before if t["effect"] != "NoExecute" or t["key"] not in evicting]
        had = [t for t in before if (t["key"], t["effect"]) == (key, "NoExecute")]
        new = {"key": key, "effect": "NoExecute", "timeAdded": self.sim.timestamp}
        self._write(node, before, kept + (had or [new] if key else []))

    # The taints NoSchedule

    def reconcile(self, node: Node) -> None:
        """The taints that a node's conditions call for, and no others of ours."""
        desired = taints_for(node)
        before: list[Document] = self.api.document(Node, node.name)["spec"].get("taints", [])
        kept = [
            taint
            for taint in before
            if taint["effect"] != "NoSchedule" or taint["key"] not in OWN or taint["key"] in desired
        ]
        have = {taint["key"] for taint in kept if taint["effect"] == "NoSchedule"}
        now = self.sim.timestamp
        added = [
            {"key": key, "effect": "NoSchedule", "timeAdded": now}
            for key in desired
            if key not in have
        ]
        self._write(node, before, kept + added)

    def _write(self, node: Node, before: list[Document], taints: list[Document]) -> None:
        if taints != before:
            self.api.patch(Node, node.name, "", {"spec": {"taints": taints or None}})


def _readiness(node: Node) -> tuple[str, frozenset[str], str]:
    """What decides of a node's eviction: whether it is ready (empty: not said), its own taints
    NoExecute, and where it counts.
    """
    ready = condition(node.status.conditions, "Ready")
    taints = (t.key for t in node.spec.taints or () if t.effect == "NoExecute")
    own = frozenset(key for key in taints if key in EVICTING.values())
    place = zone_of(node) if EXCLUDED not in node.labels else ""
    return ready.status if ready is not None else "", own, place


def taints_for(node: Node) -> list[str]:
    """The keys of the taints NoSchedule that a node's conditions and cordon call for."""
    ready = condition(node.status.conditions, "Ready")
    taints = []
    if ready is not None and ready.status in EVICTING:
        taints.append(EVICTING[ready.status])
    if node.spec.unschedulable:
        taints.append(UNSCHEDULABLE)
    for kind, key in PRESSURES.items():
        found = condition(node.status.conditions, kind)
        if found is not None and found.status == "True":
            taints.append(key)
    return taints
