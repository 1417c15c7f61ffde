"""A member: Raft with a clock, a disk and a network, and the state machine that it feeds.

Before an answer leaves, what it promises is on disk. Commands that come while a sync is under way
wait for the next one, together: so one sync and one message carry many ("group commit"). A leader
writes to its own disk while its entries travel (thesis, 10.2.1).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from course_lib.engine import Simulation
from course_lib.etcd.disk import Disk
from course_lib.etcd.lessor import PERIOD as LEASE_PERIOD
from course_lib.etcd.lessor import Lessor
from course_lib.etcd.messages import (
    AppendEntries,
    Configuration,
    InstallSnapshot,
    Message,
    Snapshot,
)
from course_lib.etcd.mvcc import EtcdError
from course_lib.etcd.peers import Peers
from course_lib.etcd.raft import Raft, Role

HEARTBEAT, ELECTION = 0.1, 1.0  # s, as etcd's --heartbeat-interval and --election-timeout
SNAPSHOT_ENTRIES = 10_000  # as etcd's --snapshot-count (since 3.6)
Done = Callable[[Any], None]  # gets the result, or a `Refused`


class Refused(Exception):
    """A request that this member cannot answer: it is not the leader, or has lost that place.

    `certain` says that it was not done and never will be; else nobody knows yet.
    """

    def __init__(self, why: str, certain: bool) -> None:
        super().__init__(why)
        self.why, self.certain = why, certain


class StateMachine(Protocol):
    """What the log is for: the same commands in the same order give the same state."""

    def apply(self, command: Any) -> Any:
        """Do one command; returns its result."""

    def save(self) -> Any:
        """The whole state, as a value that does not change."""

    def load(self, state: Any) -> None:
        """Take on a state that was saved."""

    def read(self, question: Any) -> Any:
        """Answer a question; changes nothing."""


class Member:
    """One member of a cluster; its life is that of its process: up, crashed, up again."""

    heartbeat, election, snapshot_entries = HEARTBEAT, ELECTION, SNAPSHOT_ENTRIES

    def __init__(
        self,
        sim: Simulation,
        name: str,
        peers: Peers,
        disk: Disk,
        machine: Callable[[], StateMachine],
        clock_rate: float = 1.0,
    ) -> None:
        self.sim, self.name, self.peers, self.disk = sim, name, peers, disk
        self.clock_rate = clock_rate  # how fast its own clock runs
        self._make_machine = machine
        self._random = sim.random(f"etcd/{name}")
        self._life = 0  # what was begun in an earlier life is not finished in this one
        self.up = False
        self.start()

    # The process

    def start(self) -> None:
        """Come up with what is on disk."""
        self._life += 1
        self.up = True
        self.raft: Raft = self.disk.restore(self.name)
        self.machine = self._make_machine()
        self.machine.load(self.raft.log.snapshot.state)
        self.applied = self.raft.log.snapshot.index
        self._syncing = self._pumping = False
        self._answers: list[tuple[str, Message]] = []  # that wait for the disk
        self._commands: list[tuple[Any, Done]] = []
        self._waiting: dict[int, tuple[int, Done]] = {}  # by index: term, who waits
        self._reads: list[tuple[int, int, Any, Done]] = []  # round, index, question, who waits
        self.peers.attach(self.name, self._receive)
        self._watches: list[tuple[str, int, Done]] = []  # key, next revision, who hears
        self.lessor = Lessor(self)
        self._election_timer()
        self._heartbeat_timer()
        self._lease_timer()

    def crash(self) -> None:
        """The process is gone, and what was not synced with it."""
        self._life += 1
        self.up = False
        self.peers.detach(self.name)
        for _, done in self._waiting.values():
            done(Refused("the member has crashed", certain=False))
        for _, done in self._commands:
            done(Refused("the member has crashed", certain=True))
        for *_, done in self._reads:
            done(Refused("the member has crashed", certain=True))

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        life = self._life
        self.sim.at(self.sim.now + seconds, lambda: act() if life == self._life else None)

    def _election_timer(self) -> None:
        def over() -> None:
            self.raft.election_timeout()
            self._after()
            self._election_timer()

        seconds = self._random.uniform(self.election, 2 * self.election)
        self._later(seconds / self.clock_rate, over)

    def _heartbeat_timer(self) -> None:
        def over() -> None:
            self.raft.heartbeat_timeout()
            self._after()
            self._heartbeat_timer()

        self._later(self.heartbeat / self.clock_rate, over)

    def _lease_timer(self) -> None:
        def over() -> None:
            self.lessor.look()
            self._lease_timer()

        self._later(LEASE_PERIOD / self.clock_rate, over)

    # Requests

    @property
    def leads(self) -> bool:
        """Whether it takes itself for the leader."""
        return self.up and self.raft.role is Role.LEADER

    def propose(self, command: Any, done: Done) -> None:
        """Have a command done by all; `done` gets its result once it is committed and applied."""
        if not self.leads:
            done(Refused("not the leader", certain=True))
            return
        if isinstance(command, Configuration) and (
            self._commands or not self.raft.may_reconfigure()
        ):
            done(Refused("another change of members is under way", certain=True))
            return
        self._commands.append((command, done))
        self._pump()

    def read(self, question: Any, done: Done) -> None:
        """A linearizable read: after a round of heartbeats that shows who leads (thesis, 6.4)."""
        if not (self.leads and self.raft.committed_in_term()):
            done(Refused("not the leader, or not yet sure of what is committed", certain=True))
            return
        # A round that begins now: one that was begun before may have been answered before.
        self._reads.append((self.raft.round + 1, self.raft.commit_index, question, done))
        if len(self._reads) == 1:
            self.raft.heartbeat_timeout()
        self._after()

    def read_here(self, question: Any) -> Any:
        """A serializable read: what this member has, which may be old."""
        return self.machine.read(question)

    def watch(self, key: str, since: int, hear: Done) -> None:
        """Tell of every change of a key from a revision on, each once, in order; any member can.

        `hear` gets an `Event`, or an `EtcdError` when what it asks for is forgotten: the end.
        """
        self._watches.append((key, since, hear))
        self._tell_watches()

    def _tell_watches(self) -> None:
        watches, self._watches = self._watches, []
        revision: int = self.machine.revision  # type: ignore[attr-defined]
        for key, since, hear in watches:
            if since > revision:
                self._watches.append((key, since, hear))
                continue
            try:
                for event in self.machine.events(key, since):  # type: ignore[attr-defined]
                    hear(event)
            except EtcdError as error:
                hear(error)
            else:
                self._watches.append((key, revision + 1, hear))

    def _pump(self) -> None:
        """Take all commands of this instant together."""
        if not self._pumping:
            self._pumping = True
            self._later(0.0, self._take_commands)

    def _take_commands(self) -> None:
        self._pumping = False
        taken, self._commands = self._commands, []
        if not taken:
            return
        if not self.leads:
            for _, done in taken:
                done(Refused("not the leader", certain=True))
            return
        last = self.raft.append([command for command, _ in taken])
        term = self.raft.current_term
        first = last - len(taken) + 1
        for place, (_, done) in enumerate(taken):
            self._waiting[first + place] = term, done
        self.raft.replicate()
        self._after()

    # Between two inputs

    def _receive(self, message: Message) -> None:
        self.raft.receive(message)
        self._after()

    def _after(self) -> None:
        """Send what need not wait for the disk, sync what must, apply what is committed."""
        raft = self.raft
        outbox, raft.outbox = raft.outbox, []
        for target, message in outbox:
            if isinstance(message, AppendEntries | InstallSnapshot):
                self.peers.send(self.name, target, message)
            else:
                self._answers.append((target, message))
        if not self._syncing:
            self._sync()
        self._apply()

    def _sync(self) -> None:
        """Write what has changed, and then send the answers that promise it."""
        answers, self._answers = self._answers, []
        if not self.disk.differs(self.raft):
            for target, message in answers:
                self.peers.send(self.name, target, message)
            return
        self._syncing = True
        write = self.disk.copy(self.raft)

        def synced() -> None:
            self.disk.store(write)
            self._syncing = False
            for target, message in answers:
                self.peers.send(self.name, target, message)
            if write.current_term == self.raft.current_term:
                self.raft.stored(write.last_index)
            self._after()

        self._later(self.disk.seconds, synced)

    def _apply(self) -> None:
        """If commitIndex > lastApplied: apply, in order; and tell those who wait."""
        raft = self.raft
        if self.applied < raft.log.snapshot.index:  # a leader's snapshot has come
            self.machine.load(raft.log.snapshot.state)
            self.applied = raft.log.snapshot.index
        if self.applied < raft.commit_index:
            entries = raft.log.after(self.applied, raft.commit_index - self.applied)
            apply, waiting = self.machine.apply, self._waiting
            for entry in entries:
                self.applied += 1
                command = entry.command
                result = None if command is None else apply(command)
                if waiting and self.applied in waiting:
                    term, done = waiting.pop(self.applied)
                    if term != entry.term:
                        why = "another leader's command took its place"
                        result = Refused(why, certain=True)
                    done(result)
            if self.applied - raft.log.snapshot.index >= self.snapshot_entries:
                self._take_snapshot()
            if self._watches:
                self._tell_watches()
        if self._reads:
            self._answer_reads()
        if self._waiting and raft.role is not Role.LEADER:
            waiting_all, self._waiting = self._waiting, {}
            for _, done in waiting_all.values():
                done(Refused("it is the leader no more", certain=False))

    def _answer_reads(self) -> None:
        reads, self._reads = self._reads, []
        confirmed = self.raft.confirmed_round()
        for round, index, question, done in reads:
            if self.raft.role is not Role.LEADER:
                done(Refused("it is the leader no more", certain=True))
            elif round <= confirmed and index <= self.applied:
                done(self.machine.read(question))
            else:
                self._reads.append((round, index, question, done))
        if self._reads and self._reads[0][0] > self.raft.round:
            self.raft.heartbeat_timeout()  # the next round, for those who came during this one
            self._after()

    def _take_snapshot(self) -> None:
        raft = self.raft
        term = raft.log.term(self.applied)
        assert term is not None
        configuration = raft.log.configuration(self.applied)
        raft.log.compact(Snapshot(self.applied, term, configuration, self.machine.save()))
