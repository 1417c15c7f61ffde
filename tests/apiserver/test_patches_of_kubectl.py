"""Strategic merge patches and JSON patches, as the documentation and RFC 6902 describe them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.apiserver.patches import merge_patch, three_way
from course_lib.apiserver.strategic import json_patch, strategic_merge
from course_lib.errors import CourseError

CONTAINERS = {"containers": [{"name": "a", "image": "x"}, {"name": "b", "image": "y"}]}


def test_containers_are_merged_by_name_and_new_ones_are_added():
    patch = {"containers": [{"name": "c", "image": "z"}, {"name": "b", "image": "w"}]}
    merged = strategic_merge(CONTAINERS, patch)["containers"]
    assert {c["name"]: c["image"] for c in merged} == {"a": "x", "b": "w", "c": "z"}


def test_a_container_is_deleted_by_a_directive_and_the_order_is_set():
    patch = {
        "$setElementOrder/containers": [{"name": "b"}, {"name": "c"}, {"name": "a"}],
        "containers": [{"name": "c", "image": "z"}],
    }
    assert [c["name"] for c in strategic_merge(CONTAINERS, patch)["containers"]] == ["b", "c", "a"]
    gone = {"containers": [{"$patch": "delete", "name": "a"}]}
    assert strategic_merge(CONTAINERS, gone)["containers"] == [{"name": "b", "image": "y"}]


def test_without_an_order_new_items_come_before_those_that_the_patch_leaves_alone():
    def names(*patch):
        merged = strategic_merge(CONTAINERS, {"containers": [{"name": name} for name in patch]})
        return [each["name"] for each in merged["containers"]]

    assert names("c") == ["c", "a", "b"]
    assert names("a", "c") == ["a", "c", "b"]
    assert names("b", "c") == ["a", "b", "c"]


@pytest.mark.parametrize(
    "patch",
    [
        {"$setElementOrder/containers": [{"name": "a"}], "containers": [{"name": "b"}]},
        {"$retainKeys": ["volumes"], "containers": [{"name": "b"}]},
        {"$patch": "melt"},
    ],
)
def test_directives_that_leave_out_what_the_patch_sets_are_refused(patch):
    with pytest.raises(CourseError, match="malformed"):
        strategic_merge(CONTAINERS, patch)


UDP, TCP = {"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}


def test_ports_are_merged_by_number_and_protocol():
    wanted = {"ports": [UDP | {"name": "dns"}, TCP | {"name": "dns-tcp"}]}
    assert strategic_merge({"ports": [UDP, TCP]}, wanted) == wanted
    assert three_way({}, {"ports": [UDP, TCP]}, wanted) == wanted
    live = {"ports": [{"containerPort": 53, "protocol": "TCP"}]}
    assert three_way({}, live, {"ports": [{"containerPort": 53}]}) == live


def test_a_patch_without_a_protocol_means_the_only_port_of_that_number():
    named = {"ports": [{"port": 53, "name": "dns"}]}
    assert strategic_merge({"ports": [UDP]}, named) == {"ports": [UDP | {"name": "dns"}]}
    gone = {"ports": [{"port": 53, "$patch": "delete"}]}
    assert strategic_merge({"ports": [UDP]}, gone) == {"ports": []}


@pytest.mark.parametrize(
    ("field", "key"),
    [
        ("ownerReferences", "uid"),
        ("secrets", "name"),
        ("volumeDevices", "devicePath"),
        ("podIPs", "ip"),
        ("addresses", "type"),
    ],
)
def test_items_are_merged_by_the_merge_key_of_their_list(field, key):
    live = {field: [{key: "a", "x": 1}, {key: "b"}]}
    merged = strategic_merge(live, {field: [{key: "a", "x": 2}]})
    assert merged == {field: [{key: "a", "x": 2}, {key: "b"}]}


def test_lists_without_a_key_are_replaced_and_finalizers_are_joined():
    assert strategic_merge({"args": ["a", "b"]}, {"args": ["c"]}) == {"args": ["c"]}
    assert strategic_merge({"finalizers": ["a"]}, {"finalizers": ["b"]})["finalizers"] == ["b", "a"]
    patch = {"$deleteFromPrimitiveList/finalizers": ["a"]}
    assert strategic_merge({"finalizers": ["a", "b"]}, patch) == {"finalizers": ["b"]}


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


@given(target=values, patch=values)
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


@pytest.mark.parametrize("path", ["/nothing", "/spec/nothing/deeper", "/spec"])
def test_a_path_that_is_not_there_is_refused(path):
    with pytest.raises(CourseError):
        json_patch({"spec": {}}, [{"op": "test", "path": path, "value": 1}])
