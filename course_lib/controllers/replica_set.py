"""ReplicaSet and ReplicationController: so many Pods, no more and no fewer (chapter 03).

Source: `pkg/controller/replicaset/replica_set.go`.
"""

from __future__ import annotations

from functools import partial

from course_lib.client import Client
from course_lib.client.cache import by_controller
from course_lib.client.informer import InformerFactory
from course_lib.controllers.batches import BURST, slow_start
from course_lib.controllers.claims import by_labels
from course_lib.controllers.controller import Controller, key_of
from course_lib.controllers.deletion_order import DeletionOrder, Rank, rank
from course_lib.controllers.ownership import pod_from_template
from course_lib.controllers.standing import (
    active_in,
    available_among,
    by_node,
    by_standing,
    by_time_ready,
    ready_in,
    terminating_in,
)
from course_lib.errors import CourseError
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.replica_set import ReplicaSet
from course_lib.objects.kinds.replication_controller import ReplicationController
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, is_true, set_condition
from course_lib.objects.pods import is_active
from course_lib.objects.selectors import Selector, selector_from_labels

Replicated = ReplicaSet | ReplicationController


class ReplicaSetController(Controller):
    """Keeps the number of Pods of each ReplicaSet."""

    name = "replicaset-controller"
    kind = "ReplicaSet"

    def __init__(self, api: Client, informers: InformerFactory) -> None:
        self._orders: dict[str, DeletionOrder] = {}  # by uid of the ReplicaSets that shrink
        super().__init__(api, informers)

    def watches(self) -> None:
        """Its Pods."""
        self.watch_owned(Pod)
        self.informers.informer(Pod).add_handler(self._on_pod)
        self.objects.add_handler(self._on_change)

    def _on_change(self, before: Object | None, after: Object | None) -> None:
        """Drop the orders of a family that a ReplicaSet joins or leaves: they rank its Pods too."""
        if before and after and before.metadata.controller == after.metadata.controller:
            return
        for seen in filter(None, (before, after)):
            for each in (seen, *self._family(seen)):
                self._orders.pop(each.uid, None)

    def reconcile(self, owner: Replicated) -> None:
        """Make or delete Pods, then write the status."""
        self.settle(Pod, owner)
        missing = owner.spec.replicas - active_in(self.census(Pod, owner, by_standing))
        failure: CourseError | None = None
        if missing and not owner.terminating:
            try:
                self._manage(owner, missing)
            except CourseError as refusal:
                failure = refusal
        self._write_status(owner, failure)
        if failure is not None:
            raise failure

    def _manage(self, owner: Replicated, missing: int) -> None:
        """Make the Pods that are missing, or delete those that are too many (`missing` < 0).

        More than a burst of them are left for the next look, which the change of these causes.
        """
        if missing > 0:
            self._orders.pop(owner.uid, None)
            template = self.api.document(owner.kind, owner.name, owner.namespace)["spec"][
                "template"
            ]
            count = self.most(missing, BURST)
            made = (pod_from_template(owner, template) for _ in range(count))
            slow_start(made, lambda pod: self.create(owner, pod, "pod"))
            return
        for pod in self._order(owner).first(self.most(-missing, BURST)):
            self.api.delete(Pod, pod.name, pod.namespace, uid=pod.uid)
            self.normal(owner, "SuccessfulDelete", f"Deleted pod: {pod.name}")

    # Which Pods go

    def _order(self, owner: Replicated) -> DeletionOrder:
        """The order in which a ReplicaSet gives up Pods; kept for as long as it shrinks."""
        if owner.uid not in self._orders:
            order = self._orders[owner.uid] = DeletionOrder(partial(self._rank, owner))
            for pod in self.owned(Pod, owner):
                order.note(pod)
        return self._orders[owner.uid]

    def _rank(self, owner: Replicated, pod: Pod) -> Rank | None:
        """The present rank of a Pod among the active ones of a ReplicaSet, if it is one of them."""
        current = self.informers.find(Pod, pod.name, pod.namespace)
        if current is None or current.uid != pod.uid or not is_active(current):
            return None
        controller = current.metadata.controller
        if controller is None or controller.uid != owner.uid:
            return None
        return rank(current, self._crowd(owner, current.spec.node_name), self.sim.now)

    def _crowd(self, owner: Replicated, node: str) -> int:
        """Active Pods on a node, those of sister ReplicaSets included: during a rollout old and new
        Pods are spread as one.
        """
        pods = self.informers.informer(Pod)
        return sum(pods.tally(by_node, each.uid).get(node, 0) for each in self._family(owner))

    def _family(self, owner: Object) -> list[Object]:
        """The ReplicaSets with the same controller (`getReplicaSetsWithSameController`)."""
        above = owner.metadata.controller
        return [owner] if above is None else self.objects.by_index(by_controller, above.uid)

    def _on_pod(self, before: Pod | None, after: Pod | None) -> None:
        """Note Pods that may go earlier than before: one that changed, or more share its node."""
        owner = after.metadata.controller if after and self._orders else None
        if after is None or owner is None:
            return
        if owner.uid in self._orders:
            self._orders[owner.uid].note(after)
        if by_node(after) and (before is None or by_node(before) != by_node(after)):
            replicated = self.objects.find(owner.name, after.namespace)
            for sister in self._family(replicated) if replicated else ():
                if sister.uid in self._orders:
                    self._note_node(sister, after.spec.node_name)

    def _note_node(self, owner: Object, node: str) -> None:
        place = f"{owner.uid}/{node}"
        for pod in self.informers.informer(Pod).by_index(by_controller_and_node, place):
            self._orders[owner.uid].note(pod)

    def _write_status(self, owner: Replicated, failure: CourseError | None) -> None:
        standings = self.census(Pod, owner, by_standing)
        replicas = active_in(standings)
        status: Document = {
            "replicas": replicas,
            "fullyLabeledReplicas": self._fully_labeled(owner, replicas),
            "readyReplicas": ready_in(standings),
            "availableReplicas": self._available(owner),
            "observedGeneration": owner.metadata.generation,
        }
        if isinstance(owner, ReplicaSet):
            status["terminatingReplicas"] = terminating_in(standings)
        conditions = owner.status.conditions
        # A failure that is stated stays as it is: each refusal names another Pod (`SetCondition`).
        if failure is not None and not is_true(conditions, "ReplicaFailure"):
            now, why = self.sim.timestamp, failure.what
            status["conditions"] = set_condition(
                conditions, "ReplicaFailure", "True", now, "FailedCreate", why
            )
        elif failure is None and conditions:
            status["conditions"] = []
        self.state(owner, status)

    def _fully_labeled(self, owner: Replicated, replicas: int) -> int:
        """How many of the active Pods, `replicas`, have all labels of the template."""
        desired = (owner.spec.template.metadata.labels or {}).items()
        having = self.census(Pod, owner, by_labels)
        children = self.informers.informer(Pod).count(by_controller, owner.uid)
        if all(having.get(label) == children for label in desired):
            return replicas
        return sum(
            is_active(pod) and desired <= pod.labels.items() for pod in self.claim(Pod, owner)
        )

    def _available(self, owner: Replicated) -> int:
        """How many Pods have been ready for long enough; looks again when the next one has."""
        since, least = self.census(Pod, owner, by_time_ready), owner.spec.min_ready_seconds
        available, wait = available_among(since, least, self.sim.now)
        if wait:
            self.enqueue(key_of(owner), after=wait)
        return available


def by_controller_and_node(pod: Pod) -> list[str]:
    """Index function: the UID of the controller and the node of an active Pod."""
    return [f"{group}/{node}" for group, node in by_node(pod)]


class ReplicationControllerController(ReplicaSetController):
    """The same for the elder kind, whose selector is a plain map of labels."""

    name = "replication-controller"
    kind = "ReplicationController"

    def selector(self, owner: Object) -> Selector:
        """What a ReplicationController selects."""
        assert isinstance(owner, ReplicationController)
        return selector_from_labels(owner.spec.selector)
