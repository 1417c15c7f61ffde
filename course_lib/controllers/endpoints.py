"""Endpoints: the Pods behind each Service, as their readiness comes and goes (chapter 07).

Source: `k8s.io/endpointslice` (`reconciler.go`, `utils.go`, `trafficdist`),
`pkg/controller/endpointslice`, `pkg/controller/endpoint`; kubernetes.io "EndpointSlices".
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from course_lib.apiserver.errors import NotFound
from course_lib.controllers.controller import Controller, Key, key_of
from course_lib.objects.kinds.endpoint_slice import EndpointSlice
from course_lib.objects.kinds.endpoints import Endpoints
from course_lib.objects.kinds.node import Node
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.service import Service, ServicePort
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, owner_reference
from course_lib.objects.pods import is_ready
from course_lib.objects.selectors import selector_from_labels

PER_SLICE = 100
SERVICE_NAME = "kubernetes.io/service-name"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
HEADLESS = "service.kubernetes.io/headless"
ENDPOINTS_MANAGED_BY = "endpoints.kubernetes.io/managed-by"
ZONE = "topology.kubernetes.io/zone"
SLICE_DELAY = 1.0  # s from a change of a slice to the next look (`endpointSliceChangeMinSyncDelay`)
Ports = tuple[tuple[str, int, str], ...]  # name, number, protocol


class ServiceController(Controller):
    """A controller that writes for each Service which Pods are behind it."""

    kind = "Service"

    def watches(self) -> None:
        """The Pods that Services may select."""
        self.watch(Pod, self._of_pod)

    def _of_pod(self, pod: Pod) -> list[Key]:
        return [
            key_of(service)
            for service in self.informers.list(Service, pod.namespace)
            if selector_from_labels(service.spec.selector).matches(pod.labels)
        ]


class EndpointSliceController(ServiceController):
    """Writes EndpointSlices for each Service with a selector.

    It changes only slices that carry its own `managed-by` label and belong to the Service of
    today, by uid. Slices that a user or another controller writes stay as they are.
    """

    name = "endpointslice-controller"
    manager = "endpointslice-controller.k8s.io"

    def watches(self) -> None:
        """Pods, and its own slices: a slice that somebody deletes or edits is written again."""
        super().watches()
        self.watch_slices()

    def watch_slices(self) -> None:
        """Look at an object again one second after one of its slices has changed."""
        self._soon: set[Key] = set()
        self.informers.informer(EndpointSlice).add_handler(self._on_slice)

    def _on_slice(self, before: EndpointSlice | None, after: EndpointSlice | None) -> None:
        piece = after or before
        assert piece is not None
        owner = piece.metadata.controller
        names = [owner.name] if owner is not None and owner.kind == self.kind else []
        if piece.labels.get(MANAGED_BY) == self.manager:
            names.append(piece.labels.get(SERVICE_NAME, ""))
        for key in dict.fromkeys((piece.namespace, name) for name in names if name):
            if key not in self._soon:
                self._soon.add(key)
                self.sim.at(self.sim.now + SLICE_DELAY, partial(self._look_again, key))

    def _look_again(self, key: Key) -> None:
        self._soon.discard(key)
        self.enqueue(key)

    def reconcile(self, service: Service) -> None:
        """Slices of at most a hundred endpoints, one set for each set of ports.

        A Service without endpoints keeps one empty slice, the placeholder. Slices of a deleted
        Service are the garbage collector's.
        """
        if service.spec.type != "ExternalName" and service.spec.selector:
            self.write(service, self._slices(service), self._labels(service))

    def managed(self, namespace: str, name: str) -> list[EndpointSlice]:
        """The slices of one Service that this controller manages and that stay."""
        return [
            piece
            for piece in self.informers.informer(EndpointSlice).by_index(
                by_service, f"{namespace}/{name}"
            )
            if piece.labels.get(MANAGED_BY) == self.manager and not piece.terminating
        ]

    def write(self, owner: Object, desired: list[Document], labels: dict[str, str]) -> None:
        """Make the managed slices of an owner the desired ones, with as few changes as possible.

        A slice of the same ports is kept, another one of the owner is written over; slices of an
        earlier object of the same name are deleted. `labels` are put on each slice.
        """
        existing = self.managed(owner.namespace, owner.name)
        mine = [piece for piece in existing if _owned_by(piece, owner)]
        pairs: list[tuple[EndpointSlice | None, Document]] = []
        for body in desired:
            same = next((p for p in _of_family(mine, body) if _ports(p) == body["ports"]), None)
            if same is not None:
                mine.remove(same)
            pairs.append((same, body))
        for same, body in pairs:
            piece = same or next(iter(_of_family(mine, body)), None)
            if piece is not None:
                mine = [other for other in mine if other is not piece]
                patch = body | {"metadata": {"labels": relabelled(piece, labels)}}
                self.api.patch(EndpointSlice, piece.name, piece.namespace, patch)
            elif not owner.terminating:
                self._create(owner, body, labels)
        for piece in [*mine, *(piece for piece in existing if not _owned_by(piece, owner))]:
            self.delete_slice(piece)

    def delete_slice(self, piece: EndpointSlice) -> None:
        """Delete one slice; the garbage collector may have been faster."""
        with suppress(NotFound):
            self.api.delete(EndpointSlice, piece.name, piece.namespace, uid=piece.uid)

    def _create(self, owner: Object, body: Document, labels: dict[str, str]) -> None:
        self.api.create(
            {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "metadata": {
                    "generateName": f"{owner.name}-",
                    "namespace": owner.namespace,
                    "labels": labels,
                    "ownerReferences": [owner_reference(owner)],
                },
                "addressType": "IPv4",
            }
            | body
        )

    def _labels(self, service: Service) -> dict[str, str]:
        """The labels of a Service's slices: its own, and those that say whose they are."""
        return headless_label(service) | {SERVICE_NAME: service.name, MANAGED_BY: self.manager}

    def _slices(self, service: Service) -> list[Document]:
        groups: dict[Ports, list[Document]] = {}
        for pod in addressed(self.informers.list(Pod, service.namespace), service):
            node = self.informers.find(Node, pod.spec.node_name)
            if node is None and not service.spec.publish_not_ready_addresses:
                continue
            ports = tuple((p.name, number, p.protocol) for p, number in targets(service, pod))
            groups.setdefault(ports, []).append(self._endpoint(service, pod, node))
        slices = [
            {"endpoints": endpoints[start : start + PER_SLICE], "ports": documents(ports)}
            for ports, endpoints in sorted(groups.items())
            for start in range(0, len(endpoints), PER_SLICE)
        ]
        return slices or [{"endpoints": [], "ports": []}]

    def _endpoint(self, service: Service, pod: Pod, node: Node | None) -> Document:
        serving = is_ready(pod)
        ready = (serving and not pod.terminating) or service.spec.publish_not_ready_addresses
        endpoint: Document = {
            "addresses": [pod.status.pod_ip],
            "conditions": {"ready": ready, "serving": serving, "terminating": pod.terminating},
            "nodeName": pod.spec.node_name,
            "targetRef": _reference(pod),
        }
        if node is not None and ZONE in node.labels:
            endpoint["zone"] = node.labels[ZONE]
        if service.spec.traffic_distribution and ready:
            # Each zone is told to use its own endpoints; kube-proxy obeys where there are any.
            hints = {"forZones": [{"name": endpoint["zone"]}]} if "zone" in endpoint else {}
            if service.spec.traffic_distribution == "PreferSameNode":
                hints["forNodes"] = [{"name": pod.spec.node_name}]
            if hints:
                endpoint["hints"] = hints
        if pod.spec.hostname and pod.spec.subdomain == service.name:
            endpoint["hostname"] = pod.spec.hostname
        return endpoint


class EndpointsController(ServiceController):
    """Writes the older Endpoints object, one for each Service with a selector.

    The kind is deprecated since 1.33; the controller still runs in this release.
    """

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
        namespace, name = key_of(service)
        labels = headless_label(service) | {ENDPOINTS_MANAGED_BY: "endpoint-controller"}
        existing = self.informers.find(Endpoints, name, namespace)
        body = {"subsets": self._subsets(service)}
        if existing:
            patch = body | {"metadata": {"labels": relabelled(existing, labels)}}
            self.api.patch(Endpoints, name, namespace, patch)
        else:
            metadata = {"name": name, "namespace": namespace, "labels": labels}
            self.api.create({"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata} | body)

    def _subsets(self, service: Service) -> list[Document]:
        subsets: dict[Ports, Document] = {}
        publishes = service.spec.publish_not_ready_addresses
        for pod in addressed(self.informers.list(Pod, service.namespace), service):
            ports = tuple((p.name, number, p.protocol) for p, number in targets(service, pod))
            if (pod.terminating and not publishes) or (service.spec.ports and not ports):
                continue
            subset = subsets.setdefault(ports, {"ports": documents(ports)})
            address = {
                "ip": pod.status.pod_ip,
                "nodeName": pod.spec.node_name,
                "targetRef": _reference(pod),
            }
            if pod.spec.hostname and pod.spec.subdomain == service.name:
                address["hostname"] = pod.spec.hostname
            ready = is_ready(pod) or publishes
            subset.setdefault("addresses" if ready else "notReadyAddresses", []).append(address)
        return [subset for _, subset in sorted(subsets.items())]


def by_service(piece: EndpointSlice) -> list[str]:
    """Index function: namespace and name of the Service that a slice belongs to."""
    service = piece.labels.get(SERVICE_NAME)
    return [] if service is None else [f"{piece.namespace}/{service}"]


def addressed(pods: list[Pod], service: Service) -> list[Pod]:
    """The Pods that a Service selects and that have an address; ended ones have lost theirs."""
    selector = selector_from_labels(service.spec.selector)
    return [
        pod
        for pod in pods
        if selector.matches(pod.labels)
        and pod.status.pod_ip
        and pod.status.phase not in ("Succeeded", "Failed")
    ]


def targets(service: Service, pod: Pod) -> list[tuple[ServicePort, int]]:
    """Each port of a Service with the port of a Pod that it leads to; a name may lead nowhere."""
    sidecars = [c for c in pod.spec.init_containers or () if c.restart_policy == "Always"]
    named: dict[tuple[str, str], int] = {}
    for container in [*pod.spec.containers, *sidecars]:
        for written in container.ports or ():
            named.setdefault((written.name, written.protocol), written.container_port)
    found = []
    for port in service.spec.ports or ():
        target = port.target_port if port.target_port is not None else port.port
        number = target if isinstance(target, int) else named.get((target, port.protocol))
        if number is not None:
            found.append((port, number))
    return found


def documents(ports: Ports) -> list[Document]:
    """Ports as an EndpointSlice or a subset of Endpoints writes them."""
    return [{"name": n, "port": number, "protocol": p} for n, number, p in ports]


def relabelled(existing: Object, labels: dict[str, str]) -> dict[str, str | None]:
    """A merge patch of labels after which an object has these and no others."""
    dropped: dict[str, str | None] = {k: None for k in existing.labels if k not in labels}
    return dropped | labels


def headless_label(service: Service) -> dict[str, str]:
    """A Service's labels, with the label that marks a headless one."""
    reserved = (SERVICE_NAME, MANAGED_BY, HEADLESS)
    kept = {k: v for k, v in service.labels.items() if k not in reserved}
    return kept if service.spec.cluster_ip not in ("", "None") else kept | {HEADLESS: ""}


def _ports(piece: EndpointSlice) -> list[Document]:
    return documents(tuple((p.name, p.port, p.protocol) for p in piece.ports or ()))


def _of_family(pieces: list[EndpointSlice], body: Document) -> list[EndpointSlice]:
    """Those of the same address family, which a slice keeps for its life."""
    return [p for p in pieces if p.address_type == body.get("addressType", "IPv4")]


def _owned_by(piece: EndpointSlice, owner: Object) -> bool:
    return any(reference.uid == owner.uid for reference in piece.metadata.owner_references or ())


def _reference(pod: Pod) -> Document:
    return {"kind": "Pod", "name": pod.name, "namespace": pod.namespace, "uid": pod.uid}
