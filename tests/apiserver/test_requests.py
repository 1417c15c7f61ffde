"""Requests that make no sense: each is refused with a Status, and nothing is written."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import Cluster
from course_lib.apiserver.bodies import LARGEST, Request
from course_lib.apiserver.rest import Face
from tests.conftest import pod

APPS = "/apis/apps/v1/namespaces/default/deployments"
PODS = "/api/v1/namespaces/default/pods"
KINDS = {
    "POST": "application/json",
    "PUT": "application/json",
    "DELETE": "application/json",
    "PATCH": "application/merge-patch+json",
}


@pytest.fixture(scope="module")
def cluster():
    cluster = Cluster(nodes=1)
    cluster.apply("data/web.yaml")
    cluster.run(30)
    return cluster


def ask(cluster, method, path, body=b"", kind="", query=None, **headers):
    face = Face(cluster.api.reach)
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"content-type": kind or KINDS.get(method, "")} | headers
    return face.answer(Request(method, path, query or {}, headers, data))


def check(answer):
    """A Status as clients read it."""
    said = answer.document
    assert said["kind"] == "Status" and said["status"] == "Failure" and said["message"]
    assert said["code"] == answer.status and ("details" in said) == (said["reason"] != "BadRequest")
    json.dumps(said)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"   ", b"null", b"[]", b"3", b'"text"', b"{", b"{]", b"\xff\xfe", b'{"a": 1e999}',
        b'{"metadata": "x"}', b'{"metadata": []}', b'{"metadata": {"name": {}}}', b"[" * 5000,
        b'{"kind": 3}', b'{"kind": "Service"}', b'{"apiVersion": "v2"}', b"NaN",
        b'{"spec": 3}', b'{"spec": []}', b'{"metadata": {"labels": 3}}',
        b'{"metadata": {"name": "x"}, "spec": {"containers": "x"}}',
        b'{"metadata": {"name": "x"}, "spec": {"containers": [3]}}',
        b'{"a": ' * 200 + b"1" + b"}" * 200, b'{"metadata": {"generation": 99999999999999999999}}',
        b" " * (LARGEST + 1),
    ],
    ids=lambda body: str(body[:30]),
)  # fmt: skip
def test_a_body_that_is_no_object_of_the_kind_is_refused(cluster, body):
    before = cluster.api.server.store.revision
    for method, path in (
        ("POST", PODS), ("PUT", f"{APPS}/web"), ("PUT", f"{APPS}/web/scale"),
        ("POST", f"{PODS}/web/binding"), ("PATCH", f"{APPS}/web"),
    ):  # fmt: skip
        answer = ask(cluster, method, path, body)
        if answer.status != 200:  # a patch or a document may change nothing
            check(answer)
            assert answer.status in (400, 404, 409, 413, 415, 422)
    for kind in ("application/yaml", "application/json"):
        answer = ask(cluster, "POST", PODS, body, kind)
        check(answer)
        assert answer.status in (400, 413, 422)
    assert cluster.api.server.store.revision == before


def test_a_body_names_no_file_of_this_machine(cluster):
    answer = ask(cluster, "POST", PODS, b"data/web-pod.yaml", "application/yaml")
    assert answer.status == 400 and "spec" not in answer.document["message"]


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/html"]
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_content_type_that_is_not_the_apis_is_refused(cluster, method, kind):
    answer = ask(cluster, method, PODS if method == "POST" else f"{APPS}/web", pod("x"), kind)
    check(answer)
    assert answer.status == 415
    if method == "PATCH":  # refused before anybody looks at it
        assert answer.document["message"] == "415: Unsupported Media Type"
    else:
        assert "accepted media types include: application/json" in answer.document["message"]


def test_parameters_of_a_content_type_are_no_part_of_it(cluster):
    answer = ask(cluster, "POST", PODS, {"metadata": "x"}, "application/json; charset=utf-8")
    assert answer.status == 400


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"limit": "x"}, 400), ({"limit": ""}, 400), ({"limit": "9" * 30}, 400),
        ({"timeoutSeconds": "x"}, 400), ({"continue": "abc"}, 400),
        ({"labelSelector": "a in"}, 400), ({"labelSelector": "a,,b"}, 400),
        ({"fieldSelector": "x"}, 400), ({"resourceVersion": "x"}, 400),
        ({"resourceVersion": "-1"}, 400), ({"resourceVersion": "999999"}, 504),
        ({"resourceVersionMatch": "Exact"}, 422), ({"sendInitialEvents": "true"}, 422),
        ({"resourceVersionMatch": "Odd", "resourceVersion": "1"}, 422),
        ({"resourceVersionMatch": "Exact", "resourceVersion": "0"}, 422),
    ],
    ids=str,
)  # fmt: skip
def test_a_query_that_cannot_be_read_is_refused(cluster, query, code):
    answer = ask(cluster, "GET", PODS, query={key: [value] for key, value in query.items()})
    check(answer)
    assert answer.status == code


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"gracePeriodSeconds": "x"}, 400), ({"gracePeriodSeconds": True}, 400),
        ({"propagationPolicy": "Sideways"}, 422), ({"propagationPolicy": 3}, 400),
        ({"propagationPolicy": "Orphan", "orphanDependents": True}, 422),
        ({"preconditions": "x"}, 400), ({"preconditions": {"uid": 3}}, 400),
        ({"preconditions": {"uid": "other"}}, 409),
        ({"preconditions": {"resourceVersion": "1"}}, 409),
    ],
    ids=str,
)  # fmt: skip
def test_options_of_a_deletion_that_make_no_sense_are_refused(cluster, options, code):
    answer = ask(cluster, "DELETE", f"{APPS}/web", options)
    check(answer)
    assert answer.status == code


def test_options_of_a_deletion_may_stand_in_the_query():
    cluster = Cluster(nodes=1)
    cluster.apply("data/web.yaml")
    cluster.run(30)
    assert ask(cluster, "DELETE", f"{APPS}/web", query={"gracePeriodSeconds": ["x"]}).status == 400
    ask(cluster, "DELETE", f"{APPS}/web", query={"propagationPolicy": ["Orphan"]})
    cluster.run(30)
    assert len(cluster.get("pods")) == 3


@pytest.mark.parametrize(
    "patch",
    [
        {"metadata": {"name": "other"}}, {"metadata": {"namespace": "other"}}, {"kind": "Service"},
        {"apiVersion": "v1"}, {"metadata": "x"}, 5, [], "x", {"spec": "x"}, {"spec": None},
    ],
    ids=str,
)  # fmt: skip
def test_a_patch_cannot_make_another_object_of_it(cluster, patch):
    before = cluster.api.server.store.revision
    answer = ask(cluster, "PATCH", f"{APPS}/web", patch)
    check(answer)
    assert answer.status in (400, 422)
    assert cluster.api.server.store.revision == before


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("POST", f"{APPS}/web", 405), ("POST", f"{APPS}/web/scale", 405), ("PUT", PODS, 405),
        ("POST", "/api/v1/pods", 405), ("DELETE", "/api/v1/pods", 405), ("PATCH", PODS, 405),
        ("GET", f"{PODS}/web/eviction", 405), ("DELETE", f"{APPS}/web/scale", 405),
        ("POST", "/version", 405), ("DELETE", "/apis", 405), ("GET", "/api/v7/pods", 404),
        ("GET", "/api/v1/namespaces/default/nodes", 404), ("GET", "/api/v1/pods/web", 404),
        ("GET", "/", 404), ("GET", "/else/apps/v1", 404), ("GET", "/apis", 200),
        ("GET", f"{PODS}/web%2Fscale", 404),
    ],
)  # fmt: skip
def test_what_may_be_done_where(cluster, method, path, code):
    assert ask(cluster, method, path, {"metadata": {}}).status == code


def test_a_name_in_a_path_may_be_percent_encoded(cluster):
    assert ask(cluster, "GET", f"{APPS}/w%65b").document["metadata"]["name"] == "web"


def test_a_refusal_names_the_object(cluster):
    details = ask(cluster, "GET", f"{APPS}/nosuch").document["details"]
    assert details == {"name": "nosuch", "group": "apps", "kind": "deployments"}
    made = pod("x") | {"metadata": {"name": "x", "namespace": "nowhere"}}
    details = ask(cluster, "POST", "/api/v1/namespaces/nowhere/pods", made).document["details"]
    assert details == {"name": "nowhere", "kind": "namespaces"}
    assert ask(cluster, "GET", f"{PODS}/x/nothing").document["details"] == {}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["metadata", "name", "spec", "labels", "containers", "replicas", "selector", "kind",
             "template", "ports", "status", "finalizers", "$patch", "$setElementOrder/ports",
             "$deleteFromPrimitiveList/finalizers", "$retainKeys", "op", "path", "value", "from",
             "target", "deleteOptions", "preconditions", "gracePeriodSeconds", "matchLabels"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip
TEXTS = st.sampled_from(["", "0", "-1", "x", "true", "1", "All", "a=b", "a in (b", "!", "9" * 25])
QUERIES = st.dictionaries(
    st.sampled_from(
        ["limit", "timeoutSeconds", "resourceVersion", "labelSelector", "fieldSelector", "continue",
         "sendInitialEvents", "resourceVersionMatch", "gracePeriodSeconds", "propagationPolicy",
         "orphanDependents", "fieldValidation"]
    ),
    st.lists(TEXTS, min_size=1, max_size=2),
    max_size=3,
)  # fmt: skip
PATHS = [
    PODS, f"{PODS}/web", f"{PODS}/web/eviction", f"{PODS}/web/binding", f"{PODS}/web/status", APPS,
    f"{APPS}/web", f"{APPS}/web/scale", f"{APPS}/web/status", "/api/v1/nodes/node-1",
    "/api/v1/namespaces/default", "/api/v1/namespaces/default/services/web", "/apis/batch/v1/jobs",
    "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers",
]  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "", "get"]),
    path=st.sampled_from(PATHS) | st.text(max_size=9).map("/api/v1/".__add__),
    body=VALUES.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=20),
    kind=st.sampled_from(
        ["application/json", "application/yaml", "application/merge-patch+json", "text/plain",
         "application/json-patch+json", "application/strategic-merge-patch+json"]
    ),
    query=QUERIES,
)  # fmt: skip
def test_every_request_gets_an_answer(cluster, method, path, body, kind, query):
    query = query | {"dryRun": ["All"]}  # so that the cluster is the same each time
    before = cluster.api.server.store.revision
    answer = ask(cluster, method, path, body, kind, query)
    assert 200 <= answer.status < 500 or answer.status == 504
    if answer.status >= 400:
        check(answer)
    json.dumps(answer.document)
    assert cluster.api.server.store.revision == before


@settings(max_examples=300, deadline=None)
@given(
    patch=VALUES,
    kind=st.sampled_from(
        ["application/json-patch+json", "application/strategic-merge-patch+json"]
    ),
    field=st.sampled_from(["", "metadata", "spec", "operations"]),
)  # fmt: skip
def test_every_patch_gets_an_answer(cluster, patch, kind, field):
    patch = (
        {"operations": [patch]}[field]
        if field == "operations"
        else {field: patch}
        if field
        else patch
    )
    answer = ask(cluster, "PATCH", f"{APPS}/web", patch, kind, {"dryRun": ["All"]})
    # An error of the library that merges is passed on without a reason.
    assert answer.status in (200, 400, 409, 422) or "reason" not in answer.document
