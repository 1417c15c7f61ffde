"""Delete a namespace's objects before the namespace; create its default objects with it.

Source: `pkg/controller/namespace`, `pkg/controller/serviceaccount`.
"""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from contextlib import suppress

from course_lib.apiserver.errors import NotFound
from course_lib.controllers.controller import Controller, key_of
from course_lib.objects.kind import Kind
from course_lib.objects.kinds.config_map import ConfigMap
from course_lib.objects.kinds.namespace import Namespace
from course_lib.objects.kinds.service_account import ServiceAccount
from course_lib.objects.meta import Object, set_condition

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
