"""Delete a namespace's objects before the namespace; create its default objects with it.

Source: `pkg/controller/namespace`, `pkg/controller/serviceaccount`, `pkg/controller/disruption`,
`pkg/controller/resourcequota`.
"""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from contextlib import suppress

from course_lib.apiserver import quota
from course_lib.apiserver.errors import NotFound
from course_lib.controllers.controller import Controller, Key, key_of
from course_lib.errors import CourseError
from course_lib.objects.kind import Kind
from course_lib.objects.kinds.config_map import ConfigMap
from course_lib.objects.kinds.namespace import Namespace
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod_disruption_budget import PodDisruptionBudget
from course_lib.objects.kinds.resource_quota import ResourceQuota
from course_lib.objects.kinds.service_account import ServiceAccount
from course_lib.objects.meta import Object, OwnerReference, is_true, selector_of, set_condition
from course_lib.objects.pods import is_active, resolve

ROOT_CA = "kube-root-ca.crt"
ROOT_CA_DESCRIPTION = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal "
    "endpoints such as the internal service IP or kubernetes.default.svc."
)
# The conditions of a namespace that is terminating: reason and message while all is well.
CONTENT_GONE = {
    "NamespaceDeletionDiscoveryFailure": (
        "ResourcesDiscovered",
        "All resources successfully discovered",
    ),
    "NamespaceDeletionGroupVersionParsingFailure": (
        "ParsedGroupVersions",
        "All legacy kube types successfully parsed",
    ),
    "NamespaceDeletionContentFailure": (
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
    "NamespaceContentRemaining": ("ContentRemoved", "All content successfully removed"),
    "NamespaceFinalizersRemaining": (
        "ContentHasNoFinalizers",
        "All content-preserving finalizers finished",
    ),
}


class NamespaceController(Controller):
    """Deletes everything in a namespace that is terminating, then lets it go.

    Pods go first: what they use is deleted when they have ended. The conditions of the namespace
    say what is left, and which finalizers hold it.
    """

    name = "namespace-controller"
    kind = "Namespace"

    def reconcile(self, space: Namespace) -> None:
        """Delete what is left; come back while something is."""
        if not space.terminating or "kubernetes" not in (space.spec.finalizers or ()):
            return
        name = space.name
        left: Counter[str] = Counter()
        finalizers: Counter[str] = Counter()
        pods_left = self._empty(name, self.api.resource("Pod"))
        if not pods_left:
            for kind in self.api.kinds:
                if not kind.namespaced or kind.kind == "Pod":
                    continue
                for each in self._empty(name, kind):
                    left[f"{kind.plural}.{kind.group}"] += 1
                    finalizers.update(each.metadata.finalizers or ())
        space = self._state(space, left, finalizers)
        if left or pods_left:
            self.enqueue(key_of(space), after=1.0)
        else:
            kept = [each for each in space.spec.finalizers or () if each != "kubernetes"]
            document = self.api.document(Namespace, name)
            self.api.update(document | {"spec": {"finalizers": kept}}, "finalize")

    def _empty(self, namespace: str, kind: Kind) -> list[Object]:
        """Delete all objects of a kind; returns those that remain."""
        for existing in self.informers.list(kind, namespace):
            if not existing.terminating:
                with suppress(NotFound):
                    self.api.delete(kind, existing.name, namespace, uid=existing.uid)
        return self.informers.list(kind, namespace)

    def _state(self, space: Namespace, left: dict[str, int], finalizers: Counter[str]) -> Namespace:
        """State in the namespace's conditions what remains (`status_condition_utils.go`)."""
        shown = ", ".join(f"{name} has {left[name]} resource instances" for name in sorted(left))
        held = ", ".join(f"{f} in {finalizers[f]} resource instances" for f in sorted(finalizers))
        for kind, (reason, message) in CONTENT_GONE.items():
            status = "False"
            if kind == "NamespaceContentRemaining" and left:
                status, reason = "True", "SomeResourcesRemain"
                message = f"Some resources are remaining: {shown}"
            elif kind == "NamespaceFinalizersRemaining" and finalizers:
                status, reason = "True", "SomeFinalizersRemain"
                message = f"Some content in the namespace has finalizers remaining: {held}"
            conditions = set_condition(
                space.status.conditions, kind, status, self.sim.timestamp, reason, message
            )
            space = self.api.patch_status(space, {"conditions": conditions})
        return space


class ServiceAccountController(Controller):
    """Furnishes each namespace with the service account `default`."""

    name = "serviceaccount-controller"
    kind = "Namespace"

    def watches(self) -> None:
        """Service accounts that somebody deletes."""
        self.watch(ServiceAccount, lambda account: [("", account.namespace)])

    def reconcile(self, space: Namespace) -> None:
        """Make the account where it is missing."""
        missing = self.informers.find(ServiceAccount, "default", space.name) is None
        if missing and not space.terminating:
            metadata = {"name": "default", "namespace": space.name}
            account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}
            self.api.create(account)


class RootCAPublisher(Controller):
    """Furnishes each namespace with the ConfigMap `kube-root-ca.crt`, which Pods mount.

    The certificate in it is a text in the form of one: nothing is encrypted here.
    """

    name = "root-ca-certificate-publisher-controller"
    kind = "Namespace"

    def watches(self) -> None:
        """ConfigMaps of this name that somebody deletes or edits."""
        self.watch("ConfigMap", lambda seen: [("", seen.namespace)] if seen.name == ROOT_CA else [])

    def reconcile(self, space: Namespace) -> None:
        """Make the ConfigMap where it is missing, and set it right where it was edited."""
        if space.terminating:
            return
        name = space.name
        seed = b64encode(f"the CA of the simulated cluster with seed {self.sim.seed}".encode())
        text = f"-----BEGIN CERTIFICATE-----\n{seed.decode()}\n-----END CERTIFICATE-----\n"
        annotations = {"kubernetes.io/description": ROOT_CA_DESCRIPTION}
        existing = self.informers.find(ConfigMap, ROOT_CA, name)
        if existing is None:
            metadata = {"name": ROOT_CA, "namespace": name, "annotations": annotations}
            document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
            self.api.create(document | {"data": {"ca.crt": text}})
        elif existing.data != {"ca.crt": text}:
            surplus = dict.fromkeys(key for key in existing.data or {} if key != "ca.crt")
            patch = {"data": {"ca.crt": text} | surplus, "metadata": {"annotations": annotations}}
            self.api.patch(ConfigMap, ROOT_CA, name, patch)


class DisruptionController(Controller):
    """Counts how many evictions each PodDisruptionBudget allows now."""

    name = "disruption-controller"
    kind = "PodDisruptionBudget"

    def watches(self) -> None:
        """The Pods that budgets cover, and the workloads whose size they are measured by."""
        self.watch(Pod, self._of_pod)
        for kind in ("Deployment", "ReplicaSet", "StatefulSet", "ReplicationController"):
            self.watch(kind, self._in_namespace)

    def _of_pod(self, pod: Pod) -> list[Key]:
        return [
            key_of(budget)
            for budget in self.informers.list(self.kind, pod.namespace)
            if selector_of(budget.spec.selector).matches(pod.labels)
        ]

    def _in_namespace(self, workload: Object) -> list[Key]:
        return [key_of(each) for each in self.informers.list(self.kind, workload.namespace)]

    def reconcile(self, budget: PodDisruptionBudget) -> None:
        """Healthy Pods beyond those that must stay (`getExpectedPodCount`)."""
        selector = selector_of(budget.spec.selector)
        pods = [p for p in self.informers.list(Pod, budget.namespace, selector) if is_active(p)]
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
        generation = budget.metadata.generation
        stated = [each | {"message": "", "observedGeneration": generation} for each in conditions]
        self.api.patch_status(
            budget,
            {
                "currentHealthy": healthy,
                "desiredHealthy": desired,
                "expectedPods": expected,
                "disruptionsAllowed": allowed,
                "observedGeneration": generation,
                "conditions": stated,
            },
        )

    def _scale(self, pods: list[Pod]) -> int:
        """The replicas that the Pods' controllers want, counted once for each controller."""
        desired: dict[str, int] = {}
        for pod in pods:
            owner = pod.metadata.controller
            if owner is None:
                desired[pod.uid] = 1
                continue
            workload = self._workload(owner, pod.namespace)
            above = workload.metadata.controller if workload else None
            if above is not None:
                workload = self._workload(above, pod.namespace) or workload
            replicas = getattr(getattr(workload, "spec", None), "replicas", None)
            desired[workload.uid if workload else pod.uid] = 1 if replicas is None else replicas
        return sum(desired.values())

    def _workload(self, reference: OwnerReference, namespace: str) -> Object | None:
        """The controller that a reference names; None for a kind that is not served."""
        try:
            kind = self.informers.kinds.of(reference.api_version, reference.kind)
        except CourseError:
            return None
        return self.informers.find(kind, reference.name, namespace)


class ResourceQuotaController(Controller):
    """Writes into each ResourceQuota what its namespace uses."""

    name = "resourcequota-controller"
    kind = "ResourceQuota"

    def watches(self) -> None:
        """What quotas may count: everything in namespaces but Events and Leases."""
        self.for_each_kind(self._follow)

    def _follow(self, kind: Kind) -> None:
        if kind.namespaced and kind.kind not in ("Event", "Lease", self.kind):
            self.watch(kind, self._in_namespace)

    def _in_namespace(self, counted: Object) -> list[Key]:
        return [key_of(quota) for quota in self.informers.list(self.kind, counted.namespace)]

    def reconcile(self, existing: ResourceQuota) -> None:
        """Recompute the quota's usage."""
        hard = existing.spec.hard or {}
        used = quota.usage(self.informers, existing.namespace, existing.spec)
        status = {
            "hard": {k: str(v) for k, v in hard.items()},
            "used": {k: str(v) for k, v in used.items()},
        }
        self.api.patch_status(existing, status)
