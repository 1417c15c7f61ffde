"""A store forgets, every five minutes, what was changed before the last time."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from course_lib.apiserver.compaction import INTERVAL, TURN, Compactor, EtcdCompactor
from course_lib.apiserver.entries import Change
from course_lib.apiserver.errors import Compacted
from course_lib.apiserver.etcd_store import EtcdStore
from course_lib.apiserver.store import Store
from course_lib.engine import Lifetime, Simulation
from course_lib.etcd import EtcdCluster, Put
from tests.apiserver.test_store import store_on

KEY = "/registry/pods/default/web"


@pytest.fixture
def sim() -> Simulation:
    return Simulation()


@pytest.fixture
def store(sim) -> Store:
    store = Store()
    Compactor(sim, store)
    return store


def remembers(store: Store, revision: int) -> bool:
    try:
        store.watch("/registry/pods/", lambda change: None, since=revision).stop()
    except Compacted:
        return False
    return True


@pytest.mark.parametrize(
    ("written", "remembered", "forgotten"),
    [(0.0, 599.0, 600.0), (299.0, 599.0, 600.0), (301.0, 899.0, 900.0)],
)
def test_a_change_is_forgotten_the_second_time_after_it(sim, store, written, remembered, forgotten):
    sim.run(written)
    store.put(KEY, {})
    sim.run(remembered - sim.now)
    assert remembers(store, 0)
    sim.run(forgotten - sim.now + 0.001)
    assert not remembers(store, 0)
    assert remembers(store, store.revision)


def test_what_is_stored_stays(sim, store):
    store.put(KEY, {"kind": "Pod"})
    sim.run(3 * INTERVAL)
    assert store.get(KEY).document["kind"] == "Pod"


def test_while_nothing_is_written_there_is_no_timer(sim, store):
    assert sim.env.peek() == float("inf")
    store.put(KEY, {})
    assert sim.env.peek() == INTERVAL
    assert [sim.step(), sim.step()] == [INTERVAL, 2 * INTERVAL]
    assert not store.has_history
    assert sim.env.peek() == float("inf")


def test_the_history_of_a_store_that_is_in_use_is_compacted_too(sim):
    store = Store()
    store.put(KEY, {})
    Compactor(sim, store)
    sim.run(INTERVAL - 1)
    assert remembers(store, 0)
    sim.run(1.001)
    assert not remembers(store, 0)


@example([300.0, 1.0, 300.0])
@given(st.lists(st.floats(0.5, 700), max_size=12))
def test_sleeping_it_forgets_what_a_timer_that_always_runs_forgets(pauses):
    sim = Simulation()
    sleeping, awake = Store(), Store()
    Compactor(sim, sleeping)

    def always():
        while True:
            before = awake.revision
            yield sim.sleep(INTERVAL)
            awake.compact(before)

    sim.start(always())
    for pause in pauses:
        sim.run(pause)
        changes: dict[Store, list[Change]] = {sleeping: [], awake: []}
        for store, heard in changes.items():
            store.watch("/registry/", heard.append, store.compacted).stop()
        assert sleeping.compacted == awake.compacted
        assert [c.revision for c in changes[sleeping]] == [c.revision for c in changes[awake]]
        for store in changes:
            store.put(KEY, {})


def follow(store: EtcdStore) -> None:
    store.sim.start(EtcdCompactor(store).run(store.sim))


def compacted(etcd: EtcdCluster) -> set[int]:
    etcd.catch_up()
    return {member.machine.compacted for member in etcd.members.values()}


def test_etcd_is_compacted_to_its_revision_at_the_interval_before():
    store = store_on(1)
    sim, etcd = store.sim, store.etcd
    follow(store)
    noted = [0, 0]  # nothing is compacted at the first interval
    for _ in range(3):
        written = store.put(KEY, {})
        sim.run(INTERVAL - 1)
        assert compacted(etcd) == {noted[-2]}
        sim.run(1.001)
        assert compacted(etcd) == {noted[-1]}
        noted.append(etcd.leader.machine.get(TURN).mod_revision)
        assert noted[-1] == written + 1
        kept = max(noted[-2], 1)
        assert remembers(store, kept) and not remembers(store, kept - 1)


def test_of_several_api_servers_one_compacts_etcd_and_another_goes_on_when_it_ends():
    first = store_on(1)
    sim, etcd = first.sim, first.etcd
    second = EtcdStore(sim, etcd)
    second.load()
    life = Lifetime(sim)
    life.start(EtcdCompactor(first).run(life))
    sim.run(100)
    follow(second)
    counts = []
    for _ in range(3):  # at 300, 400; 600, 700; 900, 1000
        first.put(KEY, {})
        sim.run(INTERVAL + 0.001)
        counts.append(etcd.leader.machine.get(TURN).version)
    assert counts == [1, 2, 3]
    at_900 = etcd.leader.machine.get(TURN).mod_revision
    assert second.compacted == max(compacted(etcd)) > 0
    life.end()
    sim.run(INTERVAL)
    assert etcd.leader.machine.get(TURN).version == 4
    assert compacted(etcd) == {at_900}


def test_a_failed_compaction_is_tried_at_the_next_interval():
    store = store_on(1)
    sim, etcd = store.sim, store.etcd
    follow(store)
    sim.run(INTERVAL + 1)
    noted = etcd.leader.machine.get(TURN).mod_revision
    store.reaches = lambda member: False
    sim.run(INTERVAL)
    assert compacted(etcd) == {0}
    store.reaches = lambda member: True
    sim.run(INTERVAL)
    assert compacted(etcd) == {noted}


def test_a_revision_of_the_last_compaction_that_is_no_number_is_ignored():
    store = store_on(1)
    follow(store)
    store.ask(lambda member, done: member.propose(Put(TURN, "now"), done))
    noted = store.etcd.leader.machine.revision
    store.sim.run(2 * INTERVAL + 1)
    assert compacted(store.etcd) == {noted}


def test_a_change_of_a_key_outside_the_registry_costs_no_history():
    store = store_on(1)
    before = store.put(KEY, {})
    store.ask(lambda member, done: member.propose(Put("foo", "bar"), done))
    store.confirm()
    assert store.revision == before + 1
    assert remembers(store, before - 1)
