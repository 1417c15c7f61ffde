"""EndpointSlices: the Pods behind each Service, and whether they are ready (chapter 07).

Source: `k8s.io/endpointslice` (`reconciler.go`, `utils.go`, `trafficdist`),
`pkg/controller/endpointslice`; kubernetes.io "EndpointSlices".
"""

from __future__ import annotations

from functools import partial

from course_lib.controllers.controller import Key
from course_lib.controllers.managed_slices import (
    MANAGED_BY,
    ManagedSlices,
    owned_by,
)
from course_lib.controllers.selected_pods import ServiceController, targets
from course_lib.controllers.slice_packing import Desired, Group, Packing, recycled
from course_lib.errors import CourseError
from course_lib.objects.kinds.endpoint_slice import SERVICE_NAME, Endpoint
from course_lib.objects.kinds.node import ZONE, Node
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.service import Service
from course_lib.objects.manifests import Document
from course_lib.objects.pods import is_ready

HEADLESS = "service.kubernetes.io/headless"
SLICE_DELAY = 1.0  # s from a change of a slice to the next look (`endpointSliceChangeMinSyncDelay`)


class EndpointSliceController(ServiceController[Packing]):
    """Writes EndpointSlices for each Service with a selector.

    It changes only slices that carry its own `managed-by` label and belong to the Service of
    today, by uid. Slices that a user or another controller writes stay as they are.
    """

    name = "endpointslice-controller"
    manager = "endpointslice-controller.k8s.io"

    def watches(self) -> None:
        """Pods, and its own slices: a slice that somebody deletes or edits is written again."""
        super().watches()
        self.slices = ManagedSlices(
            self.api, self.informers, self.manager, self.kind, self._on_foreign_write
        )

    def _on_foreign_write(self, key: Key) -> None:
        self.forget(key)
        self.enqueue(key, SLICE_DELAY)

    def reconcile(self, service: Service) -> None:
        """Slices of at most a hundred endpoints, apart for each set of ports.

        A Service without endpoints keeps one empty slice, the placeholder. Slices of a deleted
        Service are the garbage collector's. A Pod whose node is not known has no endpoint; the
        controller looks again later.
        """
        if service.spec.type == "ExternalName" or not service.spec.selector:
            return
        self._without_node: list[str] = []
        packing, pods = self.recall(service), self.changed(service)
        if packing is None:
            packing = self._write_all(service)
        elif pods:
            desired = {name: self._desired(service, name) for name in pods}
            changes = recycled(packing.change(desired, packing.touched(pods)))
            self.slices.write(service, changes, packing, {"labels": self._labels(service)})
        if self._without_node:
            raise CourseError("the node of a Pod is not known", found=", ".join(self._without_node))
        self.remember(service, packing, len(packing))

    def _write_all(self, service: Service) -> Packing:
        """Look at all Pods and all slices of a Service."""
        labels = self._labels(service)
        existing = self.slices.of(service.namespace, service.name)
        mine = [piece for piece in existing if owned_by(piece, service)]
        packing = Packing(mine, pod_name, partial(self.slices.find, service.namespace))
        named = {name: None for piece in mine for name in packing.names(piece)}
        desired = named | {n: self._desired(service, n) for n in self.selected(service)}
        stale = [piece.name for piece in mine if piece.labels != labels]
        changes = recycled(packing.change(desired, mine, stale))
        changes.delete.extend(p for p in existing if not owned_by(p, service))
        self.slices.write(service, changes, packing, {"labels": labels})
        return packing

    def _labels(self, service: Service) -> dict[str, str]:
        """The labels of a Service's slices: its own, and those that say whose they are."""
        return headless_label(service) | {SERVICE_NAME: service.name, MANAGED_BY: self.manager}

    def _desired(self, service: Service, name: str) -> Desired | None:
        """The endpoint of a Pod, and its group; None for a Pod that is not behind the Service."""
        pod = self.addressed(service, name)
        if pod is None:
            return None
        node = self.informers.find(Node, pod.spec.node_name)
        if node is None and not service.spec.publish_not_ready_addresses:
            self._without_node.append(name)
            return None
        ports = tuple((p.name, number, p.protocol) for p, number in targets(service, pod))
        return Desired(("IPv4", ports), _endpoint(service, pod, node))


def _endpoint(service: Service, pod: Pod, node: Node | None) -> Document:
    serving = is_ready(pod)
    ready = (serving and not pod.terminating) or service.spec.publish_not_ready_addresses
    endpoint: Document = {
        "addresses": [pod.status.pod_ip],
        "conditions": {"ready": ready, "serving": serving, "terminating": pod.terminating},
        "nodeName": pod.spec.node_name,
        "targetRef": pod_reference(pod),
    }
    if node is not None and ZONE in node.labels:
        endpoint["zone"] = node.labels[ZONE]
    if service.spec.traffic_distribution and ready:
        # Hints say which zone an endpoint is for; kube-proxy follows them in zones that have any.
        hints = {"forZones": [{"name": endpoint["zone"]}]} if "zone" in endpoint else {}
        if service.spec.traffic_distribution == "PreferSameNode":
            hints["forNodes"] = [{"name": pod.spec.node_name}]
        if hints:
            endpoint["hints"] = hints
    if pod.spec.hostname and pod.spec.subdomain == service.name:
        endpoint["hostname"] = pod.spec.hostname
    return endpoint


def pod_name(endpoint: Endpoint, group: Group) -> str:
    """The name of the Pod of an endpoint; an address where there is no Pod."""
    pod = endpoint.target_ref
    return pod.name if pod is not None else endpoint.addresses[0]


def pod_reference(pod: Pod) -> Document:
    """How an endpoint names its Pod."""
    return {"kind": "Pod", "name": pod.name, "namespace": pod.namespace, "uid": pod.uid}


def headless_label(service: Service) -> dict[str, str]:
    """A Service's labels, with the label that marks a headless one."""
    reserved = (SERVICE_NAME, MANAGED_BY, HEADLESS)
    kept = {k: v for k, v in service.labels.items() if k not in reserved}
    return kept if service.spec.cluster_ip not in ("", "None") else kept | {HEADLESS: ""}
