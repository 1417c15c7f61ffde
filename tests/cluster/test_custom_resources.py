"""Custom kinds over several API servers, and over the loss of them."""

from __future__ import annotations

import pytest

from course_lib import Cluster
from course_lib.apiserver import APIServer
from course_lib.errors import CourseError
from tests.apiserver.definitions import cache, definition, version
from tests.cluster.planes import leader_of


@pytest.fixture
def cluster() -> Cluster:
    cluster = Cluster.ha_etcd(stacked=True)
    cluster.run(60)
    return cluster


def servers(cluster: Cluster) -> list[APIServer]:
    return [each.server for each in cluster.control_plane.on_machines().servers.values()]


def serving(cluster: Cluster, name: str) -> list[bool]:
    return [server.kinds.find(name) is not None for server in servers(cluster)]


def test_every_api_server_serves_a_kind_from_when_it_is_established(cluster):
    cluster.apply(definition())
    cluster.run(1)
    assert serving(cluster, "caches") == [True, True, True]
    stated = cluster.api.get("crd", "caches.example.com").status.conditions
    assert [each.type for each in stated] == ["NamesAccepted", "Established"]
    revision = int(cluster.api.document("crd", "caches.example.com")["metadata"]["resourceVersion"])
    cluster.run(30)
    again = cluster.api.document("crd", "caches.example.com")["metadata"]["resourceVersion"]
    assert int(again) == revision, "the servers do not write to it in turns"


def test_the_next_command_may_reach_another_server(cluster):
    cluster.apply(definition())
    for number in range(6):
        cluster.apply(cache(f"c{number}"))
    assert len(cluster.get("caches")) == 6


def test_a_restarted_server_serves_what_is_stored(cluster):
    cluster.apply(definition())
    cluster.apply(cache())
    for machine in cluster.control_plane.on_machines().layout.control_planes:
        cluster.kill_process(machine, "kube-apiserver")
    cluster.run(60)
    assert serving(cluster, "caches") == [True, True, True]
    assert cluster.get("caches")["NAME"].to_list() == ["web"]


def test_a_new_leader_follows_the_owners_of_custom_objects(cluster):
    cluster.apply(definition())
    cluster.apply(cache("top"))
    child = cache("child")
    top = cluster.api.get("Cache", "top")
    child["metadata"]["ownerReferences"] = [
        {"apiVersion": top.api_version, "kind": "Cache", "name": "top", "uid": top.uid}
    ]
    cluster.apply(child)
    cluster.kill_node(leader_of(cluster, "kube-controller-manager")[0])
    cluster.run(60)
    cluster.delete("Cache", "top")
    cluster.run(10)
    assert len(cluster.get("caches")) == 0


def test_a_kind_goes_with_its_definition_on_every_server(cluster):
    cluster.apply(definition())
    cluster.apply(cache())
    cluster.delete("crd", "caches.example.com")
    cluster.run(10)
    assert serving(cluster, "caches") == [False, False, False]
    with pytest.raises(CourseError, match="doesn't have a resource type"):
        cluster.get("caches")


def test_an_updated_definition_is_served_everywhere(cluster):
    cluster.apply(definition())
    cluster.apply(cache())
    cluster.apply(definition(versions=[version(), version("v2", storage=False)]))
    cluster.run(1)
    for server in servers(cluster):
        newer = server.kinds.of("example.com/v2", "Cache")
        assert server.get(newer, "web").api_version == "example.com/v2"
