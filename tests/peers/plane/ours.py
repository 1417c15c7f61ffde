"""Our components as clients of a real API server, in real time; refused writes are noted."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from course_lib.apiserver.errors import NotFound
from course_lib.client.http import HTTPClient
from course_lib.client.transport import JSON, Address, HTTPTransport
from course_lib.controllers import MetricsServer, start_controllers
from course_lib.cri import CRIClient, InProcess, Shim
from course_lib.cri.simulated import runtime_named
from course_lib.engine import Simulation
from course_lib.engine.real_time import RealTime
from course_lib.engine.timestamps import EPOCH
from course_lib.errors import CourseError
from course_lib.images import Registry
from course_lib.network import ClusterCIDR, FlatNetwork
from course_lib.node import Kubelet
from course_lib.node.machine import MachineInfo
from course_lib.objects.manifests import Document
from course_lib.objects.quantity import Quantity
from course_lib.runtimes import Behaviours, Runtime
from course_lib.scheduler import Scheduler
from tests.peers.plane.programs import TOKEN, RealPlane, until

POD_CIDR = "10.244.0.0/16"
MERGE = "application/merge-patch+json"
Refusal = tuple[str, str, str]  # method, path, message


class NotingTransport(HTTPTransport):
    """Notes the writes that are refused."""

    def __init__(self, address: Address) -> None:
        super().__init__(address)
        self.refused: list[Refusal] = []
        self.sent = 0

    def send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Document | None = None,
        media: str = JSON,
    ) -> Document:
        self.sent += method != "GET"
        try:
            return super().send(method, path, query, body, media)
        except CourseError as refusal:
            # A component may find out by a write that an object is missing, or gone already.
            if method != "GET" and not isinstance(refusal, NotFound):
                self.refused.append((method, path, refusal.what))
            raise


class OurComponents:
    """A simulation that follows the clock, and a client of the real API server in it."""

    def __init__(self, plane: RealPlane) -> None:
        self.sim = Simulation(seed=1, start=time.time() - EPOCH.timestamp())
        self.sim.strict = False  # a fault is noted in the log: see `failures`
        certificate = plane.folder / "certificates/apiserver.crt"
        address = Address(f"https://127.0.0.1:{plane.port}", TOKEN, str(certificate))
        self.transport = NotingTransport(address)
        self.client = HTTPClient(self.sim, self.transport)
        self.time = RealTime(self.sim, 1.0)

    def schedule(self) -> None:
        """Start the scheduler."""
        Scheduler(self.client)

    def control(self) -> None:
        """Start all controllers; nothing measures Pods."""
        metrics = MetricsServer(self.sim)
        start_controllers(self.client, metrics, ClusterCIDR(POD_CIDR))

    def node(self, name: str) -> None:
        """Start a kubelet on a simulated runtime."""
        network = FlatNetwork(self.sim)
        machine = MachineInfo(name, "192.168.0.2", Quantity("4"), Quantity("8Gi"))
        network.add_machine(name, machine.address, "")
        flavour = runtime_named("containerd")
        runtime = Runtime(flavour, self.sim, name, Registry(), Behaviours(), network)
        network.attach(machine.address, runtime.host)
        cri = CRIClient(InProcess(Shim(runtime)))
        Kubelet(self.client, machine, cri, network, runtime.disk)

    @property
    def failures(self) -> list[object]:
        """The faults of our components themselves."""
        return list(self.sim.log.select(reason="InternalError"))


@contextmanager
def running(plane: RealPlane, *parts: str) -> Iterator[OurComponents]:
    """Our components, at work: `schedule`, `control`, or the name of a node."""
    ours = OurComponents(plane)
    for part in parts:
        start = getattr(ours, part, None)
        start() if start else ours.node(part)
    ours.time.start()
    try:
        yield ours
    finally:
        ours.time.end()
        ours.time.join()
        ours.client.close()


# What is done to the real API server by hand


def put_node(plane: RealPlane, name: str, cpu: str = "4", **spec: Any) -> None:
    """A node that is ready, without a kubelet."""
    metadata = {"name": name, "labels": {"kubernetes.io/hostname": name}}
    plane.ask("POST", "/api/v1/nodes", {"metadata": metadata, "spec": spec})
    amounts = {"cpu": cpu, "memory": "8Gi", "pods": "110"}
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady"}
    status = {"capacity": amounts, "allocatable": amounts, "conditions": [ready]}
    path = f"/api/v1/nodes/{name}/status"
    plane.ask("PATCH", path, {"status": status}, media_type=MERGE)


def listed(plane: RealPlane, resource: str, namespace: str = "default") -> dict[str, Document]:
    """The objects of a resource such as `apps/v1/deployments`, by name."""
    version, _, plural = resource.rpartition("/")
    root = "apis" if "/" in version else "api"
    path = f"/{root}/{version}/namespaces/{namespace}/{plural}"
    return {each["metadata"]["name"]: each for each in plane.ask("GET", path).document["items"]}


def pods_of(plane: RealPlane, app: str) -> list[Document]:
    """The Pods with a label `app`, without those that are going."""
    return [
        pod
        for pod in listed(plane, "v1/pods").values()
        if pod["metadata"].get("labels", {}).get("app") == app
        and "deletionTimestamp" not in pod["metadata"]
    ]


def act_as_kubelet(plane: RealPlane, pod: Document, phase: str = "Running") -> None:
    """Bind a Pod, and report that it runs and is ready, or that it has ended well."""
    name = pod["metadata"]["name"]
    path = f"/api/v1/namespaces/default/pods/{name}"
    terms = pod["spec"].get("affinity", {}).get("nodeAffinity", {})
    wanted = terms.get("requiredDuringSchedulingIgnoredDuringExecution", {})
    fields = [f for term in wanted.get("nodeSelectorTerms", []) for f in term["matchFields"]]
    node = fields[0]["values"][0] if fields else "node-1"
    target = {"metadata": {"name": name}, "target": {"kind": "Node", "name": node}}
    plane.ask("POST", f"{path}/binding", target)
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    types = ("Initialized", "Ready", "ContainersReady") if phase == "Running" else ("Initialized",)
    place = zlib.crc32(name.encode()) % 2**16
    address = f"10.244.{place // 256}.{place % 256}"
    status: Document = {
        "phase": phase,
        "podIP": address,
        "podIPs": [{"ip": address}],
        "startTime": now,
        "conditions": [{"type": t, "status": "True", "lastTransitionTime": now} for t in types],
    }
    if phase == "Succeeded":
        over = {"exitCode": 0, "startedAt": now, "finishedAt": now}
        container = {"name": "main", "image": "", "imageID": "", "ready": False, "restartCount": 0}
        status["containerStatuses"] = [container | {"state": {"terminated": over}}]
    answer = plane.ask("PATCH", f"{path}/status", {"status": status}, media_type=MERGE)
    assert answer.status == 200, answer.document


def create(plane: RealPlane, resource: str, name: str, spec: Document) -> None:
    """Create an object in the namespace `default`."""
    version, _, plural = resource.rpartition("/")
    root = "apis" if "/" in version else "api"
    path = f"/{root}/{version}/namespaces/default/{plural}"
    answer = plane.ask("POST", path, {"metadata": {"name": name}, "spec": spec})
    assert answer.status == 201, answer.document


def sure(condition: Any, what: str, seconds: float = 90.0) -> None:
    """Wait for a condition of the cluster."""
    until(condition, what, seconds)
