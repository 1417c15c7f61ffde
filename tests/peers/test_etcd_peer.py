"""The course's store and its Raft beside real etcd: the same answers, the same errors."""

from __future__ import annotations

import random
import time

import pytest

from course_lib.engine import Simulation
from course_lib.etcd import (
    Compact,
    Compare,
    Delete,
    EtcdCluster,
    EtcdError,
    Get,
    Grant,
    Put,
    Revoke,
    Txn,
)
from course_lib.etcd.mvcc import MVCCStore
from course_lib.etcd.requests import Alarm, EtcdResponse, KeyEvent
from tests.peers import etcd_peer as peer
from tests.peers import golang
from tests.required import requires

pytestmark = requires(golang.missing())
COMMANDS = 600


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    peer.build()


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


def ours(store: MVCCStore, command: object) -> EtcdResponse | EtcdError:
    return store.read(command) if isinstance(command, Get) else store.apply(command)


def test_the_store_answers_as_etcd_does(tmp_path):
    lots, store = random.Random("etcd"), MVCCStore()
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


def told(answer: EtcdResponse | EtcdError) -> object:
    if isinstance(answer, EtcdError):
        return str(answer)
    return answer.revision, answer.result


class Real:
    """The story's hands on real members."""

    def __init__(self, made: peer.Members) -> None:
        self.made = made
        self.began = 0.0

    def leader(self, but: str = "", among: tuple[str, ...] = ()) -> str:
        return peer.wait_for_leader(self.made, but, among)

    def names(self) -> list[str]:
        return list(self.made)

    def ask(self, name: str, command: object) -> EtcdResponse | EtcdError:
        return self.made[name].client.apply(command)

    def here(self, name: str, key: str) -> str:
        return self.made[name].client.here(key)

    def watch(self, name: str, key: str, since: int, wanted: int) -> list[object]:
        return self.made[name].client.watch(key, since, wanted)

    def kill(self, name: str) -> None:
        self.made[name].kill()
        self.began = time.monotonic()

    def since_kill(self) -> float:
        return time.monotonic() - self.began

    def start(self, name: str) -> None:
        self.made[name].again()

    def part(self, name: str) -> None:
        self.made.part(name)

    def heal(self) -> None:
        self.made.heal()


class Simulated:
    """The same hands on simulated ones."""

    def __init__(self, cluster: EtcdCluster) -> None:
        self.cluster, self.sim = cluster, cluster.sim
        self.began = 0.0

    def leader(self, but: str = "", among: tuple[str, ...] = ()) -> str:
        members = [m for n, m in self.cluster.members.items() if m.up and (not among or n in among)]

        def agreed() -> bool:
            leaders = {m.raft.leader for m in members}
            return len(leaders) == 1 and not leaders & {"", but}

        self.sim.run_until(agreed, timeout=30)
        return members[0].raft.leader

    def names(self) -> list[str]:
        return list(self.cluster.members)

    def ask(self, name: str, command: object) -> EtcdResponse | EtcdError:
        member = self.cluster.members[name]
        if not isinstance(command, Get):
            return self.cluster.request(member, command)
        answers: list[EtcdResponse | EtcdError] = []
        member.read(command, answers.append)
        self.sim.run_until(lambda: bool(answers), timeout=30)
        return answers[0]

    def here(self, name: str, key: str) -> str:
        return self.cluster.members[name].read_here(Get(key)).result.value

    def watch(self, name: str, key: str, since: int, wanted: int) -> list[object]:
        heard: list[object] = []
        member = self.cluster.members[name]

        def hear(event: KeyEvent | EtcdError) -> None:
            if isinstance(event, EtcdError):
                heard.append(("ended", member.machine.compacted))
            else:
                heard.append((event.type, event.revision, event.value))

        member.watch(key, since, hear)
        ended = lambda: len(heard) >= wanted or heard[-1][:1] == ("ended",)  # noqa: E731
        self.sim.run_until(lambda: bool(heard) and ended(), timeout=30)
        return heard

    def kill(self, name: str) -> None:
        self.cluster.members[name].crash()
        self.began = self.sim.now

    def since_kill(self) -> float:
        return self.sim.now - self.began

    def start(self, name: str) -> None:
        self.cluster.members[name].start()

    def part(self, name: str) -> None:
        self.cluster.peers.part([name], [n for n in self.names() if n != name])

    def heal(self) -> None:
        self.cluster.peers.heal()


def story(on: Real | Simulated) -> tuple[list[object], float]:
    """What a cluster of three is asked for, and what it answers; and the time of a fail-over."""
    events: list[object] = []
    ask = lambda name, command: events.append(told(on.ask(name, command)))  # noqa: E731

    # Write; kill the leader; write.
    first = on.leader()
    follower = next(n for n in on.names() if n != first)
    ask(first, Put("a", "1"))
    ask(follower, Put("a", "2"))  # passed on
    on.kill(first)
    second = on.leader(but=first)
    seconds = on.since_kill()
    ask(second, Put("a", "3"))
    on.start(first)

    # Cut off a minority; try to write there; heal.
    leader = on.leader()
    alone = next(n for n in on.names() if n != leader)
    others = tuple(n for n in on.names() if n != alone)
    ask(alone, Get("a"))
    on.part(alone)
    ask(on.leader(among=others), Put("a", "4"))
    events.append(("old", on.here(alone, "a")))
    ask(alone, Put("a", "lost"))
    on.heal()
    ask(on.leader(), Put("b", "1"))
    ask(alone, Get("a"))
    ask(alone, Get("b"))

    # The leader itself is cut off: it steps down, and follows when it is back.
    leader = on.leader()
    rest = tuple(n for n in on.names() if n != leader)
    on.part(leader)
    ask(on.leader(but=leader, among=rest), Put("c", "1"))
    on.heal()
    on.leader(but=leader)
    ask(leader, Get("c"))

    # Compact; read and watch from before and after.
    anybody = on.names()[0]
    ask(anybody, Compact(5))
    ask(anybody, Compact(5))
    ask(anybody, Compact(99))
    ask(anybody, Get("a", 4))
    ask(anybody, Get("a", 5))
    for since in (3, 4, 5, 6):
        events.append(on.watch(anybody, "a" if since < 6 else "b", since, 1))

    # Leases: a key that lasts as long as somebody renews it.
    ask(anybody, Put("d", "1", lease=77))
    ask(anybody, Grant(77, 2))
    ask(anybody, Grant(77, 2))
    ask(anybody, Put("d", "1", lease=77))
    ask(anybody, Put("e", "1", lease=77))
    ask(anybody, Put("e", "2"))
    revision = on.ask(anybody, Get("d")).result.mod_revision
    events.append(on.watch(anybody, "d", revision, 2))
    ask(anybody, Get("d"))
    ask(anybody, Get("e"))
    ask(anybody, Revoke(77))
    return events, seconds


def test_a_story_of_three_members_goes_as_with_real_ones(tmp_path, capsys):
    with peer.members(tmp_path, 3) as made:
        real, real_seconds = story(Real(made))
    cluster = EtcdCluster(Simulation(1), 3)
    mine, my_seconds = story(Simulated(cluster))
    for number, (theirs, ours_) in enumerate(zip(real, mine, strict=True)):
        assert ours_ == theirs, number
    with capsys.disabled():
        print(f"\nfail-over: real etcd {real_seconds:.2f} s, simulated {my_seconds:.2f} s")
    assert 0.5 < my_seconds < 10


def space_story(ask, alarms, defragment) -> list[object]:
    """Fill the store; read, delete, fail to write; compact, defragment, disarm; write again."""
    events: list[object] = []
    text = lambda answer: str(answer) if isinstance(answer, EtcdError) else "done"  # noqa: E731
    refused = 0
    for number in range(200):
        answer = ask(Put("big", f"{number}" + "x" * 20_000))
        if isinstance(answer, EtcdError):
            refused = number
            break
    events.append((str(answer), 5 < refused < 150, alarms()))
    events.append(text(ask(Get("big"))))
    events.append(text(ask(Put("small", "1"))))
    events.append(text(ask(Grant(5, 100))))
    events.append(text(ask(Txn((), (Put("small", "1"),)))))
    events.append(text(ask(Delete("big"))))
    revision = ask(Get("big")).revision
    events.append(text(ask(Compact(revision))))
    defragment()
    events.append(text(ask(Put("small", "1"))))  # the alarm does not go by itself
    events.append(text(ask(Alarm(False))))
    events.append((text(ask(Put("small", "1"))), alarms()))
    return events


def test_a_full_store_refuses_as_a_real_one_does(tmp_path):
    quota = 1_000_000
    with peer.members(tmp_path, 1, f"--quota-backend-bytes={quota}") as made:
        client = next(iter(made.values())).client
        real = space_story(client.apply, client.alarms, client.defragment)
    cluster = EtcdCluster(Simulation(1), 1)
    cluster.limit(quota)
    leader = cluster.elect()
    store = leader.machine

    def ask(command: object) -> EtcdResponse | EtcdError:
        if isinstance(command, Get):
            return cluster.call(leader.read, command)
        return cluster.request(leader, command)

    mine = space_story(ask, lambda: int(store.alarm), store.defragment)
    assert mine == real
