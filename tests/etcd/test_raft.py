"""Raft under random faults: linearizable histories, nothing acknowledged lost; and seeded bugs."""

from __future__ import annotations

from contextlib import suppress

import pytest

from course_lib.errors import SimulationTimeout
from course_lib.etcd import Refused
from course_lib.etcd.member import Member
from course_lib.etcd.messages import Appended
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
        else done(Refused("not the leader", certain=True))
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
    [commits_without_quorum, votes_twice, reads_without_asking, answers_before_the_disk],
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
