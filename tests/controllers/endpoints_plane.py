"""An API server with the controllers of endpoints, and Pods that say what they are told to say."""

from __future__ import annotations

from course_lib.apiserver import APIServer
from course_lib.client import LocalClient
from course_lib.client.informer import InformerFactory
from course_lib.controllers.endpoint_mirroring import EndpointSliceMirroringController
from course_lib.controllers.endpoint_slices import EndpointSliceController
from course_lib.controllers.endpoints import EndpointsController
from course_lib.engine import Simulation

CONTROLLERS = (EndpointSliceController, EndpointSliceMirroringController, EndpointsController)


class EndpointsPlane:
    """Services, Pods and their endpoints, without kubelets; `plain` as in `Simulation`."""

    def __init__(self, nodes: int = 2, plain: bool = False) -> None:
        self.sim = Simulation()
        self.sim.plain = plain
        self.server = APIServer(self.sim)
        self.api = LocalClient(self.server)
        self.api.create(made("Namespace", "default"))
        self.api.create(made("ServiceAccount", "default"))
        for number in range(nodes):
            self.add_node(f"node-{number}", f"zone-{number}")
        informers = InformerFactory(self.api)
        self.controllers = [each(self.api, informers) for each in CONTROLLERS]

    def add_node(self, name: str, zone: str) -> None:
        labels = {"topology.kubernetes.io/zone": zone}
        self.api.create(made("Node", name, labels=labels))

    def add_service(self, name: str, selector: dict[str, str], port: object = 80, **spec) -> None:
        ports = [{"port": 80, "targetPort": port}]
        self.api.create(made("Service", name, spec={"selector": selector, "ports": ports, **spec}))

    def add_pod(
        self, name: str, app: str, address: str, node: str = "node-0", ready: bool = True, port=80
    ) -> None:
        container = {"name": "a", "image": "nginx", "ports": [{"containerPort": port, "name": "p"}]}
        spec = {"nodeName": node, "containers": [container]}
        self.api.create(made("Pod", name, labels={"app": app}, spec=spec))
        self.say(name, ready, address)

    def say(self, name: str, ready: bool, address: str = "", phase: str = "Running") -> None:
        """Write the status of a Pod, as its kubelet does."""
        status: dict = {
            "phase": phase,
            "conditions": [{"type": "Ready", "status": str(ready)}],
        }
        if address:
            status |= {"podIP": address, "podIPs": [{"ip": address}]}
        self.api.patch("Pod", name, "default", {"status": status}, "status")

    def run(self, seconds: float = 5.0) -> None:
        self.sim.run(seconds)

    def slices(self, service: str = "web") -> list:
        label = "kubernetes.io/service-name"
        found = self.api.list("EndpointSlice")
        return [piece for piece in found if piece.labels.get(label) == service]

    def sizes(self, service: str = "web") -> list[int]:
        return sorted(len(piece.endpoints or ()) for piece in self.slices(service))

    def revisions(self, service: str = "web") -> dict[str, str]:
        return {piece.name: piece.metadata.resource_version for piece in self.slices(service)}

    def documents(self) -> list[dict]:
        """All slices and Endpoints, whole."""
        found = []
        for kind in ("EndpointSlice", "Endpoints"):
            for each in self.api.list(kind):
                document = self.api.document(kind, each.name, each.namespace)
                document["metadata"].pop("resourceVersion")
                found.append(document)
        return found


def made(kind: str, name: str, labels: dict | None = None, **rest: object) -> dict:
    metadata = {"name": name} | ({"labels": labels} if labels else {})
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **rest}


def address(number: int) -> str:
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
