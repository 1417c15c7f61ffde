"""Conditions under which a write is done, and what a patch cannot change."""

import tracemalloc

import pytest

from course_lib.apiserver import APIServer
from course_lib.apiserver.errors import BadRequest, Conflict, NotFound
from course_lib.engine import Simulation
from course_lib.errors import CourseError, InvalidManifest

SETTINGS = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "settings"},
    "data": {"a": "1"},
}


@pytest.fixture
def api() -> APIServer:
    server = APIServer(Simulation())
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}
    server.create(space)
    server.create(SETTINGS)
    return server


@pytest.mark.parametrize("subresource", ["", "status"])
@pytest.mark.parametrize("condition", [{"resourceVersion": "1"}, {"uid": "of-another-object"}])
def test_a_patch_of_another_revision_or_object_is_refused(api, condition, subresource):
    before = api.document("ConfigMap", "settings")
    patch = {"metadata": condition, "data": {"a": "2"}}
    with pytest.raises(Conflict):
        api.patch("ConfigMap", "settings", "default", patch, subresource)
    assert api.document("ConfigMap", "settings") == before


@pytest.mark.parametrize("patch", [{"kind": "Secret"}, {"apiVersion": "apps/v1"}, {"kind": None}])
def test_a_patch_leaves_the_kind_of_an_object(api, patch):
    api.patch("ConfigMap", "settings", "default", patch | {"data": {"a": "2"}})
    document = api.document("ConfigMap", "settings")
    assert (document["apiVersion"], document["kind"]) == ("v1", "ConfigMap")
    assert document["data"] == {"a": "2"}


@pytest.mark.parametrize("metadata", ["x", {"name": 5}, {"namespace": {}}, {"uid": 5}])
def test_metadata_of_a_wrong_type_is_refused(api, metadata):
    with pytest.raises(InvalidManifest, match="metadata"):
        api.patch("ConfigMap", "settings", "default", {"metadata": metadata})


@pytest.mark.parametrize("metadata", [None, {"name": None}, {"name": "other"}])
def test_a_patch_cannot_rename_an_object(api, metadata):
    with pytest.raises(BadRequest, match="the name of the object does not match"):
        api.patch("ConfigMap", "settings", "default", {"metadata": metadata})
    assert api.get("ConfigMap", "settings").name == "settings"


def test_an_update_names_its_object_in_text(api):
    document = api.document("ConfigMap", "settings")
    with pytest.raises(InvalidManifest, match=r"metadata\.name"):
        api.update(document | {"metadata": {"name": 5}})
    with pytest.raises(NotFound):
        api.update(document | {"metadata": {}})


def test_an_empty_namespace_is_the_default_one(api):
    document = SETTINGS | {"metadata": {"name": "more", "namespace": ""}}
    assert api.create(document).namespace == "default"


def test_an_object_that_is_being_deleted_gets_no_new_finalizers(api):
    held = {"metadata": {"finalizers": ["example.com/a", "example.com/b"]}}
    api.patch("ConfigMap", "settings", "default", held)
    api.delete("ConfigMap", "settings")
    for finalizers in (["example.com/a", "example.com/c"], ["example.com/c"]):
        patch = {"metadata": {"finalizers": finalizers}}
        with pytest.raises(InvalidManifest, match="no new finalizers"):
            api.patch("ConfigMap", "settings", "default", patch)
    patch = {"metadata": {"finalizers": ["example.com/b"]}}
    left = api.patch("ConfigMap", "settings", "default", patch)
    assert left.metadata.finalizers == ["example.com/b"]


def test_an_update_without_the_finalizers_of_a_namespace_keeps_them(api):
    held = {"spec": {"finalizers": ["example.com/hold"]}}
    api.patch("Namespace", "default", "", held, "finalize")
    document = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}
    assert api.update(document).spec.finalizers == ["example.com/hold"]
    assert api.update(document | {"spec": {}}).spec.finalizers == ["example.com/hold"]


def test_a_service_that_becomes_an_external_name_gives_up_its_address(api):
    ports = [{"port": 80}]
    document = SETTINGS | {"kind": "Service", "spec": {"ports": ports}}
    api.create({key: part for key, part in document.items() if key != "data"})
    patch = {"spec": {"type": "ExternalName", "externalName": "example.com"}}
    api.patch("Service", "settings", "default", patch)
    spec = api.document("Service", "settings")["spec"]
    assert not {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"} & set(spec)


@pytest.mark.parametrize("subresource", ["scale", "binding", "statuses", "x"])
def test_a_subresource_that_is_not_written_so_is_refused(api, subresource):
    before = api.document("ConfigMap", "settings")
    with pytest.raises(NotFound, match="could not find the requested resource"):
        api.patch("ConfigMap", "settings", "default", {"data": {"a": "2"}}, subresource)
    with pytest.raises(NotFound, match="could not find the requested resource"):
        api.update(before | {"data": {"a": "2"}}, subresource)
    assert api.document("ConfigMap", "settings") == before


def test_a_patch_that_is_nested_too_deep_is_refused(api):
    patch = {"data": {}}
    for _ in range(3000):
        patch = {"data": patch}
    with pytest.raises(CourseError, match="nested too deep"):
        api.patch("ConfigMap", "settings", "default", patch)


def test_deleted_objects_are_dropped_with_the_history(api):
    """Their documents and their views have the same long texts, of which the memory tells."""
    size = 10**6

    def held() -> int:
        return round(tracemalloc.get_traced_memory()[0] / size)

    api.watch("ConfigMap", lambda event: None)
    tracemalloc.start()
    try:
        for letter in "abc":
            api.create(SETTINGS | {"metadata": {"name": "more"}, "data": {"a": size * letter}})
            api.delete("ConfigMap", "more")
        api.sim.settle()
        assert held() == 3  # a watch may ask for them
        api.store.compact(api.store.revision)
        assert held() == 0
    finally:
        tracemalloc.stop()
