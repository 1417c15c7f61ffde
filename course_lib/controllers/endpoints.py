"""The older Endpoints object of each Service, at most a thousand addresses of it (chapter 07).

The kind is deprecated since 1.33; the controller still runs in this release.
Source: `pkg/controller/endpoint/endpoints_controller.go`.
"""

from __future__ import annotations

import msgspec

from course_lib.apiserver.errors import Terminating
from course_lib.controllers.controller import Key, key_of
from course_lib.controllers.endpoint_slices import HEADLESS, has_address, pod_reference
from course_lib.controllers.managed_slices import metadata_edits
from course_lib.controllers.selected_pods import (
    ServiceController,
    address_of,
    families,
    has_endpoint,
    targets,
)
from course_lib.controllers.subset_packing import Addresses, InSubset
from course_lib.controllers.trigger_times import annotated
from course_lib.errors import CourseError
from course_lib.objects.kinds.endpoints import Endpoints, EndpointSubset
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.service import Service
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, ObjectMeta
from course_lib.objects.pods import is_ready

OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity"
ENDPOINTS_MANAGED_BY = "endpoints.kubernetes.io/managed-by"
MANAGER = "endpoint-controller"
LEADER = "control-plane.alpha.kubernetes.io/leader"  # of Endpoints that are a lock, of no Service


class EndpointsController(ServiceController[Addresses]):
    """Writes the Endpoints object of each Service with a selector."""

    name = MANAGER

    def watches(self) -> None:
        """Pods, and Endpoints that somebody deletes (edits stay until something else changes)."""
        super().watches()
        self.watch(Endpoints, _of_service, deleted_only=True)

    def look(self, namespace: str, name: str) -> None:
        """Delete the Endpoints of a Service that is gone."""
        super().look(namespace, name)
        gone = self.informers.find(Service, name, namespace) is None
        if gone and self.informers.find(Endpoints, name, namespace):
            self.api.delete(Endpoints, name, namespace)

    def reconcile(self, service: Service) -> None:
        """All Pods in one object, the ready ones apart from the others."""
        if service.spec.type == "ExternalName" or not service.spec.selector:
            return
        existing = self.informers.find(Endpoints, service.name, service.namespace)
        addresses = self.recall(service)
        if existing is None or (
            addresses is not None and addresses.revision != existing.metadata.resource_version
        ):
            addresses = None  # somebody else wrote it
        everything = addresses is None
        addresses = Addresses() if addresses is None else addresses
        pods, time = self.look_at_pods(service, everything)
        for name, pod in pods.items():
            placed = _placed(service, pod)
            if placed is None:
                addresses.remove(name)
            else:
                addresses.put(name, *placed)
        if everything and existing is not None and _has(existing, addresses.subsets()):
            addresses.note(existing.metadata.resource_version)
        self._write(service, existing, addresses, time)
        self.remember(service, addresses, len(addresses))

    def _write(
        self, service: Service, existing: Endpoints | None, addresses: Addresses, time: str
    ) -> None:
        """Write the object, unless it is as it should be; `time` is that of the last change."""
        notes = {OVER_CAPACITY: "truncated"} if addresses.truncated else {}
        edits = addresses.edits()
        if existing is None:
            meta = {"labels": _labels(service), "annotations": annotated(notes, time)}
            written = self._create(service, meta, addresses.subsets())
        elif edits or notes or not _settled(existing, service):
            kept = {k: v for k, v in existing.annotations.items() if k != OVER_CAPACITY}
            meta = {"labels": _labels(service), "annotations": annotated(kept | notes, time)}
            written = self._update(existing, [*edits, *metadata_edits(existing, meta)])
        else:
            written = existing
        if written is not None and (edits or written is not existing):
            addresses.note(written.metadata.resource_version)

    def _create(self, service: Service, meta: Document, subsets: list[Document]) -> Object | None:
        """Create the object; None in a namespace that is going away."""
        said = {"name": service.name, "namespace": service.namespace}
        said |= {field: each for field, each in meta.items() if each}
        document: Document = {"apiVersion": "v1", "kind": "Endpoints", "metadata": said}
        try:
            return self.api.create(document | ({"subsets": subsets} if subsets else {}))
        except Terminating:  # creations go on failing
            return None
        except CourseError as refusal:
            place = ObjectMeta(name=service.name, namespace=service.namespace)
            about = Endpoints(api_version="v1", kind="Endpoints", metadata=place)
            said_of = f"for service {service.namespace}/{service.name}: {refusal.what}"
            self.warning(about, "FailedToCreateEndpoint", f"Failed to create endpoint {said_of}")
            raise

    def _update(self, existing: Endpoints, edits: list[Document]) -> Object:
        if not edits:
            return existing
        name, namespace = existing.name, existing.namespace
        try:
            revision = existing.metadata.resource_version
            return self.api.patch(Endpoints, name, namespace, edits, expected=revision)
        except CourseError as refusal:
            said = f"Failed to update endpoint {namespace}/{name}: {refusal.what}"
            self.warning(existing, "FailedToUpdateEndpoint", said)
            raise


def _of_service(endpoints: Endpoints) -> list[Key]:
    """The Service of Endpoints; a lock of a leader election has none."""
    return [] if LEADER in endpoints.annotations else [key_of(endpoints)]


def _has(existing: Endpoints, subsets: list[Document]) -> bool:
    return (existing.subsets or []) == msgspec.convert(subsets, list[EndpointSubset])


def _settled(existing: Endpoints, service: Service) -> bool:
    """Whether an object has the labels and annotations of its Service's Endpoints.

    A changed headless mark alone is no reason to write (`labelsCorrectForEndpoints`).
    """
    own = (HEADLESS, ENDPOINTS_MANAGED_BY)
    labels = {key: value for key, value in existing.labels.items() if key not in own}
    return (
        existing.labels.get(ENDPOINTS_MANAGED_BY) == MANAGER
        and labels == service.labels
        and OVER_CAPACITY not in existing.annotations
    )


def _labels(service: Service) -> dict[str, str]:
    labels = {key: value for key, value in service.labels.items() if key != HEADLESS}
    headless = {} if has_address(service) else {HEADLESS: ""}
    return labels | headless | {ENDPOINTS_MANAGED_BY: MANAGER}


def _placed(service: Service, pod: Pod | None) -> tuple[InSubset, Document] | None:
    """The place of a Pod's address, and the address.

    None for a Pod that has no port of the Service, or no address of its type, or that goes away.
    """
    publishes = service.spec.publish_not_ready_addresses
    if pod is None or not has_endpoint(pod) or (pod.terminating and not publishes):
        return None
    ports, address = targets(service, pod), address_of(pod, families(service)[0])
    if not address or (service.spec.ports and not ports):
        return None
    document: Document = {"ip": address}
    if pod.spec.hostname and pod.spec.subdomain == service.name:
        document["hostname"] = pod.spec.hostname
    document |= {"nodeName": pod.spec.node_name, "targetRef": pod_reference(pod)}
    return InSubset(ports, is_ready(pod) or publishes), document
