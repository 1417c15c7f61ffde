"""Reads and their options: the API server of Kubernetes and the course's answer alike.

Both are asked for each kind and each field of a selector, for texts that are no selector, for
objects, for options that contradict each other, and by methods that mean nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import product
from typing import Any
from urllib.parse import urlencode

import pytest

from course_lib.apiserver.pages import VERSION, ContinueToken
from course_lib.objects.kind import Kind
from tests.oracles.plane.asking import must, path_of
from tests.oracles.plane.course import CoursePlane, prepared
from tests.peers.plane import building
from tests.peers.plane.programs import real_plane
from tests.required import requires

pytestmark = requires(building.missing())
OTHERS = ("metadata.uid", "metadata.labels.app", "spec", "spec.replicas", "spec.nodename",
          "status.replicas", "status.succeeded", "source.component", "a b")  # fmt: skip
NONE = (
    "a", "a in (b)", "spec.nodeName", "metadata.name=a=b", "metadata.name=a\\", "metadata.name=\\b",
    "metadata.name===a", "metadata.name=a,x=1,b=2", ",", "=", "=a", "!=", "!=a", "a=", " ",
    "metadata.name =a", "metadata.name= web", "metadata.name==web", "metadata.name!=web",
    "metadata.name=we\\,b", "metadata.name=web,", ",,metadata.name=web", "metadata.name=web\\,",
)  # fmt: skip


def pod(name: str, **spec: Any) -> dict[str, Any]:
    spec = {"containers": [{"name": "web", "image": "nginx:1.27"}], **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def event(name: str, **fields: Any) -> dict[str, Any]:
    about = {"kind": "Pod", "name": "web", "namespace": "inv", "uid": "u"}
    return {"apiVersion": "v1", "kind": "Event", "metadata": {"name": name, "namespace": "inv"},
            "involvedObject": about, "type": "Normal", **fields}  # fmt: skip


TEMPLATE = {"metadata": {"labels": {"a": "b"}}, "spec": pod("")["spec"]}
OBJECTS = [
    pod("web"),
    pod("bound", nodeName="node-9", restartPolicy="Never"),
    pod("host", hostNetwork=True, schedulerName="own"),
    event("by-kubelet", source={"component": "kubelet"}, reason="Pulled"),
    event("by-scheduler", reportingComponent="default-scheduler", reason="Scheduled",
          reportingInstance="here", action="Binding", eventTime="2026-01-01T00:00:00.000000Z"),
    {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "plain"}},
    {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "own"}, "type": "example.com/own"},
    {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "headless"},
     "spec": {"clusterIP": "None", "ports": [{"port": 80}]}},
    {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "open"},
     "spec": {"type": "NodePort", "ports": [{"port": 80}]}},
    {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "job"},
     "spec": {"template": {"spec": {"restartPolicy": "Never", **TEMPLATE["spec"]}}}},
    {"apiVersion": "v1", "kind": "ReplicationController", "metadata": {"name": "old"},
     "spec": {"replicas": 0, "selector": {"a": "b"}, "template": TEMPLATE}},
]  # fmt: skip
ASKED = [
    ("v1/pods", "spec.nodeName=node-9"), ("v1/pods", "spec.host=node-9"),
    ("v1/pods", "spec.nodeName="), ("v1/pods", "spec.nodeName!="),
    ("v1/pods", "spec.restartPolicy=Never"), ("v1/pods", "spec.schedulerName!=own"),
    ("v1/pods", "spec.hostNetwork=true"), ("v1/pods", "spec.hostNetwork=false"),
    ("v1/pods", "spec.serviceAccountName=default"), ("v1/pods", "status.phase=Pending"),
    ("v1/pods", "status.phase!=Pending"), ("v1/pods", "status.podIP="),
    ("v1/pods", "status.podIPs="), ("v1/pods", "status.podIPs!="),
    ("v1/pods", "metadata.namespace=inv,metadata.name!=web"),
    ("v1/pods", "metadata.namespace=default"),
    ("v1/events", "source=kubelet"), ("v1/events", "source=default-scheduler"),
    ("v1/events", "reportingComponent=default-scheduler"), ("v1/events", "reason!=Pulled"),
    ("v1/events", "involvedObject.name=web,involvedObject.kind=Pod"),
    ("v1/events", "involvedObject.uid=u,type=Warning"), ("v1/events", "involvedObject.fieldPath="),
    ("events.k8s.io/v1/events", "regarding.name=web,reason=Pulled"),
    ("events.k8s.io/v1/events", "reportingController=default-scheduler"),
    ("v1/secrets", "type=Opaque"), ("v1/secrets", "type!=Opaque"),
    ("v1/services", "spec.clusterIP=None"), ("v1/services", "spec.type=NodePort"),
    ("v1/services", "spec.type=ClusterIP"),
    ("batch/v1/jobs", "status.successful=0"), ("batch/v1/jobs", "status.successful=1"),
    ("v1/replicationcontrollers", "status.replicas=0"),
    ("v1/replicationcontrollers", "status.replicas=1"),
    ("v1/namespaces", "status.phase=Active,metadata.name=inv"),
    ("v1/namespaces", "status.phase=Terminating"),
]  # fmt: skip


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Any]]:
    """The real API server and the course's, with the same objects."""
    with real_plane(tmp_path_factory.mktemp("server"), control=False) as real:
        planes = [prepared(real), prepared(CoursePlane())]
        for plane in planes:
            for document in OBJECTS:
                must(plane, "POST", path_of(document, "inv"), document)
        yield planes


def listed(plane: Any, resource: str, fields: str, **options: str) -> Any:
    """The names that a list has, or how it is refused."""
    group = "/api" if resource.count("/") == 1 else "/apis"
    space = "" if resource == "v1/namespaces" else "/namespaces/inv"
    version, _, plural = resource.rpartition("/")
    return said(plane, f"{group}/{version}{space}/{plural}", fields, **options)


def said(plane: Any, path: str, fields: str, **options: str) -> Any:
    answer = plane.ask("GET", path, query=urlencode({"fieldSelector": fields, **options}))
    if answer.status == 200:
        return sorted(each["metadata"]["name"] for each in answer.document["items"])
    return refusal(answer)


def refusal(answer: Any) -> Any:
    """How a request was refused; the revision that a store has reached is its own."""
    told = json.dumps(answer.document, sort_keys=True)
    return answer.status, re.sub(r"current: [0-9]+", "current: N", told)


def path_to(kind: Kind) -> str:
    head = "/apis/" if "/" in kind.api_version else "/api/"
    return f"{head}{kind.api_version}/{kind.plural}"


def test_each_kind_can_be_selected_by_the_same_fields(both):
    real, ours = both
    kinds = list(ours.cluster.api.kinds.all_versions())
    known = {field: None for kind in kinds for field in kind.selectable or ()}
    fields = ["metadata.name", "metadata.namespace", *known, *OTHERS]
    served = [kind for kind in kinds if said(real, path_to(kind), "metadata.name=nobody") == []]
    assert len(served) > 45 and {kind.kind for kind in kinds if kind.selectable} <= {
        kind.kind for kind in served
    }
    for kind in served:
        for field in fields:
            text, path = f"{field}=nobody", path_to(kind)
            assert said(ours, path, text) == said(real, path, text), (kind.title, field)


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_selector_is_told_in_the_same_words(text, both):
    real, ours = both
    for resource in ("v1/configmaps", "v1/pods"):
        assert listed(ours, resource, text) == listed(real, resource, text)


@pytest.mark.parametrize(("resource", "text"), ASKED)
def test_the_same_objects_are_found(resource, text, both):
    real, ours = both
    assert listed(ours, resource, text) == listed(real, resource, text)
    assert isinstance(listed(real, resource, text), list)


LABELS = (
    "a", "!a", "a in (b", "a=b,", "a===", "a>x", "a>5", "a in ()", "a notin (b)", "a b", "a=b=c",
    "-a", "a=-b", "a/b/c", "(a)", "a in b", "x" * 64, "a=" + "x" * 64, "a,!a", "a=b,a!=b", "=a",
)  # fmt: skip
MATCH = "resourceVersionMatch"
OPTIONS = (
    {"limit": "x"}, {"limit": ""}, {"limit": str(2**63)}, {"limit": "1e3"},
    {"resourceVersion": "x"}, {"resourceVersion": "-1"}, {"resourceVersion": str(2**64)},
    {"resourceVersion": "99999999"}, {"resourceVersion": "99999999", MATCH: "Exact"},
    {"resourceVersion": "99999999", MATCH: "NotOlderThan"}, {MATCH: "Exact"},
    {MATCH: "NotOlderThan"}, {MATCH: "x"}, {MATCH: "x", "resourceVersion": "1"},
    {MATCH: "Exact", "resourceVersion": "0"}, {"timeoutSeconds": "x"}, {"sendInitialEvents": "x"},
    {"sendInitialEvents": "true", MATCH: "x", "resourceVersion": "1"},
    {"watch": "1", MATCH: "Exact"}, {"watch": "true", "sendInitialEvents": "0"},
    {"watch": "yes", "sendInitialEvents": "1", MATCH: "Exact"}, {"watch": "1", "limit": "x"},
    {"watch": "1", MATCH: "NotOlderThan"}, {"watch": "1", "resourceVersion": "x"},
    {"watch": "1", "fieldSelector": "a=b"}, {"watch": "1", "labelSelector": "a=b=c"},
    {"unknown": "1"}, {"pretty": "x"}, {"fieldManager": "x" * 200}, {"dryRun": "x"},
)  # fmt: skip
PODS = "/api/v1/namespaces/inv/pods"
PLACES = (
    "", "/web", "/nobody", "/web/status", "/web/none", "/web/log", "/web/scale", "/web/eviction",
    "/web/binding", "/", "/web/",
)  # fmt: skip
METHODS = ("GET", "POST", "PUT", "DELETE", "OPTIONS", "FOO")
GONE = [("DELETE", place) for place in ("", "/", "/web", "/web/")]  # the objects would be deleted
CALLS = [call for call in product(METHODS, PLACES) if call not in GONE]


@pytest.mark.parametrize("text", LABELS)
def test_labels_are_selected_or_refused_alike(text, both):
    told = [
        refusal(answer) if answer.status >= 400 else [
            each["metadata"]["name"] for each in answer.document["items"]
        ]
        for answer in (
            plane.ask("GET", PODS, query=urlencode({"labelSelector": text})) for plane in both
        )
    ]  # fmt: skip
    assert told[0] == told[1]


@pytest.mark.parametrize("options", OPTIONS, ids=urlencode)
def test_options_that_mean_nothing_are_refused_in_the_same_words(options, both):
    for path in (PODS, "/apis/apps/v1/deployments"):
        real, ours = (plane.ask("GET", path, query=urlencode(options)) for plane in both)
        assert ours.status == real.status
        assert real.status < 400 or refusal(ours) == refusal(real)


@pytest.mark.parametrize("version", ["x", "-1", "0", "99999999", str(2**64)])
@pytest.mark.parametrize("name", ["web", "nobody", "web/status"])
def test_one_object_is_read_at_a_revision_or_later(name, version, both):
    query = urlencode({"resourceVersion": version})
    real, ours = (plane.ask("GET", f"{PODS}/{name}", query=query) for plane in both)
    assert ours.status == real.status
    assert real.status < 400 or refusal(ours) == refusal(real)


@pytest.mark.parametrize(("method", "place"), CALLS)
def test_methods_mean_the_same_at_each_place(method, place, both):
    real, ours = (plane.ask(method, PODS + place) for plane in both)
    assert ours.status == real.status
    assert real.status < 400 or refusal(ours) == refusal(real)


TOKENS = (
    "x", "abc", "a b", "e30", "eyJ2IjoidjEifQ", "eyJ2IjoibWV0YS5rOHMuaW8vdjEifQ",
    *(ContinueToken(VERSION, *rest).text for rest in [(1,), (0, "a"), (5, "../a")]),
    ContinueToken("v2", 5, "a").text,
)  # fmt: skip


@pytest.mark.parametrize("text", TOKENS)
def test_what_is_no_token_of_a_list_is_told_in_the_same_words(text, both):
    real, ours = (plane.ask("GET", PODS, query=urlencode({"continue": text})) for plane in both)
    assert real.status == 400 and refusal(ours) == refusal(real)


def parts_of(plane: Any, path: str, **options: str) -> list[Any]:
    """The parts in which a list comes: names, how many are left, and where the next one begins."""
    parts, version = [], ""
    while True:
        answer = plane.ask("GET", path, query=urlencode(options))
        assert answer.status == 200, answer.document
        meta = answer.document["metadata"]
        assert version in ("", meta["resourceVersion"])
        version, token = meta["resourceVersion"], meta.get("continue", "")
        names = [each["metadata"]["name"] for each in answer.document["items"]]
        start = ContinueToken.read(token).start if token else ""
        parts.append([names, meta.get("remainingItemCount"), start])
        if not token:
            return parts
        options["continue"] = token


@pytest.mark.parametrize(
    ("path", "options"),
    [
        (PODS, {"limit": "1"}), (PODS, {"limit": "2"}), (PODS, {"limit": "3"}),
        (PODS, {"limit": "4"}), (PODS, {"limit": "0"}), ("/api/v1/pods", {"limit": "2"}),
        (PODS, {"limit": "1", "fieldSelector": "metadata.name!=host"}),
        (PODS, {"limit": "1", "labelSelector": "!a"}),
        (PODS, {"limit": "1", "resourceVersion": "0"}),
    ],
    ids=str,
)  # fmt: skip
def test_lists_come_in_the_same_parts(path, options, both):
    real, ours = (parts_of(plane, path, **options) for plane in both)
    assert ours == real


def test_a_list_that_goes_on_is_of_the_moment_at_which_it_began(both):
    told = []
    for plane in both:
        first = plane.ask("GET", PODS, query="limit=1").document
        query = urlencode({"continue": first["metadata"]["continue"]})
        must(plane, "POST", PODS, pod("late"))
        at_once = plane.ask("GET", PODS, query=query).document
        names = [each["metadata"]["name"] for each in at_once["items"]]
        given = plane.ask("GET", PODS, query=f"{query}&resourceVersion=3")
        told.append((names, at_once["metadata"].get("remainingItemCount"), refusal(given)))
        must(plane, "DELETE", f"{PODS}/late")
    assert told[0] == told[1] and "late" not in told[0][0]
