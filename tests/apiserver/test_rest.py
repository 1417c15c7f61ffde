"""The HTTP face: paths, verbs, refusals as the real API server words them."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from course_lib import Cluster
from course_lib.apiserver import discovery
from course_lib.apiserver.bodies import Request
from course_lib.apiserver.rest import Face
from course_lib.apiserver.scales import scale_of
from course_lib.apiserver.targets import target_of
from course_lib.errors import CourseError
from course_lib.objects.kinds import BUILT_IN
from tests.conftest import pod, workload

APPS = "/apis/apps/v1/namespaces/default/deployments"


@pytest.fixture
def served():
    cluster = Cluster(nodes=2)
    cluster.apply("data/web.yaml")
    cluster.run(30)
    with cluster.serve() as served:
        yield served


def ask(served, method, path, body=None, kind="application/json", **headers):
    """Status, document."""
    data = json.dumps(body).encode() if body is not None else None
    asked = urllib.request.Request(
        served.url + path,
        data,
        authorized(served) | {"Content-Type": kind} | headers,
        method=method,
    )
    try:
        with urllib.request.urlopen(asked) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as refusal:
        said = refusal.read().decode()
        return refusal.code, json.loads(said) if said.startswith("{") else said


def authorized(served):
    """The header by which a client is let in."""
    return {"Authorization": f"Bearer {served.token}"}


def stored(cluster):
    """Revision and contents of the store."""
    store = cluster.api.server.store
    return store.revision, dict(store.range("/"))


@pytest.mark.parametrize("kind", list(BUILT_IN), ids=lambda kind: kind.kind)
def test_every_kind_is_discovered_and_listed(served, kind):
    root = "/api/v1" if kind.api_version == "v1" else f"/apis/{kind.api_version}"
    status, found = ask(served, "GET", root)
    [row] = [each for each in found["resources"] if each["name"] == kind.plural]
    assert status == 200 and row["namespaced"] == kind.namespaced
    status, listed = ask(served, "GET", f"{root}/{kind.plural}")
    assert status == 200 and listed["kind"] == f"{kind.kind}List"
    names = {each["metadata"]["name"] for each in listed["items"]}
    assert names == {each.name for each in served.cluster.api.list(kind.kind)}
    assert target_of(f"{root}/{kind.plural}", BUILT_IN).kind == kind


def test_an_object_lives_by_http(served):
    made = workload(name="shop")
    assert ask(served, "POST", APPS, made)[0] == 201
    assert ask(served, "POST", APPS, made)[1]["reason"] == "AlreadyExists"
    _, read = ask(served, "GET", f"{APPS}/shop")
    read["spec"]["replicas"] = 3
    assert ask(served, "PUT", f"{APPS}/shop", read)[1]["spec"]["replicas"] == 3
    assert ask(served, "PUT", f"{APPS}/shop", read)[1]["reason"] == "Conflict"
    patch = {"spec": {"replicas": 2}}
    for kind in ("merge-patch", "strategic-merge-patch"):
        answer = ask(served, "PATCH", f"{APPS}/shop", patch, f"application/{kind}+json")
        assert answer[1]["spec"]["replicas"] == 2
    operation = [{"op": "replace", "path": "/spec/replicas", "value": 4}]
    ask(served, "PATCH", f"{APPS}/shop", operation, "application/json-patch+json")
    _, scale = ask(served, "GET", f"{APPS}/shop/scale")
    assert scale["spec"]["replicas"] == 4 and scale["status"]["selector"] == "app=shop"
    scale["spec"]["replicas"] = 1
    ask(served, "PUT", f"{APPS}/shop/scale", scale)
    served.run(20)
    assert len(served.cluster.get("pods", selector="app=shop")) == 1
    assert ask(served, "DELETE", f"{APPS}/shop")[1]["status"] == "Success"
    assert ask(served, "GET", f"{APPS}/shop") == (
        404,
        {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": 'deployments.apps "shop" not found',
            "reason": "NotFound",
            "details": {"name": "shop", "group": "apps", "kind": "deployments"},
            "code": 404,
        },
    )


def test_tables_have_the_columns_of_kubectl(served):
    accept = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
    _, table = ask(served, "GET", "/api/v1/namespaces/default/pods", **accept)
    names = [c["name"].upper() for c in table["columnDefinitions"] if not c["priority"]]
    assert names == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert [row["cells"][0] for row in table["rows"]] == list(served.cluster.get("pods").NAME)


def test_an_eviction_waits_for_the_budget(served):
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "web"},
        "spec": {"minAvailable": 3, "selector": {"matchLabels": {"app": "web"}}},
    }
    served.cluster.apply(budget)
    served.run(5)
    name = served.cluster.get("pods").NAME[0]
    path = f"/api/v1/namespaces/default/pods/{name}/eviction"
    assert ask(served, "POST", path, {"kind": "Eviction"})[0] == 429


OTHER = workload(name="web") | {"metadata": {"name": "shop", "namespace": "default"}}
JSON_PATCH = "application/json-patch+json"


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("GET", "/api/v1/nothing", None, 404),
        ("GET", f"{APPS}/web/nothing", None, 404),
        ("GET", f"{APPS}/web/scale/deeper", None, 404),
        ("POST", f"{APPS}/web/nothing", pod("x"), 404),
        ("DELETE", "/api/v1/pods", None, 405),
        ("DELETE", f"{APPS}/web/status", None, 405),
        ("PATCH", f"{APPS}/web", {}, 415),
        ("POST", "/api/v1/namespaces/default/pods", {"metadata": {"name": "x"}}, 422),
        ("POST", "/api/v1/namespaces/nowhere/pods", pod("x"), 404),
        ("POST", "/api/v1/namespaces/default/services", pod("x"), 400),
        ("POST", APPS.replace("default", "shop"), OTHER, 400),
        ("PUT", f"{APPS}/web", OTHER, 400),
    ],
)
def test_refusals(served, method, path, body, code):
    before = served.cluster.api.server.store.revision
    status, answer = ask(served, method, path, body)
    assert (status, answer["kind"], answer["status"]) == (code, "Status", "Failure")
    assert served.cluster.api.server.store.revision == before


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        ("GET", "/nothing", None, (404, "404 page not found\n")),
        ("GET", "/apis/nothing/v1/things", None, (404, "404 page not found\n")),
    ],
)
def test_what_nobody_serves_is_answered_in_plain_text(served, method, path, body, said):
    assert ask(served, method, path, body) == said


@pytest.mark.parametrize("patch", [{}, "add", ["add"]])
def test_a_json_patch_that_is_no_list_of_operations_is_refused(served, patch):
    status, answer = ask(served, "PATCH", f"{APPS}/web", patch, JSON_PATCH)
    assert (status, answer["reason"]) == (400, "BadRequest")


@pytest.mark.parametrize(
    "patch",
    [
        [{"op": "replace"}],
        [{"op": "melt", "path": "/spec"}],
        [{"op": "test", "path": "/spec/replicas", "value": 99}],
        [{"op": "remove", "path": "/spec/template/spec/containers/9"}],
        [{"op": "replace", "path": "/spec/template/spec/containers/x", "value": {}}],
        [{"op": "remove", "path": "/spec/template/spec/containers/-"}],
    ],
)
def test_a_json_patch_that_cannot_be_done_is_refused(served, patch):
    status, answer = ask(served, "PATCH", f"{APPS}/web", patch, JSON_PATCH)
    assert (status, answer["reason"]) == (422, "Invalid")


@pytest.mark.parametrize("metadata", [None, {"name": None}, {"name": ""}])
def test_an_update_without_a_name_is_refused(served, metadata):
    patch = {"metadata": metadata}
    status, answer = ask(served, "PATCH", f"{APPS}/web", patch, "application/merge-patch+json")
    assert (status, answer["reason"]) == (400, "BadRequest")


def test_a_method_that_means_nothing_deletes_nothing():
    cluster = Cluster(nodes=1)
    face = Face(cluster.api.reach)
    assert face.answer(Request("HEAD", "/api/v1/nodes/node-1")).status == 405
    assert list(cluster.get("nodes").NAME) == ["node-1"]


def test_a_watch_tells_of_each_change_and_ends_in_time(served):
    heard = []

    def watch():
        url = f"{served.url}/api/v1/namespaces/default/pods?watch=true&timeoutSeconds=5"
        with urllib.request.urlopen(
            urllib.request.Request(url, headers=authorized(served))
        ) as lines:
            heard.extend(json.loads(line) for line in lines)

    watching = threading.Thread(target=watch)
    watching.start()
    while not served.cluster.api.server.store.watches or not heard_of(served):
        pass
    served.cluster.delete("pod", served.cluster.get("pods").NAME[0])
    served.run(30)
    watching.join()
    kinds = [event["type"] for event in heard]
    assert kinds[:3] == ["ADDED"] * 3 and "DELETED" in kinds and kinds.count("ADDED") == 4
    assert all(event["object"]["kind"] == "Pod" for event in heard)


def test_a_watch_from_nowhere_is_refused(served):
    where = "/api/v1/namespaces/default/pods?watch=true&resourceVersion="
    assert ask(served, "GET", where + "yesterday")[0] == 500


def test_a_control_plane_in_ha_is_served_as_long_as_it_answers():
    cluster = Cluster.ha_etcd()
    cluster.apply("data/web.yaml")
    cluster.run(30)
    with cluster.serve() as served:
        assert len(ask(served, "GET", "/api/v1/namespaces/default/pods")[1]["items"]) == 3
        scale = {"spec": {"replicas": 4}}
        kind = "application/merge-patch+json"
        assert ask(served, "PATCH", f"{APPS}/web/scale", scale, kind)[0] == 200
        for name in list(cluster.etcd.members)[:2]:
            cluster.kill_node(name)
        served.run(30)
        status, answer = ask(served, "GET", APPS)
        assert (status, answer["reason"]) == (503, "ServiceUnavailable")


def heard_of(served) -> bool:
    """Whether somebody watches Pods of the namespace over HTTP."""
    return any(
        w.prefix == "/registry/pods/default/" for w in list(served.cluster.api.server.store.watches)
    )


def test_warnings_travel_in_headers(served):
    odd = workload(name="odd", replica=4)
    asked = urllib.request.Request(
        served.url + APPS,
        json.dumps(odd).encode(),
        authorized(served) | {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(asked) as answer:
        assert "spec.replica" in answer.headers["Warning"]


def test_a_field_that_does_not_exist_is_refused_where_the_client_asks_for_it(served):
    odd = workload(name="odd", replica=4)
    status, said = ask(served, "POST", f"{APPS}?fieldValidation=Strict", odd)
    assert status == 400
    assert 'strict decoding error: unknown field "spec.replica"' in said["message"]
    patch, kind = {"spec": {"replica": 4}}, "application/merge-patch+json"
    status, said = ask(served, "PATCH", f"{APPS}/web?fieldValidation=Strict", patch, kind)
    assert status == 422
    assert 'strict decoding error: unknown field "spec.replica"' in said["message"]


def test_logs_and_kubeconfig(served, tmp_path):
    name = served.cluster.get("pods").NAME[0]
    url = f"{served.url}/api/v1/namespaces/default/pods/{name}/log"

    def read(query=""):
        asked = urllib.request.Request(url + query, headers=authorized(served))
        return urllib.request.urlopen(asked).read().decode()

    said = read()
    assert said == served.cluster.logs(name)
    for last in (0, 1, 9):
        assert read(f"?tailLines={last}") == (said if last else "")
    assert ask(served, "GET", "/api/v1/namespaces/default/pods/none/log")[0] == 404
    written = Path(served.kubeconfig(tmp_path / "config"))
    assert served.server in written.read_text() and written.stat().st_mode & 0o077 == 0


def test_a_port_that_is_taken_is_told(served):
    port = int(served.url.rpartition(":")[2])
    with pytest.raises(CourseError, match="cannot listen"):
        Cluster(nodes=1).serve(port)


def test_discovery_is_complete():
    listed = {each["name"] for group in discovery.group_versions(BUILT_IN)
              for each in discovery.resources(BUILT_IN, group)["resources"]}  # fmt: skip
    assert {kind.plural for kind in BUILT_IN} <= listed


def test_a_request_is_read_without_a_socket():
    face = Face(Cluster(nodes=1).api.reach)
    answer = face.answer(Request("GET", "/api/v1/nodes"))
    assert [each["metadata"]["name"] for each in answer.document["items"]] == ["node-1"]


@pytest.mark.parametrize(
    ("selector", "text"),
    [
        ({"matchLabels": {"tier": "web", "app": "shop"}}, "app=shop,tier=web"),
        (
            {
                "matchLabels": {"tier": "web"},
                "matchExpressions": [{"key": "app", "operator": "In", "values": ["shop"]}],
            },
            "app in (shop),tier=web",
        ),
        ({"app": "shop"}, "app=shop"),
    ],
)
def test_a_scale_has_its_selector_as_clients_ask_by_it(selector, text):
    document = {"metadata": {"name": "web"}, "spec": {"selector": selector}}
    assert scale_of(BUILT_IN.named("deploy"), document)["status"]["selector"] == text
