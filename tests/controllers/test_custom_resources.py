"""Custom kinds in a cluster: owners, namespaces, quotas, several API servers."""

from __future__ import annotations

import pytest

from course_lib import Cluster
from course_lib.errors import CourseError
from tests.apiserver.definitions import cache, definition


@pytest.fixture
def cluster() -> Cluster:
    cluster = Cluster(nodes=1)
    cluster.run(5)
    cluster.apply(definition(names={"shortNames": ["ca"]}))
    return cluster


def owned(name: str, owner, kind: str = "Cache") -> dict:
    reference = {
        "apiVersion": owner.api_version,
        "kind": owner.kind,
        "name": owner.name,
        "uid": owner.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }
    if kind == "Cache":
        document = cache(name)
    else:
        document = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}}
    document["metadata"]["ownerReferences"] = [reference]
    return document


def names(cluster: Cluster, kind: str) -> list[str]:
    return [each.name for each in cluster.api.list(kind, "default")]


@pytest.mark.parametrize("propagation", ["Background", "Foreground"])
def test_what_an_object_owns_goes_with_it_whatever_its_kind(cluster, propagation):
    cluster.apply(cache("top"))
    top = cluster.api.get("Cache", "top")
    cluster.apply([owned("middle", top), owned("settings", top, "ConfigMap")])
    cluster.apply(owned("bottom", cluster.api.get("Cache", "middle")))
    cluster.run(5)
    cluster.api.delete("Cache", "top", "default", propagation)
    cluster.run(30)
    assert names(cluster, "Cache") == []
    assert "settings" not in names(cluster, "ConfigMap")


def test_an_owner_of_a_built_in_kind_takes_custom_objects_along(cluster):
    settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}}
    cluster.apply(settings)
    cluster.apply([owned("mine", cluster.api.get("ConfigMap", "settings")), cache("free")])
    cluster.delete("ConfigMap", "settings")
    cluster.run(10)
    assert names(cluster, "Cache") == ["free"]


def test_an_orphan_stays_without_its_owner(cluster):
    cluster.apply(cache("top"))
    cluster.apply(owned("child", cluster.api.get("Cache", "top")))
    cluster.api.delete("Cache", "top", "default", "Orphan")
    cluster.run(10)
    assert names(cluster, "Cache") == ["child"]
    assert cluster.api.get("Cache", "child").metadata.owner_references is None


def test_what_a_definition_takes_along_takes_what_it_owns(cluster):
    cluster.apply(cache("top"))
    cluster.apply(owned("settings", cluster.api.get("Cache", "top"), "ConfigMap"))
    cluster.run(1)  # the garbage collector follows the kind
    cluster.delete("crd", "caches.example.com")
    cluster.run(10)
    assert "settings" not in names(cluster, "ConfigMap")


def test_a_namespace_is_emptied_of_them(cluster):
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    cluster.apply(cache(), namespace="shop")
    held = cache("held")
    held["metadata"]["finalizers"] = ["example.com/hold"]
    cluster.apply(held, namespace="shop")
    cluster.delete("namespace", "shop")
    cluster.run(5)
    stated = {c.type: c for c in cluster.api.get("Namespace", "shop").status.conditions}
    assert stated["NamespaceContentRemaining"].message == (
        "Some resources are remaining: caches.example.com has 1 resource instances"
    )
    cluster.api.patch("Cache", "held", "shop", {"metadata": {"finalizers": None}})
    cluster.run(5)
    assert cluster.api.find("Namespace", "shop") is None


def test_a_quota_counts_them(cluster):
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "few"},
        "spec": {"hard": {"count/caches.example.com": "1"}},
    }
    cluster.apply(quota)
    cluster.apply(cache())
    cluster.run(5)
    used = cluster.api.get("ResourceQuota", "few").status.used
    assert {name: str(amount) for name, amount in used.items()} == {"count/caches.example.com": "1"}
    refusal = 'caches.example.com "second" is forbidden: exceeded quota: few'
    with pytest.raises(CourseError, match=refusal):
        cluster.apply(cache("second"))
    cluster.delete("Cache", "web")
    cluster.run(5)
    assert (
        str(cluster.api.get("ResourceQuota", "few").status.used["count/caches.example.com"]) == "0"
    )


def test_an_object_is_refused_in_the_same_list_as_its_definition():
    cluster = Cluster(nodes=1)
    with pytest.raises(CourseError, match="ensure CRDs are installed first") as refusal:
        cluster.apply([definition(), cache()])
    assert refusal.value.do.startswith("apply the CustomResourceDefinition by itself first")
    assert cluster.api.list("crd") == []
    cluster.apply(definition())
    cluster.apply(cache())
    assert names(cluster, "Cache") == ["web"]


def test_a_list_in_an_applied_object_is_replaced_as_a_whole(cluster):
    ports = {"type": "array", "items": {"type": "object", "properties": {
        "name": {"type": "string"}, "port": {"type": "integer"}}}}  # fmt: skip
    made = definition("Gate")
    schema = made["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema["properties"]["spec"] = {"type": "object", "properties": {"ports": ports}}
    cluster.apply(made)
    gate = cache("front") | {"kind": "Gate"}
    cluster.apply(gate | {"spec": {"ports": [{"name": "a", "port": 1}]}})
    live = [{"name": "a", "port": 1}, {"name": "b", "port": 2}]
    cluster.api.patch("Gate", "front", "default", {"spec": {"ports": live}})
    cluster.apply(gate | {"spec": {"ports": [{"name": "c", "port": 3}]}})
    assert cluster.api.document("Gate", "front")["spec"]["ports"] == [{"name": "c", "port": 3}]


def test_tables_and_descriptions_show_what_the_definition_says(cluster):
    cluster.apply(cache())
    stated = {"type": "Ready", "status": "False", "reason": "Cold", "message": "empty"}
    cluster.api.patch("Cache", "web", "default", {"status": {"phase": "Waiting"}}, "status")
    assert list(cluster.get("ca").columns) == ["NAME", "IMAGE", "SIZE", "AGE"]
    assert list(cluster.get("ca", wide=True).columns) == ["NAME", "IMAGE", "SIZE", "PHASE", "AGE"]
    assert cluster.get("ca").iloc[0].to_list() == ["web", "redis:7", 2, "0s"]
    assert "Image:  redis:7" in str(cluster.describe("ca", "web"))
    assert stated["type"] not in str(cluster.describe("ca", "web"))
    listed = cluster.get("crd")
    assert listed["NAME"].to_list() == ["caches.example.com"]
    assert listed["VERSIONS"].to_list() == ["v1(storage)"]
