"""Watches are found by prefix and field: each hears what it would hear if it were asked."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.apiserver import APIServer, WatchEvent
from course_lib.apiserver.entries import Change, in_order
from course_lib.apiserver.store import Store
from course_lib.apiserver.watches import Watch
from course_lib.engine import Simulation
from course_lib.objects.manifests import Document, text_at
from course_lib.objects.selectors import FieldValue, parse_field_selector, parse_selector
from tests.conftest import pod

SPACES, NAMES, NODES, APPS = ("a", "b"), ("x", "y", "z"), ("n1", "n2"), ("web", "db")
SELECTORS = ("", "app=web", "app!=web", "tier")
FIELDS = (
    "",
    "spec.nodeName=n1",
    "spec.nodeName=n2",
    "spec.nodeName=",
    "spec.nodeName!=n1",
    "status.phase!=Failed,spec.nodeName=n1",
    "metadata.name=x",
    "metadata.name=x,spec.nodeName=n2",
    "spec.hostNetwork=true",
)


class Interest(NamedTuple):
    """What one watch is about."""

    kind: str
    namespace: str
    selector: str
    fields: str
    queued: bool = True

    def has(self, document: Document | None) -> bool:
        """Whether it is about an object, of which None is none; asked in the plainest way."""
        if document is None or document["kind"] != self.kind:
            return False
        meta = document["metadata"]
        return (
            self.namespace in ("", meta["namespace"])
            and parse_selector(self.selector).matches(meta.get("labels"))
            and parse_field_selector(self.fields).matches(document)
        )


interests = st.builds(
    Interest,
    st.sampled_from(("Pod", "ConfigMap")),
    st.sampled_from(("", *SPACES)),
    st.sampled_from(SELECTORS),
    st.sampled_from(FIELDS),
    st.booleans(),
)
subscriptions = st.tuples(st.just("watch"), interests, st.integers(0, 8))
writes = st.tuples(
    st.sampled_from(("create", "label", "bind", "fail", "configure", "delete", "stop")),
    st.sampled_from(SPACES),
    st.sampled_from(NAMES),
    st.sampled_from(NODES),
    st.sampled_from(APPS),
)


class Listeners:
    """An API server with watches that come and go, and what each should hear."""

    def __init__(self, plain: bool = False) -> None:
        self.sim = Simulation()
        self.sim.plain = plain
        self.api = APIServer(self.sim)
        self.changes: list[Change] = []
        self.api.store.watch("/", self.changes.append)
        for space in SPACES:
            meta = {"name": space}
            self.api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": meta})
        self.watches: list[tuple[Interest, Watch, int]] = []  # with the revision of its beginning
        self.ends: dict[int, int] = {}  # the last revision that a stopped watch can hear of
        self.heard: list[tuple[int, str, str, int]] = []

    def watch(self, interest: Interest, back: int) -> None:
        number, since = len(self.watches), max(0, self.api.store.revision - back)

        def hear(event: WatchEvent) -> None:
            assert event.object.metadata.resource_version
            assert event.document["metadata"]["name"] == event.object.name
            self.heard.append((number, event.type, event.object.name, event.revision))

        watch = self.api.watch(
            interest.kind,
            hear,
            interest.namespace,
            parse_selector(interest.selector),
            parse_field_selector(interest.fields) if interest.fields else None,
            since,
            interest.queued,
        )
        self.watches.append((interest, watch, since))

    def write(self, act: str, space: str, name: str, node: str, app: str) -> None:
        api, found = self.api, self.api.find("Pod", name, space)
        if act == "create" and found is None:
            document = pod(name)
            document["metadata"] |= {"namespace": space, "labels": {"app": app}}
            document["spec"]["hostNetwork"] = app == "db"
            api.create(document)
        elif act == "configure" and api.find("ConfigMap", name, space) is None:
            meta = {"name": name, "namespace": space, "labels": {"app": app}}
            api.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta})
        elif act == "stop" and self.watches:
            number = len(name + app + node) % len(self.watches)
            self.watches[number][1].stop()
            self.ends.setdefault(number, api.store.revision)
        elif found is None:
            return
        elif act == "label":
            api.patch("Pod", name, space, {"metadata": {"labels": {"app": app, "tier": node}}})
        elif act == "bind" and not found.spec.node_name:
            api.bind(found, node)
        elif act == "fail":
            api.patch_status(found, {"phase": "Failed"})
        elif act == "delete":
            api.delete("Pod", name, space, grace_period=0)

    def expected(self, number: int) -> list[tuple[int, str, str, int]]:
        """What a watch hears if it is asked of each change, one after the other."""
        interest, _, since = self.watches[number]
        events = []
        for change in self.changes:
            if since < change.revision <= self.ends.get(number, change.revision):
                now = interest.has(change.document) and change.type == "PUT"
                before = interest.has(change.before.document if change.before else None)
                kind = {(1, 0): "ADDED", (1, 1): "MODIFIED", (0, 1): "DELETED"}.get((now, before))
                if kind:
                    name = change.document["metadata"]["name"]
                    events.append((number, kind, name, change.revision))
        return events


def listeners(steps: list[tuple], plain: bool = False) -> Listeners:
    world = Listeners(plain)
    for act, *rest in steps:
        world.watch(*rest) if act == "watch" else world.write(act, *rest)
        world.sim.settle()
    return world


steps = st.lists(st.one_of(subscriptions, writes, writes, writes), max_size=30)


@settings(max_examples=150, deadline=None)
@given(steps)
def test_each_watch_hears_what_it_would_hear_if_it_were_asked_of_each_change(steps):
    world = listeners(steps)
    for number in range(len(world.watches)):
        assert [each for each in world.heard if each[0] == number] == world.expected(number)


@settings(max_examples=100, deadline=None)
@given(steps)
def test_watches_hear_in_one_order_whether_they_are_found_or_asked(steps):
    assert listeners(steps).heard == listeners(steps, plain=True).heard


@settings(max_examples=100, deadline=None)
@given(st.lists(interests, min_size=1, max_size=6), st.lists(writes, max_size=20))
def test_changes_arrive_in_the_order_of_the_writes_and_then_of_the_subscriptions(about, writes):
    world = Listeners()
    for each in about:
        world.watch(each._replace(queued=True), 0)
    for act, *rest in writes:
        if act != "stop":
            world.write(act, *rest)
    world.sim.settle()
    order = [(revision, number) for number, _, _, revision in world.heard]
    assert order == sorted(order)


@settings(max_examples=100, deadline=None)
@given(st.lists(writes, max_size=30), st.sampled_from(FIELDS), st.sampled_from(("", "a")))
def test_a_list_by_a_field_is_what_it_would_be_if_each_object_were_asked(writes, fields, space):
    world, chosen = Listeners(), parse_field_selector(fields)
    for act, *rest in writes:
        world.write(act, *rest)
        every = [each for each in world.api.list("Pod") if space in ("", each.namespace)]
        documents = {p.uid: world.api.document("Pod", p.name, p.namespace) for p in every}
        listed = world.api.list("Pod", space, fields=chosen)
        assert listed == [p for p in every if chosen.matches(documents[p.uid])]


@pytest.fixture
def store() -> Store:
    return Store()


def on(node: str) -> Document:
    return {"metadata": {}, "spec": {"nodeName": node} if node else {}}


def test_a_write_asks_only_the_watches_that_its_field_concerns(store, monkeypatch):
    heard: dict[str, int] = {}

    def listener(name: str):
        return lambda change: heard.update({name: heard.get(name, 0) + 1})

    for number in range(100):
        field = FieldValue("spec.nodeName", f"node-{number}")
        store.watch("/registry/pods/", listener(field.value), field=field)
    store.watch("/registry/pods/", listener("all"))
    store.watch("/registry/nodes/", listener("nodes"))
    receive = Watch.receive
    asked: list[Watch] = []
    monkeypatch.setattr(Watch, "receive", lambda w: (asked.append(w), receive(w))[1])
    store.put("/registry/pods/default/web", on("node-7"))
    assert heard == {"node-7": 1, "all": 1}
    assert len(asked) == 2
    store.put("/registry/pods/default/web", on("node-8"))  # both nodes see it: gone, and come
    assert heard == {"node-7": 2, "node-8": 1, "all": 2}


def test_a_list_by_node_looks_at_the_pods_of_the_node_only(store):
    field = FieldValue("spec.nodeName", "node-1")
    assert store.range("/registry/pods/", field) == []
    for number in range(20):
        store.put(f"/registry/pods/default/web-{number:02}", on(f"node-{number % 4}"))
    store.put("/registry/pods/default/web-01", on("node-2"))
    store.delete("/registry/pods/default/web-05")
    found = [key.rpartition("/")[2] for key, _ in store.range("/registry/pods/", field)]
    assert found == ["web-09", "web-13", "web-17"]


def test_an_absent_field_is_empty(store):
    heard: list[Change] = []
    store.watch("/registry/pods/", heard.append, field=FieldValue("spec.nodeName", ""))
    store.put("/registry/pods/default/web", on(""))
    store.put("/registry/pods/default/web", on("node-1"))
    store.put("/registry/pods/default/web", on("node-2"))
    assert len(heard) == 2


def test_a_watch_that_ended_is_kept_no_longer(store):
    def watch() -> Watch:
        return store.watch("/registry/pods/", print, field=FieldValue("spec.nodeName", "node-1"))

    first, second = watch(), watch()
    first.stop()
    first.stop()
    assert store.watches == [second]
    second.stop()
    assert store.watches == []


@given(st.dictionaries(st.text(), st.integers()))
def test_a_dict_in_order_is_the_same_dict_with_its_keys_sorted(values):
    before = dict(values)
    assert in_order(values) is values
    assert list(values.items()) == sorted(before.items())


@pytest.mark.parametrize(
    ("path", "text"),
    [("a.b", "1"), ("a.c", "true"), ("a.d", ""), ("a.b.e", ""), ("f", ""), ("f.g", "")],
)
def test_a_field_is_text_where_it_is_there(path, text):
    assert text_at({"a": {"b": 1, "c": True, "d": None}, "f": None}, path) == text
