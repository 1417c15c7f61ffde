"""The store against a plain dict, and its watches against its history: by itself, and on etcd."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from course_lib.apiserver.entries import DELETE, PUT, Change
from course_lib.apiserver.errors import Compacted, Conflict
from course_lib.apiserver.etcd_store import EtcdStore
from course_lib.apiserver.store import Store
from course_lib.engine import Simulation
from course_lib.etcd import EtcdCluster

KEYS = ["/registry/pods/a/x", "/registry/pods/a/y", "/registry/pods/b/x", "/registry/nodes/n"]
PREFIXES = ["/registry/", "/registry/pods/", "/registry/pods/a/", "/registry/nodes/"]


def store_on(members: int) -> Store:
    """A store: on so many members of etcd, or on none."""
    if not members:
        return Store()
    sim = Simulation()
    etcd = EtcdCluster(Simulation(), members)
    etcd.follow(sim)
    sim.run(5)
    store = EtcdStore(sim, etcd)
    store.load()
    return store


class StoreModel(RuleBasedStateMachine):
    """Random operations, on the store and on a dict at once."""

    members = 0

    def __init__(self) -> None:
        super().__init__()
        self.store = store_on(self.members)
        self.model: dict[str, tuple[int, int]] = {}  # value and revision
        self.revision = self.store.revision
        self.heard: dict[str, list[Change]] = {prefix: [] for prefix in PREFIXES}
        for prefix in PREFIXES:
            self.store.watch(prefix, self.heard[prefix].append)
        self.done: list[tuple[int, str]] = []

    @rule(key=st.sampled_from(KEYS), value=st.integers(), stale=st.booleans(), blind=st.booleans())
    def put(self, key: str, value: int, stale: bool, blind: bool) -> None:
        now = self.model.get(key, (0, 0))[1]
        expected = None if blind else now + stale
        if expected not in (None, now):
            with pytest.raises(Conflict):
                self.store.put(key, {"value": value}, expected)
            return
        self.revision += 1
        assert self.store.put(key, {"value": value}, expected) == self.revision
        self.model[key] = value, self.revision
        self.done.append((self.revision, key))

    @rule(key=st.sampled_from(KEYS))
    def delete(self, key: str) -> None:
        if key not in self.model:
            with pytest.raises(Conflict):
                self.store.delete(key)
            return
        self.revision += 1
        assert self.store.delete(key) == self.revision
        del self.model[key]
        self.done.append((self.revision, key))

    @rule(back=st.integers(0, 5))
    def compact(self, back: int) -> None:
        self.store.compact(max(0, self.revision - back))

    @rule(prefix=st.sampled_from(PREFIXES), back=st.integers(0, 10))
    def resume(self, prefix: str, back: int) -> None:
        since = max(0, self.revision - back)
        caught_up: list[Change] = []
        if since < self.store.compacted:
            with pytest.raises(Compacted):
                self.store.watch(prefix, caught_up.append, since)
            return
        self.store.watch(prefix, caught_up.append, since).stop()
        wanted = [r for r, key in self.done if r > since and key.startswith(prefix)]
        assert [change.revision for change in caught_up] == wanted

    @invariant()
    def same_as_the_model(self) -> None:
        assert self.store.revision == self.revision
        for prefix in PREFIXES:
            found = [(k, e.document["value"], e.revision) for k, e in self.store.range(prefix)]
            wanted = [(k, *self.model[k]) for k in sorted(self.model) if k.startswith(prefix)]
            assert found == wanted
            told = [change.revision for change in self.heard[prefix]]
            assert told == [r for r, key in self.done if key.startswith(prefix)]


class OneMember(StoreModel):
    members = 1


class ThreeMembers(StoreModel):
    members = 3


TestStoreAgainstADict = StoreModel.TestCase
TestOneMemberAgainstADict = OneMember.TestCase
TestThreeMembersAgainstADict = ThreeMembers.TestCase


@pytest.fixture(params=[0, 1, 3], ids=["plain", "one-member", "three-members"])
def store(request) -> Store:
    return store_on(request.param)


def test_a_deletion_tells_what_was_there(store):
    store.put(KEYS[0], {"value": 1})
    heard: list[Change] = []
    store.watch("/", heard.append)
    store.delete(KEYS[0])
    assert [(c.type, c.document["value"]) for c in heard] == [(DELETE, 1)]


def test_an_object_that_took_the_name_of_another_is_told_of_as_a_new_one():
    store = store_on(1)
    other = EtcdStore(store.sim, store.etcd)
    other.load()
    store.put(KEYS[0], {"metadata": {"uid": "a"}})
    other.catch_up()
    heard: list[Change] = []
    other.watch("/", heard.append)
    other.close()
    store.delete(KEYS[0])
    store.put(KEYS[0], {"metadata": {"uid": "b"}})
    other.load()
    assert [(c.type, c.document["metadata"]["uid"]) for c in heard] == [(DELETE, "a"), (PUT, "b")]
    assert heard[0].revision < heard[1].revision
    assert heard[1].before is None


def test_a_stopped_watch_hears_no_more(store):
    heard: list[Change] = []
    watch = store.watch("/", heard.append)
    watch.stop()
    store.put(KEYS[0], {})
    assert heard == []


@given(st.lists(st.sampled_from(KEYS), max_size=20))
def test_the_revision_only_grows(keys):
    store = Store()
    revisions = [store.put(key, {}) for key in keys]
    assert revisions == sorted(set(revisions))
