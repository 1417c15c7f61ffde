"""The patch of `kubectl apply`: what it sets, removes and leaves alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.apiserver.patches import merge_patch
from course_lib.apiserver.strategic import strategic_merge
from course_lib.client.last_applied import LAST_APPLIED, annotated
from course_lib.client.merge_diff import merge_diff, three_way_merge_diff
from course_lib.client.strategic_diff import two_way
from course_lib.client.three_way import three_way
from course_lib.objects.api_types.table import type_at, type_of

POD, DEPLOYMENT = type_of("v1", "Pod"), type_of("apps/v1", "Deployment")
SPEC = type_at(POD, "spec").type
A, B, C = ({"name": name, "image": name} for name in "abc")


def test_what_others_set_stays_and_what_the_author_leaves_out_goes():
    last, desired = {"replicas": 3, "paused": True}, {"replicas": 5}
    patch = three_way(last, desired, last | {"revisionHistoryLimit": 10}, None)
    assert patch == {"replicas": 5, "paused": None}


def test_a_container_that_the_author_drops_is_deleted_and_one_of_others_stays():
    patch = three_way({"containers": [A, B]}, {"containers": [A]}, {"containers": [A, B, C]}, SPEC)
    assert patch == {
        "$setElementOrder/containers": [{"name": "a"}],
        "containers": [{"$patch": "delete", "name": "b"}],
    }
    assert strategic_merge({"containers": [A, B, C]}, patch, SPEC) == {"containers": [A, C]}


def test_a_change_and_a_removal_in_one_list_are_one_patch():
    old = {"containers": [A | {"tty": True}, B]}
    new = {"containers": [A | {"image": "z"}]}
    assert three_way(old, new, old, SPEC)["containers"] == [
        {"name": "a", "tty": None, "image": "z"},
        {"$patch": "delete", "name": "b"},
    ]


def test_a_strategy_names_the_fields_that_stay():
    live = {"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}}
    desired = {"spec": {"strategy": {"type": "Recreate"}}}
    patch = three_way({}, desired, live, DEPLOYMENT)
    assert patch == {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    assert strategic_merge(live, patch, DEPLOYMENT) == desired


def test_a_budget_gets_its_selector_whole():
    budget = type_of("policy/v1", "PodDisruptionBudget")
    selector = {"matchLabels": {"app": "web"}}
    patch = three_way(
        {}, {"spec": {"selector": selector}}, {"spec": {"selector": selector}}, budget
    )
    assert patch == {"spec": {"selector": selector}}


@pytest.mark.parametrize("protocols", [("UDP", "TCP"), ("TCP", "UDP")])
def test_ports_of_one_number_are_the_same_where_nothing_changes(protocols):
    ports = [{"port": 53, "protocol": each, "name": each.lower()} for each in protocols]
    service = type_at(type_of("v1", "Service"), "spec").type
    assert three_way({"ports": ports}, {"ports": ports}, {"ports": ports}, service) == {}


def test_a_merge_patch_replaces_lists_and_keeps_what_others_set():
    last, desired = {"a": {"b": 1, "c": [1]}}, {"a": {"c": [2]}}
    live = {"a": {"b": 1, "c": [1], "d": 3}}
    patch = three_way_merge_diff(last, desired, live)
    assert patch == {"a": {"b": None, "c": [2]}}
    assert merge_patch(live, patch) == {"a": {"c": [2], "d": 3}}


def test_the_annotation_is_the_document_without_itself_in_the_order_of_its_keys():
    document = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "a<b"}}
    written = annotated(annotated(document))["metadata"]["annotations"][LAST_APPLIED]
    assert written == (
        '{"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{},"name":"a\\u003cb"}}\n'
    )


values = st.recursive(
    st.integers(0, 3) | st.booleans() | st.text("ab", max_size=2) | st.lists(st.integers(0, 3)),
    lambda inner: st.dictionaries(st.sampled_from("xyz"), inner, min_size=1, max_size=3),
    max_leaves=8,
)
maps = st.dictionaries(st.sampled_from("xyz"), values, max_size=3)
names = st.lists(st.sampled_from("abcde"), unique=True, max_size=5)


@given(before=maps, after=maps)
def test_a_merge_patch_of_a_difference_makes_it(before, after):
    assert merge_patch(before, merge_diff(before, after)) == after


@given(before=names, after=names)
def test_a_strategic_patch_of_a_difference_makes_it(before, after):
    old, new = ({"spec": {"containers": [{"name": n} for n in each]}} for each in (before, after))
    head = {"apiVersion": "v1", "kind": "Pod"}
    patch = two_way(head | old, head | new)
    found = strategic_merge(head | old, patch, POD)
    assert found.get("spec", {}).get("containers", []) == new["spec"]["containers"]


@given(last=names, desired=names, extra=names)
def test_applying_twice_changes_nothing_more(last, desired, extra):
    def spec(names):
        return {"containers": [{"name": name} for name in names]}

    live = spec([*last, *(name for name in extra if name not in last)])
    patch = three_way(spec(last), spec(desired), live, SPEC)
    merged = strategic_merge(live, patch, SPEC)
    again = three_way(spec(desired), spec(desired), merged, SPEC)
    assert strategic_merge(merged, again, SPEC) == merged
    left = [item["name"] for item in merged["containers"]]
    assert [name for name in left if name in desired] == desired
    assert not set(left) & (set(last) - set(desired))
