"""ResourceQuotas: the usage that the controller states."""

from __future__ import annotations

from tests.apiserver.definitions import cache, definition
from tests.conftest import service, workload


def test_a_quota_shows_what_is_used(cluster):
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "team"}}
    cluster.apply(quota | {"spec": {"hard": {"pods": "5", "services": "3"}}})
    cluster.apply([workload(replicas=2), service()])
    cluster.run(seconds=20)
    assert cluster.get("resourcequotas").REQUEST[0] == "pods: 2/5, services: 2/3"


def test_a_quota_follows_objects_of_a_kind_that_is_defined_later(cluster):
    cluster.apply(definition())
    hard = {"count/caches.example.com": "2"}
    name = {"name": "few"}
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": name, "spec": {"hard": hard}}
    cluster.apply(quota)
    cluster.apply(cache("one"))
    cluster.run(seconds=5)
    used = cluster.api.get("ResourceQuota", "few", "default").status.used
    assert {name: str(amount) for name, amount in used.items()} == {"count/caches.example.com": "1"}
    cluster.delete("caches", "one")
    cluster.run(seconds=5)
    used = cluster.api.get("ResourceQuota", "few", "default").status.used
    assert str(used["count/caches.example.com"]) == "0"
