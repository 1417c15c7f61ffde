"""Clients: they send requests, and the API server alone checks, completes and stores objects."""

from __future__ import annotations

import pytest

from course_lib.apiserver import APIServer, admission
from course_lib.apiserver.errors import Conflict, NotFound, Unreachable
from course_lib.client.connection import Connection
from course_lib.errors import CourseError, InvalidManifest
from course_lib.objects.kinds.config_map import ConfigMap
from course_lib.objects.kinds.pod import Pod
from tests.conftest import pod

SETTINGS = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "settings", "namespace": "default"},
    "data": {"colour": "blue"},
}


def test_a_kind_is_a_type_a_name_or_a_record(client):
    client.create(SETTINGS)
    record = client.resource("cm")
    by_type = client.get(ConfigMap, "settings", "default")
    assert isinstance(by_type, ConfigMap)
    assert client.get("configmaps", "settings", "default") == by_type
    assert client.get(record, "settings", "default") == by_type
    assert client.list(ConfigMap) == client.list("ConfigMap") == [by_type]
    assert client.find(ConfigMap, "other", "default") is None
    with pytest.raises(NotFound, match='configmaps "other" not found'):
        client.get(ConfigMap, "other", "default")


def test_every_request_of_every_client_is_checked_once_by_the_server(client, monkeypatch):
    servers = []
    original = admission.mutate
    monkeypatch.setattr(
        admission, "mutate", lambda api, *rest: (servers.append(api), original(api, *rest))
    )
    client.create(SETTINGS)
    assert [type(each) for each in servers] == [APIServer]
    with pytest.raises(InvalidManifest):
        client.create(SETTINGS | {"data": {"colour": 5}})


def test_apply_creates_then_changes_and_leaves_what_is_the_same(client):
    results = [client.apply(SETTINGS), client.apply(SETTINGS)]
    other = SETTINGS | {"data": {"size": "big"}}
    results.append(client.apply(other))
    assert [each.result for each in results] == ["created", "unchanged", "configured"]
    assert results[0].before is None
    assert results[2].before["data"] == {"colour": "blue"}
    assert client.get(ConfigMap, "settings", "default").data == {"size": "big"}
    with pytest.raises(CourseError, match="apply needs a name"):
        client.apply(SETTINGS | {"metadata": {"generateName": "settings-"}})


def test_a_json_patch_changes_the_revision_that_was_read_and_no_later_one(client):
    before = client.create(SETTINGS).metadata.resource_version
    edits = [{"op": "replace", "path": "/data/colour", "value": "red"}]
    place = ConfigMap, "settings", "default"
    assert client.patch(*place, edits, expected=before).data == {"colour": "red"}
    with pytest.raises(Conflict, match="the object has been modified"):
        client.patch(*place, edits, expected=before)
    size = [{"op": "add", "path": "/data/size", "value": "big"}]
    assert client.patch(*place, size).data == {"colour": "red", "size": "big"}
    with pytest.raises(CourseError, match="due to an error in our request"):
        client.patch(*place, [{"op": "remove", "path": "/data/weight"}])


def test_a_dry_run_answers_and_stores_nothing(client):
    copy = client.dry_run()
    applied = copy.apply(SETTINGS)
    assert (applied.result, applied.object.data) == ("created", {"colour": "blue"})
    assert client.find(ConfigMap, "settings", "default") is None
    with pytest.raises(InvalidManifest):
        copy.create(SETTINGS | {"data": {"colour": 5}})


def test_in_process_a_dry_run_reads_what_it_wrote(local):
    copy = local.dry_run()
    copy.create(SETTINGS)
    assert copy.get(ConfigMap, "settings", "default").data == {"colour": "blue"}


def test_each_client_counts_its_own_events(client, local):
    about = client.create(SETTINGS)
    for _ in range(3):
        client.events.normal("tester", about, "Seen", "it is there")
    events = local.list("Event")
    assert [(event.reason, event.count) for event in events] == [("Seen", 3)]


def test_an_event_lives_for_an_hour_after_its_last_record(client):
    node = client.create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1"}})
    for _ in range(9):
        client.events.normal("kubelet", node, "Beat", "heart beats")
        client.sim.run(600)
    assert [each.count for each in client.list("Event")] == [9]  # an hour and a half later
    client.sim.run(3600)
    client.events.normal("kubelet", node, "Other", "another one")
    assert [each.reason for each in client.list("Event")] == ["Other"]


def test_a_connection_that_is_cut_reaches_nobody_and_comes_back(local, way):
    connection = Connection(local.sim, way, "node-1")
    connection.create(SETTINGS)
    way.open = False
    assert not connection.reachable
    with pytest.raises(Unreachable):
        connection.list(ConfigMap)
    with pytest.raises(Unreachable):
        connection.create(pod("web"))
    way.open = True
    assert [each.name for each in connection.list(ConfigMap)] == ["settings"]
    assert isinstance(connection.create(pod("web")), Pod)


def test_a_client_that_remembers_finds_what_it_has_read_before(local, way):
    connection = Connection(local.sim, way, "node-1", remembers=True)
    connection.create(SETTINGS)
    seen = connection.get(ConfigMap, "settings", "default")
    way.open = False
    assert connection.find("cm", "settings", "default") == seen
    with pytest.raises(NotFound):
        connection.get(ConfigMap, "other", "default")
    with pytest.raises(Unreachable):
        connection.patch(ConfigMap, "settings", "default", {"data": {"colour": "red"}})


def test_a_process_that_has_ended_sends_and_hears_nothing(local, way):
    connection = Connection(local.sim, way, "node-1")
    heard = []
    connection.watch(ConfigMap, heard.append)
    connection.close()
    local.create(SETTINGS)
    assert heard == []
    with pytest.raises(Unreachable, match="node-1 has ended"):
        connection.list(ConfigMap)


def test_existing_objects_come_first_when_a_watch_asks_for_them(client):
    client.create(SETTINGS)
    heard = []
    client.watch("ConfigMap", lambda event: heard.append(event.type), initial=True)
    client.patch(ConfigMap, "settings", "default", {"data": {"colour": "red"}})
    client.sim.run(0.1)
    assert heard == ["ADDED", "MODIFIED"]


@pytest.mark.parametrize("wrong", [False, 0, [], 5, ["a"]], ids=repr)
@pytest.mark.parametrize("field", ["name", "namespace"])
def test_apply_refuses_a_name_or_namespace_that_is_no_text_with_its_path(client, field, wrong):
    metadata = {"name": "settings", "namespace": "default"} | {field: wrong}
    with pytest.raises(InvalidManifest) as refusal:
        client.apply(SETTINGS | {"metadata": metadata})
    assert refusal.value.where.endswith(f"metadata.{field}")
    assert refusal.value.expected == "text"
    assert client.find(ConfigMap, "settings", "default") is None


@pytest.mark.parametrize(
    ("metadata", "field"),
    [
        ({}, "metadata.name"),
        (None, "metadata.name"),
        ({"name": ""}, "metadata.name"),
        ([], "metadata"),
    ],
    ids=str,
)
def test_apply_refuses_metadata_without_a_name(client, metadata, field):
    with pytest.raises(InvalidManifest) as refusal:
        client.apply(SETTINGS | {"metadata": metadata})
    assert refusal.value.where.endswith(field)


def test_an_empty_namespace_is_the_default_one(client):
    client.apply(SETTINGS | {"metadata": {"name": "settings", "namespace": ""}})
    assert client.get(ConfigMap, "settings", "default").name == "settings"
