"""The garbage collector: which references of an object decide whether it goes with its owners."""

from __future__ import annotations

import pytest

from course_lib.apiserver import APIServer
from course_lib.client import LocalClient
from course_lib.client.informer import InformerFactory
from course_lib.controllers.garbage import GarbageCollector
from course_lib.engine import Simulation
from course_lib.objects.meta import Object


@pytest.fixture
def client() -> LocalClient:
    client = LocalClient(APIServer(Simulation()))
    for name in ("default", "shop"):
        client.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    client.collector = GarbageCollector(client, InformerFactory(client))
    return client


def reference(owner: Object, kind: str = "ConfigMap", name: str = "") -> dict:
    version = {"kind": kind, "apiVersion": "apps/v1" if kind == "Deployment" else "v1"}
    fields = {"name": name or owner.name, "uid": owner.uid, "blockOwnerDeletion": True}
    return version | fields


def config(client: LocalClient, name: str, *owners: dict, namespace: str = "default") -> Object:
    metadata = {"name": name, "namespace": namespace, "ownerReferences": list(owners)}
    return client.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})


def names(client: LocalClient) -> list[str]:
    return [each.name for each in client.list("ConfigMap")]


@pytest.mark.parametrize("propagation", ["Orphan", "Foreground", "Background"])
def test_a_child_that_was_released_stays_when_its_former_owner_goes(client, propagation):
    child = config(client, "child", reference(config(client, "owner")))
    client.sim.run(1)
    client.patch("ConfigMap", child.name, "default", {"metadata": {"ownerReferences": None}})
    client.delete("ConfigMap", "owner", "default", propagation)
    client.sim.run(30)
    assert names(client) == ["child"]


@pytest.mark.parametrize("propagation", ["Orphan", "Foreground", "Background"])
def test_a_child_with_a_second_owner_only_loses_the_reference_to_the_first(client, propagation):
    first, second = config(client, "first"), config(client, "second")
    config(client, "child", reference(first), reference(second))
    client.sim.run(1)
    client.delete("ConfigMap", "first", "default", propagation)
    client.sim.run(30)
    assert names(client) == ["child", "second"]
    owners = client.get("ConfigMap", "child", "default").metadata.owner_references
    assert [owner.name for owner in owners] == ["second"]


def test_a_child_whose_owners_all_are_deleted_in_foreground_goes_before_them(client):
    first, second = config(client, "first"), config(client, "second")
    config(client, "child", reference(first), reference(second))
    gone = []
    client.watch("ConfigMap", lambda e: gone.append(e.object.name) if e.type == "DELETED" else None)
    client.sim.run(1)
    for name in ("first", "second"):
        client.delete("ConfigMap", name, "default", "Foreground")
    client.sim.run(30)
    assert names(client) == []
    assert gone[0] == "child"


def test_a_cluster_scoped_object_stays_when_its_namespaced_owner_goes(client):
    """It may not have such an owner, so nobody acts on the reference."""
    owner = config(client, "owner")
    metadata = {"name": "disk", "ownerReferences": [reference(owner)]}
    spec = {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"],
        "hostPath": {"path": "/data"},
    }
    volume = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": metadata, "spec": spec}
    client.create(volume)
    client.sim.run(1)
    client.delete("ConfigMap", "owner", "default")
    client.sim.run(30)
    assert not client.get("PersistentVolume", "disk").terminating


@pytest.mark.parametrize("wrong", ["namespace", "kind", "name"])
def test_a_reference_that_does_not_fit_its_owner_holds_no_object(client, wrong):
    owner = config(client, "owner", namespace="shop" if wrong == "namespace" else "default")
    kind = "Deployment" if wrong == "kind" else "ConfigMap"
    config(client, "child", reference(owner, kind, "other" if wrong == "name" else ""))
    client.sim.run(30)
    assert names(client) == ["owner"]


def test_a_reference_to_a_kind_that_is_not_served_holds_its_object(client):
    """Objects of that kind may exist."""
    owner = {"apiVersion": "example.com/v1", "kind": "Widget", "name": "w", "uid": "u-1"}
    config(client, "child", owner)
    client.sim.run(30)
    assert names(client) == ["child"]


def test_the_collector_forgets_what_is_gone(client):
    for number in range(20):
        config(client, f"child-{number}", reference(config(client, f"owner-{number}")))
        client.sim.run(0.5)
        client.delete("ConfigMap", f"owner-{number}", "default")
        client.sim.run(0.5)
    assert names(client) == []
    assert not client.collector._absent
    assert not client.collector._owned
