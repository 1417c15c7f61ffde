"""DaemonSet: one Pod on each node that suits it (chapter 03).

The Pods are placed by the scheduler: each carries a node affinity for the one node that it is
meant for. Source: `pkg/controller/daemon/daemon_controller.go`, `update.go`.
"""

from __future__ import annotations

from course_lib.client import Client
from course_lib.client.informer import InformerFactory
from course_lib.controllers.batches import slow_start
from course_lib.controllers.controller import Controller, key_of
from course_lib.controllers.daemon_nodes import DaemonNodes, NodeState
from course_lib.controllers.daemon_placement import daemon_spec, should_run, target
from course_lib.controllers.ownership import pod_from_template
from course_lib.controllers.revisions import (
    REVISION_LABEL,
    Revisions,
    revision_of,
    template_generation,
)
from course_lib.errors import CourseError
from course_lib.objects.kinds.controller_revision import ControllerRevision
from course_lib.objects.kinds.daemon_set import DaemonSet
from course_lib.objects.kinds.node import Node
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.pods import available_in, is_ready, resolve

BURST = 250  # the most Pods that are created at one look (`BurstReplicas`)


def by_target(pod: Pod) -> list[str]:
    """Index function: the UID of a Pod's DaemonSet, and the node that the Pod is meant for."""
    owner = pod.metadata.controller
    if owner is None or owner.kind != "DaemonSet":
        return []
    return [f"{owner.uid}/{target(pod)}"]


class DaemonSetController(Controller):
    """Keeps one Pod on each node."""

    name = "daemonset-controller"
    kind = "DaemonSet"

    def __init__(self, api: Client, informers: InformerFactory) -> None:
        self._nodes: dict[str, DaemonNodes] = {}  # by uid of the DaemonSet
        super().__init__(api, informers)

    def watches(self) -> None:
        """Its Pods and revisions, and the nodes."""
        self.informers.informer(Pod).add_handler(self._on_pod)
        self.watch_owned(Pod)
        self.watch_owned(ControllerRevision)
        self.informers.informer(Node).add_handler(self._on_node)
        self.informers.informer(DaemonSet).add_handler(self._on_change)

    def _on_change(self, before: DaemonSet | None, after: DaemonSet | None) -> None:
        if before is not None and after is None:
            self._nodes.pop(before.uid, None)

    def _on_pod(self, before: Pod | None, after: Pod | None) -> None:
        for pod in filter(None, (before, after)):
            owner = pod.metadata.controller
            if owner is not None and owner.uid in self._nodes:
                self._nodes[owner.uid].note(target(pod))

    def _on_node(self, before: Node | None, after: Node | None) -> None:
        """Note a node that came, went, or may suit other DaemonSets than before."""
        seen = before if after is None else after
        if seen is None or (before and after and _alike(before, after)):
            return
        for owner in self.informers.list(DaemonSet):
            if owner.uid in self._nodes:
                self._nodes[owner.uid].note(seen.name, node_changed=True)
            self.enqueue(key_of(owner))

    def reconcile(self, owner: DaemonSet) -> None:
        """A Pod where one is missing, none where none should be; then updates."""
        if owner.terminating:
            return
        revisions = Revisions(self.api, self.owned(ControllerRevision, owner), owner)
        self.settle(Pod, owner)
        nodes = self._known(owner, revisions)
        names = nodes.take()
        try:
            self._sync(owner, nodes, names, revisions)
        except CourseError:
            for name in names:
                nodes.note(name)
            raise

    def _sync(
        self, owner: DaemonSet, nodes: DaemonNodes, names: list[str], revisions: Revisions
    ) -> None:
        """Act on the nodes of these `names`; after a refusal the status is written all the same."""
        try:
            self._manage(owner, nodes, names, revisions)
        finally:
            self._look(owner, nodes, names, revisions)
            if owner.spec.update_strategy.type == "RollingUpdate":
                self._update(owner, nodes, names, revisions)
            self._write_status(owner, nodes)

    def _known(self, owner: DaemonSet, revisions: Revisions) -> DaemonNodes:
        """What is known of all nodes; another template makes all of them be looked at."""
        version = owner.metadata.generation, revisions.hash
        nodes = self._nodes.get(owner.uid)
        if nodes is None or nodes.version != version:
            nodes = self._nodes[owner.uid] = DaemonNodes(version)
            for node in self.informers.list(Node):
                nodes.note(node.name)
            for pod in self.owned(Pod, owner):
                nodes.note(target(pod))
        return nodes

    def _pods(self, owner: DaemonSet, name: str) -> list[Pod]:
        """The Pods on a node, or meant for it, by name."""
        return self.informers.informer(Pod).by_index(by_target, f"{owner.uid}/{name}")

    def _suits(self, owner: DaemonSet, nodes: DaemonNodes, name: str) -> bool:
        if name not in nodes.suits:
            node = self.informers.find(Node, name)
            suits = node is not None and should_run(owner.spec.template.spec, node)
            nodes.suits[name] = suits
        return nodes.suits[name]

    def _manage(
        self, owner: DaemonSet, nodes: DaemonNodes, names: list[str], revisions: Revisions
    ) -> None:
        """Create and delete Pods on the nodes of these `names`; those beyond a burst wait."""
        existing = {name: self._pods(owner, name) for name in names}
        for name, pods in sorted(existing.items(), key=lambda item: [p.name for p in item[1][:1]]):
            self._thin_out(owner, name, pods, self._suits(owner, nodes, name))
        missing = [n for n in names if not existing[n] and self._suits(owner, nodes, n)]
        template = revisions.template(revisions.update)
        generation = template_generation(owner)
        labels = {REVISION_LABEL: revisions.hash, "pod-template-generation": generation}

        def create(name: str) -> None:
            made = pod_from_template(owner, template, labels)
            made["spec"] = daemon_spec(made["spec"], name)
            self.create(owner, made, "pod")

        count = self.most(len(missing), BURST)
        for name in missing[count:]:
            nodes.note(name)
        slow_start(missing[:count], create)

    def _thin_out(self, owner: DaemonSet, name: str, pods: list[Pod], suits: bool) -> None:
        """Delete the Pods of a node that failed or are too many."""
        alive = [pod for pod in pods if not pod.terminating]
        failed = [pod for pod in alive if pod.status.phase == "Failed"]
        surplus = alive[1:] if suits else alive
        for pod in failed:
            message = f"Found failed daemon pod {pod.namespace}/{pod.name} on node {name}"
            self.warning(owner, "FailedDaemonPod", f"{message}, will try to kill it")
        for pod in {p.uid: p for p in [*failed, *surplus]}.values():
            self._delete(owner, pod)

    def _look(
        self, owner: DaemonSet, nodes: DaemonNodes, names: list[str], revisions: Revisions
    ) -> None:
        """Take in the states of nodes; one whose Pod becomes available by itself is noted again."""
        waits = []
        for name in names:
            suits, pods = self._suits(owner, nodes, name), self._pods(owner, name)
            alive = next((pod for pod in pods if not pod.terminating), None)
            counted = alive or next(iter(pods), None)
            wait = None if counted is None else self._available_in(owner, counted)
            if wait:
                nodes.note(name)
                waits.append(wait)
            state = NodeState(
                desired=suits,
                scheduled=counted is not None,
                ready=suits and counted is not None and is_ready(counted),
                available=suits and wait == 0,
                updated=suits and counted is not None and revision_of(counted) == revisions.hash,
                serving=suits and alive is not None and wait == 0,
                outdated=suits and alive is not None and revision_of(alive) != revisions.hash,
            )
            nodes.put(name, state)
        if waits:
            self.enqueue(key_of(owner), after=min(waits))

    def _available_in(self, owner: DaemonSet, pod: Pod) -> float | None:
        return available_in(pod, owner.spec.min_ready_seconds, self.sim.now)

    def _update(
        self, owner: DaemonSet, nodes: DaemonNodes, names: list[str], revisions: Revisions
    ) -> None:
        """Replace Pods of an old revision, so many nodes at a time."""
        rolling = owner.spec.update_strategy.rolling_update
        desired = nodes.count(lambda node: node.desired)
        most = resolve(rolling.max_unavailable if rolling else 1, desired, up=True)
        unavailable = nodes.count(lambda node: node.desired and not node.serving)
        replaced = [name for name in names if nodes[name].outdated and not nodes[name].serving]
        replaced += nodes.replaceable[: max(0, max(1, most) - unavailable)]
        for name in replaced:  # first those that are not available
            for pod in self._pods(owner, name):
                if not pod.terminating:
                    self._delete(owner, pod)
                    break
        self._look(owner, nodes, replaced, revisions)

    def _delete(self, owner: DaemonSet, pod: Pod) -> None:
        self.api.delete(Pod, pod.name, pod.namespace, uid=pod.uid)
        self.normal(owner, "SuccessfulDelete", f"Deleted pod: {pod.name}")

    def _write_status(self, owner: DaemonSet, nodes: DaemonNodes) -> None:
        desired = nodes.count(lambda node: node.desired)
        available = nodes.count(lambda node: node.available)
        self.state(
            owner,
            {
                "observedGeneration": owner.metadata.generation,
                "desiredNumberScheduled": desired,
                "currentNumberScheduled": nodes.count(lambda node: node.desired and node.scheduled),
                "numberMisscheduled": nodes.count(lambda node: node.scheduled and not node.desired),
                "numberReady": nodes.count(lambda node: node.ready),
                "numberAvailable": available,
                "numberUnavailable": desired - available,
                "updatedNumberScheduled": nodes.count(lambda node: node.updated),
            },
        )


def _alike(before: Node, after: Node) -> bool:
    """Whether a node suits the same DaemonSets as before (`shouldIgnoreNodeUpdate`)."""
    same_labels = before.metadata.labels == after.metadata.labels
    return same_labels and before.spec.taints == after.spec.taints
