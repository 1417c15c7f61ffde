"""Informers: a copy of the API's objects with indexes, that outlives breaks of the connection."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.apiserver import APIServer
from course_lib.apiserver.errors import Unreachable
from course_lib.apiserver.watch_events import ADDED, DELETED, MODIFIED, WatchEvent
from course_lib.client import LocalClient
from course_lib.client.cache import by_controller, by_label, by_namespace, by_owner, orphans
from course_lib.client.connection import Connection
from course_lib.client.informer import Informer, InformerFactory
from course_lib.engine import Simulation
from course_lib.errors import CourseError
from course_lib.objects.kinds.node import Node
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.selectors import parse_selector
from tests import conftest


def by_node(pod: Pod) -> list[str]:
    return [pod.spec.node_name] if pod.spec.node_name else []


INDEXES = (by_namespace, by_controller, by_owner, by_label("app"), by_node)


class Way:
    """A way to one API server that can be cut, and that leads to another one later."""

    def __init__(self, server: APIServer) -> None:
        self.server, self.open = server, True

    def pick(self, client: str) -> APIServer:
        if not self.open:
            raise Unreachable("cut")
        return self.server

    def reaches(self, client: str, server: APIServer) -> bool:
        return self.open and server is self.server


@pytest.fixture
def client() -> LocalClient:
    client = LocalClient(APIServer(Simulation()))
    for name in ("default", "shop"):
        space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        client.create(space)
    return client


def pod(name: str, namespace: str = "default", owner: str = "", **labels: str) -> dict:
    document = conftest.pod(name)
    document["metadata"] |= {"namespace": namespace, "labels": labels}
    if owner:
        reference = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": owner, "uid": owner}
        document["metadata"]["ownerReferences"] = [reference | {"controller": True}]
    return document


def names(pods: list[Pod]) -> list[str]:
    return [each.name for each in pods]


def test_the_cache_has_what_was_there_and_what_comes(client):
    client.create(pod("a"))
    informer = Informer(client, Pod)
    client.create(pod("b"))
    assert names(informer.list()) == ["a", "b"]
    assert informer.find("b", "default") == client.find(Pod, "b", "default")
    client.delete(Pod, "a", "default")
    assert informer.find("a") is None


def test_a_list_is_of_one_namespace_and_of_what_a_selector_matches(client):
    informer = Informer(client, "pods")
    client.create(pod("b", "shop", app="web"))
    client.create(pod("a", "shop", app="db"))
    client.create(pod("c", app="web"))
    assert names(informer.list()) == ["c", "a", "b"]
    assert names(informer.list("shop")) == ["a", "b"]
    assert names(informer.list("shop", parse_selector("app=web"))) == ["b"]


def test_indexes_follow_the_objects(client):
    informer = Informer(client, Pod)
    client.create(pod("a", owner="rs-1", app="web"))
    assert names(informer.by_index(by_label("app"), "web")) == ["a"]  # of what is there already
    client.create(pod("b", owner="rs-1", app="db"))
    client.create(pod("c"))
    assert names(informer.by_index(by_controller, "rs-1")) == ["a", "b"]
    assert names(informer.by_index(by_controller, orphans("default"))) == ["c"]
    client.patch(Pod, "b", "default", {"metadata": {"labels": {"app": "web"}}})
    assert names(informer.by_index(by_label("app"), "web")) == ["a", "b"]
    assert informer.by_index(by_label("app"), "db") == []
    client.bind(client.get(Pod, "c", "default"), "node-1")
    assert names(informer.by_index(by_node, "node-1")) == ["c"]


def test_an_index_by_label_is_found_again_after_those_of_many_other_labels():
    first = by_label("app")
    for number in range(500):
        by_label(f"label-{number}")
    assert by_label("app") is first


def test_handlers_hear_of_what_is_there_and_of_each_change_with_the_object_before(client):
    client.create(pod("a"))
    informer = Informer(client, Pod)
    heard = []
    informer.add_handler(
        lambda before, after: heard.append((before and before.labels, after and after.labels))
    )
    client.patch(Pod, "a", "default", {"metadata": {"labels": {"app": "web"}}})
    client.delete(Pod, "a", "default")
    assert heard == [(None, {})]
    client.sim.settle()
    assert heard == [(None, {}), ({}, {"app": "web"}), ({"app": "web"}, None)]


def test_the_cache_shows_a_change_to_the_handlers_that_hear_of_it(client):
    informer = Informer(client, Pod)
    seen = []
    informer.add_handler(lambda before, after: seen.append(names(informer.list())))
    client.create(pod("a"))
    client.sim.settle()
    client.create(pod("b"))
    client.sim.settle()
    assert seen == [["a"], ["a", "b"]]


def test_a_reader_sees_all_writes_before_the_handlers_hear_of_them(client):
    informer = Informer(client, Pod)
    heard = []
    informer.add_handler(lambda before, after: heard.append(after.name))
    client.create(pod("a"))
    client.create(pod("b"))
    assert names(informer.list()) == ["a", "b"]
    assert heard == []
    client.sim.settle()
    assert heard == ["a", "b"]


def test_no_handler_hears_of_what_happened_before_it_was_added(client):
    informer = Informer(client, Pod)
    earlier, later = [], []
    informer.add_handler(lambda before, after: earlier.append(after.name))
    client.create(pod("a"))
    informer.add_handler(lambda before, after: later.append((before, after.name)))
    client.sim.settle()
    assert earlier == ["a"]
    assert later == [(None, "a")]


def test_a_watch_that_was_stopped_delivers_nothing(client):
    informer = Informer(client, Pod)
    heard = []
    informer.add_handler(lambda before, after: heard.append(after.name))
    client.create(pod("a"))
    client.create(pod("b"))
    assert informer.find("a") is not None
    informer.stop()
    client.sim.settle()
    assert heard == []


def test_changes_arrive_in_order_where_a_watcher_writes_to_what_it_hears_of(client):
    def label(event):
        if not event.object.labels:
            client.patch(Pod, "a", "default", {"metadata": {"labels": {"app": "web"}}})

    client.watch(Pod, label)
    informer = Informer(client, Pod)
    heard = []
    informer.add_handler(lambda before, after: heard.append(after.labels))
    client.create(pod("a"))
    client.sim.settle()
    assert heard == [{}, {"app": "web"}]
    assert informer.find("a") == client.get(Pod, "a")


def test_a_factory_has_one_informer_for_all_names_of_a_kind(client):
    factory = InformerFactory(client)
    assert factory.informer(Pod) is factory.informer("po")
    client.create(pod("a"))
    assert factory.find(Pod, "a", "default").name == "a"
    assert names(factory.list("Pod")) == ["a"]


def test_an_informer_that_starts_while_no_server_answers_fills_up_later(client):
    client.create(pod("a"))
    way = Way(client.server)
    way.open = False
    connection = Connection(client.sim, way, "node-1")
    informer = Informer(connection, Pod)
    assert len(informer) == 0
    way.open = True
    client.sim.run(5)
    assert names(informer.list()) == ["a"]


def test_a_client_is_synced_when_the_last_of_its_watches_resumed(client):
    way = Way(client.server)
    connection = Connection(client.sim, way, "node-1")
    factory = InformerFactory(connection)
    pods, nodes = factory.informer(Pod), factory.informer(Node)
    woken = []

    def wait():
        yield from factory.wait_for_sync()
        woken.append((client.sim.now, names(pods.list()), names(nodes.list())))

    assert factory.synced
    way.open = False
    assert not factory.synced
    client.sim.start(wait())
    client.create(pod("a"))
    client.create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1"}})
    way.open = True
    assert connection.reachable
    assert not factory.synced  # requests are answered before the watches resume
    client.sim.run(30)
    assert factory.synced
    [(moment, *seen)] = woken
    assert 0.8 <= moment <= 1.6
    assert seen == [["a"], ["node-1"]]


def test_nobody_waits_for_a_watch_that_was_stopped(client):
    way = Way(client.server)
    connection = Connection(client.sim, way, "node-1")
    informer = Informer(connection, Pod)
    way.open = False
    assert not connection.synced
    informer.stop()
    assert connection.synced
    assert connection.reflectors == []


def test_objects_are_found_by_their_own_namespace_after_the_scope_of_a_custom_kind_changed(client):
    client.create(definition("Cluster"))
    informer = Informer(client, "widgets")
    client.create({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "a"}})
    assert informer.find("a").name == "a"
    client.delete("widgets", "a")
    client.delete("crd", "widgets.example.com")
    client.sim.run(5)
    client.create(definition("Namespaced"))
    for space in ("default", "shop"):
        metadata = {"name": "a", "namespace": space}
        client.create({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": metadata})
    assert [each.namespace for each in informer.list()] == ["default", "shop"]
    assert informer.find("a", "shop").namespace == "shop"


def definition(scope: str) -> dict:
    schema = {"openAPIV3Schema": {"type": "object"}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "scope": scope,
            "names": {"plural": "widgets", "kind": "Widget"},
            "versions": [version],
        },
    }


class Replay(LocalClient):
    """A client whose watch delivers what a test says."""

    def watch(self, kind, listener, *arguments, **more):
        self.deliver = listener
        return super().watch(kind, lambda event: None)


def replaced(client: LocalClient) -> tuple[Pod, Pod]:
    """A Pod, and a later one of the same name."""
    client.create(pod("a"))
    first = client.get(Pod, "a")
    client.delete(Pod, "a", grace_period=0)
    client.create(pod("a"))
    return first, client.get(Pod, "a")


def test_handlers_hear_that_an_object_went_before_another_one_of_its_name_comes(client):
    first, second = replaced(client)
    replay = Replay(client.server)
    informer = Informer(replay, Pod)
    heard = []
    informer.add_handler(lambda *change: heard.append(change))
    replay.deliver(WatchEvent(ADDED, first, 10))
    replay.deliver(WatchEvent(MODIFIED, second, 12))
    assert heard == [(None, first), (first, None), (None, second)]


def test_the_late_deletion_of_an_earlier_object_leaves_its_successor(client):
    first, second = replaced(client)
    replay = Replay(client.server)
    informer = Informer(replay, Pod)
    replay.deliver(WatchEvent(ADDED, second, 12))
    client.sim.run(1)
    replay.deliver(WatchEvent(DELETED, first, 13))
    assert informer.list() == [second]


def test_a_reflector_takes_the_last_change_of_an_instant_for_the_latest(client):
    """The Pod that a listener deletes within the instant of its creation is not known later."""

    def remove(event):
        if (event.type, event.object.name) == (ADDED, "a"):
            client.delete(Pod, "a", grace_period=0)

    way = Way(client.server)
    client.watch(Pod, remove)
    heard = []
    Connection(client.sim, way, "node-1").watch(Pod, lambda event: heard.append(event.type))
    client.create(pod("a"))
    client.sim.settle()
    assert heard == [ADDED, DELETED]
    heard.clear()
    way.open = False
    client.create(pod("b"))
    do(client, way, ("compact",))
    do(client, way, ("restart",))
    way.open = True
    client.sim.run(60)
    assert heard == [ADDED]  # of b; nobody hears again that a has gone


def test_a_handler_hears_that_an_object_is_gone_that_its_earlier_call_deleted(client):
    client.create(pod("a"))
    client.create(pod("b"))
    informer = Informer(client, Pod)
    present = []

    def only_a(before, after):
        if after is None:
            present.remove(before.name)
            return
        present.append(after.name)
        if after.name == "a":
            client.delete(Pod, "b", grace_period=0)

    informer.add_handler(only_a)
    client.sim.settle()
    assert present == ["a"]


# What may happen: a write (whichever of these names), a break, the end of a break, a compaction.
NAMES = st.sampled_from(["a", "b", "c"])
SPACES = st.sampled_from(["default", "shop"])
STEPS = st.one_of(
    st.tuples(st.just("create"), NAMES, SPACES, st.sampled_from(["", "rs-1", "rs-2"])),
    st.tuples(st.just("label"), NAMES, SPACES, st.sampled_from(["web", "db"])),
    st.tuples(st.just("bind"), NAMES, SPACES, st.sampled_from(["node-1", "node-2"])),
    st.tuples(st.just("delete"), NAMES, SPACES),
    st.tuples(st.just("cut")),
    st.tuples(st.just("mend")),
    st.tuples(st.just("restart")),
    st.tuples(st.just("compact")),
    st.tuples(st.just("wait"), st.floats(0.1, 20)),
)


def do(client: LocalClient, way: Way, step: tuple) -> None:
    match step:
        case ("create", name, space, owner):
            client.create(pod(name, space, owner))
        case ("label", name, space, app):
            client.patch(Pod, name, space, {"metadata": {"labels": {"app": app}}})
        case ("bind", name, space, node):
            client.bind(client.get(Pod, name, space), node)
        case ("delete", name, space):
            client.delete(Pod, name, space, grace_period=0)
        case ("cut",):
            way.open = False
        case ("mend",):
            way.open = True
        case ("restart",):  # another API server on the same store
            old, way.server = way.server, APIServer(client.sim, client.server.store)
            old.stop()
        case ("compact",):
            client.server.store.compact(client.server.store.revision)
        case ("wait", seconds):
            client.sim.run(seconds)


@settings(max_examples=150)
@given(st.lists(STEPS, max_size=30))
def test_a_cache_equals_the_list_after_any_history_of_writes_and_breaks(steps):
    server = APIServer(Simulation())
    client, way = LocalClient(server), Way(server)
    for name in ("default", "shop"):
        client.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    connection = Connection(client.sim, way, "node-1")
    near, far = Informer(client, Pod), Informer(connection, Pod)
    mirror: dict[str, Pod] = {}  # what handlers alone would know

    def follow(before, after):
        assert mirror.get((before or after).uid) == before
        mirror.pop((before or after).uid, None)
        if after is not None:
            mirror[after.uid] = after

    far.add_handler(follow)
    for informer in (near, far):
        for index in INDEXES:
            assert informer.by_index(index, "nobody") == []  # from here on it is kept
    for step in steps:
        with suppress(CourseError):  # the name is taken, or there is no such Pod
            do(client, way, step)
        assert near.list() == client.list(Pod)
    way.open = True
    client.sim.run(120)
    pods = client.list(Pod)
    for informer in (near, far):
        assert informer.list() == pods
        assert informer.list("shop") == [each for each in pods if each.namespace == "shop"]
        for index in INDEXES:
            for value in {value for each in pods for value in index(each)} | {"nobody"}:
                expected = [each for each in pods if value in index(each)]
                assert informer.by_index(index, value) == expected
    assert sorted(mirror) == sorted(each.uid for each in pods)
