"""Conditions under which a write is done, and what a patch cannot change."""

import pytest

from course_lib.apiserver import APIServer
from course_lib.apiserver.errors import BadRequest, Conflict, NotFound
from course_lib.engine import Simulation
from course_lib.errors import InvalidManifest

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
