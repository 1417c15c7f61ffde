"""Server-side apply: who manages which field, what an apply changes, and conflicts."""

from __future__ import annotations

import json

import pytest

from course_lib import Cluster
from course_lib.apiserver.applying.fields import fields_v1, leaves, read_fields, shown
from course_lib.apiserver.bodies import Request
from course_lib.apiserver.rest import Face
from course_lib.objects.api_types.table import type_of
from course_lib.objects.api_types.topology import Merging
from tests.conftest import workload

CONFIGS = "/api/v1/namespaces/default/configmaps"
WEB = "/apis/apps/v1/namespaces/default/deployments/web"
SETTINGS = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}


@pytest.fixture
def face():
    return Face(Cluster(nodes=0).api.reach)


def asked(face, method, path, body, manager, media="application/json", **query):
    """The answer to a request of a manager."""
    parameters = {"fieldManager": [manager]} | {key: [value] for key, value in query.items()}
    headers = {"content-type": media}
    return face.answer(Request(method, path, parameters, headers, json.dumps(body).encode()))


def applied(face, document, manager="one", path=CONFIGS, force="false"):
    target = path if path.endswith("/web") else f"{path}/{document['metadata']['name']}"
    return asked(face, "PATCH", target, document, manager, "application/apply-patch+yaml",
                 force=force)  # fmt: skip


def managers(document):
    """The managers of a document, with the paths that they manage."""
    return {
        (entry["manager"], entry["operation"]): sorted(map(shown, read_fields(entry["fieldsV1"])))
        for entry in document["metadata"].get("managedFields", [])
    }


def test_an_apply_creates_and_manages_what_it_says(face):
    answer = applied(face, SETTINGS | {"data": {"x": "1"}})
    assert answer.status == 201
    assert managers(answer.document) == {("one", "Apply"): [".data.x"]}
    assert applied(face, SETTINGS | {"data": {"x": "1"}}).document == answer.document


def test_what_an_author_no_longer_applies_goes_unless_another_manages_it(face):
    applied(face, SETTINGS | {"data": {"x": "1", "y": "2"}})
    applied(face, SETTINGS | {"data": {"y": "2"}}, "two")
    answer = applied(face, SETTINGS | {"data": {"z": "3"}})
    assert answer.document["data"] == {"y": "2", "z": "3"}
    assert managers(answer.document) == {
        ("one", "Apply"): [".data.z"],
        ("two", "Apply"): [".data.y"],
    }


def test_a_conflict_names_the_managers_and_the_fields(face):
    applied(face, SETTINGS | {"data": {"x": "1", "y": "2"}})
    changed = SETTINGS | {"data": {"x": "8", "y": "9"}}
    refused = applied(face, changed, "two")
    assert refused.status == 409
    assert refused.document["message"] == (
        'Apply failed with 2 conflicts: conflicts with "one":\n- .data.x\n- .data.y'
    )
    assert refused.document["details"]["causes"][0] == {
        "reason": "FieldManagerConflict", "message": 'conflict with "one"', "field": ".data.x",
    }  # fmt: skip
    forced = applied(face, changed, "two", force="true")
    assert managers(forced.document) == {("two", "Apply"): [".data.x", ".data.y"]}


def test_one_who_updates_a_field_takes_it(face):
    applied(face, workload("Deployment", "web", replicas=2), path=WEB)
    scale = {"spec": {"replicas": 5}}
    asked(face, "PATCH", f"{WEB}/scale", scale, "hand", "application/merge-patch+json")
    refused = applied(face, workload("Deployment", "web", replicas=2), path=WEB)
    assert refused.document["message"] == (
        'Apply failed with 1 conflict: conflict with "hand" with subresource "scale" using '
        "apps/v1: .spec.replicas"
    )


def test_what_was_there_before_anything_was_tracked_has_a_manager_too(face):
    face.api.create(SETTINGS | {"data": {"x": "1"}})
    refused = applied(face, SETTINGS | {"data": {"x": "2"}})
    assert refused.document["message"] == (
        'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.x'
    )


def test_items_of_lists_are_told_apart_by_their_keys():
    pod = {"spec": {"containers": [{"name": "a", "ports": [{"containerPort": 80}]}]}}
    paths = {shown(path) for path in leaves(pod, Merging(type_of("v1", "Pod")))}
    assert paths == {
        '.spec.containers[name="a"]',
        '.spec.containers[name="a"].name',
        '.spec.containers[name="a"].ports[containerPort=80,protocol="TCP"]',
        '.spec.containers[name="a"].ports[containerPort=80,protocol="TCP"].containerPort',
    }


def test_a_set_of_fields_is_read_as_it_is_written():
    paths = {("f:a",), ("f:a", "f:b"), ("f:c", 'k:{"name":"x"}'), ("f:d", 'v:"e"')}
    assert set(read_fields(fields_v1(paths))) == paths


def test_a_field_that_does_not_exist_is_refused(face):
    refused = applied(face, SETTINGS | {"datta": {"x": "1"}})
    assert refused.document["message"] == (
        "failed to create typed patch object (default/a; /v1, Kind=ConfigMap): .datta: field not "
        "declared in schema"
    )
