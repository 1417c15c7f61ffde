"""The client over HTTP: refusals by their reason, watches that go on, writes that are seen."""

from __future__ import annotations

import time

import pytest

from course_lib.apiserver import APIServer
from course_lib.apiserver.errors import (
    AlreadyExists,
    APIError,
    Compacted,
    Conflict,
    Forbidden,
    NotFound,
    TooManyRequests,
    Unauthorized,
    Unreachable,
)
from course_lib.apiserver.statuses import failure, refusal_of
from course_lib.client.http import HTTPClient
from course_lib.client.informer import Informer, InformerFactory
from course_lib.client.transport import Address, HTTPTransport
from course_lib.cluster.served import Served
from course_lib.engine import Simulation
from course_lib.errors import CourseError, InvalidManifest
from course_lib.objects.kinds.config_map import ConfigMap
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.selectors import parse_field_selector, parse_selector
from tests.apiserver.definitions import definition
from tests.client.conftest import ServedServer
from tests.client.test_clients import SETTINGS
from tests.conftest import pod


def arrive(client, condition):
    """Let time pass until a condition holds: what others write arrives in its own time."""
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it does not arrive"
        time.sleep(0.005)
        client.sim.run(0.01)


def names(informer):
    return [each.name for each in informer.list()]


def test_a_refusal_comes_back_as_the_class_of_its_reason(over_http):
    client = over_http
    client.create(SETTINGS)
    with pytest.raises(AlreadyExists, match='configmaps "settings" already exists'):
        client.create(SETTINGS)
    with pytest.raises(NotFound, match='pods "web" not found'):
        client.get(Pod, "web", "default")
    stale = client.document(ConfigMap, "settings", "default")
    client.patch(ConfigMap, "settings", "default", {"data": {"colour": "red"}})
    with pytest.raises(Conflict, match="the object has been modified"):
        client.update(stale)
    with pytest.raises(Conflict):
        version = stale["metadata"]["resourceVersion"]
        client.patch(ConfigMap, "settings", "default", {"data": {"a": "b"}}, expected=version)
    with pytest.raises(InvalidManifest) as refusal:
        client.create(SETTINGS | {"metadata": {"name": "No"}})
    assert refusal.value.where == "metadata.name"


@pytest.mark.parametrize(
    ("code", "reason", "cls"),
    [
        (403, "Forbidden", Forbidden), (429, "TooManyRequests", TooManyRequests),
        (410, "Expired", Compacted), (401, "Unauthorized", Unauthorized),
        (503, "ServiceUnavailable", Unreachable), (500, "InternalError", APIError),
    ],
)  # fmt: skip
def test_a_status_that_refuses_is_read_as_its_class(code, reason, cls):
    refusal = refusal_of(failure(code, reason, "too old resource version: 3 (7)"))
    assert type(refusal) is cls
    assert (refusal.code, refusal.reason) == (code, reason)
    assert "too old resource version: 3 (7)" in str(refusal)


def test_nobody_is_reached_where_nothing_listens(local, served):
    gone = HTTPClient(local.sim, HTTPTransport(Address("http://127.0.0.1:1")))
    with pytest.raises(Unreachable, match="the API server does not answer"):
        gone.list("Pod")
    assert not gone.reachable
    stranger = HTTPClient(local.sim, HTTPTransport(Address(served.url, "guessed")))
    with pytest.raises(Unauthorized):
        stranger.list("Pod")
    stranger.close()
    with pytest.raises(CourseError, match="not the URL of an API server"):
        HTTPClient(local.sim, HTTPTransport(Address("ftp://127.0.0.1"))).list("Pod")


def test_an_informer_shows_a_write_of_its_own_client_at_the_same_instant(over_http):
    informer = Informer(over_http, ConfigMap)
    now = over_http.sim.now
    over_http.create(SETTINGS)
    over_http.sim.advance(now)
    assert names(informer) == ["settings"]
    over_http.patch(ConfigMap, "settings", "default", {"data": {"colour": "red"}})
    over_http.sim.advance(now)
    assert informer.find("settings", "default").data == {"colour": "red"}
    over_http.delete(ConfigMap, "settings", "default")
    over_http.sim.advance(now)
    assert (names(informer), over_http.sim.now) == ([], now)


def test_an_informer_shows_what_others_write_when_it_has_arrived(local, over_http):
    informer = Informer(over_http, Pod)
    local.create(pod("web"))
    arrive(over_http, lambda: names(informer) == ["web"])
    local.delete(Pod, "web", "default", grace_period=0)
    arrive(over_http, lambda: names(informer) == [])


def test_a_watch_has_what_its_selectors_choose(local, over_http):
    mine = Informer(over_http, Pod, parse_field_selector("spec.nodeName=node-1"))
    heard = []
    over_http.watch(
        ConfigMap, lambda e: heard.append((e.type, e.object.name)), "default",
        parse_selector("app=web"),
    )  # fmt: skip
    for name in ("a", "b"):
        over_http.create(pod(name))
        labels = {"app": "web"} if name == "b" else {}
        over_http.create(SETTINGS | {"metadata": {"name": name, "labels": labels}})
    over_http.bind(over_http.get(Pod, "b", "default"), "node-1")
    arrive(over_http, lambda: names(mine) == ["b"])
    assert heard == [("ADDED", "b")]
    over_http.patch(ConfigMap, "b", "default", {"metadata": {"labels": {"app": None}}})
    arrive(over_http, lambda: heard == [("ADDED", "b"), ("DELETED", "b")])


def test_a_stopped_watch_tells_nothing_more(local, over_http):
    heard = []
    watch = over_http.watch(ConfigMap, heard.append)
    other = Informer(over_http, ConfigMap)
    watch.stop()
    over_http.create(SETTINGS)
    arrive(over_http, lambda: names(other) == ["settings"])
    assert heard == []


@pytest.mark.parametrize("compacted", [False, True])
def test_a_watch_goes_on_after_a_restart_and_misses_nothing(local, served, over_http, compacted):
    informer = Informer(over_http, ConfigMap)
    over_http.create(SETTINGS)
    arrive(over_http, lambda: names(informer) == ["settings"])
    with served.lock:  # the watch ends; the next server has the same store
        local.delete(ConfigMap, "settings", "default")
        local.create(SETTINGS | {"metadata": {"name": "other"}})
        if compacted:
            local.server.store.compact(local.server.store.revision)
        old, local.server = local.server, APIServer(local.sim, local.server.store)
        old.stop()
    arrive(over_http, lambda: names(informer) == ["other"])
    over_http.create(SETTINGS)
    arrive(over_http, lambda: names(informer) == ["other", "settings"])
    assert over_http.synced


def test_a_client_goes_on_when_its_server_comes_back(local):
    cluster = ServedServer(local)
    with Served(cluster) as first:
        port = int(first.url.rpartition(":")[2])
        client = HTTPClient(local.sim, HTTPTransport(Address(first.url, first.token)))
        informer = Informer(client, ConfigMap)
        client.create(SETTINGS)
    arrive(client, lambda: not client.synced)
    assert not client.reachable
    with pytest.raises(Unreachable):
        client.create(SETTINGS | {"metadata": {"name": "other"}})
    local.create(SETTINGS | {"metadata": {"name": "late"}})
    second = Served(cluster, port)
    second.token = first.token
    with second:
        arrive(client, lambda: names(informer) == ["late", "settings"])
        assert client.reachable and client.synced
        client.close()


def test_a_pod_is_bound_once_evicted_and_deleted_as_the_one_that_was_meant(over_http):
    web = over_http.create(pod("web"))
    over_http.bind(web, "node-1")
    assert over_http.get(Pod, "web", "default").spec.node_name == "node-1"
    with pytest.raises(Conflict):
        over_http.bind(web, "node-2")
    assert over_http.patch_status(web, {"phase": "Running"}).status.phase == "Running"
    with pytest.raises(Conflict):
        over_http.delete(Pod, "web", "default", uid="another")
    over_http.evict(web, grace_period=5)
    going = over_http.document(Pod, "web", "default")["metadata"]
    assert going["deletionGracePeriodSeconds"] == 5
    over_http.delete(Pod, "web", "default", grace_period=0, uid=web.uid)
    assert over_http.find(Pod, "web", "default") is None
    over_http.create(pod("web"))
    with pytest.raises(NotFound, match='pods "web" not found'):
        over_http.patch_status(web, {"phase": "Failed"})


def test_kinds_come_and_go_with_their_definitions(over_http):
    factory = InformerFactory(over_http)
    factory.informer("customresourcedefinitions")
    assert over_http.kinds.find("caches") is None
    over_http.create(definition())
    arrive(over_http, lambda: over_http.kinds.find("caches"))
    fresh = HTTPClient(over_http.sim, over_http._transport)
    assert fresh.kinds.find("caches").kind == "Cache"
    assert fresh.list("caches") == []
    over_http.delete("customresourcedefinitions", definition()["metadata"]["name"])
    arrive(over_http, lambda: over_http.kinds.find("caches") is None)


def test_a_field_that_is_null_counts_as_one_that_is_not_there(over_http, monkeypatch):
    over_http.create(SETTINGS)
    answer = over_http.document(ConfigMap, "settings", "default")
    answer["metadata"] |= {"labels": None, "finalizers": None}
    monkeypatch.setattr(over_http, "document", lambda *place: answer)
    found = over_http.get(ConfigMap, "settings", "default")
    assert found.labels == {}
    assert found.metadata.finalizers is None


def test_each_client_can_have_a_simulation_of_its_own(local, served):
    client = HTTPClient(Simulation(start=1000.0), HTTPTransport(Address(served.url, served.token)))
    informer = Informer(client, ConfigMap)
    client.create(SETTINGS)
    client.sim.run(1)
    assert names(informer) == ["settings"]
    assert local.sim.now == 0.0
    client.close()
