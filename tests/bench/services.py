"""Services with ten endpoints each: a control plane to measure what one change costs.

The control plane is whole as far as Services are concerned: the API server, the controllers of
EndpointSlices and Endpoints, and a kube-proxy on each of a hundred nodes. Pods have no kubelet:
the bench writes their status, as a kubelet would.
"""

from __future__ import annotations

from course_lib.apiserver import APIServer
from course_lib.client import LocalClient
from course_lib.client.informer import InformerFactory
from course_lib.controllers.endpoint_slices import EndpointSliceController
from course_lib.controllers.endpoints import EndpointsController
from course_lib.engine import Simulation
from course_lib.network.flat import FlatNetwork
from course_lib.node import KubeProxy
from course_lib.node.proxy.change_tracker import ChangeTrackers
from course_lib.objects.manifests import Document

ENDPOINTS = 10


class Plane:
    """Services with their Pods, written into the store at once, and all who follow them."""

    def __init__(self, services: int, nodes: int) -> None:
        self.sim = Simulation()
        self.server = APIServer(self.sim)
        self.api = LocalClient(self.server)
        for kind, name in (("Namespace", "default"), ("ServiceAccount", "default")):
            self.api.create(made(kind, name))
        for number in range(nodes):
            self.api.create(made("Node", f"node-{number}"))
        self._services = services
        self._fill()
        informers = InformerFactory(self.api)
        self.controllers = [
            each(self.api, informers) for each in (EndpointSliceController, EndpointsController)
        ]
        network, trackers = FlatNetwork(self.sim), ChangeTrackers()
        self.proxies = [
            KubeProxy(
                self.api,
                network.add_machine(f"node-{number}", f"172.18.0.{number + 2}"),
                f"172.18.0.{number + 2}",
                cluster_cidr="10.0.0.0/8",
                trackers=trackers,
            )
            for number in range(nodes)
        ]
        self.sim.run(services * 0.01 + 5)

    def _fill(self) -> None:
        """Write copies of one Service and one Pod, which the API server has judged."""
        ports = {"ports": [{"port": 80}], "selector": {"app": "x"}}
        container = {"name": "a", "image": "nginx"}
        spec = {"nodeName": "node-0", "containers": [container]}
        service = self._judged(made("Service", "x", spec=ports))
        pod = self._judged(made("Pod", "x", labels={"app": "x"}, spec=spec))
        for number in range(self._services):
            name, ip = f"svc-{number:05}", f"10.96.{number >> 8}.{number & 255}"
            address = {"clusterIP": ip, "clusterIPs": [ip], "selector": {"app": name}}
            self._put("services", service, name, {"spec": service["spec"] | address})
            for each in range(ENDPOINTS):
                place = number * ENDPOINTS + each
                self._put("pods", pod, f"{name}-{each}", {"status": running(place)}, name)

    def _judged(self, document: Document) -> Document:
        view = self.api.create(document)
        whole = self.api.document(view.kind, view.name, "default")
        self.api.delete(view.kind, view.name, "default", grace_period=0)
        return whole

    def _put(self, plural: str, like: Document, name: str, change: Document, app: str = "") -> None:
        meta = like["metadata"] | {"name": name, "uid": f"uid-{plural}-{name}"}
        meta |= {"labels": {"app": app}} if app else {}
        self.server.store.put(
            f"/registry/{plural}/default/{name}", like | change | {"metadata": meta}
        )

    def change(self, number: int) -> None:
        """One Pod becomes unready or ready; when this returns, all that follows is done."""
        name = f"svc-{number * 7 % self._services:05}-3"
        ready = self.api.get("Pod", name, "default").status.conditions[0].status == "True"
        conditions = [{"type": "Ready", "status": str(not ready)}]
        self.api.patch("Pod", name, "default", {"status": {"conditions": conditions}}, "status")
        self.sim.run(5)


def made(kind: str, name: str, labels: dict[str, str] | None = None, **rest: object) -> Document:
    """A document of the core group."""
    metadata = {"name": name} | ({"labels": labels} if labels else {})
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **rest}


def running(number: int) -> Document:
    """The status of a Pod that is ready."""
    ip = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
    ready = [{"type": "Ready", "status": "True"}]
    return {"phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}], "conditions": ready}
