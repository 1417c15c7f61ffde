"""EndpointSlices: the Pods behind each Service, and whether they are ready (chapter 07).

Source: `k8s.io/endpointslice` (`reconciler.go`, `utils.go`, `trafficdist`),
`pkg/controller/endpointslice`; kubernetes.io "EndpointSlices".
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from course_lib.client import Client
from course_lib.client.informer import InformerFactory
from course_lib.controllers.controller import Key
from course_lib.controllers.endpoint_ports import in_slice_order
from course_lib.controllers.managed_slices import (
    MANAGED_BY,
    ManagedSlices,
    owned_by,
)
from course_lib.controllers.selected_pods import (
    ServiceController,
    address_of,
    families,
    has_endpoint,
    targets,
)
from course_lib.controllers.slice_packing import PER_SLICE, Desired, Packing, names_of, recycled
from course_lib.controllers.trigger_times import annotated
from course_lib.errors import CourseError
from course_lib.objects.kinds.endpoint_slice import SERVICE_NAME
from course_lib.objects.kinds.node import ZONE, Node
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.service import Service
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object
from course_lib.objects.pods import is_ready

HEADLESS = "service.kubernetes.io/headless"
RESERVED = (SERVICE_NAME, MANAGED_BY, HEADLESS)  # labels that slices do not take from Services
TOPOLOGY_MODES = (
    "service.kubernetes.io/topology-aware-hints",  # deprecated; it goes before the other
    "service.kubernetes.io/topology-mode",
)
SLICE_DELAY = 1.0  # s from a change of a slice to the next look (`endpointSliceChangeMinSyncDelay`)
Packings = dict[str, Packing]  # by address type


class EndpointSliceController(ServiceController[Packings]):
    """Writes EndpointSlices for each Service with a selector.

    It changes only slices that carry its own `managed-by` label and belong to the Service of
    today, by uid. Slices that a user or another controller writes stay as they are. One slice has
    at most `per_slice` endpoints; `api` writes them, `informers` say what there is. Simplified: it
    gives no hints for the annotation `topology-mode: Auto`.
    """

    name = "endpoint-slice-controller"
    manager = "endpointslice-controller.k8s.io"
    backoff = (1.0, 1000.0)

    def __init__(self, api: Client, informers: InformerFactory, per_slice: int = PER_SLICE) -> None:
        self._per_slice = per_slice
        super().__init__(api, informers)

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
        """Slices of a limited size, apart for each address type and set of ports.

        A Service without endpoints keeps one empty slice of each type, the placeholder. Slices of
        a deleted Service are the garbage collector's. A Pod whose node is not known has no
        endpoint; the controller looks again later.
        """
        if service.spec.type == "ExternalName" or not service.spec.selector:
            return
        packings = self.recall(service)
        pods, time = self.look_at_pods(service, everything=packings is None)
        try:
            if packings is None:
                packings = self._write_all(service, pods, time)
            elif pods:
                for family, packing in packings.items():
                    desired = {name: self._desired(service, family, p) for name, p in pods.items()}
                    changes = recycled(packing.change(desired, packing.touched(pods)))
                    self.slices.write(service, changes, packing, self._meta(service, time))
            self._miss_no_node(service, pods)
        except CourseError as refusal:
            said = f"Error updating Endpoint Slices for Service {service.namespace}/{service.name}"
            self.warning(service, "FailedToUpdateEndpointSlices", f"{said}: {refusal.what}")
            raise
        self.remember(service, packings, sum(map(len, packings.values())))

    def _write_all(self, service: Service, pods: Mapping[str, Pod | None], time: str) -> Packings:
        """Look at all Pods and all slices of a Service; `time` is that of the last change."""
        labels, packings = self._labels(service), Packings()
        existing = self.slices.of(service.namespace, service.name)
        for family in families(service):
            pieces = [piece for piece in existing if piece.address_type == family]
            mine = [piece for piece in pieces if owned_by(piece, service)]
            find = partial(self.slices.find, service.namespace)
            packing = Packing(family, mine, find, self._per_slice)
            named = {name: None for piece in mine for name in names_of(piece)}
            desired = named | {n: self._desired(service, family, p) for n, p in pods.items()}
            stale = [piece.name for piece in mine if _own(piece.labels) != _own(labels)]
            changes = recycled(packing.change(desired, mine, stale))
            changes.delete.extend(piece for piece in pieces if not owned_by(piece, service))
            self.slices.write(service, changes, packing, self._meta(service, time))
            packings[family] = packing
        for piece in existing:
            if piece.address_type not in packings:
                self.slices.delete(piece)
        return packings

    def _labels(self, service: Service) -> dict[str, str]:
        """The labels of a Service's slices: its own, and those that say whose they are."""
        own = {SERVICE_NAME: service.name, MANAGED_BY: self.manager}
        return _own(service.labels) | own | ({} if has_address(service) else {HEADLESS: ""})

    def _meta(self, service: Service, time: str) -> partial[Document]:
        return partial(_metadata, self._labels(service), time)

    def _miss_no_node(self, service: Service, pods: Mapping[str, Pod | None]) -> None:
        """Raise `CourseError` where the node of a Pod is not known, so that it is looked at again.

        Its endpoint is left out, unless the Service publishes what is not ready.
        """
        said = [
            f"skipping Pod {pod.name} for Service {service.namespace}/{service.name}: "
            f"Node {pod.spec.node_name} Not Found"
            for pod in pods.values()
            if pod is not None
            and has_endpoint(pod)
            and not service.spec.publish_not_ready_addresses
            and self.informers.find(Node, pod.spec.node_name) is None
        ]
        if said:
            raise CourseError(said[0] if len(said) == 1 else f"[{', '.join(said)}]")

    def _desired(self, service: Service, family: str, pod: Pod | None) -> Desired | None:
        """The endpoint of a Pod, and its group; None for a Pod without one of this address type."""
        if pod is None or not has_endpoint(pod) or not (address := address_of(pod, family)):
            return None
        node = self.informers.find(Node, pod.spec.node_name)
        if node is None and not service.spec.publish_not_ready_addresses:
            return None
        ports = in_slice_order(targets(service, pod))
        return Desired((family, ports), _endpoint(service, pod, node, address))


def _metadata(labels: dict[str, str], time: str, piece: Object) -> Document:
    return {"labels": labels, "annotations": annotated(piece.annotations, time)}


def _own(labels: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in labels.items() if key not in RESERVED}


def _endpoint(service: Service, pod: Pod, node: Node | None, address: str) -> Document:
    serving = is_ready(pod)
    ready = (serving and not pod.terminating) or service.spec.publish_not_ready_addresses
    endpoint: Document = {
        "addresses": [address],
        "conditions": {"ready": ready, "serving": serving, "terminating": pod.terminating},
        "nodeName": pod.spec.node_name,
        "targetRef": pod_reference(pod),
    }
    if node is not None and ZONE in node.labels:
        endpoint["zone"] = node.labels[ZONE]
    if service.spec.traffic_distribution and ready and not _by_topology(service.annotations):
        # Hints say which zone an endpoint is for; kube-proxy follows them in zones that have any.
        hints = {"forZones": [{"name": endpoint["zone"]}]} if "zone" in endpoint else {}
        if service.spec.traffic_distribution == "PreferSameNode":
            hints["forNodes"] = [{"name": pod.spec.node_name}]
        if hints:
            endpoint["hints"] = hints
    if pod.spec.hostname and pod.spec.subdomain == service.name:
        endpoint["hostname"] = pod.spec.hostname
    return endpoint


def _by_topology(annotations: dict[str, str]) -> bool:
    """Whether hints follow the zones' capacity, not `trafficDistribution` (`hintsEnabled`)."""
    modes = [annotations[key] for key in TOPOLOGY_MODES if key in annotations]
    return bool(modes) and modes[0] in ("Auto", "auto")


def pod_reference(pod: Pod) -> Document:
    """How an endpoint names its Pod.

    The fields stand in the order of their type, as they are stored: so an endpoint that stays is
    known again, and stored once.
    """
    return {"kind": "Pod", "namespace": pod.namespace, "name": pod.name, "uid": pod.uid}


def has_address(service: Service) -> bool:
    """Whether a Service has an address of its own (`IsServiceIPSet`)."""
    return service.spec.cluster_ip not in ("", "None")
