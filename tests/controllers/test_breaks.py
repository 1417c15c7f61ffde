"""Controllers after a break of the connection: their caches resume one after the other."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from course_lib.apiserver import APIServer
from course_lib.apiserver.errors import Unreachable
from course_lib.client import LocalClient
from course_lib.client.connection import Connection
from course_lib.client.informer import InformerFactory
from course_lib.controllers.controller import Controller
from course_lib.controllers.garbage import GarbageCollector
from course_lib.controllers.job import JobController
from course_lib.controllers.namespaces import NamespaceController
from course_lib.controllers.replica_set import ReplicaSetController
from course_lib.controllers.volume_reclaim import ReclaimController
from course_lib.engine import Simulation
from tests.conftest import job, workload

SEEDS = range(1, 7)  # with each, the watches resume in another order
CONTROLLERS: tuple[type[Controller], ...] = (
    GarbageCollector,
    NamespaceController,
    ReclaimController,
    ReplicaSetController,
    JobController,
)
Write = Callable[[LocalClient], None]


class Link:
    """A link to one API server that can be cut."""

    def __init__(self, server: APIServer) -> None:
        self.server, self.up = server, True

    def pick(self, client: str) -> APIServer:
        if not self.up:
            raise Unreachable("cut")
        return self.server

    def reaches(self, client: str, server: APIServer) -> bool:
        return self.up


def space(name: str) -> dict:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def after_break(seed: int, outage: float, write: Write) -> LocalClient:
    """Somebody writes while the controllers are cut off; then the link is whole again."""
    sim = Simulation(seed=seed)
    client = LocalClient(APIServer(sim))
    for name in ("default", "shop"):
        client.create(space(name))
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
    client.create(account)
    link = Link(client.server)
    connection = Connection(sim, link, "control-plane-1")
    informers = InformerFactory(connection)
    for maker in CONTROLLERS:
        maker(connection, informers)
    sim.run(5)
    link.up = False
    assert not connection.reachable
    sim.run(outage)
    write(client)
    link.up = True
    return client


@pytest.mark.parametrize("outage", [5, 60])
@pytest.mark.parametrize("seed", SEEDS)
def test_workloads_get_no_pod_twice(seed, outage):
    def write(client: LocalClient) -> None:
        client.create(workload("ReplicaSet", "web", replicas=3))
        client.create(job("work", completions=2, parallelism=2))

    client = after_break(seed, outage, write)
    made: dict[str, None] = {}
    client.watch("Pod", lambda event: made.setdefault(event.object.name))
    client.sim.run(100)
    assert len(made) == 5


@pytest.mark.parametrize("seed", SEEDS)
def test_the_garbage_collector_keeps_an_object_whose_owner_exists(seed):
    def write(client: LocalClient) -> None:
        config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "owner"}}
        uid = client.create(config).uid
        owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid}
        metadata = {"name": "child", "ownerReferences": [owner]}
        client.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata})

    client = after_break(seed, 5, write)
    client.sim.run(100)
    assert client.find("Secret", "child", "default") is not None


@pytest.mark.parametrize("outage", [5, 60])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_namespace_stays_until_its_objects_have_gone(seed, outage):
    def write(client: LocalClient) -> None:
        metadata = {"namespace": "shop", "finalizers": ["example.com/hold"]}
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata | {"name": "held"}}
        client.create(secret)
        client.delete("Namespace", "shop")

    client = after_break(seed, outage, write)
    client.sim.run(100)
    assert client.find("Namespace", "shop") is not None
    client.patch("Secret", "held", "shop", {"metadata": {"finalizers": None}})
    client.sim.run(10)
    assert client.find("Namespace", "shop") is None


@pytest.mark.parametrize("outage", [5, 60])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_volume_whose_claim_exists_is_not_deleted(seed, outage):
    size = {"storage": "1Gi"}
    modes = {"accessModes": ["ReadWriteOnce"]}

    def write(client: LocalClient) -> None:
        spec = modes | {"volumeName": "disk", "resources": {"requests": size}}
        claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "spec": spec}
        uid = client.create(claim | {"metadata": {"name": "data"}}).uid
        reference = {"kind": "PersistentVolumeClaim", "namespace": "default", "name": "data"}
        spec = modes | {
            "capacity": size,
            "persistentVolumeReclaimPolicy": "Delete",
            "hostPath": {"path": "/data"},
            "claimRef": reference | {"uid": uid},
        }
        volume = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "disk"}}
        client.create(volume | {"spec": spec})

    client = after_break(seed, outage, write)
    client.sim.run(100)
    volume = client.get("PersistentVolume", "disk")
    assert (volume.status.phase, volume.terminating) == ("Bound", False)
