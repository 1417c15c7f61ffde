"""A document is defaulted, decoded and validated once on its way in."""

import pytest

from course_lib.apiserver import APIServer, documents
from course_lib.cluster.bootstrap import furnish
from course_lib.engine import Simulation
from course_lib.errors import InvalidManifest
from course_lib.objects.decode import decode
from course_lib.objects.kind import Kind
from tests.conftest import pod, service


def calls_of(monkeypatch, module, name: str) -> list[object]:
    """The calls of a step of the API server's, from now on."""
    calls, step = [], getattr(module, name)
    monkeypatch.setattr(module, name, lambda *given: calls.append(given) or step(*given))
    return calls


def test_a_document_is_defaulted_decoded_and_validated_once_on_its_way_in(monkeypatch):
    api = APIServer(Simulation())
    furnish(api)
    steps = [
        calls_of(monkeypatch, Kind, "set_defaults"),
        calls_of(monkeypatch, documents, "decode"),
        calls_of(monkeypatch, documents, "judge_document"),
    ]
    new = pod("web")
    new["spec"]["containers"][0]["image"] = "only-here:1"  # a spec that no test had before
    made = api.create(new)
    assert [len(calls) for calls in steps] == [1, 1, 1]
    other = api.create(new | {"metadata": {"name": "other"}})  # of the same spec
    assert [len(calls) for calls in steps] == [1, 1, 1]
    assert other.spec is made.spec
    api.patch("Pod", "web", "default", {"metadata": {"labels": {"tier": "front"}}})
    assert [len(calls) for calls in steps] == [2, 1, 2]  # what does not change is not decoded
    api.patch_status(made, {"phase": "Running"})
    assert [len(calls) for calls in steps] == [2, 1, 2]
    assert api.get("Pod", "web").status.phase == "Running"


def test_the_view_of_a_changed_document_is_that_of_one_decoded_anew(api):
    api.create(service("web", type="LoadBalancer"))
    patches = (
        {"spec": {"ports": [{"port": 80, "nodePort": 30080}]}},
        {"spec": {"selector": None}},
        {"metadata": {"labels": {"a": "1"}, "annotations": {"b": "2"}}},
        {"metadata": {"labels": {"a": None}}},
    )
    for patch in patches:
        view = api.patch("Service", "web", "default", patch)
        assert view == decode(api.document("Service", "web"))
    api.patch_status(view, {"loadBalancer": {"ingress": [{"ip": "10.0.0.1"}]}})
    assert api.get("Service", "web") == decode(api.document("Service", "web"))


@pytest.mark.parametrize("status", [{"phase": 7}, {"conditions": [{"type": 7}]}, "Running"])
def test_a_status_of_the_wrong_type_is_refused_by_its_path(api, status):
    made = api.create(pod())
    with pytest.raises(InvalidManifest) as problem:
        api.patch_status(made, status)
    assert problem.value.where.startswith("Pod default/web: status")
    assert api.get("Pod", "web").status.phase == "Pending"


def test_a_status_is_stored_as_a_copy_with_canonical_quantities(api):
    node = api.create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}})
    images = [{"names": ["nginx:1.27"], "sizeBytes": 1}]
    api.patch_status(node, {"capacity": {"cpu": "2000m", "memory": "2048Mi"}, "images": images})
    images[0]["names"].append("nginx:latest")
    status = api.document("Node", "n")["status"]
    assert status["capacity"] == {"cpu": "2", "memory": "2Gi"}
    assert status["images"] == [{"names": ["nginx:1.27"], "sizeBytes": 1}]


def test_events_are_kept_as_bytes_and_read_as_they_were_written(api):
    reference = {"kind": "Pod", "name": "web", "namespace": "default"}
    event = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "web.1"}}
    event |= {"involvedObject": reference, "reason": "Started", "message": "é", "count": 1}
    api.create(event)
    entry = api.store.get("/registry/events/default/web.1")
    assert entry.view is None and entry.document is not entry.document
    api.patch("Event", "web.1", "default", {"count": 2})
    seen = api.get("Event", "web.1")
    assert (seen.count, seen.message, seen.involved_object.name) == (2, "é", "web")
    assert api.document("Event", "web.1")["involvedObject"] == reference


def test_a_view_that_is_changed_in_place_harms_no_other_server():
    document = pod("web")
    document["spec"]["nodeSelector"] = {"disk": "ssd"}
    views = []
    for _ in range(2):
        api = APIServer(Simulation())
        furnish(api)
        views.append(api.create(document))
        views[0].spec.node_selector["disk"] = "none"
    assert views[1].spec.node_selector == {"disk": "ssd"}


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, 2**64, "\ud800", object()])
def test_a_patch_holds_what_a_manifest_may_hold(api, value):
    api.create(pod("web"))
    with pytest.raises(InvalidManifest):
        api.patch("Pod", "web", "default", {"metadata": {"annotations": {"a": value}}})
