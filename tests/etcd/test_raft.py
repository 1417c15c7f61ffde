"""Raft under random faults: linearizable histories, nothing acknowledged lost; and seeded bugs."""

from __future__ import annotations

from contextlib import suppress

import pytest

from course_lib.engine import Simulation
from course_lib.errors import SimulationTimeout
from course_lib.etcd import EtcdCluster, Get, Put, Refused
from course_lib.etcd.disk import Disk
from course_lib.etcd.member import Member
from course_lib.etcd.messages import Appended, Configuration
from course_lib.etcd.peers import Peers
from tests.etcd.faults import history
from tests.etcd.linearizability import Operation, linearizable

SCHEDULES = 500  # random histories of each size


@pytest.mark.parametrize("part", range(10))
@pytest.mark.parametrize("members", [3, 5])
def test_random_histories_are_linearizable(members, part):
    answered = 0
    for seed in range(part * SCHEDULES // 10, (part + 1) * SCHEDULES // 10):
        found = history(seed, members)
        answered += sum(op.answered != float("inf") for op in found)
        assert linearizable(found), (seed, members)
    assert answered > 15 * SCHEDULES // 10, "most of the time somebody leads"


def buggy(change) -> type[Member]:
    """A member whose Raft was spoilt; it is hasty too, so that elections collide."""

    class Buggy(Member):
        heartbeat, election = 0.05, 0.25

        def start(self) -> None:
            super().start()
            change(self)

    return Buggy


def commits_without_quorum(member: Member) -> None:
    def advance() -> None:
        raft = member.raft
        mine = raft.match_index.get(raft.name, 0)
        if mine > raft.commit_index and raft.log.term(mine) == raft.current_term:
            raft.commit_index = mine

    member.raft.advance_commit = advance


def votes_twice(member: Member) -> None:
    plain = member.raft._on_request_vote

    def forget(asked) -> None:
        if not asked.pre and asked.term == member.raft.current_term:
            member.raft.voted_for = ""
        plain(asked)

    member.raft._on_request_vote = forget


def reads_without_asking(member: Member) -> None:
    member.read = lambda question, done: (
        done(member.machine.read(question)) if member.leads
        else done(Refused("not leader", certain=True))
    )  # fmt: skip


def answers_before_the_disk(member: Member) -> None:
    plain = member._after

    def hasty() -> None:
        early = [(target, m) for target, m in member.raft.outbox if isinstance(m, Appended)]
        member.raft.outbox = [pair for pair in member.raft.outbox if pair not in early]
        for target, message in early:
            member.peers.send(member.name, target, message)
        plain()

    member._after = hasty


@pytest.mark.parametrize(
    "bug",
    [
        commits_without_quorum,
        reads_without_asking,
        pytest.param(votes_twice, marks=pytest.mark.long),
        pytest.param(answers_before_the_disk, marks=pytest.mark.long),
    ],
)
def test_the_checker_catches_a_seeded_bug(bug):
    for seed in range(1000):
        with suppress(SimulationTimeout):  # too hasty to elect anybody
            if not linearizable(history(seed, 3, buggy(bug), pace=(0.005, 0.06))):
                return
    raise AssertionError("never caught")


def test_the_checker_knows_right_from_wrong():
    put = Operation("k", "put", "1", 0, 1)
    assert linearizable([put, Operation("k", "get", None, 2, 3, "1")])
    assert not linearizable([put, Operation("k", "get", None, 2, 3, None)])
    overlapping = Operation("k", "put", "2", 0, 5)
    assert linearizable([overlapping, Operation("k", "get", None, 1, 2, None)])
    assert linearizable([overlapping, Operation("k", "get", None, 1, 2, "2")])
    unknown = Operation("k", "put", "3", 0)
    assert linearizable([unknown, Operation("k", "get", None, 9, 10, "3")])
    assert linearizable([unknown, Operation("k", "get", None, 9, 10, None)])
    back = [Operation("k", "get", None, 9, 10, "3"), Operation("k", "get", None, 11, 12, None)]
    assert not linearizable([unknown, *back])


def test_a_member_that_joins_again_under_its_name_starts_with_nothing():
    sim = Simulation(seed=3)
    cluster = EtcdCluster(sim, 3)
    leader = cluster.elect()
    for number in range(20):
        cluster.call(leader.propose, Put("key", str(number)))
    sim.run(1)
    other = next(name for name in cluster.members if name != cluster.leader.name)
    assert cluster.leader.raft.match_index[other] > 20
    cluster.remove(other)
    assert other not in cluster.leader.raft.match_index
    cluster.members[other] = cluster._make(other, Disk(Configuration(())))
    cluster.members[other].crash()  # it is added, and is not there yet
    cluster._reconfigure(lambda c: Configuration(c.voters, (*c.learners, other)))
    sim.run(1)
    assert cluster.leader.raft.match_index[other] == 0
    cluster.members[other].start()
    cluster.promote(other)
    sim.run(1)
    assert cluster.members[other].read_here(Get("key")).result.value == "19"


def test_what_was_on_its_way_from_a_removed_member_is_lost():
    sim = Simulation()
    peers, heard = Peers(sim), []
    peers.attach("a", heard.append)
    peers.send("b", "a", Appended(1, "b", True, 7))
    peers.forget("b")
    peers.send("b", "a", Appended(1, "b", True, 1))
    sim.run(1)
    assert [message.index for message in heard] == [1]


def test_a_member_that_lost_what_it_acknowledged_is_not_asked_in_an_endless_loop():
    sim = Simulation()
    cluster = EtcdCluster(sim, 3)
    cluster.peers.delay = (0.0, 0.0)
    for member in cluster.members.values():
        member.disk.seconds = 0.0
    leader = cluster.elect()
    cluster.call(leader.propose, Put("key", "value"))
    sim.run(1)
    other = next(member for member in cluster.members.values() if not member.leads)
    other.crash()
    other.disk = Disk(Configuration(tuple(cluster.members)), 0.0)  # an operator's mistake
    other.start()
    sim.run(10)
    assert sim.now > 10
    assert cluster.call(leader.propose, Put("key", "later")).revision == 3
