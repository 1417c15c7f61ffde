"""ReplicaSet and ReplicationController: so many Pods, no more and no fewer (chapter 03).

Source: `pkg/controller/replicaset/replica_set.go`.
"""

from __future__ import annotations

import math
from collections import Counter

from course_lib.client.cache import by_controller
from course_lib.controllers.controller import Controller
from course_lib.controllers.ownership import number_in, pod_from_template
from course_lib.engine.simulation import seconds_at
from course_lib.errors import CourseError
from course_lib.objects.kinds.pod import DELETION_COST, Pod
from course_lib.objects.kinds.replica_set import ReplicaSet
from course_lib.objects.kinds.replication_controller import ReplicationController
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, condition, is_true, set_condition
from course_lib.objects.pods import available_in, is_active, is_ready, is_terminating
from course_lib.objects.selectors import Selector, selector_from_labels

BURST = 500  # the most Pods made or deleted at one look


Replicated = ReplicaSet | ReplicationController


class ReplicaSetController(Controller):
    """Keeps the number of Pods of each ReplicaSet."""

    name = "replicaset-controller"
    kind = "ReplicaSet"

    def watches(self) -> None:
        """Its Pods."""
        self.watch_owned(Pod)

    def reconcile(self, owner: Replicated) -> None:
        """Make or delete Pods, then write the status."""
        pods = self._active(owner)
        failure: CourseError | None = None
        if not owner.terminating and len(pods) != owner.spec.replicas:
            try:
                self._manage(owner, pods)
            except CourseError as refusal:
                failure = refusal
        self._write_status(owner, failure)
        if failure is not None:
            raise failure

    def _active(self, owner: Replicated) -> list[Pod]:
        found = self.claim(Pod, owner)
        return [pod for pod in found if is_active(pod)]

    def _manage(self, owner: Replicated, pods: list[Pod]) -> None:
        missing = owner.spec.replicas - len(pods)
        if missing > 0:
            template = self.api.document(owner.kind, owner.name, owner.namespace)["spec"][
                "template"
            ]
            for _ in range(min(missing, BURST)):
                self.create(owner, pod_from_template(owner, template), "pod")
        elif missing < 0:
            for pod in self._first_to_go(owner, pods)[: min(-missing, BURST)]:
                self.api.delete(Pod, pod.name, pod.namespace, uid=pod.uid)
                self.normal(owner, "SuccessfulDelete", f"Deleted pod: {pod.name}")
        if abs(missing) > BURST:
            self.enqueue((owner.namespace, owner.name), after=1.0)

    def _first_to_go(self, owner: Object, pods: list[Pod]) -> list[Pod]:
        """The order in which Pods are given up (`ActivePodsWithRanks`): those without a node,
        not running, not ready; the cheap ones; where many share a node; those ready for less
        long, restarted more often, younger.
        """
        crowd = self._crowd(owner)

        def key(pod: Pod) -> tuple[object, ...]:
            restarts = max(
                (c.restart_count for c in pod.status.container_statuses or ()), default=0
            )
            ready = condition(pod.status.conditions, "Ready")
            return (
                bool(pod.spec.node_name),
                ("Pending", "Unknown", "Running").index(pod.status.phase),
                is_ready(pod),
                number_in(pod, DELETION_COST, 0),
                -crowd[pod.spec.node_name],
                self._magnitude(ready.last_transition_time if ready else None),
                -restarts,
                self._magnitude(pod.metadata.creation_timestamp),
                pod.uid,
            )

        return sorted(pods, key=key)

    def _crowd(self, owner: Object) -> Counter[str]:
        """Active Pods by node, those of sister ReplicaSets included (`getIndirectlyRelatedPods`):
        during a rollout old and new Pods are spread as one.
        """
        above = owner.metadata.controller
        informer = self.informers.informer(self.kind)
        family = [owner] if above is None else informer.by_index(by_controller, above.uid)
        pods = (pod for each in family for pod in self.owned(Pod, each) if is_active(pod))
        return Counter(pod.spec.node_name for pod in pods)

    def _magnitude(self, since: str | None) -> int:
        """An age on a logarithmic scale, so that chance decides among ages that are alike
        (`logarithmicRankDiff`: powers of two, in nanoseconds)."""
        nanoseconds = (self.sim.now - seconds_at(since)) * 1e9 if since else 0.0
        return int(math.log2(nanoseconds)) if nanoseconds > 1 else -1

    def _write_status(self, owner: Replicated, failure: CourseError | None) -> None:
        claimed = self.claim(Pod, owner)
        pods = [pod for pod in claimed if is_active(pod)]
        desired = owner.spec.template.metadata.labels or {}
        waits = [available_in(pod, owner.spec.min_ready_seconds, self.sim.now) for pod in pods]
        soon = [wait for wait in waits if wait]
        if soon:
            self.enqueue((owner.namespace, owner.name), after=min(soon))
        conditions = owner.status.conditions
        stated: Document = {}
        # A failure that is stated stays as it is: each refusal names another Pod (`SetCondition`).
        if failure is not None and not is_true(conditions, "ReplicaFailure"):
            now, why = self.sim.timestamp, failure.what
            stated["conditions"] = set_condition(
                conditions, "ReplicaFailure", "True", now, "FailedCreate", why
            )
        elif failure is None and conditions:
            stated["conditions"] = []
        if isinstance(owner, ReplicaSet):
            stated["terminatingReplicas"] = sum(is_terminating(pod) for pod in claimed)
        self.api.patch_status(
            owner,
            stated
            | {
                "replicas": len(pods),
                "fullyLabeledReplicas": sum(desired.items() <= p.labels.items() for p in pods),
                "readyReplicas": sum(map(is_ready, pods)),
                "availableReplicas": waits.count(0),
                "observedGeneration": owner.metadata.generation,
            },
        )


class ReplicationControllerController(ReplicaSetController):
    """The same for the elder kind, whose selector is a plain map of labels."""

    name = "replication-controller"
    kind = "ReplicationController"

    def selector(self, owner: Object) -> Selector:
        """What a ReplicationController selects."""
        assert isinstance(owner, ReplicationController)
        return selector_from_labels(owner.spec.selector)
