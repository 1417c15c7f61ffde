"""Endpoints: the Pods behind each Service, as their readiness comes and goes (chapter 07).

Source: `pkg/controller/endpoint`, `pkg/controller/endpointslice`; kubernetes.io "EndpointSlices".
"""

from __future__ import annotations

from typing import Any

from course_lib.controllers.controller import Controller, Key
from course_lib.objects.meta import owner_reference
from course_lib.objects.pod import Pod
from course_lib.objects.pods import is_ready
from course_lib.objects.selectors import selector_from_labels
from course_lib.objects.services import Service, ServicePort

PER_SLICE = 100
SERVICE_NAME = "kubernetes.io/service-name"
ZONE = "topology.kubernetes.io/zone"
Document = dict[str, Any]


class EndpointSliceController(Controller):
    """Writes EndpointSlices for each Service with a selector."""

    name = "endpointslice-controller"
    kind = "Service"

    def watches(self) -> None:
        """The Pods that Services may select."""
        self.watch("Pod", self._of_pod)

    def _of_pod(self, pod: Pod) -> list[Key]:
        return [
            (service.namespace, service.name)
            for service in self.api.list("Service", pod.namespace)
            if selector_from_labels(service.spec.selector).matches(pod.labels)
        ]

    def reconcile(self, namespace: str, name: str) -> None:
        """Slices of at most a hundred endpoints, one set for each set of ports."""
        service = self.api.find("Service", name, namespace)
        mine = [
            found
            for found in self.api.list("EndpointSlice", namespace)
            if found.labels.get(SERVICE_NAME) == name
        ]
        wanted: list[Document] = []
        if service is not None and service.spec.selector and not service.terminating:
            wanted = self._slices(service)
        for old in mine[len(wanted) :]:
            self.api.delete("EndpointSlice", old.name, namespace)
        for position, body in enumerate(wanted):
            if position < len(mine):
                self.api.patch("EndpointSlice", mine[position].name, namespace, body)
            else:
                self._create(service, body)

    def _create(self, service: Service, body: Document) -> None:
        self.api.create(
            {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "metadata": {
                    "generateName": f"{service.name}-",
                    "namespace": service.namespace,
                    "labels": {SERVICE_NAME: service.name},
                    "ownerReferences": [owner_reference(service)],
                },
                "addressType": "IPv4",
            }
            | body
        )

    def _slices(self, service: Service) -> list[Document]:
        groups: dict[tuple[tuple[str, int, str], ...], list[Document]] = {}
        for pod in addressed(self.api.list("Pod", service.namespace), service):
            ports = tuple((p.name, number, p.protocol) for p, number in targets(service, pod))
            groups.setdefault(ports, []).append(self._endpoint(service, pod))
        return [
            {
                "endpoints": endpoints[start : start + PER_SLICE],
                "ports": [{"name": n, "port": number, "protocol": p} for n, number, p in ports],
            }
            for ports, endpoints in sorted(groups.items())
            for start in range(0, len(endpoints), PER_SLICE)
        ]

    def _endpoint(self, service: Service, pod: Pod) -> Document:
        serving = is_ready(pod)
        ready = (serving and not pod.terminating) or service.spec.publish_not_ready_addresses
        node = self.api.find("Node", pod.spec.node_name)
        endpoint: Document = {
            "addresses": [pod.status.pod_ip],
            "conditions": {"ready": ready, "serving": serving, "terminating": pod.terminating},
            "nodeName": pod.spec.node_name,
            "targetRef": _reference(pod),
        }
        if node is not None and ZONE in node.labels:
            endpoint["zone"] = node.labels[ZONE]
        if service.spec.traffic_distribution and "zone" in endpoint:
            # Each zone is told to use its own endpoints; kube-proxy obeys where there are any.
            endpoint["hints"] = {"forZones": [{"name": endpoint["zone"]}]}
        if service.spec.traffic_distribution == "PreferSameNode":
            hints = endpoint.setdefault("hints", {})
            hints["forNodes"] = [{"name": pod.spec.node_name}]
        if pod.spec.hostname and pod.spec.subdomain == service.name:
            endpoint["hostname"] = pod.spec.hostname
        return endpoint


class EndpointsController(EndpointSliceController):
    """Writes the older Endpoints object, one for each Service with a selector."""

    name = "endpoints-controller"

    def reconcile(self, namespace: str, name: str) -> None:
        """All Pods in one object, the ready ones apart from the others."""
        service = self.api.find("Service", name, namespace)
        if service is None or not service.spec.selector:
            if service is None and self.api.find("Endpoints", name, namespace):
                self.api.delete("Endpoints", name, namespace)
            return
        pods = [p for p in addressed(self.api.list("Pod", namespace), service) if not p.terminating]
        subsets: dict[tuple[tuple[str, int, str], ...], Document] = {}
        for pod in pods:
            ports = tuple((p.name, number, p.protocol) for p, number in targets(service, pod))
            subset = subsets.setdefault(
                ports,
                {"ports": [{"name": n, "port": number, "protocol": p} for n, number, p in ports]},
            )
            ready = is_ready(pod) or service.spec.publish_not_ready_addresses
            address = {
                "ip": pod.status.pod_ip,
                "nodeName": pod.spec.node_name,
                "targetRef": _reference(pod),
            }
            subset.setdefault("addresses" if ready else "notReadyAddresses", []).append(address)
        body = {"subsets": [subset for _, subset in sorted(subsets.items())]}
        if self.api.find("Endpoints", name, namespace):
            self.api.patch("Endpoints", name, namespace, body)
        else:
            metadata = {"name": name, "namespace": namespace}
            self.api.create({"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata} | body)


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
    named = {p.name: p.container_port for c in pod.spec.containers for p in c.ports or () if p.name}
    found = []
    for port in service.spec.ports or ():
        target = port.target_port if port.target_port is not None else port.port
        number = target if isinstance(target, int) else named.get(target)
        if number is not None:
            found.append((port, number))
    return found


def _reference(pod: Pod) -> Document:
    return {"kind": "Pod", "name": pod.name, "namespace": pod.namespace, "uid": pod.uid}
