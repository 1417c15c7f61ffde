"""PodDisruptionBudgets: how many Pods may be evicted now (chapter 03).

Source: `pkg/controller/disruption/disruption.go`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache

from course_lib.controllers.controller import Controller, Key, differs, key_of
from course_lib.errors import CourseError
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod_disruption_budget import PodDisruptionBudget
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, OwnerReference, set_condition
from course_lib.objects.pods import is_active, is_ready, resolve
from course_lib.objects.selectors import IN

WORKLOADS = ("Deployment", "ReplicaSet", "StatefulSet", "ReplicationController")
Covered = tuple[bool, OwnerReference | None]  # whether a Pod is ready, and its controller


@cache  # one function for each set of labels, so that its tally is found again
def by_coverage(labels: tuple[str, ...]) -> Callable[[Pod], list[tuple[str, Covered]]]:
    """Tally function: the active Pods with each combination of values of these labels."""

    def covered(pod: Pod) -> list[tuple[str, Covered]]:
        values = [pod.labels.get(label) for label in labels]
        if None in values or not is_active(pod):
            return []
        return [(_combination(pod.namespace, *values), _covered(pod))]

    return covered


def _combination(*parts: str | None) -> str:
    return "/".join(map(str, parts))


def _covered(pod: Pod) -> Covered:
    return is_ready(pod), pod.metadata.controller


class DisruptionController(Controller):
    """Counts how many evictions each PodDisruptionBudget allows now."""

    name = "disruption-controller"
    kind = "PodDisruptionBudget"

    def watches(self) -> None:
        """The Pods that budgets cover, and the workloads whose size they are measured by."""
        self.watch(Pod, self._of_pod)
        for kind in WORKLOADS:
            self.informers.informer(kind).add_handler(self._on_workload)

    def _of_pod(self, pod: Pod) -> list[Key]:
        return [key_of(budget) for budget in self.selecting(pod)]

    def _on_workload(self, before: Object | None, after: Object | None) -> None:
        """Look at a namespace's budgets when a workload came, went, or has another size."""
        seen = before if after is None else after
        if seen is not None and _replicas(before) != _replicas(after):
            for budget in self.objects.list(seen.namespace):
                self.enqueue(key_of(budget))

    def reconcile(self, budget: PodDisruptionBudget) -> None:
        """Healthy Pods beyond those that must stay (`getExpectedPodCount`)."""
        covered = self._coverage(budget)
        healthy = sum(count for (ready, _), count in covered.items() if ready)
        least, most = budget.spec.min_available, budget.spec.max_unavailable
        by_number = isinstance(least, int)
        expected = sum(covered.values()) if by_number else self._scale(budget.namespace, covered)
        if most is not None:
            desired = max(0, expected - resolve(most, expected, up=True))
        else:
            desired = resolve(1 if least is None else least, expected, up=True)
        allowed = max(0, healthy - desired) if expected else 0
        status: Document = {
            "currentHealthy": healthy,
            "desiredHealthy": desired,
            "expectedPods": expected,
            "disruptionsAllowed": allowed,
            "observedGeneration": budget.metadata.generation,
        }
        if differs(budget, status):  # the condition follows the numbers
            self.api.patch_status(budget, status | {"conditions": self._stated(budget, allowed)})

    def _stated(self, budget: PodDisruptionBudget, allowed: int) -> list[Document]:
        reason, state = ("SufficientPods", "True") if allowed else ("InsufficientPods", "False")
        conditions = set_condition(
            budget.status.conditions, "DisruptionAllowed", state, self.sim.timestamp, reason
        )
        generation = budget.metadata.generation
        return [each | {"message": "", "observedGeneration": generation} for each in conditions]

    def _coverage(self, budget: PodDisruptionBudget) -> Mapping[Covered, int]:
        """How many active Pods are covered; they are counted one by one only for a selector with
        other conditions than single values of labels.
        """
        selector = self.selector(budget)
        single = [c for c in selector.requirements if c.operator == IN and len(c.values) == 1]
        labels = {condition.key: condition.values[0] for condition in single}
        pods = self.informers.informer(Pod)
        if labels and len(labels) == len(selector.requirements):
            place = _combination(budget.namespace, *labels.values())
            return pods.tally(by_coverage(tuple(labels)), place)
        found = pods.list(budget.namespace, selector)
        return Counter(_covered(pod) for pod in found if is_active(pod))

    def _scale(self, namespace: str, covered: Mapping[Covered, int]) -> int:
        """The desired replicas of the Pods' controllers, counted once for each controller.

        `covered` are the Pods of the `namespace`; one without a controller counts for itself.
        """
        pods: Counter[OwnerReference | None] = Counter()
        for (_, controller), count in covered.items():
            pods[controller] += count
        alone, desired = 0, dict[str, int]()
        for controller, count in pods.items():
            workload = self._top(controller, namespace) if controller else None
            if workload is None:
                alone += count
            else:
                replicas = _replicas(workload)
                desired[workload.uid] = 1 if replicas is None else replicas
        return alone + sum(desired.values())

    def _top(self, reference: OwnerReference, namespace: str) -> Object | None:
        """The controller that a reference names, or the one above it; None if there is none."""
        workload = self._workload(reference, namespace)
        above = workload.metadata.controller if workload else None
        return (self._workload(above, namespace) or workload) if above else workload

    def _workload(self, reference: OwnerReference, namespace: str) -> Object | None:
        """The controller that a reference names; None for a kind that is not served."""
        try:
            kind = self.informers.kinds.of(reference.api_version, reference.kind)
        except CourseError:
            return None
        return self.informers.find(kind, reference.name, namespace)


def _replicas(workload: Object | None) -> int | None:
    replicas: int | None = getattr(getattr(workload, "spec", None), "replicas", None)
    return replicas
