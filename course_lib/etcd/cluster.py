"""A cluster of members: reconfiguration, disasters, and requests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from course_lib.engine import Simulation
from course_lib.engine.simulation import Process
from course_lib.etcd.disk import Disk
from course_lib.etcd.member import Member, Request
from course_lib.etcd.messages import Configuration, Entry, Snapshot
from course_lib.etcd.mvcc import QUOTA, MVCCStore
from course_lib.etcd.peers import Peers
from course_lib.etcd.replica import ELECTION, HEARTBEAT, Done
from course_lib.etcd.requests import TIMED_OUT, EtcdError, EtcdResponse, Outcome, Refused
from course_lib.etcd.roster import Roster

# etcd's limit for a request: five seconds, and two election time-outs (`Config.ReqTimeout`).
REQUEST_TIMEOUT = 5.0 + 2 * ELECTION
T = TypeVar("T")
READY = 0.9  # of the leader's log, that a learner must have to be promoted (`readyPercent`)


class EtcdCluster:
    """Members over one network, in the time of `sim`.

    `members` are their names, or how many there are; `member` is their class, `roster` has their
    IDs and URLs.

    >>> from course_lib.engine import Simulation
    >>> from course_lib.etcd import Put
    >>> cluster = EtcdCluster(Simulation(), 3)
    >>> leader = cluster.elect()
    >>> cluster.call(leader.propose, Put("colour", "blue")).revision
    2
    """

    def __init__(
        self,
        sim: Simulation,
        members: int | Sequence[str] = 3,
        member: type[Member] = Member,
        roster: Roster | None = None,
    ) -> None:
        self.sim = sim
        self.quota: float = QUOTA
        self.world: Simulation | None = None
        self._noted = ""
        names = [f"etcd-{n + 1}" for n in range(members)] if isinstance(members, int) else members
        self.peers = Peers(sim, roster=roster)
        self.roster = self.peers.roster
        self._member = member
        configuration = Configuration(tuple(names))
        self.members = {name: self._make(name, Disk(configuration)) for name in names}
        self.cluster_id = self.roster.cluster_id(names)
        self.files: dict[str, Snapshot] = {}  # what `etcdctl snapshot save` wrote, by file name
        self.data_dirs: dict[str, Snapshot] = {}  # what `etcdutl snapshot restore` made, by name

    def _make(self, name: str, disk: Disk) -> Member:
        return self._member(self.sim, name, self.peers, disk, lambda: MVCCStore(self.quota))

    def limit(self, quota: float) -> None:
        """Let no member's file grow beyond so many bytes (--quota-backend-bytes)."""
        self.quota = quota
        for member in self.members.values():
            member.machine.quota = quota

    def follow(self, world: Simulation) -> None:
        """Keep in step with another simulation, in which the clients live.

        So a client may wait for an answer while its own time stands still.
        """
        self.world = world
        self.sim.log = world.log

        def run() -> Process:
            while True:
                self.catch_up()
                self._note_leader()
                yield world.sleep(HEARTBEAT)

        world.start(run())

    def catch_up(self) -> None:
        """Let happen what is due by the time of the clients' world."""
        assert self.world is not None
        self.sim.advance(self.world.now)

    def wait(self, answers: Sequence[object], seconds: float) -> None:
        """Let time pass here, and nowhere else, until there is an answer; so long at most."""
        limit = max(self.sim.now, self.world.now if self.world else 0.0) + seconds
        self.sim.advance(limit, lambda: bool(answers))

    def _note_leader(self) -> None:
        """Write into the log who leads, when that changes."""
        name = self.leader.name if self.leader else ""
        if name != self._noted and self.world is not None:
            self._noted = name
            if self.leader:
                term = self.leader.raft.current_term
                self.world.record("etcd", f"Member/{name}", "LeaderElected", f"leads term {term}")
            else:
                self.world.record("etcd", "Cluster/etcd", "NoLeader", "nothing can be written")

    @property
    def leader(self) -> Member | None:
        """The leader of the latest term, if one thinks that it leads."""
        leaders = [member for member in self.members.values() if member.leads]
        return max(leaders, key=lambda member: member.raft.current_term, default=None)

    def voters(self) -> tuple[str, ...]:
        """Who has a vote, as the member with the longest log knows it."""
        known = max(self.members.values(), key=lambda member: member.raft.log.last_index)
        return known.raft.configuration.voters

    def has_quorum(self) -> bool:
        """Whether enough members run to decide anything, if they reach each other."""
        voters = self.voters()
        up = sum(name in self.members and self.members[name].up for name in voters)
        return up > len(voters) // 2

    def full(self) -> bool:
        """Whether the alarm NOSPACE is raised."""
        return any(member.machine.alarm for member in self.members.values())

    def elect(self, timeout: float = 60.0) -> Member:
        """Let time pass until there is a leader that knows what is committed."""

        def ready() -> bool:
            leader = self.leader
            return leader is not None and leader.raft.committed_in_term()

        self.sim.run_until(ready, timeout)
        assert self.leader is not None
        return self.leader

    # Members come and go (etcd.io "Runtime reconfiguration")

    def add_learner(self, name: str) -> None:
        """A new member, without a vote until it is promoted; it gets the log meanwhile."""
        self.members[name] = self._make(name, Disk(Configuration(())))
        self._reconfigure(lambda c: Configuration(c.voters, (*c.learners, name)))

    def promote(self, name: str) -> None:
        """Give a learner a vote, once it has (nearly) all of the leader's log."""
        self.elect()
        self.sim.run_until(lambda: self._caught_up(name), timeout=60)
        self._reconfigure(lambda c: Configuration((*c.voters, name), _without(c.learners, name)))

    def transfer(self, name: str) -> None:
        """Let another member lead (`etcdctl move-leader`), as soon as it has the whole log."""

        def done() -> bool:
            leader = self.leader
            if leader is not None and leader.name != name:
                leader.transfer(name)
            return leader is not None and leader.name == name

        self.elect()
        self.sim.run_until(done, timeout=60)

    def remove(self, name: str) -> None:
        """A member goes, for good."""
        self._reconfigure(
            lambda c: Configuration(_without(c.voters, name), _without(c.learners, name))
        )
        member = self.members.pop(name)
        if member.up:
            member.crash()
        self.peers.forget(name)

    def replace(self, name: str) -> None:
        """A member whose disk is lost: its vote goes, and it comes back as if it were new.

        It must not come back under its old vote with an empty log: it might vote twice.
        """
        if name in self.members:
            self.remove(name)
        self.add_learner(name)
        self.promote(name)

    # Disasters (etcd.io "Disaster recovery")

    def save(self) -> Snapshot:
        """The store as it is at the leader (`etcdctl snapshot save`)."""
        leader = self.elect()
        return Snapshot(leader.applied, 0, leader.raft.configuration, leader.machine.save())

    def restore(self, saved: Snapshot) -> None:
        """All members start again with what was saved; what came later is lost.

        As `etcdutl snapshot restore` on each of them, with the same list of members.
        """
        names = tuple(self.members)
        first = Snapshot(1, 1, Configuration(names), saved.state)
        for old in self.members.values():
            if old.up:
                old.crash()
            disk = Disk(first.configuration, old.disk.seconds)
            disk.snapshot, disk.current_term = first, 1
            old.disk = disk
        for member in self.members.values():
            member.start()

    def force_new_cluster(self, name: str) -> None:
        """The quorum is lost for good: one survivor goes on alone, with all that it has.

        As `etcd --force-new-cluster`; then members are added again, one by one.
        """
        for other in [other for other in self.members if other != name]:
            gone = self.members.pop(other)
            if gone.up:
                gone.crash()
            self.peers.forget(other)
        survivor = self.members[name]
        if survivor.up:
            survivor.crash()
        disk = survivor.disk
        disk.entries.append(Entry(disk.current_term, Configuration((name,))))
        survivor.start()

    def _caught_up(self, name: str) -> bool:
        if self.leader is None:
            return False
        raft = self.leader.raft
        return raft.match_index.get(name, 0) >= READY * raft.log.last_index

    def _reconfigure(self, change: Callable[[Configuration], Configuration]) -> None:
        """Ask the leader, again and again, until the new configuration is committed."""
        while True:
            leader = self.elect()
            wanted = change(leader.raft.configuration)
            answers: list[Outcome] = []
            leader.propose(wanted, answers.append)
            self.sim.run_until(lambda: bool(answers), timeout=60)  # noqa: B023
            if not isinstance(answers[0], Refused):
                return
            self.sim.run(self.members[leader.name].heartbeat)
            if self.leader and self.leader.raft.configuration == wanted:
                return

    def request(self, member: Member, command: Request) -> Outcome:
        """A client's request: its outcome, or the error `TIMED_OUT` when there is none in time."""
        answers: list[Outcome] = []
        member.propose(command, answers.append)
        limit = self.sim.now + REQUEST_TIMEOUT
        self.sim.at(limit, lambda: None)
        self.sim.run_until(lambda: bool(answers) or self.sim.now >= limit, REQUEST_TIMEOUT + 1)
        if answers and not isinstance(answers[0], Refused):
            return answers[0]
        return EtcdError(TIMED_OUT)

    def call(self, ask: Callable[[T, Done], None], what: T) -> EtcdResponse:
        """Ask a member for something and let time pass until it answers."""
        answers: list[Outcome] = []
        ask(what, answers.append)
        self.sim.run_until(lambda: bool(answers), timeout=60)
        if isinstance(answers[0], Exception):
            raise answers[0]
        assert isinstance(answers[0], EtcdResponse)
        return answers[0]


def _without(names: Sequence[str], name: str) -> tuple[str, ...]:
    return tuple(each for each in names if each != name)
