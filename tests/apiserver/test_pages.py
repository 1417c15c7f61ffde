"""Lists in parts: joined they are the whole, as it was when the first part was asked for."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import Cluster
from course_lib.apiserver import APIServer
from course_lib.apiserver.bodies import Request
from course_lib.apiserver.pages import VERSION, ContinueToken
from course_lib.apiserver.rest import Face
from course_lib.engine import Simulation

MAPS = "/api/v1/configmaps"
PLACES = st.tuples(st.sampled_from(["a", "a-b", "b"]), st.sampled_from(["x", "x-y", "x.y", "z"]))


def with_maps(places) -> APIServer:
    api = APIServer(Simulation())
    for space in dict.fromkeys(space for space, _ in places):
        api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}})
    for space, name in places:
        meta = {"name": name, "namespace": space, "labels": {"name": name}}
        api.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta})
    return api


def ask(api: APIServer, path: str = MAPS, **query: str):
    values = {name.removesuffix("_"): [text] for name, text in query.items()}
    return Face(lambda: api).answer(Request("GET", path, values))


def names(answer) -> list[str]:
    metas = [each["metadata"] for each in answer.document["items"]]
    return [f"{meta['namespace']}/{meta['name']}" for meta in metas]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(PLACES, unique=True, max_size=8),
    st.integers(1, 9),
    st.sampled_from(["", "name=x", "name!=x"]),
    st.sampled_from([MAPS, "/api/v1/namespaces/a/configmaps"]),
)
def test_parts_joined_are_the_whole_list(places, limit, labels, path):
    api = with_maps(places)
    whole, found, token = names(ask(api, path, labelSelector=labels)), [], ""
    while True:
        answer = ask(api, path, labelSelector=labels, limit=str(limit), continue_=token)
        meta, part = answer.document["metadata"], names(answer)
        found += part
        token = meta.get("continue", "")
        assert len(part) == limit if token else len(part) <= limit
        left = len(whole) - len(found) if token and not labels else None
        assert meta.get("remainingItemCount") == left
        if not token:
            break
    assert found == whole


@pytest.mark.parametrize(("limit", "left"), [(2, 1), (3, None), (4, None), (0, None), (-1, None)])
def test_a_list_goes_on_where_more_is_left_than_was_asked_for(limit, left):
    api = with_maps([("a", name) for name in "xyz"])
    answer = ask(api, limit=str(limit))
    assert answer.document["metadata"].get("remainingItemCount") == left
    assert ("continue" in answer.document["metadata"]) == (left is not None)


def test_the_next_part_is_of_the_state_in_which_the_list_began():
    api = with_maps([("a", name) for name in "xyz"])
    first = ask(api, limit="1").document["metadata"]
    api.delete("ConfigMap", "y", "a")
    second = ask(api, continue_=first["continue"])
    assert names(second) == ["a/y", "a/z"]
    assert second.document["metadata"]["resourceVersion"] == first["resourceVersion"]


def test_a_list_whose_beginning_is_forgotten_can_go_on_with_what_there_is():
    api = with_maps([("a", name) for name in "xyz"])
    token = ask(api, limit="1").document["metadata"]["continue"]
    api.delete("ConfigMap", "y", "a")
    api.store.compact(api.store.revision)
    refused = ask(api, continue_=token)
    assert (refused.status, refused.document["reason"]) == (410, "Expired")
    assert "too old to display a consistent list" in refused.document["message"]
    onward = refused.document["metadata"]["continue"]
    rest = ask(api, continue_=onward)
    assert names(rest) == ["a/z"]
    assert rest.document["metadata"]["resourceVersion"] == str(api.store.revision)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a b", "illegal base64 data at input byte 1"),
        ("abcde", "illegal base64 data at input byte 4"),
        (ContinueToken("v2", 1, "/a").text, "server does not recognize this encoded version v2"),
        (ContinueToken(VERSION, 0, "/a").text, "incorrect encoded start resourceVersion"),
        (ContinueToken(VERSION, 1, "").text, "encoded start key empty"),
        (ContinueToken(VERSION, 1, "/../secrets").text, "/../secrets"),
    ],
)
def test_a_text_that_is_no_token_is_refused(text, why):
    answer = ask(with_maps([]), continue_=text)
    assert answer.status == 400
    assert answer.document["message"].startswith(
        "invalid continue token: continue key is not valid"
    )
    assert why in answer.document["message"]


@pytest.mark.parametrize("output", ["", "-o wide", "-o name", "-o yaml", "-A", "--no-headers"])
def test_kubectl_shows_a_list_in_parts_as_it_shows_the_whole(output):
    cluster = Cluster(nodes=2)
    cluster.apply("data/web.yaml")
    cluster.run(seconds=20)
    whole = cluster.kubectl(f"get pods {output} --chunk-size=0").checked().stdout
    for size in (1, 2, 3, 500):
        assert cluster.kubectl(f"get pods {output} --chunk-size={size}").stdout == whole


@pytest.mark.parametrize(("query", "left"), [
    ({}, ""), ({"limit": "-1"}, ""), ({"limit": "0"}, ""), ({"limit": "1"}, "yz"),
    ({"limit": "3"}, ""), ({"limit": "4"}, ""),
])  # fmt: skip
def test_a_collection_is_deleted_up_to_the_limit(query, left):
    api = with_maps([("a", name) for name in "xyz"])
    values = {name: [text] for name, text in query.items()}
    path = "/api/v1/namespaces/a/configmaps"
    assert Face(lambda: api).answer(Request("DELETE", path, values)).status == 200
    assert names(ask(api)) == [f"a/{name}" for name in left]


def test_a_collection_is_deleted_from_where_its_list_goes_on():
    api = with_maps([("a", name) for name in "xyz"])
    token = ask(api, "/api/v1/namespaces/a/configmaps", limit="1").document["metadata"]["continue"]
    path = "/api/v1/namespaces/a/configmaps"
    Face(lambda: api).answer(Request("DELETE", path, {"continue": [token]}))
    assert names(ask(api)) == ["a/x"]
