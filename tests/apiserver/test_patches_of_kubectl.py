"""Strategic merge patches and JSON patches, as the documentation and RFC 6902 describe them."""

from __future__ import annotations

from copy import deepcopy
from functools import reduce

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from course_lib.apiserver.errors import APIError, RejectedPatch
from course_lib.apiserver.json_patches import json_patch
from course_lib.apiserver.patches import merge_patch
from course_lib.apiserver.strategic import strategic_merge
from course_lib.objects.api_types.table import type_at, type_of

POD = type_of("v1", "Pod")
SPEC, META = (type_at(POD, path).type for path in ("spec", "metadata"))
CONTAINERS = {"containers": [{"name": "a", "image": "x"}, {"name": "b", "image": "y"}]}


def merged(live, patch, type=SPEC):
    return strategic_merge(live, patch, type)


def names_of(document, field="containers", key="name"):
    return [each[key] for each in document[field]]


def test_containers_are_merged_by_name_and_new_ones_are_added():
    patch = {"containers": [{"name": "c", "image": "z"}, {"name": "b", "image": "w"}]}
    found = merged(CONTAINERS, patch)["containers"]
    assert {c["name"]: c["image"] for c in found} == {"a": "x", "b": "w", "c": "z"}


def test_a_container_is_deleted_by_a_directive_and_the_order_is_set():
    patch = {
        "$setElementOrder/containers": [{"name": "b"}, {"name": "c"}, {"name": "a"}],
        "containers": [{"name": "c", "image": "z"}],
    }
    assert names_of(merged(CONTAINERS, patch)) == ["b", "c", "a"]
    order = {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]}
    assert names_of(merged(CONTAINERS, order)) == ["b", "a"]
    gone = {"containers": [{"$patch": "delete", "name": "a"}]}
    assert merged(CONTAINERS, gone)["containers"] == [{"name": "b", "image": "y"}]
    other = {"containers": [{"$patch": "replace"}, {"name": "c"}]}
    assert names_of(merged(CONTAINERS, other)) == ["c"]


def test_without_an_order_new_items_come_before_those_that_the_patch_leaves_alone():
    def names(*patch):
        return names_of(merged(CONTAINERS, {"containers": [{"name": name} for name in patch]}))

    assert names("c") == ["c", "a", "b"]
    assert names("a", "c") == ["a", "c", "b"]
    assert names("b", "c") == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("patch", "code", "said"),
    [
        (
            {"$setElementOrder/containers": [{"name": "a"}], "containers": [{"name": "b"}]},
            500,
            "The order in patch list:\n[map[name:b]]\n doesn't match $setElementOrder list:\n"
            "[map[name:a]]\n",
        ),
        (
            {"$setElementOrder/containers": "a"},
            500,
            "expected a []interface {}, but received a string",
        ),
        ({"$setElementOrder": []}, 400, "invalid patch format of setElementOrder list"),
        (
            {"$retainKeys": ["volumes"], "containers": [{"name": "b"}]},
            400,
            "invalid patch format of retainKeys",
        ),
        ({"$patch": "melt"}, 500, "unknown patch type: melt in map: map[$patch:melt]"),
        (
            {"containers": [{"image": "x"}]},
            500,
            "map: map[image:x] does not contain declared merge key: name",
        ),
        (
            {"containers": [{"name": "a", "$patch": "merge"}]},
            500,
            "merging lists cannot yet be specified in the patch",
        ),
    ],
)
def test_a_patch_of_the_wrong_form_is_refused_as_the_library_has_it(patch, code, said):
    with pytest.raises(APIError) as refused:
        merged(CONTAINERS, patch)
    assert (refused.value.code, refused.value.what) == (code, said)


UDP, TCP = {"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}


def test_the_api_server_merges_ports_by_their_number_alone():
    service = type_at(type_of("v1", "Service"), "spec").type
    named = {"ports": [{"port": 53, "name": "dns"}]}
    assert merged({"ports": [UDP]}, named, service) == {"ports": [UDP | {"name": "dns"}]}
    gone = {"ports": [{"port": 53, "$patch": "delete"}]}
    assert merged({"ports": [UDP, TCP]}, gone, service) == {"ports": []}


@pytest.mark.parametrize(
    ("type", "field", "key"),
    [
        (META, "ownerReferences", "uid"),
        (type_of("v1", "ServiceAccount"), "secrets", "name"),
        (type_at(POD, "status").type, "podIPs", "ip"),
        (type_at(type_of("v1", "Node"), "status").type, "addresses", "type"),
    ],
)
def test_items_are_merged_by_the_merge_key_of_their_list(type, field, key):
    live = {field: [{key: "a", "x": 1}, {key: "b"}]}
    found = merged(live, {field: [{key: "a", "x": 2}]}, type)
    assert found == {field: [{key: "a", "x": 2}, {key: "b"}]}


def test_lists_without_a_key_are_replaced_and_finalizers_are_joined():
    container = type_at(POD, "spec.containers").type.item
    assert merged({"args": ["a", "b"]}, {"args": ["c"]}, container) == {"args": ["c"]}
    assert merged({"finalizers": ["a"]}, {"finalizers": ["b"]}, META)["finalizers"] == ["b", "a"]
    patch = {"$deleteFromPrimitiveList/finalizers": ["a"]}
    assert merged({"finalizers": ["a", "b"]}, patch, META) == {"finalizers": ["b"]}


def test_retain_keys_and_replace():
    strategy = {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}
    patch = {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}
    assert strategic_merge(strategy, patch) == {"strategy": {"type": "Recreate"}}
    whole = {"strategy": {"$patch": "replace", "type": "Recreate"}}
    assert strategic_merge(strategy, whole) == {"strategy": {"type": "Recreate"}}


values = st.recursive(
    st.integers() | st.booleans() | st.text("ab", max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=8,
)


maps = st.dictionaries(st.sampled_from("xyz"), values, max_size=3)


@given(target=maps, patch=maps)
def test_without_lists_a_strategic_merge_is_a_merge_patch(target, patch):
    assert strategic_merge(target, patch) == merge_patch(target, patch)


def test_the_examples_of_rfc_6902_and_what_the_api_server_adds():
    letters, word = {"foo": ["bar", "baz"]}, {"baz": "qux", "foo": "bar"}
    cases = [
        ({"foo": "bar"}, ("add", "/baz", "qux"), {"baz": "qux", "foo": "bar"}),
        (letters, ("add", "/foo/1", "qux"), {"foo": ["bar", "qux", "baz"]}),
        (word, ("remove", "/baz", None), {"foo": "bar"}),
        (letters, ("remove", "/foo/1", None), {"foo": ["bar"]}),
        (word, ("replace", "/baz", "boo"), {"baz": "boo", "foo": "bar"}),
        (letters, ("add", "/foo/-", ["abc"]), {"foo": ["bar", "baz", ["abc"]]}),
        ({"foo": 1}, ("replace", "/bar", 2), {"foo": 1, "bar": 2}),  # as json-patch 4 does
        (letters, ("remove", "/foo/-1", None), {"foo": ["bar"]}),
        ({"/": 9, "~1": 10}, ("test", "/~01", 10), {"/": 9, "~1": 10}),
    ]
    for before, (op, path, value), after in cases:
        assert json_patch(before, [{"op": op, "path": path, "value": value}]) == after


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "/nothing"},
        {"op": "add", "path": "/spec/nothing/deeper", "value": 1},
        {"op": "test", "path": "/spec", "value": 1},
        {"op": "move", "from": "/nothing", "path": "/spec/a"},
        {"op": "add", "path": "nothing", "value": 1},
        {"op": "melt", "path": "/spec"},
        {"op": "add", "value": 1},
    ],
)
def test_an_operation_that_cannot_be_done_is_refused(operation):
    with pytest.raises(RejectedPatch, match="due to an error in our request"):
        json_patch({"spec": {}}, [operation])


def test_what_the_library_of_json_patches_takes_beside_the_rfc():
    assert json_patch({"a": 1}, [{"op": "copy", "from": "/b", "path": "/c"}]) == {"a": 1, "c": None}
    assert json_patch({"a": 1}, [{"op": "add", "path": "/b"}]) == {"a": 1, "b": None}
    assert json_patch({"a": 1}, [{"op": "add", "path": "x/b", "value": 2}]) == {"a": 1, "b": 2}


STEPS = st.sampled_from(("a", "b", "0", "1", "-"))
POINTERS = st.lists(STEPS, min_size=1, max_size=3).map(lambda steps: "/" + "/".join(steps))
VALUES = st.recursive(
    st.integers(0, 9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=6,
)
OPERATIONS = st.fixed_dictionaries(
    {"op": st.sampled_from(("add", "remove", "replace", "move", "copy")), "path": POINTERS},
    optional={"from": POINTERS, "value": VALUES},
)


# A part that was changed is copied, and then one of the two is changed.
TWICE = [("add", "/a/a"), ("copy", "/b"), ("add", "/b/a")]


@example({"a": {}}, [{"op": op, "path": path, "from": "/a", "value": path} for op, path in TWICE])
@given(st.dictionaries(st.sampled_from("ab"), VALUES), st.lists(OPERATIONS, max_size=8))
def test_a_patch_of_many_operations_is_as_many_patches_and_leaves_what_it_is_given(
    before, operations
):
    given_to_it = deepcopy((before, operations))

    def one_by_one():
        return reduce(lambda target, each: json_patch(target, [each]), operations, before)

    try:
        after = one_by_one()
    except RejectedPatch:
        with pytest.raises(RejectedPatch):
            json_patch(before, operations)
    else:
        assert json_patch(before, operations) == after
    assert (before, operations) == given_to_it
