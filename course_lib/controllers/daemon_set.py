"""DaemonSet: one Pod on each node that suits it (chapter 03).

The Pods are placed by the scheduler: each carries a node affinity for the one node that it is
meant for. Source: `pkg/controller/daemon/daemon_controller.go`, `update.go`.
"""

from __future__ import annotations

from contextlib import suppress

from course_lib.apiserver.errors import NotFound
from course_lib.client import Client
from course_lib.client.informer import InformerFactory
from course_lib.controllers.batches import slow_start
from course_lib.controllers.controller import Controller, key_of
from course_lib.controllers.daemon_nodes import (
    DaemonNodes,
    alive,
    allows_surge,
    by_age,
    state_of,
    surplus_in_surge,
)
from course_lib.controllers.daemon_placement import by_target, daemon_spec, should_run, target
from course_lib.controllers.daemon_retries import Retries
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
from course_lib.objects.pods import resolve

BURST = 250  # the most Pods that are created at one look (`BurstReplicas`)


class DaemonSetController(Controller):
    """Keeps one Pod on each node."""

    name = "daemonset-controller"
    kind = "DaemonSet"

    def __init__(self, api: Client, informers: InformerFactory) -> None:
        self._nodes: dict[str, DaemonNodes] = {}  # by uid of the DaemonSet
        self._retries = Retries()
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
            if before is None or after is None or self._matters(owner, after):
                self.enqueue(key_of(owner))

    def _matters(self, owner: DaemonSet, node: Node) -> bool:
        """Whether a DaemonSet has something to do on a node that changed (`syncNodeUpdate`).

        Otherwise what changed is counted at the next look.
        """
        runs, stays = should_run(owner.spec.template.spec, node)
        if self._pods(owner, node.name):
            return not stays or owner.status.number_misscheduled > 0
        return runs

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
        self._forget_revisions(owner, revisions)

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

    def _suits(self, owner: DaemonSet, nodes: DaemonNodes, name: str) -> tuple[bool, bool]:
        """Whether a node should have a Pod, and whether one that is there stays."""
        if name not in nodes.suits:
            node = self.informers.find(Node, name)
            suits = (False, False)
            if node is not None:
                suits = should_run(owner.spec.template.spec, node)
            nodes.suits[name] = suits
        return nodes.suits[name]

    # One Pod on each node

    def _manage(
        self, owner: DaemonSet, nodes: DaemonNodes, names: list[str], revisions: Revisions
    ) -> None:
        """Create and delete Pods on the nodes of these `names`; those beyond a burst wait."""
        missing: list[str] = []
        condemned: list[Pod] = []
        for name in names:
            pods = self._pods(owner, name)
            runs, stays = self._suits(owner, nodes, name)
            if runs and not pods:
                missing.append(name)
            elif stays:
                running = self._running(owner, nodes, name, condemned)
                if allows_surge(owner):
                    condemned += surplus_in_surge(owner, running, revisions.hash, self.sim.now)
                    missing += [name] if runs and not running else []
                else:
                    condemned += running[1:]
            elif self.informers.find(Node, name) is not None:
                condemned += alive(pods)
            else:  # the Pod garbage collector deletes those that had a node
                condemned += [pod for pod in alive(pods) if not pod.spec.node_name]
        try:
            self._create(owner, nodes, missing, revisions)
        finally:
            for pod in condemned:
                self._delete(owner, pod)

    def _running(
        self, owner: DaemonSet, nodes: DaemonNodes, name: str, condemned: list[Pod]
    ) -> list[Pod]:
        """The Pods of a node that have not ended, the oldest first; others are `condemned`.

        A Pod that fails again and again is deleted ever later.
        """
        running = []
        for pod in sorted(alive(self._pods(owner, name)), key=by_age):
            what = f"{pod.namespace}/{pod.name} on node {name}, will try to "
            if pod.status.phase == "Failed":
                key = f"{owner.uid}/{owner.status.observed_generation}/{name}"
                wait = self._retries.wait(key, self.sim.now)
                if wait:
                    nodes.note(name)
                    self.enqueue(key_of(owner), after=wait)
                    continue
                message = f"Found failed daemon pod {what}kill it"
                self.warning(owner, "FailedDaemonPod", message)
                condemned.append(pod)
            elif pod.status.phase == "Succeeded":
                message = f"Found succeeded daemon pod {what}delete it"
                self.normal(owner, "SucceededDaemonPod", message)
                condemned.append(pod)
            else:
                running.append(pod)
        return running

    def _create(
        self, owner: DaemonSet, nodes: DaemonNodes, names: list[str], revisions: Revisions
    ) -> None:
        template = revisions.template(revisions.update)
        generation = template_generation(owner)
        labels = {REVISION_LABEL: revisions.hash, "pod-template-generation": generation}

        def create(name: str) -> None:
            made = pod_from_template(owner, template, labels)
            made["spec"] = daemon_spec(made["spec"], name)
            self.create(owner, made, "pod")

        count = self.most(len(names), BURST)
        for name in names[count:]:
            nodes.note(name)
        slow_start(names[:count], create)

    def _delete(self, owner: DaemonSet, pod: Pod) -> None:
        with suppress(NotFound):
            self.api.delete(Pod, pod.name, pod.namespace, uid=pod.uid)
            self.normal(owner, "SuccessfulDelete", f"Deleted pod: {pod.name}")

    def _look(
        self, owner: DaemonSet, nodes: DaemonNodes, names: list[str], revisions: Revisions
    ) -> None:
        """Take in the states of nodes; one whose Pod becomes available by itself is noted again."""
        waits = []
        for name in names:
            runs, _ = self._suits(owner, nodes, name)
            pods = self._pods(owner, name)
            state, wait = state_of(owner, pods, runs, revisions.hash, self.sim.now)
            nodes.put(name, state)
            if wait:
                nodes.note(name)
                waits.append(wait)
        if waits:
            self.enqueue(key_of(owner), after=min(waits))

    # Updates

    def _update(
        self, owner: DaemonSet, nodes: DaemonNodes, names: list[str], revisions: Revisions
    ) -> None:
        """Replace Pods of an old revision, so many nodes at a time (`rollingUpdate`)."""
        rolling = owner.spec.update_strategy.rolling_update
        desired = nodes.count(lambda node: node.desired)
        most = resolve(rolling.max_unavailable if rolling else 1, desired, up=True)
        surge = resolve(rolling.max_surge if rolling else 0, desired, up=True)
        if surge:
            changed = self._surge(owner, nodes, names, revisions, surge)
        else:
            room = max(1, most) - nodes.count(lambda node: node.hindering)
            changed = [n for n in names if nodes[n].old and not nodes[n].serving]
            changed += (nodes.replaceable + nodes.misplaced)[: max(0, room)]
            self._delete_old(owner, changed, revisions.hash)
        self._look(owner, nodes, changed, revisions)

    def _surge(
        self,
        owner: DaemonSet,
        nodes: DaemonNodes,
        names: list[str],
        revisions: Revisions,
        surge: int,
    ) -> list[str]:
        """Make new Pods beside old ones, and delete old ones that are replaced.

        Returns the nodes that changed. On a node that should have no Pod any more the old one goes
        when enough others serve.
        """
        unfit = [n for n in names if nodes[n].old and not nodes[n].serving]
        gone = [name for name in names if nodes[name].replaced]
        gone += [name for name in unfit if not nodes[name].desired]
        spare = nodes.count(lambda node: node.serving) - nodes.count(lambda node: node.desired)
        gone += nodes.misplaced[: max(0, spare)]
        made = [name for name in unfit if nodes[name].desired]
        room = surge - nodes.count(lambda node: node.surging)
        made += nodes.replaceable[: max(0, room)]
        try:
            self._create(owner, nodes, made, revisions)
        finally:
            self._delete_old(owner, gone, revisions.hash)
        return [*made, *gone]

    def _delete_old(self, owner: DaemonSet, names: list[str], hash: str) -> None:
        """Delete the Pods of an old revision on some nodes."""
        for name in names:
            for pod in alive(self._pods(owner, name)):
                if revision_of(pod) != hash:
                    self._delete(owner, pod)

    # The status

    def _write_status(self, owner: DaemonSet, nodes: DaemonNodes) -> None:
        status = {"observedGeneration": owner.metadata.generation} | nodes.status()
        self.state(owner, status)

    def _forget_revisions(self, owner: DaemonSet, revisions: Revisions) -> None:
        """Keep `revisionHistoryLimit` old revisions, and those that Pods have."""
        old = [each for each in revisions.existing if each.name != revisions.update]
        surplus = len(old) - owner.spec.revision_history_limit
        if surplus <= 0:
            return
        used = {revision_of(pod) for pod in self.owned(Pod, owner)}
        idle = [each for each in old if each.labels.get(REVISION_LABEL) not in used]
        for each in idle[:surplus]:
            self.api.delete(ControllerRevision, each.name, each.namespace)


def _alike(before: Node, after: Node) -> bool:
    """Whether a node suits the same DaemonSets as before (`shouldIgnoreNodeUpdate`)."""
    same_labels = before.metadata.labels == after.metadata.labels
    return same_labels and before.spec.taints == after.spec.taints
