"""The API server: concurrency, names, watches, and fields that may not change."""

import pytest

from course_lib.apiserver import APIServer
from course_lib.apiserver.errors import (
    AlreadyExists,
    Compacted,
    Conflict,
)
from course_lib.cluster.bootstrap import furnish
from course_lib.engine import Simulation
from course_lib.errors import CourseError, InvalidManifest
from course_lib.objects.selectors import parse_field_selector, parse_selector
from tests.conftest import pod, service, workload


def test_a_stale_update_is_refused_as_a_conflict(api):
    api.create(pod())
    mine, theirs = api.document("Pod", "web"), api.document("Pod", "web")
    theirs["metadata"]["labels"] = {"by": "them"}
    api.update(theirs)
    mine["metadata"]["labels"] = {"by": "me"}
    with pytest.raises(Conflict, match="the object has been modified"):
        api.update(mine)
    assert api.get("Pod", "web").labels == {"by": "them"}


def test_an_update_without_a_resource_version_wins(api):
    api.create(service())
    document = api.document("Service", "web")
    del document["metadata"]["resourceVersion"]
    api.patch("Service", "web", "", {"metadata": {"labels": {"a": "b"}}})
    document["metadata"]["labels"] = {"c": "d"}
    api.update(document)
    assert api.get("Service", "web").labels == {"c": "d"}


def test_annotations_come_with_the_status_and_nothing_else_of_the_metadata(api):
    api.create(workload())
    meta = {"annotations": {"revision": "1"}, "labels": {"a": "b"}}
    api.patch("Deployment", "web", "", {"metadata": meta, "status": {"replicas": 1}}, "status")
    found = api.get("Deployment", "web")
    assert (found.annotations, found.labels) == ({"revision": "1"}, {})
    assert found.status.replicas == 1


def test_names_are_unique_and_generated_on_request(api):
    api.create(pod())
    with pytest.raises(AlreadyExists, match='pods "web" already exists'):
        api.create(pod())
    document = pod()
    document["metadata"] = {"generateName": "web-"}
    names = {api.create(document).name for _ in range(50)}
    assert len(names) == 50
    assert all(name.startswith("web-") and len(name) == 9 for name in names)


@pytest.mark.parametrize("prefix", ["A_", "-", "a" * 300])
def test_a_prefix_of_generated_names_obeys_the_rule_of_names(api, prefix):
    document = pod() | {"metadata": {"generateName": prefix}}
    with pytest.raises(InvalidManifest) as refusal:
        api.create(document)
    assert refusal.value.where.endswith("metadata.generateName")


def test_a_long_prefix_is_cut_so_that_a_generated_name_has_63_characters(api):
    name = api.create(pod() | {"metadata": {"generateName": "a" * 70 + "-"}}).name
    assert len(name) == 63
    assert name.startswith("a" * 58)


@pytest.mark.parametrize("metadata", ["x", [], 3])
def test_an_update_whose_metadata_is_no_mapping_is_refused(api, metadata):
    document = service()
    with pytest.raises(InvalidManifest, match="cannot unmarshal"):
        api.update(document | {"metadata": metadata})


def test_an_update_that_changes_nothing_makes_no_revision(api):
    api.create(pod())
    before = api.store.revision
    api.update(api.document("Pod", "web"))
    api.patch("Pod", "web", "", {"metadata": {"labels": {"app": "web"}}})
    assert api.store.revision == before


def test_status_and_spec_keep_out_of_each_others_way(api):
    created = api.create(workload() | {"status": {"replicas": 99}})
    assert created.status.replicas == 0
    api.patch_status(created, {"replicas": 3})
    document = api.document("Deployment", "web")
    document["spec"]["replicas"] = 5
    document["status"]["replicas"] = 77
    updated = api.update(document)
    assert (updated.spec.replicas, updated.status.replicas) == (5, 3)
    document["spec"]["replicas"] = 9
    document["metadata"].pop("resourceVersion")
    document["status"] = {"replicas": 4}
    updated = api.update(document, subresource="status")
    assert (updated.spec.replicas, updated.status.replicas) == (5, 4)


def test_the_generation_counts_changes_of_the_spec_only(api):
    created = api.create(workload())
    assert created.metadata.generation == 1
    api.patch_status(created, {"replicas": 1})
    assert api.get("Deployment", "web").metadata.generation == 1
    api.patch("Deployment", "web", "", {"spec": {"replicas": 2}})
    assert api.get("Deployment", "web").metadata.generation == 2


def test_a_watch_resumes_from_a_revision_and_reports_a_compacted_one(api):
    since = api.store.revision
    api.create(pod("a"))
    api.create(pod("b"))
    api.patch("Pod", "a", "", {"metadata": {"labels": {"app": "b"}}})
    api.delete("Pod", "b")
    seen = []
    api.watch("Pod", lambda e: seen.append((e.type, e.object.name)), since=since)
    api.sim.settle()
    assert seen == [("ADDED", "a"), ("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "b")]
    api.store.compact(api.store.revision)
    with pytest.raises(Compacted, match="too old resource version"):
        api.watch("Pod", seen.append, since=since)


def test_a_selecting_watch_sees_objects_come_into_and_out_of_view(api):
    seen = []
    listener = lambda e: seen.append((e.type, e.object.name))  # noqa: E731
    api.watch("Pod", listener, selector=parse_selector("app=web"))
    mine = parse_field_selector("spec.nodeName=n1")
    api.watch("Pod", lambda e: seen.append((e.type, "on n1")), fields=mine)
    created = api.create(pod("web"))
    assert seen == []  # a write returns before anyone hears of it
    api.sim.settle()
    api.bind(created, "n1")
    api.sim.settle()
    api.patch("Pod", "web", "", {"metadata": {"labels": {"app": "other"}}})
    api.sim.settle()
    assert seen == [
        ("ADDED", "web"),
        ("MODIFIED", "web"),
        ("ADDED", "on n1"),
        ("DELETED", "web"),
        ("MODIFIED", "on n1"),
    ]


def test_a_pod_is_bound_once(api):
    created = api.create(pod())
    api.bind(created, "n1")
    with pytest.raises(Conflict):
        api.bind(created, "n2")


def test_pods_of_one_template_have_one_spec_on_each_node():
    api = APIServer(Simulation())
    furnish(api)

    def specs(name, node, **fields):
        api.bind(api.create(pod(name, **fields)), node)
        entry = api.store.get(f"/registry/pods/default/{name}")
        return entry.document["spec"], entry.view.spec

    (first, view), (other, other_view) = specs("a", "n1"), specs("b", "n2")
    assert (first["nodeName"], view.node_name) == ("n1", "n1")
    assert (other["nodeName"], other_view.node_name) == ("n2", "n2")
    again, its_view = specs("c", "n1")
    assert again is first and its_view is view
    unlike, _ = specs("d", "n1", hostNetwork=True)
    assert unlike["hostNetwork"] and "hostNetwork" not in first


def test_of_a_pods_containers_only_the_image_may_change(api):
    api.create(pod())
    document = api.document("Pod", "web")
    document["spec"]["containers"][0]["image"] = "nginx:1.28"
    api.update(document)
    document = api.document("Pod", "web")
    document["spec"]["containers"][0]["name"] = "other"
    with pytest.raises(InvalidManifest):
        api.update(document)


def test_unknown_kinds_are_told_with_the_known_ones(api):
    with pytest.raises(CourseError, match="doesn't have a resource type"):
        api.get("Gizmo", "x")
