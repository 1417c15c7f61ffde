"""What a real scheduler, controller manager or kubelet asks of the HTTP face."""

from __future__ import annotations

import json
import urllib.request

import pytest

from course_lib import Cluster
from course_lib.apiserver.statuses import to_json
from course_lib.objects.kinds import BUILT_IN
from tests.apiserver.test_requests import ask
from tests.conftest import pod

EVENTS = "/apis/events.k8s.io/v1/namespaces/default/events"
OLD_EVENTS = "/api/v1/namespaces/default/events"
PODS = "/api/v1/namespaces/default/pods"
STRATEGIC = "application/strategic-merge-patch+json"
SCHEDULED = {
    "apiVersion": "events.k8s.io/v1",
    "kind": "Event",
    "metadata": {"name": "web.1"},
    "eventTime": "2026-01-01T00:00:01.123456Z",
    "reportingController": "default-scheduler",
    "reportingInstance": "default-scheduler-control-plane",
    "action": "Binding",
    "reason": "Scheduled",
    "type": "Normal",
    "note": "Successfully assigned default/web to node-1",
    "regarding": {"kind": "Pod", "namespace": "default", "name": "web"},
}


@pytest.fixture
def cluster():
    return Cluster(nodes=1, without=["kube-scheduler", "kube-controller-manager"])


# Events


def test_one_event_is_served_in_two_versions(cluster):
    made = ask(cluster, "POST", EVENTS, SCHEDULED)
    assert made.status == 201 and made.warnings == []
    assert made.document["note"] == SCHEDULED["note"] and "message" not in made.document
    old = ask(cluster, "GET", f"{OLD_EVENTS}/web.1").document
    assert (old["apiVersion"], old["message"]) == ("v1", SCHEDULED["note"])
    assert old["involvedObject"] == SCHEDULED["regarding"]
    assert old["reportingComponent"] == "default-scheduler" and "note" not in old
    patch = {"series": {"count": 2, "lastObservedTime": "2026-01-01T00:00:09.000000Z"}}
    seen = ask(cluster, "PATCH", f"{EVENTS}/web.1", patch, STRATEGIC)
    assert seen.status == 200 and seen.document["regarding"] == SCHEDULED["regarding"]
    assert ask(cluster, "GET", f"{OLD_EVENTS}/web.1").document["series"]["count"] == 2


def test_an_event_of_the_old_version_has_the_new_names_too(cluster):
    name = cluster.api.list("Event", "default")[0].name
    new = ask(cluster, "GET", f"{EVENTS}/{name}").document
    assert new["apiVersion"] == "events.k8s.io/v1" and new["deprecatedCount"] == 1
    assert new["note"] == "Starting kubelet." and new["regarding"]["kind"] == "Node"


@pytest.mark.parametrize(("path", "field"), [(EVENTS, "regarding"), (OLD_EVENTS, "involvedObject")])
def test_events_are_selected_by_the_names_of_their_version(cluster, path, field):
    ask(cluster, "POST", EVENTS, SCHEDULED)
    found = ask(cluster, "GET", path, query={"fieldSelector": [f"{field}.name=web"]})
    assert [each["metadata"]["name"] for each in found.document["items"]] == ["web.1"]


def test_the_columns_of_a_new_event_are_those_of_an_old_one(cluster):
    cluster.run(11)
    series = {"count": 7, "lastObservedTime": "2026-01-01T00:00:09.000000Z"}
    ask(cluster, "POST", EVENTS, SCHEDULED | {"series": series})
    row = cluster.get("events", field_selector="involvedObject.name=web", wide=True).iloc[0]
    assert (row["LAST SEEN"], row["FIRST SEEN"], row["COUNT"]) == ("2s", "9s", 7)
    assert row["SOURCE"] == "default-scheduler, default-scheduler-control-plane"


@pytest.mark.parametrize(
    "changed",
    [
        {"eventTime": None}, {"type": ""}, {"type": "Fine"}, {"deprecatedCount": 2},
        {"deprecatedSource": {"component": "x"}}, {"action": ""}, {"reason": "r" * 129},
        {"reportingController": ""}, {"reportingInstance": "i" * 129}, {"series": {"count": 1}},
    ],
)  # fmt: skip
def test_a_new_event_says_who_did_what_and_when(cluster, changed):
    refused = ask(cluster, "POST", EVENTS, SCHEDULED | changed)
    assert refused.status == 422
    assert ask(cluster, "GET", f"{OLD_EVENTS}/web.1").status == 404


def test_an_old_event_is_where_its_object_is(cluster):
    event = {"metadata": {"name": "e"}, "involvedObject": {"kind": "Pod", "namespace": "shop"}}
    assert ask(cluster, "POST", OLD_EVENTS, event).status == 422
    event["involvedObject"]["namespace"] = "default"
    assert ask(cluster, "POST", OLD_EVENTS, event).status == 201


# Binding


def test_a_bound_pod_is_scheduled(cluster):
    ask(cluster, "POST", PODS, pod())
    binding = {"metadata": {"name": "web"}, "target": {"kind": "Node", "name": "node-1"}}
    assert ask(cluster, "POST", f"{PODS}/web/binding", binding).status == 201
    bound = ask(cluster, "GET", f"{PODS}/web").document
    assert bound["spec"]["nodeName"] == "node-1"
    [condition] = bound["status"]["conditions"]
    assert (condition["type"], condition["status"]) == ("PodScheduled", "True")
    again = ask(cluster, "POST", f"{PODS}/web/binding", binding)
    assert again.status == 409
    assert 'pod web is already assigned to node "node-1"' in again.document["message"]


@pytest.mark.parametrize(
    ("spec", "meta", "why"),
    [
        (
            {"schedulingGates": [{"name": "example.com/wait"}]},
            {},
            "non-empty .spec.schedulingGates",
        ),
        ({}, {"uid": "another"}, "Precondition failed: UID"),
    ],
)
def test_a_pod_that_waits_or_is_another_one_is_not_bound(cluster, spec, meta, why):
    ask(cluster, "POST", PODS, pod(**spec))
    binding = {"metadata": {"name": "web"} | meta, "target": {"name": "node-1"}}
    refused = ask(cluster, "POST", f"{PODS}/web/binding", binding)
    assert refused.status == 409 and why in refused.document["message"]
    assert "nodeName" not in ask(cluster, "GET", f"{PODS}/web").document["spec"]


# Namespaces


@pytest.mark.parametrize("spec", [{}, {"finalizers": []}])
def test_a_namespace_goes_when_its_finalizer_is_removed_by_its_subresource(cluster, spec):
    ask(cluster, "POST", "/api/v1/namespaces", {"metadata": {"name": "shop"}})
    ask(cluster, "DELETE", "/api/v1/namespaces/shop")
    going = ask(cluster, "GET", "/api/v1/namespaces/shop").document
    assert going["status"]["phase"] == "Terminating"
    new = ask(cluster, "POST", "/api/v1/namespaces/shop/configmaps", {"metadata": {"name": "x"}})
    assert new.status == 403
    [cause] = new.document["details"]["causes"]
    assert cause["reason"] == "NamespaceTerminating"
    assert new.document["details"]["name"] == "x"
    done = ask(cluster, "PUT", "/api/v1/namespaces/shop/finalize", going | {"spec": spec})
    assert done.status == 200
    assert ask(cluster, "GET", "/api/v1/namespaces/shop").status == 404


# How documents are written


def test_a_revision_comes_back_byte_by_byte(cluster):
    data = {"spec": {"template": {"$patch": "replace", "spec": {"args": ["a < b && c > d", "é"]}}}}
    revision = {"metadata": {"name": "agent-1"}, "revision": 1, "data": data}
    path = "/apis/apps/v1/namespaces/default/controllerrevisions"
    assert ask(cluster, "POST", path, revision).status == 201
    with (
        cluster.serve() as served,
        urllib.request.urlopen(f"{served.server}{path}/agent-1") as answer,
    ):
        body = answer.read().decode()
    args = '"args":["a \\u003c b \\u0026\\u0026 c \\u003e d","é"]'
    assert f'"data":{{"spec":{{"template":{{"$patch":"replace","spec":{{{args}}}}}}}}}' in body
    assert json.loads(body)["data"] == data


def test_json_is_written_without_spaces():
    assert to_json({"a": [1, {"b": None}], "c": "\u2028"}) == '{"a":[1,{"b":null}],"c":"\\u2028"}'


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz"])
def test_a_server_that_serves_says_ok(cluster, path):
    with cluster.serve() as served, urllib.request.urlopen(served.server + path) as answer:
        assert (answer.status, answer.read()) == (200, b"ok")


def test_a_status_that_a_component_writes_warns_nobody(cluster):
    ask(cluster, "POST", PODS, pod())
    conditions = [{"type": "PodScheduled", "status": "False", "observedGeneration": 1}]
    patch = {"status": {"conditions": conditions}}
    done = ask(cluster, "PATCH", f"{PODS}/web/status", patch, STRATEGIC)
    assert done.status == 200 and done.warnings == []
    assert done.document["status"]["conditions"][0]["observedGeneration"] == 1


# Collections


def test_a_collection_is_deleted_by_selectors(cluster):
    for name in ("a", "b", "c"):
        meta = {"name": name, "labels": {"part": "even" if name == "b" else "odd"}}
        ask(cluster, "POST", "/api/v1/namespaces/default/configmaps", {"metadata": meta})
    path, odd = "/api/v1/namespaces/default/configmaps", {"labelSelector": ["part=odd"]}
    assert ask(cluster, "DELETE", path, query=odd | {"dryRun": ["All"]}).status == 200
    assert len(ask(cluster, "GET", path).document["items"]) == 3
    gone = ask(cluster, "DELETE", path, query=odd)
    assert (gone.status, gone.document["kind"]) == (200, "ConfigMapList")
    assert [each["metadata"]["name"] for each in gone.document["items"]] == ["a", "c"]
    left = ask(cluster, "GET", path).document["items"]
    assert [each["metadata"]["name"] for each in left] == ["b"]
    assert ask(cluster, "DELETE", "/api/v1/configmaps").status == 405


# Discovery

ACCEPT = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"


def test_all_kinds_are_discovered_by_two_requests(cluster):
    found = {}
    for path in ("/api", "/apis"):
        said = ask(cluster, "GET", path, accept=ACCEPT).document
        assert (said["kind"], said["apiVersion"]) == (
            "APIGroupDiscoveryList",
            "apidiscovery.k8s.io/v2",
        )
        for group in said["items"]:
            for version in group["versions"]:
                name = group["metadata"].get("name", "")
                found[name, version["version"]] = {r["resource"]: r for r in version["resources"]}
    served = {(k.group, k.api_version.rpartition("/")[2]) for k in BUILT_IN.all_versions()}
    reviews = {("authentication.k8s.io", "v1"), ("authorization.k8s.io", "v1")}
    assert served | reviews == set(found)
    deployments = found["apps", "v1"]["deployments"]
    assert deployments["responseKind"] == {"group": "apps", "version": "v1", "kind": "Deployment"}
    assert deployments["scope"] == "Namespaced" and deployments["shortNames"] == ["deploy"]
    parts = {each["subresource"]: each["responseKind"] for each in deployments["subresources"]}
    assert parts["status"]["kind"] == "Deployment"
    assert parts["scale"] == {"group": "autoscaling", "version": "v1", "kind": "Scale"}
    assert found["", "v1"]["nodes"]["scope"] == "Cluster"


def test_a_client_that_does_not_ask_for_it_gets_the_groups_alone(cluster):
    assert ask(cluster, "GET", "/apis", accept="application/json").document["kind"] == (
        "APIGroupList"
    )
    with cluster.serve() as served:
        for accept, media_type in (
            (ACCEPT, ACCEPT.rpartition(",")[0]),
            ("*/*", "application/json"),
        ):
            asked = urllib.request.Request(f"{served.server}/apis", headers={"Accept": accept})
            with urllib.request.urlopen(asked) as answer:
                assert answer.headers["Content-Type"] == media_type


# Kinds that are kept

KEPT = [
    ("resource.k8s.io/v1", "ResourceClaim", "namespaces/default/resourceclaims"),
    ("resource.k8s.io/v1", "DeviceClass", "deviceclasses"),
    ("storage.k8s.io/v1", "CSIDriver", "csidrivers"),
    ("storage.k8s.io/v1", "VolumeAttachment", "volumeattachments"),
]
EXACTLY = {"allocationMode": "ExactCount", "count": 1, "deviceClassName": "gpu"}
SPECS = {
    "ResourceClaim": {"devices": {"requests": [{"name": "gpu", "exactly": EXACTLY}]}},
    "DeviceClass": {"selectors": [{"cel": {"expression": "true"}}]},
    "CSIDriver": {"attachRequired": False},
    "VolumeAttachment": {"attacher": "x", "nodeName": "n", "source": {"persistentVolumeName": "v"}},
}


@pytest.mark.parametrize(("version", "kind", "path"), KEPT)
def test_a_kind_that_nothing_acts_on_is_kept_whole_and_warned_of(cluster, version, kind, path):
    spec = SPECS[kind]
    made = ask(
        cluster, "POST", f"/apis/{version}/{path}", {"metadata": {"name": "x"}, "spec": spec}
    )
    assert made.status == 201 and made.document["spec"].items() >= spec.items()
    assert made.warnings == [
        f"{made.document['kind']} {'default/' if 'default' in path else ''}x: spec: Kubernetes "
        "has it; this simulation does not act on it"
    ]
    table = cluster.get(kind)
    assert list(table.NAME) == ["x"]
