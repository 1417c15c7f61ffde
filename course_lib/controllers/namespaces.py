"""Namespaces and what belongs in each: emptied before they go, furnished when they come.

Source: `pkg/controller/namespace`, `pkg/controller/serviceaccount`, `pkg/controller/disruption`,
`pkg/controller/resourcequota`.
"""

from __future__ import annotations

from typing import Any

from course_lib.apiserver import quota
from course_lib.controllers.controller import Controller, Key
from course_lib.objects.kinds import KINDS
from course_lib.objects.meta import is_true, selector_of, set_condition
from course_lib.objects.pod import Pod
from course_lib.objects.pods import is_active, resolve


class NamespaceController(Controller):
    """Deletes everything in a namespace that is terminating, then lets it go."""

    name = "namespace-controller"
    kind = "Namespace"

    def reconcile(self, namespace: str, name: str) -> None:
        """Delete what is left; come back while something is."""
        space = self.api.find("Namespace", name)
        if space is None or not space.terminating:
            return
        left = 0
        for kind in (kind for kind in KINDS if kind.namespaced):
            for found in self.api.list(kind.kind, name):
                if not found.terminating:
                    self.api.delete(kind.kind, found.name, name)
            left += len(self.api.list(kind.kind, name))
        if left:
            self.enqueue((namespace, name), after=1.0)
        else:
            self.api.patch("Namespace", name, "", {"spec": {"finalizers": []}})


class ServiceAccountController(Controller):
    """Furnishes each namespace with the service account `default`."""

    name = "serviceaccount-controller"
    kind = "Namespace"

    def watches(self) -> None:
        """Service accounts that somebody deletes."""
        self.watch("ServiceAccount", lambda account: [("", account.namespace)])

    def reconcile(self, namespace: str, name: str) -> None:
        """Make the account where it is missing."""
        space = self.api.find("Namespace", name)
        missing = self.api.find("ServiceAccount", "default", name) is None
        if space is not None and not space.terminating and missing:
            metadata = {"name": "default", "namespace": name}
            account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}
            self.api.create(account)


class DisruptionController(Controller):
    """Counts how many evictions each PodDisruptionBudget allows now."""

    name = "disruption-controller"
    kind = "PodDisruptionBudget"

    def watches(self) -> None:
        """The Pods that budgets cover, and the workloads whose size they are measured by."""
        self.watch("Pod", self._of_pod)
        for kind in ("Deployment", "ReplicaSet", "StatefulSet", "ReplicationController"):
            self.watch(kind, self._in_namespace)

    def _of_pod(self, pod: Pod) -> list[Key]:
        return [
            (budget.namespace, budget.name)
            for budget in self.api.list(self.kind, pod.namespace)
            if selector_of(budget.spec.selector).matches(pod.labels)
        ]

    def _in_namespace(self, workload: Any) -> list[Key]:
        return [(b.namespace, b.name) for b in self.api.list(self.kind, workload.namespace)]

    def reconcile(self, namespace: str, name: str) -> None:
        """Healthy Pods beyond those that must stay (`getExpectedPodCount`)."""
        budget = self.api.find(self.kind, name, namespace)
        if budget is None:
            return
        selector = selector_of(budget.spec.selector)
        pods = [p for p in self.api.list("Pod", namespace, selector) if is_active(p)]
        healthy = sum(is_true(pod.status.conditions, "Ready") for pod in pods)
        least, most = budget.spec.min_available, budget.spec.max_unavailable
        expected = len(pods) if isinstance(least, int) else self._scale(pods)
        if most is not None:
            desired = max(0, expected - resolve(most, expected, up=True))
        else:
            desired = resolve(1 if least is None else least, expected, up=True)
        allowed = max(0, healthy - desired) if expected else 0
        now = self.sim.timestamp
        reason = "SufficientPods" if allowed else "InsufficientPods"
        state = "True" if allowed else "False"
        conditions = set_condition(
            budget.status.conditions, "DisruptionAllowed", state, now, reason
        )
        self.api.patch_status(
            budget,
            {
                "currentHealthy": healthy,
                "desiredHealthy": desired,
                "expectedPods": expected,
                "disruptionsAllowed": allowed,
                "observedGeneration": budget.metadata.generation,
                "conditions": conditions,
            },
        )

    def _scale(self, pods: list[Pod]) -> int:
        """The replicas that the Pods' controllers want, counted once for each controller."""
        wanted: dict[str, int] = {}
        for pod in pods:
            owner = pod.metadata.controller
            if owner is None:
                wanted[pod.uid] = 1
                continue
            found = self.api.find(owner.kind, owner.name, pod.namespace)
            above = found.metadata.controller if found else None
            if above is not None:
                found = self.api.find(above.kind, above.name, pod.namespace) or found
            replicas = getattr(getattr(found, "spec", None), "replicas", None)
            wanted[found.uid if found else pod.uid] = 1 if replicas is None else replicas
        return sum(wanted.values())


class ResourceQuotaController(Controller):
    """Writes into each ResourceQuota what its namespace uses."""

    name = "resourcequota-controller"
    kind = "ResourceQuota"

    def watches(self) -> None:
        """What quotas count."""
        for kind in ("Pod", "Service", "PersistentVolumeClaim", "ConfigMap", "Secret"):
            self.watch(kind, self._in_namespace)

    def _in_namespace(self, found: Any) -> list[Key]:
        return [(q.namespace, q.name) for q in self.api.list(self.kind, found.namespace)]

    def reconcile(self, namespace: str, name: str) -> None:
        """Count anew."""
        found = self.api.find(self.kind, name, namespace)
        if found is not None:
            hard = found.spec.hard or {}
            used = quota.usage(self.api, namespace, hard)
            status = {
                "hard": {k: str(v) for k, v in hard.items()},
                "used": {k: str(v) for k, v in used.items()},
            }
            self.api.patch_status(found, status)
