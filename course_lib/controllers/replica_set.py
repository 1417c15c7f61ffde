"""ReplicaSet and ReplicationController: so many Pods, no more and no fewer (chapter 03).

Source: `pkg/controller/replicaset/replica_set.go`.
"""

from __future__ import annotations

import math
from collections import Counter

from course_lib.client.cache import by_controller
from course_lib.controllers.batches import BURST, slow_start
from course_lib.controllers.claims import by_labels
from course_lib.controllers.controller import Controller, key_of
from course_lib.controllers.ownership import number_in, pod_from_template
from course_lib.controllers.standing import active_in, by_standing, by_time_ready
from course_lib.engine.simulation import seconds_at
from course_lib.errors import CourseError
from course_lib.objects.kinds.pod import DELETION_COST, Pod
from course_lib.objects.kinds.replica_set import ReplicaSet
from course_lib.objects.kinds.replication_controller import ReplicationController
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, condition, is_true, set_condition
from course_lib.objects.pods import is_active, is_ready
from course_lib.objects.selectors import Selector, selector_from_labels

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
            template = self.api.document(owner.kind, owner.name, owner.namespace)["spec"][
                "template"
            ]
            made = (pod_from_template(owner, template) for _ in range(min(missing, BURST)))
            slow_start(made, lambda pod: self.create(owner, pod, "pod"))
            return
        pods = [pod for pod in self.claim(Pod, owner) if is_active(pod)]
        for pod in self._first_to_go(owner, pods)[: min(-missing, BURST)]:
            self.api.delete(Pod, pod.name, pod.namespace, uid=pod.uid)
            self.normal(owner, "SuccessfulDelete", f"Deleted pod: {pod.name}")

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
        standings = self.census(Pod, owner, by_standing)
        replicas = active_in(standings)
        status: Document = {
            "replicas": replicas,
            "fullyLabeledReplicas": self._fully_labeled(owner, replicas),
            "readyReplicas": sum(n for pod, n in standings.items() if pod.active and pod.ready),
            "availableReplicas": self._available(owner),
            "observedGeneration": owner.metadata.generation,
        }
        if isinstance(owner, ReplicaSet):
            terminating = sum(
                n for pod, n in standings.items() if pod.terminating and not pod.ended
            )
            status["terminatingReplicas"] = terminating
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
        now, least = self.sim.now, owner.spec.min_ready_seconds
        since = self.census(Pod, owner, by_time_ready)
        waits = {written: seconds_at(written) + least - now for written in since}
        if soon := [wait for wait in waits.values() if wait > 0]:
            self.enqueue(key_of(owner), after=min(soon))
        return sum(count for written, count in since.items() if waits[written] <= 0)


class ReplicationControllerController(ReplicaSetController):
    """The same for the elder kind, whose selector is a plain map of labels."""

    name = "replication-controller"
    kind = "ReplicationController"

    def selector(self, owner: Object) -> Selector:
        """What a ReplicationController selects."""
        assert isinstance(owner, ReplicationController)
        return selector_from_labels(owner.spec.selector)
