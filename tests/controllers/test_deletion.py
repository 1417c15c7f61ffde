"""The three propagation policies of a deletion, and children without an owner."""

from __future__ import annotations

from course_lib.cluster import Cluster
from course_lib.objects.meta import owner_reference
from tests.apiserver.definitions import cache, definition
from tests.conftest import pod, workload


def deployed(cluster: Cluster) -> Cluster:
    cluster.apply(workload(replicas=2))
    cluster.run(seconds=20)
    return cluster


def test_background_the_owner_goes_first(cluster):
    deployed(cluster)
    cluster.delete("deployment", "web")
    assert len(cluster.get("deployments")) == 0
    assert len(cluster.get("pods")) == 2
    cluster.run(seconds=10)
    assert len(cluster.get("replicasets")) == 0
    assert len(cluster.get("pods")) == 0


def test_foreground_the_owner_goes_last(cluster):
    deployed(cluster)
    cluster.delete("deployment", "web", propagation="Foreground")
    seen = []
    for _ in range(100):
        seen.append(
            (
                len(cluster.get("deployments")),
                len(cluster.get("replicasets")),
                len(cluster.get("pods")),
            )
        )
        cluster.run(seconds=0.1)
    assert seen[0] == (1, 1, 2)
    assert seen[-1] == (0, 0, 0)
    assert all(d >= min(rs, 1) >= min(pods, 1) for d, rs, pods in seen)


def test_orphan_the_children_stay_without_an_owner(cluster):
    deployed(cluster)
    cluster.delete("deployment", "web", propagation="Orphan")
    cluster.run(seconds=20)
    assert len(cluster.get("deployments")) == 0
    assert len(cluster.get("pods")) == 2
    assert cluster.api.list("ReplicaSet")[0].metadata.controller is None
    cluster.apply(workload(replicas=2))
    cluster.run(seconds=20)
    assert len(cluster.get("replicasets")) == 1, "a new Deployment adopts what fits"
    assert len(cluster.get("pods")) == 2


def test_a_child_whose_owner_never_existed_is_collected(cluster):
    document = pod("lost")
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "none", "uid": "no-such-uid"}
    document["metadata"]["ownerReferences"] = [owner]
    cluster.apply(document)
    cluster.run(seconds=60)
    assert len(cluster.get("pods")) == 0


def test_objects_of_a_kind_that_is_defined_later_are_collected_with_their_owners(cluster):
    cluster.apply(definition())
    cluster.apply(cache("owner"))
    owner = cluster.api.get("caches", "owner", "default")
    settings = {"apiVersion": "v1", "kind": "ConfigMap", "data": {}}
    owned = {"name": "owned", "ownerReferences": [owner_reference(owner)]}
    cluster.apply(settings | {"metadata": owned})
    below = cluster.api.get("cm", "owned", "default")
    child = cache("child")
    child["metadata"]["ownerReferences"] = [owner_reference(below)]
    cluster.apply(child)
    cluster.run(seconds=5)
    assert len(cluster.api.list("caches")) == 2
    cluster.delete("caches.example.com", "owner")
    cluster.run(seconds=5)
    assert cluster.api.find("cm", "owned", "default") is None
    assert cluster.api.list("caches") == []
