"""The older Endpoints object of each Service, at most a thousand addresses of it (chapter 07).

The kind is deprecated since 1.33; the controller still runs in this release.
Source: `pkg/controller/endpoint/endpoints_controller.go`.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from math import ceil
from typing import NamedTuple

from course_lib.controllers.controller import key_of
from course_lib.controllers.endpoint_slices import headless_label, pod_reference
from course_lib.controllers.managed_slices import revised
from course_lib.controllers.selected_pods import ServiceController, targets
from course_lib.controllers.slice_packing import Ports, documents
from course_lib.objects.kinds.endpoints import Endpoints
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.service import Service
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object
from course_lib.objects.pods import is_ready

MOST_ADDRESSES = 1000  # in one object (`maxCapacity`)
OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity"
ENDPOINTS_MANAGED_BY = "endpoints.kubernetes.io/managed-by"


class InSubset(NamedTuple):
    """Where the address of a Pod stands: in the subset of its ports, ready or not."""

    ports: Ports
    ready: bool


class Addresses:
    """The addresses of a Service's Pods, by subset, in the order of the Pods' names.

    `written` are the subsets that the controller wrote last, `revision` is that of the object.
    """

    def __init__(self) -> None:
        self.written: list[Document] | None = None
        self.revision = ""
        self._places: dict[str, tuple[InSubset, Document]] = {}  # by Pod
        self._names: dict[InSubset, list[str]] = {}  # sorted

    def __len__(self) -> int:
        return len(self._places)

    def put(self, pod: str, place: InSubset, address: Document) -> None:
        """Add the `address` of a `pod` to the subset of a `place`, or replace it."""
        self.remove(pod)
        self._places[pod] = place, address
        insort(self._names.setdefault(place, []), pod)

    def remove(self, pod: str) -> None:
        """Drop the address of a Pod, if it has one."""
        place, _ = self._places.pop(pod, (None, None))
        if place is not None:
            names = self._names[place]
            del names[bisect_left(names, pod)]
            if not names:
                del self._names[place]

    @property
    def truncated(self) -> bool:
        """Whether there are more addresses than an object may have."""
        return len(self) > MOST_ADDRESSES

    def subsets(self) -> list[Document]:
        """The subsets, by ports; of too many addresses the ready ones come first.

        Each subset has its share of the addresses that fit (`truncateEndpoints`).
        """
        counts = self._counts(ready=True) | self._counts(ready=False)
        subsets: dict[Ports, Document] = {}
        for place, count in sorted(
            counts.items(), key=lambda each: (each[0].ports, not each[0].ready)
        ):
            if count:
                subset = subsets.setdefault(place.ports, {"ports": documents(place.ports)})
                group = "addresses" if place.ready else "notReadyAddresses"
                subset[group] = [self._places[pod][1] for pod in self._names[place][:count]]
        return list(subsets.values())

    def _counts(self, ready: bool) -> dict[InSubset, int]:
        """How many of the ready addresses, or of the others, of each subset fit."""
        sizes = {p: len(names) for p, names in sorted(self._names.items()) if p.ready is ready}
        total, first = sum(sizes.values()), 0
        if not ready:
            first = len(self._places) - total
        room = max(0, MOST_ADDRESSES - first)
        if total <= room:
            return sizes
        counts, left = {}, room
        for place, size in sizes.items():
            counts[place] = min(ceil(size / total * room), left)
            left -= counts[place]
        return counts


class EndpointsController(ServiceController[Addresses]):
    """Writes the Endpoints object of each Service with a selector."""

    name = "endpoints-controller"

    def watches(self) -> None:
        """Pods, and Endpoints that somebody deletes (edits stay until something else changes)."""
        super().watches()
        self.watch(Endpoints, lambda seen: [key_of(seen)], deleted_only=True)

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
        addresses, pods = self.recall(service), self.changed(service)
        if addresses is None:
            addresses, pods = Addresses(), self.selected(service)
        for name in pods:
            pod = self.addressed(service, name)
            place = _place(service, pod) if pod is not None else None
            if pod is None or place is None:
                addresses.remove(name)
            else:
                addresses.put(name, place, _address(service, pod))
        self._write(service, addresses)
        self.remember(service, addresses, len(addresses))

    def _write(self, service: Service, addresses: Addresses) -> None:
        """Write the object, unless it is as this controller left it and stays the same."""
        namespace, name = key_of(service)
        existing = self.informers.find(Endpoints, name, namespace)
        subsets = addresses.subsets()
        revision = existing.metadata.resource_version if existing is not None else ""
        if existing is not None and revision == addresses.revision and subsets == addresses.written:
            return
        made = (
            self._create(service, addresses, subsets)
            if existing is None
            else self.api.patch(
                Endpoints, name, namespace, self._patch(service, existing, addresses, subsets)
            )
        )
        addresses.written, addresses.revision = subsets, made.metadata.resource_version

    def _create(self, service: Service, addresses: Addresses, subsets: list[Document]) -> Object:
        meta: Document = {"name": service.name, "namespace": service.namespace}
        meta |= {"labels": _labels(service)}
        if addresses.truncated:
            meta["annotations"] = {OVER_CAPACITY: "truncated"}
        kind = {"apiVersion": "v1", "kind": "Endpoints"}
        return self.api.create(kind | {"metadata": meta, "subsets": subsets})

    def _patch(
        self, service: Service, existing: Endpoints, addresses: Addresses, subsets: list[Document]
    ) -> Document:
        meta: Document = {"labels": revised(existing.labels, _labels(service))}
        if addresses.truncated:
            meta["annotations"] = {OVER_CAPACITY: "truncated"}
        elif OVER_CAPACITY in existing.annotations:
            meta["annotations"] = {OVER_CAPACITY: None}
        return {"metadata": meta, "subsets": subsets}


def _labels(service: Service) -> dict[str, str]:
    return headless_label(service) | {ENDPOINTS_MANAGED_BY: "endpoint-controller"}


def _place(service: Service, pod: Pod) -> InSubset | None:
    """The subset of a Pod; None for one that has no port of the Service, or that goes away."""
    publishes = service.spec.publish_not_ready_addresses
    ports = tuple((p.name, number, p.protocol) for p, number in targets(service, pod))
    if (pod.terminating and not publishes) or (service.spec.ports and not ports):
        return None
    return InSubset(ports, is_ready(pod) or publishes)


def _address(service: Service, pod: Pod) -> Document:
    address: Document = {
        "ip": pod.status.pod_ip,
        "nodeName": pod.spec.node_name,
        "targetRef": pod_reference(pod),
    }
    if pod.spec.hostname and pod.spec.subdomain == service.name:
        address["hostname"] = pod.spec.hostname
    return address
