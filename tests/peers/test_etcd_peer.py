"""The course's store and its Raft beside real etcd: the same answers, the same errors."""

from __future__ import annotations

import random
import time

import pytest

from course_lib.engine import Simulation
from course_lib.etcd import Compact, Compare, Delete, EtcdCluster, EtcdError, Get, Put, Txn
from course_lib.etcd.mvcc import Store
from course_lib.etcd.requests import Answer
from tests.peers import etcd_peer as peer

pytestmark = pytest.mark.skipif(bool(peer.missing()), reason=peer.missing() or "there is one")
COMMANDS = 600


def drawn(lots: random.Random, revision: int) -> object:
    """A command, as often as not about what is there."""
    key = lots.choice("abc")
    match lots.randrange(12):
        case 0 | 1 | 2 | 3:
            return Put(key, lots.choice("xyz"))
        case 4 | 5:
            return Delete(key)
        case 6 | 7:
            return Get(key, lots.choice([0, 0, lots.randint(0, revision + 2)]))
        case 8 if lots.random() < 0.5:
            return Compact(lots.randint(0, revision + 1))
        case _:
            target = lots.choice(["value", "version", "create_revision", "mod_revision"])
            value = lots.choice("xyz") if target == "value" else lots.randint(0, 4)
            compare = Compare(lots.choice("abc"), target, lots.choice("=<>"), value)
            keys = lots.sample("abc", 2)
            success = (Put(keys[0], lots.choice("xyz")), Delete(keys[1]))
            return Txn((compare,), success, (Get(key),))


def ours(store: Store, command: object) -> Answer | EtcdError:
    return store.read(command) if isinstance(command, Get) else store.apply(command)


def test_the_store_answers_as_etcd_does(tmp_path):
    lots, store = random.Random("etcd"), Store()
    refused = 0
    with peer.members(tmp_path, 1) as made:
        client = next(iter(made.values())).client
        for number in range(COMMANDS):
            command = drawn(lots, store.revision)
            real, mine = client.apply(command), ours(store, command)
            if isinstance(real, EtcdError) or isinstance(mine, EtcdError):
                assert str(real) == str(mine), (number, command)
                refused += 1
            else:
                assert real == mine, (number, command)
    assert 10 < refused < COMMANDS / 3, "both ends must be met often"


def test_a_story_of_three_members_goes_as_with_real_ones(tmp_path, capsys):
    """Write; kill the leader; write; kill another; nobody can write; bring them back; read."""
    real, real_seconds = story_of_real_members(tmp_path)
    mine, my_seconds = story_of_simulated_members()
    assert mine == real
    with capsys.disabled():
        print(f"\nfail-over: real etcd {real_seconds:.2f} s, simulated {my_seconds:.2f} s")
    assert 0.5 < my_seconds < 10


def told(answer: Answer | EtcdError) -> object:
    if isinstance(answer, EtcdError):
        return str(answer)
    return answer.revision, answer.result


def story_of_real_members(folder) -> tuple[list[object], float]:
    events: list[object] = []
    with peer.members(folder, 3) as made:
        leader = peer.wait_for_leader(made)
        events.append(told(made[leader].client.apply(Put("a", "1"))))
        made[leader].kill()
        began = time.monotonic()
        second = peer.wait_for_leader(made, but=leader)
        seconds = time.monotonic() - began
        events.append(told(made[second].client.apply(Put("a", "2"))))
        third = next(n for n in made if n not in (leader, second))
        made[third].kill()
        events.append(told(made[second].client.apply(Put("a", "3"))))
        for name in (leader, third):
            made[name].start()
        again = peer.wait_for_leader(made)
        found = made[again].client.apply(Get("a"))
        events.append(found.result.value in ("2", "3"))  # nobody knows what became of the third
        events.append(made[again].client.apply(Get("a", 2)).result.value)
    return events, seconds


def story_of_simulated_members() -> tuple[list[object], float]:
    events: list[object] = []
    cluster = EtcdCluster(Simulation(1), 3)
    leader = cluster.elect()
    events.append(told(cluster.call(leader.propose, Put("a", "1"))))
    leader.crash()
    began = cluster.sim.now
    second = cluster.elect()
    seconds = cluster.sim.now - began
    events.append(told(cluster.call(second.propose, Put("a", "2"))))
    third = next(m for m in cluster.members.values() if m not in (leader, second))
    third.crash()
    events.append(told(cluster.request(second, Put("a", "3"))))
    for member in (leader, third):
        member.start()
    again = cluster.elect()
    found = cluster.call(again.read, Get("a"))
    events.append(found.result.value in ("2", "3"))
    events.append(cluster.call(again.read, Get("a", 2)).result.value)
    return events, seconds
