"""A store forgets, every five minutes, what was changed before the last time."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from course_lib.apiserver.compaction import INTERVAL, Compactor
from course_lib.apiserver.entries import Change
from course_lib.apiserver.errors import Compacted
from course_lib.apiserver.store import Store
from course_lib.engine import Simulation

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
