"""Controllers read from informers: after their start none asks the API for a list."""

from __future__ import annotations

import pytest

from course_lib.client import LocalClient
from course_lib.cluster import Cluster
from course_lib.controllers import Controller
from tests.conftest import job, pod, workload


class Counting(LocalClient):
    """A client that counts how often somebody lists, and how often somebody reads one object."""

    lists: list[str]
    reads: list[str]

    def list(self, kind, *arguments, **more):
        self.lists.append(self.resource(kind).kind)
        return super().list(kind, *arguments, **more)

    def find(self, kind, *arguments, **more):
        self.reads.append(self.resource(kind).kind)
        return super().find(kind, *arguments, **more)


@pytest.fixture
def counted(monkeypatch) -> type[Counting]:
    """The requests of all controllers."""
    Counting.lists, Counting.reads = [], []
    original = Controller.__init__

    def with_counting(self, api, informers):
        original(self, Counting(api.server), informers)

    monkeypatch.setattr(Controller, "__init__", with_counting)
    return Counting


def service(name: str) -> dict:
    spec = {"selector": {"app": name}, "ports": [{"port": 80}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def scenario(cluster: Cluster) -> None:
    """Workloads of all kinds, come and gone, with a node that fails and returns."""
    budget = {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}
    named = {"metadata": {"name": "guard"}}
    shop = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    cluster.apply(
        [
            shop,
            workload("Deployment", "web", replicas=3),
            workload("StatefulSet", "db", replicas=2, serviceName="db"),
            workload("DaemonSet", "agent"),
            job("work", completions=2),
            service("web"),
            {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "spec": budget} | named,
            {"apiVersion": "v1", "kind": "ResourceQuota", "spec": {"hard": {"pods": "99"}}} | named,
            {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "spec": claim} | named,
        ]
    )
    cluster.apply(pod("alone"), namespace="shop")
    cluster.run(60)
    cluster.kubectl("scale deployment/web --replicas=1")
    cluster.kill_node("node-1")
    cluster.run(400)
    cluster.restore_node("node-1")
    for kind, name in (("statefulset", "db"), ("daemonset", "agent"), ("deployment", "web")):
        cluster.delete(kind, name)
    cluster.delete("namespace", "shop")
    cluster.run(60)


def test_no_controller_lists_the_api_or_reads_an_object_that_it_watches(counted):
    cluster = Cluster(nodes=2, seed=3)
    scenario(cluster)
    assert counted.lists == []
    # Whoever records an Event looks for the one before, and for its namespace.
    assert set(counted.reads) <= {"Event", "Namespace"}
    assert cluster.api.find("Namespace", "shop") is None  # the scenario came to its end
    assert len(cluster.log(reason="SuccessfulCreate")) >= 10
