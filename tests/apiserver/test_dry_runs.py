"""Dry runs: answered as if they were meant, and nothing is written, wherever they are asked for."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import Cluster
from course_lib.apiserver.bodies import Request
from course_lib.apiserver.rest import Face
from tests.conftest import pod, service, workload

WEB = "/apis/apps/v1/namespaces/default/deployments/web"
PODS = "/api/v1/namespaces/default/pods"
BUDGET = {
    "apiVersion": "policy/v1",
    "kind": "PodDisruptionBudget",
    "metadata": {"name": "web"},
    "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}},
}


def ready() -> Cluster:
    cluster = Cluster(nodes=2)
    cluster.apply("data/web.yaml")
    cluster.apply(BUDGET)
    cluster.apply(pod("unbound", schedulerName="nobody"))
    cluster.run(30)
    return cluster


CLUSTER = ready()
FACE = Face(CLUSTER.api.reach)
POD = CLUSTER.get("pods", selector="app=web").NAME[0]


def history(cluster):
    """All that a later history depends on: the store, and where its random streams stand."""
    streams = ("apiserver", "apiserver/cluster-ip", "apiserver/node-port")
    store = cluster.api.server.store
    states = [cluster.sim.random(name).getstate() for name in streams]
    objects = dict(store.range("/"))  # to read Leases may write their last renewals
    return store.revision, objects, states


def ask(method, path, body=None, kind="application/json", **query):
    query = {name: value if isinstance(value, list) else [value] for name, value in query.items()}
    written = json.dumps(body).encode() if body is not None else b""
    return FACE.answer(Request(method, path, query, {"content-type": kind}, written))


LIVE = CLUSTER.document("deployment", "web")
SCALE = {"metadata": {"name": "web"}, "spec": {"replicas": 9}}
MERGE, JSON_PATCH = "application/merge-patch+json", "application/json-patch+json"
CHANGES = [
    ("POST", PODS, pod("new"), "application/json"),
    ("POST", PODS, pod("") | {"metadata": {"generateName": "new-"}}, "application/json"),
    ("POST", "/api/v1/namespaces/default/services", service("new", type="NodePort"),
     "application/json"),
    ("POST", "/api/v1/namespaces", {"metadata": {"name": "new"}}, "application/json"),
    ("POST", "/apis/apps/v1/namespaces/default/deployments", workload(name="new"),
     "application/yaml"),
    ("PUT", WEB, LIVE | {"spec": LIVE["spec"] | {"replicas": 9}}, "application/json"),
    ("PUT", f"{WEB}/status", LIVE | {"status": {"replicas": 9}}, "application/json"),
    ("PUT", f"{WEB}/scale", SCALE, "application/json"),
    ("PATCH", WEB, {"spec": {"replicas": 9}}, MERGE),
    ("PATCH", WEB, {"spec": {"replicas": 9}}, "application/strategic-merge-patch+json"),
    ("PATCH", WEB, [{"op": "replace", "path": "/spec/replicas", "value": 9}], JSON_PATCH),
    ("PATCH", f"{WEB}/scale", {"spec": {"replicas": 9}}, MERGE),
    ("PATCH", f"{WEB}/status", {"status": {"replicas": 9}}, MERGE),
    ("DELETE", WEB, {}, "application/json"),
    ("DELETE", WEB, {"propagationPolicy": "Foreground"}, "application/json"),
    ("DELETE", f"{PODS}/{POD}", {"gracePeriodSeconds": 0}, "application/json"),
    ("DELETE", "/api/v1/namespaces/kube-node-lease", {}, "application/json"),
    ("POST", f"{PODS}/{POD}/eviction", {"metadata": {"name": POD}}, "application/json"),
    ("POST", f"{PODS}/unbound/binding", {"target": {"name": "node-1"}}, "application/json"),
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: f"{change[0]} {change[1]}")
def test_a_dry_run_is_answered_and_writes_nothing(change):
    method, path, body, kind = change
    before = history(CLUSTER)
    answer = ask(method, path, body, kind, dryRun="All")
    assert answer.status in (200, 201), answer.document
    assert history(CLUSTER) == before


def test_a_dry_run_shows_what_would_come_of_it():
    scaled = ask("PATCH", WEB, {"spec": {"replicas": 9}}, MERGE, dryRun="All").document
    assert scaled["spec"]["replicas"] == 9
    assert scaled["metadata"]["resourceVersion"] == LIVE["metadata"]["resourceVersion"]
    made = ask("POST", PODS, pod("new"), dryRun="All").document
    assert made["metadata"]["uid"] and "resourceVersion" not in made["metadata"]
    doomed = ask("DELETE", f"{PODS}/{POD}", {"dryRun": ["All"]}).document
    assert doomed["metadata"]["deletionGracePeriodSeconds"] == 30


def test_a_dry_run_is_refused_where_the_change_would_be():
    assert ask("POST", PODS, pod("unbound"), dryRun="All").document["reason"] == "AlreadyExists"
    assert ask("DELETE", f"{PODS}/nosuch", {"dryRun": ["All"]}).status == 404
    stale = LIVE | {"metadata": LIVE["metadata"] | {"resourceVersion": "1"}}
    assert ask("PUT", WEB, stale, dryRun="All").document["reason"] == "Conflict"


def test_a_dry_eviction_spends_no_disruption():
    path = f"{PODS}/{POD}/eviction"
    for _ in range(9):
        options = {"metadata": {"name": POD}, "deleteOptions": {"dryRun": ["All"]}}
        assert ask("POST", path, options).status == 201
    assert CLUSTER.document("pdb", "web")["status"]["disruptionsAllowed"] == 2


@pytest.mark.parametrize("wrong", ["", "all", "true", "None"])
def test_a_dry_run_of_another_form_is_refused(wrong):
    before = history(CLUSTER)
    assert ask("DELETE", WEB, dryRun=wrong).status == 422
    assert ask("DELETE", WEB, {"dryRun": [wrong]}).status == 422
    assert ask("DELETE", WEB, {"dryRun": wrong or "All"}).status == 400
    assert ask("PATCH", WEB, {"spec": {"replicas": 9}}, MERGE, dryRun=[wrong, "All"]).status == 422
    assert history(CLUSTER) == before


VALUES = st.sampled_from([["All"], ["All", "All"], ["x"], "All", ["All", None], {"All": True}])


@settings(max_examples=150, deadline=None)
@given(
    change=st.sampled_from(CHANGES),
    query=st.none() | st.sampled_from([["All"], ["All", ""], ["", "All"], [""], ["x"]]),
    top=st.none() | VALUES,
    nested=st.none() | VALUES,
)
def test_no_request_that_speaks_of_a_dry_run_writes(change, query, top, nested):
    method, path, body, kind = change
    if isinstance(body, list):  # a JSON patch has operations in place of fields
        written = [("dryRun", top), ("deleteOptions", nested and {"dryRun": nested})]
        body = body + [{"op": "add", "path": f"/{k}", "value": v} for k, v in written if v]
    else:
        body = body | ({"dryRun": top} if top else {})
        body = body | ({"deleteOptions": {"dryRun": nested}} if nested else {})
    before = history(CLUSTER)
    if query or top or nested:
        ask(method, path, body, kind, **({"dryRun": query} if query else {}))
    assert history(CLUSTER) == before


def test_a_dry_run_behind_a_load_balancer_writes_nothing():
    cluster = Cluster.ha_etcd()
    cluster.apply("data/web.yaml")
    cluster.run(30)
    face = Face(cluster.api.reach)

    def stored() -> dict:
        entries = cluster.api.server.store.range("/registry/")
        return {key: entry.document for key, entry in entries}

    before = stored()
    for method, path, body in (
        ("DELETE", WEB, {"dryRun": ["All"]}),
        ("DELETE", "/api/v1/namespaces/kube-node-lease", {"dryRun": ["All"]}),
        ("POST", PODS, pod("new")),
    ):
        query = {} if "dryRun" in body else {"dryRun": ["All"]}
        request = Request(method, path, query, {}, json.dumps(body).encode())
        assert face.answer(request).status in (200, 201)
    assert stored() == before
