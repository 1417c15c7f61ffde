"""Custom kinds over HTTP: discovery, tables, scale, patches, refusals."""

from __future__ import annotations

import json

import pytest

from course_lib import Cluster
from course_lib.apiserver.bodies import Request
from course_lib.apiserver.rest import Face
from course_lib.apiserver.statuses import HTTPResponse
from tests.apiserver.definitions import cache, definition, version

CACHES = "/apis/example.com/v1/namespaces/default/caches"
WEB = f"{CACHES}/web"
MERGE, STRATEGIC = "application/merge-patch+json", "application/strategic-merge-patch+json"
TABLE = {"accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}


@pytest.fixture
def face() -> Face:
    cluster = Cluster(nodes=1)
    names = {"shortNames": ["ca"], "categories": ["all"], "singular": "cachette"}
    beta = version("v1beta1", storage=False, subresources={}, deprecated=True)
    cluster.apply(definition(names=names, versions=[beta, version()]))
    cluster.apply(cache())
    return Face(cluster.api.reach)


def ask(
    face: Face, method: str, path: str, body=None, kind="application/json", **headers
) -> HTTPResponse:
    data = json.dumps(body).encode() if body is not None else b""
    return face.answer(Request(method, path, body=data, headers={"content-type": kind} | headers))


def test_discovery_lists_the_group_its_versions_and_names(face):
    groups = {each["name"]: each for each in ask(face, "GET", "/apis").document["groups"]}
    assert [each["version"] for each in groups["example.com"]["versions"]] == ["v1", "v1beta1"]
    assert groups["example.com"]["preferredVersion"]["version"] == "v1"
    found = ask(face, "GET", "/apis/example.com/v1").document["resources"]
    assert [each["name"] for each in found] == ["caches", "caches/status", "caches/scale"]
    assert found[0]["shortNames"] == ["ca"]
    assert found[0]["categories"] == ["all"]
    assert found[0]["singularName"] == "cachette"
    assert found[0]["namespaced"]
    older = ask(face, "GET", "/apis/example.com/v1beta1").document["resources"]
    assert [each["name"] for each in older] == ["caches"]


def test_each_version_has_its_path(face):
    for each in ("v1", "v1beta1"):
        answer = ask(face, "GET", WEB.replace("/v1/", f"/{each}/"))
        assert (answer.status, answer.document["apiVersion"]) == (200, f"example.com/{each}")
        listed = ask(face, "GET", CACHES.replace("/v1/", f"/{each}/")).document
        assert listed["kind"] == "CacheList"
        assert [item["apiVersion"] for item in listed["items"]] == [f"example.com/{each}"]
    older = cache("old") | {"apiVersion": "example.com/v1beta1"}
    assert ask(face, "POST", CACHES.replace("v1", "v1beta1"), older).status == 201
    assert ask(face, "GET", f"{CACHES}/old").document["apiVersion"] == "example.com/v1"


def test_a_table_has_the_columns_of_the_definition(face):
    ask(face, "PATCH", f"{WEB}/status", {"status": {"phase": "Ready"}}, MERGE)
    table = ask(face, "GET", CACHES, **TABLE).document
    names = [(each["name"], each["priority"]) for each in table["columnDefinitions"]]
    assert names == [("Name", 0), ("Image", 0), ("Size", 0), ("Phase", 1), ("Age", 0)]
    assert table["rows"][0]["cells"] == ["web", "redis:7", 2, "Ready", "0s"]


def test_columns_may_be_called_anything(face):
    columns = [
        {"name": "Two  Words", "type": "string", "jsonPath": ".spec.image"},
        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp", "priority": 1},
        {"name": "+Size", "type": "number", "jsonPath": ".spec.size"},
    ]
    versions = [version(additionalPrinterColumns=columns)]
    face.api.patch("crd", "caches.example.com", "", {"spec": {"versions": versions}})
    table = ask(face, "GET", CACHES, **TABLE).document
    names = [(each["name"], each["priority"]) for each in table["columnDefinitions"]]
    assert names == [("Name", 0), ("Two  Words", 0), ("Age", 1), ("+Size", 0)]
    assert table["rows"][0]["cells"] == ["web", "redis:7", "0s", 2.0]


def test_a_column_has_the_type_and_the_description_of_the_definition(face):
    columns = [
        {"name": "Age", "type": "date", "jsonPath": ".spec.since", "description": "in use"},
        {"name": "Size", "type": "integer", "format": "int32", "jsonPath": ".spec.size"},
    ]
    versions = [version(additionalPrinterColumns=columns)]
    face.api.patch("crd", "caches.example.com", "", {"spec": {"versions": versions}})
    table = ask(face, "GET", CACHES, **TABLE).document
    told = [tuple(each.values()) for each in table["columnDefinitions"]]
    assert told[0][:4] == ("Name", "string", "name", 0)
    path = "Custom resource definition column (in JSONPath format): .spec.size"
    assert told[1:] == [("Age", "date", "", 0, "in use"), ("Size", "integer", "int32", 0, path)]
    assert table["rows"][0]["cells"] == ["web", None, 2]  # not the age of the object


def test_a_value_that_is_missing_leaves_its_cell_empty(face):
    table = ask(face, "GET", WEB, **TABLE).document
    assert table["rows"][0]["cells"] == ["web", "redis:7", 2, None, "0s"]


def test_the_scale_is_read_and_written_where_the_definition_says(face):
    ask(face, "PATCH", f"{WEB}/status", {"status": {"size": 1, "selector": "app=web"}}, MERGE)
    scale = ask(face, "GET", f"{WEB}/scale").document
    assert (scale["spec"], scale["status"]) == (
        {"replicas": 2},
        {"replicas": 1, "selector": "app=web"},
    )
    answer = ask(face, "PATCH", f"{WEB}/scale", {"spec": {"replicas": 4}}, MERGE)
    assert answer.document["spec"] == {"replicas": 4}
    assert ask(face, "GET", WEB).document["spec"]["size"] == 4
    refused = ask(face, "PATCH", f"{WEB}/scale", {"spec": {"replicas": 40}}, MERGE)
    assert refused.status == 422
    assert "spec.size in body should be less than or equal to 10" in refused.document["message"]


def test_lists_of_a_custom_kind_are_not_merged_by_anybody(face):
    refused = ask(face, "PATCH", WEB, {"spec": {"size": 3}}, STRATEGIC)
    assert (refused.status, refused.document["reason"]) == (415, "UnsupportedMediaType")
    assert ask(face, "PATCH", WEB, {"spec": {"size": 3}}, MERGE).document["spec"]["size"] == 3


def test_every_field_that_is_wrong_is_a_cause(face):
    refused = ask(face, "POST", CACHES, cache("wrong", image="R", size=11))
    assert refused.status == 422
    assert refused.document["message"] == (
        'Cache.example.com "wrong" is invalid: ['
        "spec.image: Invalid value: \"R\": spec.image in body should match '^[a-z:0-9.]+$', "
        "spec.size: Invalid value: 11: spec.size in body should be less than or equal to 10]"
    )
    assert refused.document["details"]["causes"] == [
        {
            "reason": "FieldValueInvalid",
            "message": "Invalid value: \"R\": spec.image in body should match '^[a-z:0-9.]+$'",
            "field": "spec.image",
        },
        {
            "reason": "FieldValueInvalid",
            "message": "Invalid value: 11: spec.size in body should be less than or equal to 10",
            "field": "spec.size",
        },
    ]


def test_unknown_fields_are_warned_of_or_refused_as_asked(face):
    answer = ask(face, "POST", CACHES, cache("more", colour="red"))
    assert answer.status == 201
    assert answer.warnings == ['unknown field "spec.colour"']
    strict = face.answer(
        Request(
            "POST",
            CACHES,
            query={"fieldValidation": ["Strict"]},
            body=json.dumps(cache("strict", colour="red")).encode(),
            headers={"content-type": "application/json"},
        )
    )
    assert strict.status == 400
    assert 'strict decoding error: unknown field "spec.colour"' in strict.document["message"]


def test_objects_are_selected_by_the_fields_that_the_definition_says():
    cluster = Cluster(nodes=1)
    cluster.apply(definition(versions=[version(selectableFields=[{"jsonPath": ".spec.size"}])]))
    cluster.apply(cache())
    cluster.apply(cache("big", size=9))
    face = Face(cluster.api.reach)

    def select(text):
        answer = face.answer(Request("GET", CACHES, {"fieldSelector": [text]}))
        items = answer.document.get("items", [])
        return [each["metadata"]["name"] for each in items] or answer.document["message"]

    assert select("spec.size=9") == ["big"]
    assert select("spec.size!=9") == ["web"]
    assert select("metadata.namespace=default,metadata.name=web") == ["web"]
    assert select("spec.image=x") == "field label not supported: spec.image"


def test_a_deprecated_version_is_warned_of(face):
    older = cache("old") | {"apiVersion": "example.com/v1beta1"}
    answer = ask(face, "POST", CACHES.replace("v1", "v1beta1"), older)
    assert answer.warnings == ["example.com/v1beta1 Cache is deprecated"]
    assert ask(face, "POST", CACHES, cache("new")).warnings == []


def test_nothing_new_comes_while_the_definition_goes(face):
    held = {"metadata": {"finalizers": ["example.com/hold"]}}
    ask(face, "PATCH", WEB, held, MERGE)
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/caches.example.com"
    assert ask(face, "DELETE", path).document["metadata"]["deletionTimestamp"]
    refused = ask(face, "POST", CACHES, cache("late"))
    assert refused.status == 405
    assert refused.document["message"].startswith(
        "create not allowed while custom resource definition is terminating"
    )
    assert ask(face, "GET", WEB).document["metadata"]["deletionTimestamp"]
