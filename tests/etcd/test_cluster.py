"""Clusters of members: who leads, who survives what, leases, watches, members that come and go."""

from __future__ import annotations

import pytest

from course_lib.engine import Simulation
from course_lib.etcd import (
    Compact,
    Configuration,
    Delete,
    EtcdCluster,
    EtcdError,
    Get,
    Grant,
    Member,
    Put,
    Refused,
    Revoke,
)
from course_lib.etcd.requests import COMPACTED, NO_LEASE, NO_SPACE, TIMED_OUT


@pytest.fixture
def three() -> EtcdCluster:
    cluster = EtcdCluster(Simulation(3), 3)
    cluster.elect()
    return cluster


def put(cluster: EtcdCluster, key: str, value: str, **more: int):
    return cluster.call(cluster.elect().propose, Put(key, value, **more))


def get(cluster: EtcdCluster, key: str) -> str | None:
    found = cluster.call(cluster.elect().read, Get(key)).result
    return found.value if found else None


@pytest.mark.parametrize("size", [1, 3, 5, 7])
def test_so_many_members_outlive_the_loss_of_all_but_a_majority(size):
    cluster = EtcdCluster(Simulation(size), size)
    assert put(cluster, "k", "before").revision == 2
    for name in list(cluster.members)[: (size - 1) // 2]:
        cluster.members[name].crash()
    cluster.sim.run(5)
    assert put(cluster, "k", "after").revision == 3
    if size > 1:
        next(m for m in cluster.members.values() if m.up).crash()
        cluster.sim.run(5)
        leader = cluster.leader
        assert leader is None or isinstance(cluster.request(leader, Put("k", "x")), EtcdError)


def test_a_request_without_a_majority_ends_in_a_timeout(three):
    leader = three.elect()
    for member in three.members.values():
        if member is not leader:
            member.crash()
    outcome = three.request(leader, Put("k", "x"))
    assert isinstance(outcome, EtcdError) and str(outcome) == TIMED_OUT


def test_a_request_to_a_full_store_is_refused_in_etcds_words():
    cluster = EtcdCluster(Simulation(1), 1)
    cluster.limit(1000)
    leader = cluster.elect()
    outcomes = [cluster.request(leader, Put("k", "x" * 600)) for _ in range(3)]
    assert isinstance(outcomes[-1], EtcdError) and str(outcomes[-1]) == NO_SPACE


def test_a_term_has_one_leader_and_a_minority_none(three):
    leader = three.elect()
    others = [name for name in three.members if name != leader.name]
    three.peers.part([leader.name], others)
    three.sim.run(5)
    assert not leader.leads, "it has not heard from a quorum"
    second = three.elect()
    assert second.name in others and second.raft.current_term > leader.raft.current_term
    assert put(three, "k", "1").revision == 2
    three.peers.heal()
    three.sim.run(5)
    assert len({m.raft.current_term for m in three.members.values()}) == 1
    assert three.leader is second, "who comes back does not unseat it"
    assert all(m.read_here(Get("k")).result.value == "1" for m in three.members.values())


def test_who_was_away_for_long_gets_a_snapshot(three, monkeypatch):
    monkeypatch.setattr(Member, "snapshot_entries", 50)
    away = next(m for m in three.members.values() if m is not three.leader)
    away.crash()
    for number in range(200):
        put(three, f"k{number % 7}", str(number))
    assert three.leader.raft.log.snapshot.index >= 50
    away.start()
    three.sim.run(3)
    assert away.applied == three.leader.applied
    assert away.machine.save() == three.leader.machine.save()


def test_after_a_power_cut_everything_that_was_acknowledged_is_there(three):
    for number in range(30):
        put(three, "k", str(number))
    for member in three.members.values():
        member.crash()
    for member in three.members.values():
        member.start()
    assert get(three, "k") == "29"


def test_a_lease_ends_when_nobody_renews_it_and_its_keys_go_with_it(three):
    three.call(three.elect().propose, Grant(7, 5.0))
    put(three, "mine", "x", lease=7)
    put(three, "other", "y")
    for _ in range(6):
        three.sim.run(3)
        assert three.elect().lessor.renew(7) == 5.0
    assert get(three, "mine") == "x"
    three.sim.run(7)
    assert get(three, "mine") is None and get(three, "other") == "y"
    assert str(three.elect().lessor.renew(7)) == NO_LEASE
    with pytest.raises(EtcdError, match=NO_LEASE):
        put(three, "late", "z", lease=7)
    with pytest.raises(EtcdError, match=NO_LEASE):
        three.call(three.elect().propose, Revoke(7))


def test_a_new_leader_gives_a_lease_its_whole_time_again(three):
    three.call(three.elect().propose, Grant(7, 6.0))
    put(three, "mine", "x", lease=7)
    three.sim.run(5)
    three.leader.crash()
    three.elect()
    three.sim.run(4)
    assert get(three, "mine") == "x"
    three.sim.run(4)
    assert get(three, "mine") is None


def test_a_watch_tells_each_change_once_in_order_on_any_member(three):
    put(three, "k", "1")
    follower = next(m for m in three.members.values() if m is not three.leader)
    told: list = []
    follower.watch("k", 2, told.append)
    put(three, "k", "2")
    put(three, "other", "x")
    three.call(three.elect().propose, Delete("k"))
    put(three, "k", "3")
    three.sim.run(1)
    assert [(e.type, e.revision, e.value) for e in told] == [
        ("PUT", 2, "1"), ("PUT", 3, "2"), ("DELETE", 5, ""), ("PUT", 6, "3"),
    ]  # fmt: skip
    three.call(three.elect().propose, Compact(5))
    late: list = []
    three.elect().watch("k", 4, late.append)
    assert str(late[0]) == COMPACTED


def test_members_come_as_learners_get_a_vote_and_go(three):
    put(three, "k", "1")
    three.add_learner("etcd-4")
    assert three.elect().raft.configuration.quorum == 2, "a learner does not count"
    three.promote("etcd-4")
    assert three.elect().raft.configuration.quorum == 3
    three.sim.run(1)
    assert three.members["etcd-4"].read_here(Get("k")).result.value == "1"
    old = three.elect().name
    three.remove(old)
    assert three.elect().name != old
    assert put(three, "k", "2").revision == 3
    configuration = three.elect().raft.configuration
    assert old not in configuration.everybody and len(configuration.voters) == 3


def test_members_are_changed_one_at_a_time(three):
    leader = three.elect()
    answers: list = []
    voters = leader.raft.configuration.voters
    leader.propose(Configuration((*voters, "a")), answers.append)
    leader.propose(Configuration((*voters, "b")), answers.append)
    three.sim.run(0.5)
    refused = [a for a in answers if isinstance(a, Refused)]
    assert len(refused) == 1 and refused[0].certain


def test_a_slow_clock_does_not_make_two_leaders():
    cluster = EtcdCluster(Simulation(5), 3)
    for member, rate in zip(cluster.members.values(), (0.5, 1.0, 1.5), strict=True):
        member.clock_rate = rate
    terms: dict[int, str] = {}
    for _ in range(2000):
        cluster.sim.run(0.02)
        for member in cluster.members.values():
            if member.leads:
                assert terms.setdefault(member.raft.current_term, member.name) == member.name
