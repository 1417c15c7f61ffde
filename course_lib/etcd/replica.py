"""A replica: Raft with a clock, a disk and a network, and the state machine that it feeds.

Before an answer leaves, what it promises is on disk. A leader writes to its own disk while its
entries travel (thesis, 10.2.1). A disk that cannot be written stops the process, as etcd's does:
a member that goes on without it would break its promises.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from course_lib.engine import Simulation
from course_lib.etcd.disk import Disk
from course_lib.etcd.messages import (
    Answered,
    AppendEntries,
    Forward,
    InstallSnapshot,
    Mail,
    Message,
    Snapshot,
)
from course_lib.etcd.mvcc import MVCCStore
from course_lib.etcd.peers import Peers
from course_lib.etcd.raft import Raft, RaftRole
from course_lib.etcd.requests import Outcome

Done = Callable[[Outcome], None]
HEARTBEAT, ELECTION = 0.1, 1.0  # s, as etcd's --heartbeat-interval and --election-timeout
SNAPSHOT_ENTRIES = 10_000  # as etcd's --snapshot-count (since 3.6)


class Replica:
    """One replica; its life is that of its process: up, crashed, up again.

    `sim` has the time, `name` is the member's, `peers` carries its messages, `disk` outlives its
    process, `machine` makes an empty state machine; with `clock_rate` its clock runs faster or
    slower.
    """

    heartbeat, election, snapshot_entries = HEARTBEAT, ELECTION, SNAPSHOT_ENTRIES

    def __init__(
        self,
        sim: Simulation,
        name: str,
        peers: Peers,
        disk: Disk,
        machine: Callable[[], MVCCStore],
        clock_rate: float = 1.0,
    ) -> None:
        self.sim, self.name, self.peers, self.disk = sim, name, peers, disk
        self.clock_rate = clock_rate  # how fast its own clock runs
        self.on_exit: Callable[[str], None] = lambda why: None  # called when it stops by itself
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
        self._syncing = False
        self._answers: list[tuple[str, Message]] = []  # that wait for the disk
        self._waiting: dict[int, tuple[int, Done]] = {}  # by index of the entry: term, who waits
        self.peers.attach(self.name, self.receive)
        self._every(self._election_seconds, self.raft.election_timeout)
        self._every(lambda: self.heartbeat, self.raft.heartbeat_timeout)

    def crash(self) -> None:
        """The process is gone, and what was not synced with it."""
        self._life += 1
        self.up = False
        self.peers.detach(self.name)

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        life = self._life
        self.sim.at(self.sim.now + seconds, partial(self._call_in, act, life))

    def _call_in(self, act: Callable[[], None], life: int) -> None:
        if life == self._life:
            act()

    def _every(self, seconds: Callable[[], float], act: Callable[[], None]) -> None:
        """Act again and again, by this member's own clock."""

        def over() -> None:
            act()
            self._after()
            self._every(seconds, act)

        self._later(seconds() / self.clock_rate, over)

    def _election_seconds(self) -> float:
        """Randomised, so that members do not all stand at once (5.2)."""
        return self._random.uniform(self.election, 2 * self.election)

    @property
    def leads(self) -> bool:
        """Whether it takes itself for the leader."""
        return self.up and self.raft.role is RaftRole.LEADER

    # Between two inputs

    def receive(self, message: Mail) -> None:
        """A message from another member."""
        assert not isinstance(message, Forward | Answered)
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
        if self.disk.fault:
            self.crash()
            self.on_exit(f"wal: {self.disk.fault}")
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
        """If commitIndex > lastApplied: apply, in order."""
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
                    self.told_result(entry.term, result)
            if self.applied - raft.log.snapshot.index >= self.snapshot_entries:
                self._take_snapshot()

    def told_result(self, term: int, result: Outcome) -> None:
        """The entry at `applied` has been applied, and somebody waits for it."""

    def _take_snapshot(self) -> None:
        raft = self.raft
        term = raft.log.term(self.applied)
        assert term is not None
        configuration = raft.log.configuration(self.applied)
        raft.log.compact(Snapshot(self.applied, term, configuration, self.machine.save()))
