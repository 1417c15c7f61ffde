"""Rules that documents drawn at random have shown: of metadata, patches, images and devices."""

from __future__ import annotations

import pytest

from course_lib.objects.kinds.pod.defaults import pull_policy
from course_lib.objects.validation.meta import template_metadata
from course_lib.objects.validation.resources import declared_driver_name, extended_name
from tests.oracles.plane.asking import ask_create, ask_update
from tests.oracles.plane.course import CoursePlane, prepared

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON = "application/json-patch+json"
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web"},
    "spec": {
        "automountServiceAccountToken": False,
        "containers": [{"name": "web", "image": "nginx:1.27"}],
    },
}
SETTINGS = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"},
            "data": {"level": "info"}}  # fmt: skip
OWNER = {"apiVersion": "v1", "kind": "Pod", "name": "a", "uid": "a", "controller": True}


@pytest.fixture(scope="module")
def plane():
    return prepared(CoursePlane())


def patched(plane, document, patch, how=MERGE):
    return ask_update(plane, {"object": document, "patch": patch, "contentType": how})


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("nginx:1.27", "IfNotPresent"),
        ("w" * 247, "Always"),  # with `library/` before it 255 characters
        ("w" * 248, "IfNotPresent"),
        ("-web", "IfNotPresent"),
        ("nginx ", "IfNotPresent"),
        ("*", "IfNotPresent"),
        ("", "IfNotPresent"),
    ],
)
def test_an_image_that_cannot_be_read_is_not_pulled_always(image, policy):
    assert pull_policy(image) == policy


def test_owners_that_are_named_twice_are_told_of_and_left_out(plane):
    meta = {"name": "settings", "ownerReferences": [OWNER, OWNER | {"name": "b"}, OWNER]}
    told = ask_create(plane, {"document": SETTINGS | {"metadata": meta}})
    assert told["code"] == 422  # two controllers
    meta = {"name": "settings", "ownerReferences": [OWNER, OWNER]}
    told = ask_create(plane, {"document": SETTINGS | {"metadata": meta}})
    assert told["drops"][0] == "metadata.ownerReferences[1].apiVersion"
    assert told["warnings"][0].endswith("duplicate UID(s) observed: a")
    told = patched(plane, SETTINGS, {"metadata": {"ownerReferences": [OWNER, OWNER]}})
    assert "after mutating admission happens" in told["warnings"][0]


def test_a_limit_range_without_a_name_gets_one(plane):
    document = {"apiVersion": "v1", "kind": "LimitRange", "spec": {"limits": []}}
    assert ask_create(plane, {"document": document})["adds"]["metadata.name"]


def test_null_in_a_map_is_an_empty_text(plane):
    patch = [{"op": "add", "path": "/data/size", "value": None}]
    assert patched(plane, SETTINGS, patch, JSON)["changes"] == {"data.size": ""}


def test_an_empty_list_is_no_change_of_a_pod(plane):
    assert patched(plane, POD, {"spec": {"volumes": []}})["code"] == 200
    assert patched(plane, POD, {"spec": {"volumes": [{"name": "a"}]}})["code"] == 422


def test_what_no_update_may_change_is_refused_beside_all_else(plane):
    patch = {"metadata": {"uid": "other", "deletionGracePeriodSeconds": 5,
                          "deletionTimestamp": "2025-06-01T02:00:00+02:00"},
             "data": {"a b": "c"}}  # fmt: skip
    told = patched(plane, SETTINGS, patch)
    fields = [cause["field"] for cause in told["causes"]]
    assert fields == ["metadata.uid", "metadata.deletionTimestamp",
                      "metadata.deletionGracePeriodSeconds", "data[a b]"]  # fmt: skip


def test_the_beginning_of_a_name_stays_a_part_of_a_path(plane):
    told = patched(plane, SETTINGS, {"metadata": {"generateName": "a/b"}})
    assert 'metadata.generateName: Invalid value: "a/b": may not contain' in told["message"]


def test_another_name_is_refused_with_the_warnings_of_the_document(plane):
    told = patched(plane, SETTINGS, {"metadata": {"name": "other", "unheardOf": 1}})
    assert (told["code"], told["warnings"]) == (400, ['unknown field "metadata.unheardOf"'])


@pytest.mark.parametrize(
    ("patch", "why"),
    [
        ({"metadata": {"deletionTimestamp": 5}},
         "json: cannot unmarshal number into Go value of type string"),
        ({"binaryData": {"a": "?"}},
         "error decoding from json: illegal base64 data at input byte 0"),
        ({"immutable": 5}, "unrecognized type: bool"),
        ({"data": {"a": 5}}, "cannot convert int64 to string"),
        ({"data": {"a": 1.5}}, "unrecognized type: string"),
    ],
)  # fmt: skip
def test_why_a_strategic_patch_does_not_fit(plane, patch, why):
    assert patched(plane, SETTINGS, patch, STRATEGIC)["message"].endswith(why)


def test_labels_that_are_empty_are_shown_so(plane):
    template = {"metadata": {"labels": {}}, "spec": POD["spec"]}
    spec = {"selector": {"matchLabels": {"app": "web"}}, "template": template}
    document = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "web"}}
    document |= {"spec": spec}
    told = ask_create(plane, {"document": document})
    assert "spec.template.metadata.labels: Invalid value: {}:" in told["message"]


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("example.com/gpu", 0),
        ("gpu", 1),
        ("kubernetes.io/gpu", 1),
        ("requests.a/b", 1),
        ("a/b/c", 1),
    ],
)
def test_names_of_extended_resources(name, count):
    assert len(list(extended_name(name, "spec.extendedResourceName"))) == count


def test_names_of_drivers_as_declared_rules_have_them():
    assert not list(declared_driver_name("Web.Example", "spec.attacher"))
    assert not list(declared_driver_name("w" * 63, "spec.attacher"))
    (error,) = declared_driver_name("w" * 64, "spec.attacher")
    assert str(error) == "spec.attacher: Too long: may not be more than 63 characters"


def test_a_template_has_labels_and_annotations_alone():
    assert not list(template_metadata({"labels": {"a": "b"}, "annotations": {"a": "b"}}, "m"))
    (error,) = template_metadata({"uid": "a"}, "spec.metadata")
    assert str(error) == "spec.metadata.uID: Forbidden: cannot be set"


def test_a_strategic_patch_cuts_whole_numbers_off(plane):
    document = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": POD["spec"]}
    document |= {"spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template}}
    for asked, got in ((2**31 - 1, 2**31 - 1), (2**32 + 7, 7)):
        told = patched(plane, document, {"spec": {"replicas": asked}}, STRATEGIC)
        assert told["changes"]["spec.replicas"] == got
    told = patched(plane, document, {"spec": {"replicas": 2**31}}, STRATEGIC)
    assert "spec.replicas: Invalid value: -2147483648: must be greater" in told["message"]


def test_changes_of_a_driver_are_counted(plane):
    document = {"apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver", "metadata": {"name": "a"},
                "spec": {"podInfoOnMount": False}}  # fmt: skip
    assert patched(plane, document, {"spec": {"podInfoOnMount": False}})["changes"] == {}
    told = patched(plane, document, {"spec": {"podInfoOnMount": True}})
    assert told["changes"] == {"metadata.generation": 1, "spec.podInfoOnMount": True}


def test_a_block_of_pods_that_is_none_cannot_be_compared_with_others(plane):
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "worker"}}
    for blocks, internal in ((["10.9.0.0/24", "no"], 1), (["10.9.0.0/24", "10.8.0.0/24"], 0)):
        told = ask_create(plane, {"document": node | {"spec": {"podCIDRs": blocks}}})
        reasons = [cause["reason"] for cause in told["causes"]]
        assert reasons.count("InternalError") == internal


def test_an_equal_amount_is_no_change_of_a_claim(plane):
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}}
    for amount, code in ((2**30, 200), (2**30 + 1, 422)):
        patch = {"spec": {"resources": {"requests": {"storage": amount}}}}
        assert patched(plane, claim | {"spec": spec}, patch)["code"] == code
