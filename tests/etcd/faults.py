"""Random histories: clients that read and write while members crash and the network is cut."""

from __future__ import annotations

import random

from course_lib.engine import Simulation
from course_lib.etcd import Compare, Configuration, EtcdCluster, Get, Put, Refused, Txn
from course_lib.etcd.disk import FULL
from course_lib.etcd.member import Member
from tests.etcd.linearizability import Operation

SECONDS = 12.0  # simulated, of faults
PATIENCE = 1.5  # s that a client waits for an answer
CLIENTS, KEYS = 4, ("a", "b")


class Client:
    """Asks for one thing at a time, of any member, and writes down what it was told."""

    pace = 0.01, 0.6  # s between two requests

    def __init__(self, cluster: EtcdCluster, name: str, lots: random.Random) -> None:
        self.cluster, self.name, self.lots = cluster, name, lots
        self.history: list[Operation] = []
        self.count = 0

    def run(self, until: float):
        sim = self.cluster.sim
        while sim.now < until:
            yield sim.sleep(self.lots.uniform(*self.pace))
            yield from self.ask()

    def ask(self):
        sim, lots = self.cluster.sim, self.lots
        leader = self.cluster.leader
        member = leader if leader and lots.random() < 0.7 else lots.choice(self.members())
        key, kind = lots.choice(KEYS), lots.choice(["put", "get", "get", "cas"])
        self.count += 1
        value = f"{self.name}-{self.count}"
        called, answered = sim.now, sim.env.event()

        def done(result) -> None:
            if not answered.triggered:
                answered.succeed(result)

        if not member.up:
            return
        if kind == "get":
            argument = None
            member.read(Get(key), done)
        elif kind == "put":
            argument = value
            member.propose(Put(key, value), done)
        else:
            found = member.read_here(Get(key)).result
            argument = (found.value if found else None, value)
            holds = (
                Compare(key, "value", "=", found.value) if found
                else Compare(key, "version", "=", 0)
            )  # fmt: skip
            member.propose(Txn((holds,), (Put(key, value),)), done)
        yield answered | sim.sleep(PATIENCE)
        if not answered.triggered:
            self.note(key, kind, argument, called, None)
        else:
            self.note(key, kind, argument, called, answered.value)

    def note(self, key, kind, argument, called, answer) -> None:
        now = self.cluster.sim.now
        if answer is None or (isinstance(answer, Refused) and not answer.certain):
            if kind != "get":  # nobody knows whether it was done
                self.history.append(Operation(key, kind, argument, called))
        elif not isinstance(answer, Refused):
            result = None
            if kind == "get":
                result = answer.result.value if answer.result else None
            elif kind == "cas":
                result = answer.result[0]
            self.history.append(Operation(key, kind, argument, called, now, result))

    def members(self) -> list[Member]:
        return list(self.cluster.members.values())


def trouble(cluster: EtcdCluster, lots: random.Random, until: float):
    """What fate does, again and again."""
    sim, names = cluster.sim, list(cluster.members)
    while sim.now < until:
        yield sim.sleep(lots.uniform(0.1, 1.5))
        member = cluster.members[lots.choice(names)]
        leader = cluster.leader
        match lots.randrange(15):
            case 0 if member.up:
                member.crash()
            case 1 if leader is not None:
                leader.crash()
            case 2 | 3:
                for each in cluster.members.values():
                    if not each.up and lots.random() < 0.7:
                        each.start()
            case 4:
                group = lots.sample(names, lots.randint(1, len(names) - 1))
                cluster.peers.part(group, [n for n in names if n not in group])
            case 5:
                cluster.peers.cut(*lots.sample(names, 2))
            case 6:
                cluster.peers.heal()
            case 7:  # the power fails, for all of them
                for each in cluster.members.values():
                    if each.up:
                        each.crash()
                yield sim.sleep(0.1)
                for each in cluster.members.values():
                    each.start()
            case 8:  # one link is down: the two still meet at a third
                one, other = lots.sample(names, 2)
                cluster.peers.part([one], [other])
            case 9 | 10 if leader is not None:  # a vote is taken away, or given (back)
                leader.propose(other_configuration(leader, lots), lambda _: None)
            case 11:
                cluster.peers.loss = lots.choice([0.0, 0.0, 0.1, 0.4])
            case 12:  # a disk is full for a while: its member stops itself
                member.disk.fault = FULL
                sim.at(sim.now + lots.uniform(0.5, 3), lambda m=member: freed(m))
            case 13:  # a link that comes and goes
                one, other = lots.sample(names, 2)
                sim.start(flapping(cluster, one, other, lots.uniform(0.05, 1.0), until))


def freed(member: Member) -> None:
    member.disk.fault = ""
    if not member.up:
        member.start()


def flapping(cluster: EtcdCluster, one: str, other: str, period: float, until: float):
    for moment in cluster.peers.flap([one], [other], period):
        yield moment
        if cluster.sim.now > until:
            return


def other_configuration(leader: Member, lots: random.Random) -> Configuration:
    now = leader.raft.configuration
    if now.learners and lots.random() < 0.6:
        name = lots.choice(now.learners)
        return Configuration((*now.voters, name), tuple(n for n in now.learners if n != name))
    if len(now.voters) <= 2:
        return now
    name = lots.choice(now.voters)
    return Configuration(tuple(n for n in now.voters if n != name), (*now.learners, name))


def history(
    seed: int, members: int, member: type[Member] = Member, pace: tuple[float, float] = Client.pace
) -> list[Operation]:
    """One random history, with a calm end in which everything is read once more."""
    lots = random.Random(f"{seed}/{members}")
    sim = Simulation(seed)
    cluster = EtcdCluster(sim, members, member=member)
    if lots.random() < 0.5:  # far apart, so that elections collide
        cluster.peers.delay = (0.002, 0.08)
    for each in cluster.members.values():
        each.clock_rate = lots.uniform(0.8, 1.25)
        each.snapshot_entries = lots.choice([8, 10_000])
        each.disk.seconds = lots.choice([0.001, 0.002, 0.03, 0.3])
    clients = [Client(cluster, f"c{n}", lots) for n in range(CLIENTS)]
    for client in clients:
        client.pace = pace
        sim.start(client.run(SECONDS))
    sim.start(trouble(cluster, lots, SECONDS))
    sim.run(SECONDS + PATIENCE)
    cluster.peers.heal()
    cluster.peers.loss = 0.0
    for each in cluster.members.values():
        each.disk.fault = ""
        if not each.up:
            each.start()
    sim.run(5)
    last = Client(cluster, "last", lots)
    for key in KEYS:
        while not any(op.key == key for op in last.history):
            leader, called = cluster.elect(timeout=5), sim.now
            answers: list[object] = []
            leader.read(Get(key), answers.append)
            sim.run_until(lambda: bool(answers), timeout=5)  # noqa: B023
            if isinstance(answers[0], Refused):
                sim.run(0.1)  # it has lost its place meanwhile: ask the next one
            else:
                last.note(key, "get", None, called, answers[0])
    return [op for client in (*clients, last) for op in client.history]
