"""Kinds that somebody defines: served, completed, judged, and gone with their definition."""

from __future__ import annotations

import pytest

from course_lib import Cluster
from course_lib.apiserver import APIServer
from course_lib.apiserver.errors import NotFound
from course_lib.engine import Simulation
from course_lib.errors import CourseError, InvalidManifest
from course_lib.objects.kinds.custom_resource_definition import CUSTOM_RESOURCE_DEFINITION
from course_lib.objects.meta import condition
from tests.apiserver.definitions import SPEC, STATUS, cache, definition, version


@pytest.fixture
def api() -> APIServer:
    server = APIServer(Simulation())
    for name in ("default", "other"):
        space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        server.create(space)
    return server


@pytest.fixture
def served(api: APIServer) -> APIServer:
    names = {"shortNames": ["ca"], "categories": ["all"]}
    api.create(definition(names=names))
    return api


def conditions(api: APIServer, name: str) -> dict[str, tuple[str, str]]:
    stated = api.get("crd", name).status.conditions
    return {each.type: (each.status, each.reason) for each in stated or ()}


def messages(refusal: pytest.ExceptionInfo[InvalidManifest]) -> list[str]:
    return [str(error) for error in refusal.value.errors]


class TestDefinitions:
    def test_a_kind_is_served_from_when_its_definition_is_established(self, api):
        with pytest.raises(CourseError, match='no matches for kind "Cache"'):
            api.create(cache())
        api.create(definition())
        assert conditions(api, "caches.example.com") == {
            "NamesAccepted": ("True", "NoConflicts"),
            "Established": ("True", "InitialNamesAccepted"),
        }
        assert api.create(cache()).name == "web"

    def test_every_name_of_it_can_be_used(self, served):
        served.create(cache())
        for name in ("Cache", "cache", "caches", "ca", "caches.example.com", "cache.example.com"):
            assert [each.name for each in served.list(name)] == ["web"]

    def test_a_definition_that_breaks_the_rules_is_refused_in_the_api_servers_words(self, api):
        wrong = definition(versions=[version(schema={"openAPIV3Schema": {"type": "object",
            "properties": {"spec": {"type": "text"}}}})])  # fmt: skip
        wrong["metadata"]["name"] = "cache.example.com"
        with pytest.raises(InvalidManifest) as refusal:
            api.create(wrong)
        assert messages(refusal) == [
            'metadata.name: Invalid value: "cache.example.com": '
            'must be spec.names.plural+"."+spec.group',
            'spec.validation.openAPIV3Schema.properties[spec].type: Unsupported value: "text": '
            'supported values: "array", "boolean", "integer", "number", "object", "string"',
        ]
        assert refusal.value.what.startswith(
            'CustomResourceDefinition.apiextensions.k8s.io "cache.example.com" is invalid: ['
        )

    def test_of_two_definitions_with_one_name_the_first_has_it(self, served):
        served.create(definition("Casket", names={"shortNames": ["ca"]}))
        assert conditions(served, "caskets.example.com") == {
            "NamesAccepted": ("False", "ShortNamesConflict"),
            "Established": ("False", "NotAccepted"),
        }
        accepted = served.get("crd", "caskets.example.com").status
        assert condition(accepted.conditions, "NamesAccepted").message == '"ca" is already in use'
        with pytest.raises(CourseError, match="no matches for kind"):
            served.create(cache() | {"kind": "Casket"})
        served.delete("crd", "caches.example.com")
        assert conditions(served, "caskets.example.com")["Established"][0] == "True"

    def test_names_and_scope_stay_once_objects_are_served(self, served):
        changed = served.document("crd", "caches.example.com")
        changed["spec"]["scope"] = "Cluster"
        changed["spec"]["names"] |= {"kind": "Casket", "listKind": "CasketList"}
        with pytest.raises(InvalidManifest) as refusal:
            served.update(changed)
        assert messages(refusal) == [
            'spec.scope: Invalid value: "Cluster": field is immutable',
            'spec.names.kind: Invalid value: "Casket": field is immutable',
        ]

    def test_with_a_definition_all_its_objects_go(self, served):
        served.create(cache())
        held = cache("held")
        held["metadata"]["finalizers"] = ["example.com/hold"]
        served.create(held)
        served.delete("crd", "caches.example.com")
        assert conditions(served, "caches.example.com")["Terminating"] == (
            "True",
            "InstanceDeletionInProgress",
        )
        assert [each.name for each in served.list("Cache")] == ["held"]
        served.patch("Cache", "held", "default", {"metadata": {"finalizers": None}})
        served.sim.run(10)
        assert served.list("crd") == []
        with pytest.raises(CourseError, match="doesn't have a resource type 'Cache'"):
            served.list("Cache")

    def test_the_objects_go_also_where_no_version_of_them_is_served(self, served):
        served.create(cache())
        document = served.document("crd", "caches.example.com")
        document["spec"]["versions"][0]["served"] = False
        served.update(document)
        served.delete("crd", "caches.example.com")
        served.create(definition())
        assert served.list("Cache") == []

    def test_a_store_that_is_restored_with_another_kind_of_a_definition(self, served):
        document = served.document("crd", "caches.example.com")
        document["status"]["acceptedNames"]["kind"] = document["spec"]["names"]["kind"] = "Store"
        served.store.put(f"{served.prefix(CUSTOM_RESOURCE_DEFINITION)}caches.example.com", document)
        assert served.kinds.of("example.com/v1", "Store").plural == "caches"
        assert [kind.kind for kind in served.kinds if kind.custom] == ["Store"]

    def test_a_kind_of_the_cluster_has_no_namespace(self, api):
        api.create(definition(scope="Cluster"))
        assert api.create(cache()).namespace == ""


class TestObjects:
    def test_a_document_is_defaulted_and_pruned(self, served):
        served.create(cache(colour="red"))
        assert served.document("Cache", "web")["spec"] == {"image": "redis:7", "size": 2}

    def test_a_document_that_its_schema_refuses_is_told_all_that_is_wrong(self, served):
        with pytest.raises(InvalidManifest) as refusal:
            served.create(cache(image="Redis", size=11))
        assert messages(refusal) == [
            "spec.image: Invalid value: \"Redis\": spec.image in body should match '^[a-z:0-9.]+$'",
            "spec.size: Invalid value: 11: spec.size in body should be less than or equal to 10",
        ]
        assert served.find("Cache", "web") is None

    def test_what_was_wrong_before_its_schema_changed_may_stay(self, served):
        served.create(cache(size=9))
        size = SPEC["properties"]["size"] | {"maximum": 5}
        spec = SPEC | {"properties": SPEC["properties"] | {"size": size}}
        schema = {"type": "object", "properties": {"spec": spec, "status": STATUS}}
        versions = [version(schema={"openAPIV3Schema": schema})]
        served.patch("crd", "caches.example.com", "", {"spec": {"versions": versions}})
        served.patch("Cache", "web", "default", {"spec": {"image": "redis:8"}})
        with pytest.raises(InvalidManifest, match="should be less than or equal to 5"):
            served.patch("Cache", "web", "default", {"spec": {"size": 8}})

    def test_the_status_is_written_by_itself_and_held_against_the_schema(self, served):
        served.create(cache() | {"status": {"phase": "Ready"}})
        assert "status" not in served.document("Cache", "web")
        served.patch("Cache", "web", "default", {"status": {"phase": "Ready"}}, "status")
        served.patch("Cache", "web", "default", {"status": {"phase": "Waiting"}})
        assert served.document("Cache", "web")["status"] == {"phase": "Ready"}
        with pytest.raises(InvalidManifest, match=r'status\.phase: Unsupported value: "Lost"'):
            served.patch("Cache", "web", "default", {"status": {"phase": "Lost"}}, "status")

    def test_without_the_subresource_the_status_is_a_field_like_any_other(self, api):
        api.create(definition(versions=[version(subresources={})]))
        api.create(cache() | {"status": {"phase": "Ready"}})
        assert api.document("Cache", "web")["status"] == {"phase": "Ready"}
        api.patch("Cache", "web", "default", {"status": {"phase": "Waiting"}})
        assert api.get("Cache", "web", "default").metadata.generation == 2

    def test_a_generation_is_a_change_of_anything_but_metadata_and_status(self, served):
        served.create(cache())
        served.patch("Cache", "web", "default", {"metadata": {"labels": {"a": "b"}}})
        served.patch("Cache", "web", "default", {"status": {"size": 1}}, "status")
        assert served.get("Cache", "web").metadata.generation == 1
        served.patch("Cache", "web", "default", {"spec": {"size": 3}})
        assert served.get("Cache", "web").metadata.generation == 2

    def test_a_client_with_an_earlier_schema_keeps_fields_that_were_added_since(self, served):
        earlier = served.resource("Cache")
        document = served.document("crd", "caches.example.com")
        properties = document["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
        properties["spec"]["properties"]["eviction"] = {"type": "string"}
        served.update(document)
        served.create(cache(eviction="lru"))
        assert served.document(earlier, "web")["spec"]["eviction"] == "lru"
        served.patch(earlier, "web", "default", {"metadata": {"labels": {"a": "b"}}})
        assert served.document("Cache", "web")["spec"]["eviction"] == "lru"

    def test_a_watch_tells_of_them(self, served):
        seen = []
        served.watch("Cache", lambda event: seen.append((event.type, event.object.name)))
        served.create(cache())
        served.delete("Cache", "web")
        served.sim.settle()
        assert seen == [("ADDED", "web"), ("DELETED", "web")]

    def test_objects_of_two_groups_with_one_kind_are_kept_apart(self, served):
        served.create(definition(group="other.io", names={"shortNames": ["oc"]}))
        served.create(cache())
        served.create(cache("far", "other.io/v1"))
        assert [each.name for each in served.list("caches.other.io")] == ["far"]
        assert [each.name for each in served.list("caches.example.com")] == ["web"]
        served.patch_status(served.get("caches.other.io", "far"), {"phase": "Ready"})
        assert served.document("caches.other.io", "far")["status"] == {"phase": "Ready"}


class TestVersions:
    @pytest.fixture
    def both(self, api: APIServer) -> APIServer:
        fields = {"image": {"type": "string"}, "eviction": {"type": "string", "default": "lru"}}
        spec = {"type": "object", "properties": fields}
        old = {"type": "object", "properties": {"spec": spec}}
        api.create(
            definition(
                versions=[
                    version("v1beta1", storage=False, schema={"openAPIV3Schema": old}),
                    version("v1"),
                ]
            )
        )
        return api

    def test_the_stable_version_is_preferred(self, both):
        assert both.resource("Cache").api_version == "example.com/v1"

    def test_each_version_serves_every_object_by_its_own_schema(self, both):
        both.create(cache("new", size=4))
        both.create(cache("old", "example.com/v1beta1"))
        assert both.document("Cache", "old")["apiVersion"] == "example.com/v1"
        assert both.document("Cache", "old")["spec"] == {"image": "redis:7", "size": 2}
        older = both.kinds.of("example.com/v1beta1", "Cache")
        assert both.document(older, "new")["apiVersion"] == "example.com/v1beta1"
        assert both.document(older, "new")["spec"] == {"image": "redis:7", "eviction": "lru"}

    def test_a_version_that_is_served_no_longer_is_refused_and_its_objects_stay(self, both):
        both.create(cache("old", "example.com/v1beta1"))
        document = both.document("crd", "caches.example.com")
        document["spec"]["versions"][0]["served"] = False
        both.update(document)
        with pytest.raises(CourseError, match='no matches for kind "Cache"'):
            both.create(cache("older", "example.com/v1beta1"))
        assert both.get("Cache", "old").api_version == "example.com/v1"

    def test_a_version_in_which_objects_were_stored_stays_defined(self, both):
        document = both.document("crd", "caches.example.com")
        assert document["status"]["storedVersions"] == ["v1"]
        document["spec"]["versions"] = [version("v1", storage=False), version("v2")]
        both.update(document)
        document = both.document("crd", "caches.example.com")
        assert document["status"]["storedVersions"] == ["v1", "v2"]
        document["spec"]["versions"] = [version("v2")]
        with pytest.raises(InvalidManifest, match="v1 was previously a storage version"):
            both.update(document)


def test_a_new_api_server_on_the_same_store_serves_the_same_kinds():
    first = APIServer(Simulation())
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}
    first.create(space)
    first.create(definition())
    second = APIServer(first.sim, first.store)
    second.create(cache())
    assert [each.name for each in first.list("Cache")] == ["web"]
    first.delete("crd", "caches.example.com")
    with pytest.raises(CourseError, match="doesn't have a resource type"):
        second.list("Cache")
    with pytest.raises(NotFound):
        second.get("crd", "caches.example.com")


def test_an_update_from_1_to_true_is_a_change():
    cluster = Cluster(nodes=1)
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True}
    version["schema"] = {"openAPIV3Schema": anything}
    names = {"plural": "switches", "singular": "switch", "kind": "Switch"}
    spec = {"group": "x.io", "scope": "Namespaced", "names": names, "versions": [version]}
    crd = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    cluster.apply(crd | {"metadata": {"name": "switches.x.io"}, "spec": spec})
    cluster.run(seconds=2)
    head = {"apiVersion": "x.io/v1", "kind": "Switch", "metadata": {"name": "s"}}
    cluster.api.create(head | {"spec": {"on": 1}})
    document = cluster.api.document("Switch", "s", "default")
    cluster.api.update(document | {"spec": {"on": True}})
    after = cluster.api.document("Switch", "s", "default")
    assert after["spec"]["on"] is True
    assert after["metadata"]["generation"] == 2


def test_the_metadata_of_an_object_is_judged_before_its_schema(served):
    wrong = cache(name="Web")
    wrong["metadata"]["finalizers"] = ["mine"]  # a domain is not asked for
    wrong["spec"]["size"] = "large"
    with pytest.raises(InvalidManifest) as refusal:
        served.create(wrong)
    assert [said.split(":")[0] for said in messages(refusal)] == ["metadata.name", "spec.size"]
    served.create(cache())
    document = served.document("Cache", "web")
    document["metadata"]["labels"] = {"a b": "c"}
    with pytest.raises(InvalidManifest) as refusal:
        served.update(document)
    assert messages(refusal)[0].startswith('metadata.labels: Invalid value: "a b": name part must')
