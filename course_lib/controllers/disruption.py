"""PodDisruptionBudgets: how many Pods may be evicted now (chapter 03).

Source: `pkg/controller/disruption/disruption.go`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache, partial

from course_lib.apiserver.scales import scale_of
from course_lib.controllers.controller import WORK_SECONDS, Controller, Key, differs, key_of
from course_lib.engine.timestamps import seconds_at
from course_lib.errors import CourseError
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod.status import FINAL_PHASES
from course_lib.objects.kinds.pod_disruption_budget import PodDisruptionBudget
from course_lib.objects.kinds.replica_set import ReplicaSet
from course_lib.objects.manifests import Document
from course_lib.objects.meta import (
    Condition,
    Object,
    OwnerReference,
    condition,
    go_text,
    set_condition,
)
from course_lib.objects.pods import is_ready, resolve
from course_lib.objects.selectors import IN

RECORDER = "controllermanager"  # who reports: not the controller's name, as for all others
DELETION_TIMEOUT = 120.0  # s for which an evicted Pod may still be there
DISRUPTION = "DisruptionTarget"  # the condition of a Pod that is to be deleted for others
Covered = tuple[bool, OwnerReference | None]  # whether a Pod is healthy, and its controller


@cache  # one function for each set of labels, so that its tally is found again
def by_coverage(labels: tuple[str, ...]) -> Callable[[Pod], list[tuple[str, Covered]]]:
    """Tally function: the Pods with each combination of values of these labels."""

    def covered(pod: Pod) -> list[tuple[str, Covered]]:
        values = [pod.labels.get(label) for label in labels]
        return [] if None in values else [(_combination(pod.namespace, *values), _covered(pod))]

    return covered


def _combination(*parts: str | None) -> str:
    return "/".join(map(str, parts))


def _covered(pod: Pod) -> Covered:
    return is_ready(pod) and not pod.terminating, pod.metadata.controller


class DisruptionController(Controller):
    """Counts how many evictions each PodDisruptionBudget allows now."""

    name = "disruption-controller"
    kind = "PodDisruptionBudget"
    work = WORK_SECONDS / 5  # it counts what it has, and sees no Pods yet where others make them

    def watches(self) -> None:
        """The Pods that budgets cover."""
        self.normal = partial(self.api.events.normal, RECORDER)
        self.warning = partial(self.api.events.warning, RECORDER)
        self.watch(Pod, self._of_pod)

    def _of_pod(self, pod: Pod) -> list[Key]:
        """The budget that covers a Pod; of several one is looked at (`getPdbForPod`)."""
        for stated in pod.status.conditions or ():
            if stated.type == DISRUPTION and stated.status == "True":
                self.sim.at(self._stale_from(stated), partial(self._cleared, pod.uid, *key_of(pod)))
        budgets = self.selecting(pod)
        if len(budgets) > 1:
            message = f'Pod "{pod.namespace}"/"{pod.name}" matches multiple '
            message += f'PodDisruptionBudgets.  Chose "{budgets[-1].name}" arbitrarily.'
            self.warning(pod, "MultiplePodDisruptionBudgets", message)
        return [key_of(budget) for budget in budgets[-1:]]

    def _stale_from(self, stated: Condition) -> float:
        since = stated.last_transition_time
        return (seconds_at(since) if since else 0.0) + DELETION_TIMEOUT

    def _cleared(self, uid: str, namespace: str, name: str) -> None:
        """Take back that a Pod is to be disrupted: it was not deleted in two minutes.

        Not of one that has ended, or that the kubelet ends (`syncStalePodDisruption`).
        """
        pod = self.informers.find(Pod, name, namespace)
        if pod is None or pod.uid != uid or pod.terminating:
            return
        if pod.status.phase in FINAL_PHASES:
            return
        stated = condition(pod.status.conditions, DISRUPTION)
        if stated is None or stated.status != "True" or stated.reason == "TerminationByKubelet":
            return
        if self.sim.now >= self._stale_from(stated):
            now = self.sim.timestamp
            conditions = set_condition(pod.status.conditions, DISRUPTION, "False", now)
            for each in conditions:
                if each["type"] == DISRUPTION:
                    each["observedGeneration"] = pod.metadata.generation
            self.api.patch_status(pod, {"conditions": conditions})

    def reconcile(self, budget: PodDisruptionBudget) -> None:
        """Healthy Pods beyond those that must stay (`trySync`)."""
        covered = self._coverage(budget)
        if not covered:
            self.normal(budget, "NoPods", "No matching pods found")
        try:
            expected, desired = self._expected(budget, covered)
        except CourseError as problem:
            message = f"Failed to calculate the number of expected pods: {problem.what}"
            self.warning(budget, "CalculateExpectedPodCountFailed", message)
            stated = self._stated(budget, "SyncFailed", False, problem.what)
            self.state(budget, {"disruptionsAllowed": 0, "conditions": stated})
            return
        disrupted, ready = self._disrupted(budget)
        healthy = sum(count for (is_healthy, _), count in covered.items() if is_healthy) - ready
        allowed = max(0, healthy - desired) if expected else 0
        known = budget.status.disrupted_pods or {}
        status: Document = {
            "currentHealthy": healthy,
            "desiredHealthy": desired,
            "expectedPods": expected,
            "disruptionsAllowed": allowed,
            "observedGeneration": budget.metadata.generation,
        }
        if known != disrupted:
            status["disruptedPods"] = dict.fromkeys(known) | disrupted if disrupted else None
        reason = "SufficientPods" if allowed else "InsufficientPods"
        before = condition(budget.status.conditions, "DisruptionAllowed")
        if differs(budget, status) or before is None or before.reason != reason:
            stated = self._stated(budget, reason, bool(allowed))
            self.api.patch_status(budget, status | {"conditions": stated})

    def _expected(
        self, budget: PodDisruptionBudget, covered: Mapping[Covered, int]
    ) -> tuple[int, int]:
        """How many Pods there should be, and how many of them healthy (`getExpectedPodCount`)."""
        least, most = budget.spec.min_available, budget.spec.max_unavailable
        if most is not None:
            expected = self._scale(budget, covered)
            return expected, max(0, expected - resolve(most, expected, up=True))
        if isinstance(least, str):
            expected = self._scale(budget, covered)
            return expected, resolve(least, expected, up=True)
        return (0, 0) if least is None else (sum(covered.values()), least)

    def _disrupted(self, budget: PodDisruptionBudget) -> tuple[dict[str, str], int]:
        """The evicted Pods that are still to be deleted, and how many of them are ready.

        One that was not deleted in two minutes counts again (`buildDisruptedPodMap`).
        """
        found: dict[str, str] = {}
        ready = 0
        for name, since in (budget.status.disrupted_pods or {}).items():
            pod = self.informers.find(Pod, name, budget.namespace)
            if pod is None or pod.terminating:
                continue
            left = seconds_at(since) + DELETION_TIMEOUT - self.sim.now
            if left < 0:
                what = f"{budget.namespace}/{budget.namespace}"
                message = f"Pod was expected by PDB {what} to be deleted but it wasn't"
                self.warning(pod, "NotDeleted", message)
                continue
            found[name] = since
            ready += is_ready(pod)
            self.enqueue(key_of(budget), after=left + WORK_SECONDS)
        return found, ready

    def _stated(
        self, budget: PodDisruptionBudget, reason: str, allowed: bool, message: str = ""
    ) -> list[Document]:
        conditions = set_condition(
            budget.status.conditions,
            "DisruptionAllowed",
            "True" if allowed else "False",
            self.sim.timestamp,
            reason,
            message,
        )
        generation = budget.metadata.generation
        if reason == "SyncFailed":  # of the last look that did not fail
            generation = budget.status.observed_generation
        seen = {"observedGeneration": generation} if generation else {}
        return [{"message": ""} | each | seen for each in conditions]

    def _coverage(self, budget: PodDisruptionBudget) -> Mapping[Covered, int]:
        """How many Pods are covered; they are counted one by one only for a selector with other
        conditions than single values of labels.
        """
        selector = self.selector(budget)
        single = [c for c in selector.requirements if c.operator == IN and len(c.values) == 1]
        labels = {condition.key: condition.values[0] for condition in single}
        pods = self.informers.informer(Pod)
        if labels and len(labels) == len(selector.requirements):
            place = _combination(budget.namespace, *labels.values())
            return pods.tally(by_coverage(tuple(labels)), place)
        found = pods.list(budget.namespace, selector)
        return Counter(map(_covered, found))

    def _scale(self, budget: PodDisruptionBudget, covered: Mapping[Covered, int]) -> int:
        """The desired replicas of the Pods' controllers, counted once for each controller.

        `covered` are the Pods of a `budget`. One without a controller counts for nothing, and is
        told of; one whose controller has no size is an error (`getExpectedScale`).
        """
        desired = dict[str, int]()
        controllers = dict.fromkeys(controller for _, controller in covered)
        for controller in controllers:
            if controller is None:
                continue
            uid, replicas = self._size(controller, budget)
            desired[uid] = replicas
        if None in controllers:
            selector = go_text(budget.spec.selector)
            message = f"Pods selected by this PodDisruptionBudget (selector: {selector}) were "
            message += "found to be unmanaged. As a result, the status of the PDB cannot be "
            message += "calculated correctly, which may result in undefined behavior. To account "
            message += 'for these pods please set ".spec.minAvailable" field of the PDB to an '
            self.warning(budget, "UnmanagedPods", message + "integer value.")
        return sum(desired.values())

    def _size(self, reference: OwnerReference, budget: PodDisruptionBudget) -> tuple[str, int]:
        """The UID and the desired replicas of the controller that a reference names.

        Of a ReplicaSet's Deployment, if it has one. Raises `CourseError` where there is no size.
        """
        namespace = budget.namespace
        workload = self._workload(reference, namespace)
        above = workload.metadata.controller if workload else None
        if isinstance(workload, ReplicaSet) and above and above.kind == "Deployment":
            workload = self._workload(above, namespace) or workload
        if workload is None:
            pods = self.informers.list(Pod, namespace, self.selector(budget))
            name = next((p.name for p in pods if p.metadata.controller == reference), "")
            raise CourseError(f'found no controllers for pod "{name}"')
        replicas: int | None = getattr(getattr(workload, "spec", None), "replicas", None)
        if replicas is None:
            kind = self.informers.kinds.of(workload.api_version, workload.kind)
            document = self.api.document(kind, workload.name, namespace)
            replicas = scale_of(kind, document)["spec"].get("replicas", 0)
        return workload.uid, replicas

    def _workload(self, reference: OwnerReference, namespace: str) -> Object | None:
        """The controller that a reference names; raises `CourseError` for a kind without sizes."""
        kind_name, version = reference.kind, reference.api_version
        try:
            kind = self.informers.kinds.of(version, kind_name)
        except CourseError:
            message = f'no matches for kind "{kind_name}" in version "{version}"'
            raise CourseError(message) from None
        if kind.scale is None:
            raise CourseError(f"{kind.title} does not implement the scale subresource")
        found = self.informers.find(kind, reference.name, namespace)
        return found if found is not None and found.uid == reference.uid else None
