"""A member: a replica that answers clients.

Each member takes all requests. One that does not lead passes it on to the leader, and answers when
it has itself applied what the leader did. Commands that come in one instant travel together: so
one sync and one message carry many ("group commit").
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from course_lib.etcd.lessor import PERIOD as LEASE_PERIOD
from course_lib.etcd.lessor import Lessor
from course_lib.etcd.messages import Answered, Configuration, Forward, Mail
from course_lib.etcd.replica import Done, Replica
from course_lib.etcd.requests import (
    NO_SPACE,
    Alarm,
    Command,
    EtcdError,
    EtcdResponse,
    Get,
    KeyEvent,
    Outcome,
    Question,
    Range,
    Refused,
    Revoke,
)

Listener = Callable[[KeyEvent | EtcdError], None]
Request = Command | Configuration


class Watcher(msgspec.Struct, eq=False):
    """A standing order for changes of a key, or of all keys below a prefix, from a revision on."""

    key: str
    since: int
    hear: Listener
    below: bool


class Member(Replica):
    """One member of a cluster."""

    _count = 0  # of requests that it has passed on

    def start(self) -> None:
        """Start with what is on disk; clients have to ask again."""
        self._pumping = False
        self._commands: list[tuple[Request, Done]] = []
        self._reads: list[tuple[int, int, Question, Done]] = []  # round, index, who waits
        self._forwarded: dict[int, tuple[int, Done]] = {}  # by number: term, who waits
        self._answered: list[tuple[int, Outcome, Done]] = []  # index to apply first, result
        self._watches: list[Watcher] = []
        super().start()
        self.lessor = Lessor(self.sim, self.machine, self._revoke)
        self._every(lambda: LEASE_PERIOD, lambda: self.lessor.look(self.leads))

    def crash(self) -> None:
        """The process ends: for clients that wait, the outcome is unknown."""
        super().crash()
        waiting: list[Done] = [done for _, done in self._waiting.values()]  # term, who waits
        waiting += [done for _, done in self._forwarded.values()]
        waiting += [done for *_, done in self._reads]
        waiting += [done for *_, done in self._answered]
        for done in waiting:
            done(Refused("the member has crashed", certain=False))
        for _, done in self._commands:
            done(Refused("the member has crashed", certain=True))

    # Writing

    def propose(self, command: Request, done: Done) -> None:
        """Have a command done by all; `done` gets its result once it is committed and applied."""
        if not self.leads:
            self._forward(command, done)
            return
        if isinstance(command, Configuration) and (
            self._commands or not self.raft.may_reconfigure()
        ):
            done(Refused("another change of members is under way", certain=True))
            return
        if not isinstance(command, Configuration) and not self.machine.fits(command):
            # The alarm is raised for all members before this client hears of it.
            self._queue(Alarm(True), lambda _: done(EtcdError(NO_SPACE)))
            return
        self._queue(command, done)

    def _queue(self, command: Request, done: Done) -> None:
        self._commands.append((command, done))
        self._pump()

    def _revoke(self, lease: int) -> None:
        self.propose(Revoke(lease), lambda _: None)

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
                done(Refused("not leader", certain=True))
            return
        last = self.raft.append([command for command, _ in taken])
        term = self.raft.current_term
        first = last - len(taken) + 1
        for place, (_, done) in enumerate(taken):
            self._waiting[first + place] = term, done
        self.raft.replicate()
        self._after()

    def transfer(self, name: str) -> None:
        """Let another member lead in place of this one, once it has the whole log."""
        self.raft.heartbeat_timeout()
        self.raft.transfer(name)
        self._after()

    # Reading

    def read(self, question: Question, done: Done) -> None:
        """A linearizable read: after a round of heartbeats that shows who leads (thesis, 6.4)."""
        if not self.leads:
            self._forward(question, done)
            return
        if not self.raft.committed_in_term():
            done(Refused("not yet sure of what is committed", certain=True))
            return
        # A round that begins now: one that was begun before may have been answered before.
        self._reads.append((self.raft.round + 1, self.raft.commit_index, question, done))
        if len(self._reads) == 1:
            self.raft.heartbeat_timeout()
        self._after()

    def read_here(self, question: Question) -> EtcdResponse | EtcdError:
        """A serializable read: what this member has, which may be old."""
        return self.machine.read(question)

    def watch(self, key: str, since: int, hear: Listener, below: bool = False) -> Watcher:
        """Call `hear` with each change of `key` from revision `since` on, each once, in order.

        With `below`, of all keys that begin so. Each member can; `hear` gets a `KeyEvent`, or an
        `EtcdError` when the revision has been compacted, which ends the watch.
        """
        watch = Watcher(key, since, hear, below)
        self._watches.append(watch)
        self._tell_watches()
        return watch

    def unwatch(self, watch: Watcher) -> None:
        """End a watch."""
        self._watches = [each for each in self._watches if each is not watch]

    def watches(self, watch: Watcher) -> bool:
        """Whether a watch goes on: it ends with the process."""
        return self.up and any(each is watch for each in self._watches)

    def _tell_watches(self) -> None:
        revision = self.machine.revision
        for watch in list(self._watches):
            if watch.since > revision:
                continue
            since, watch.since = watch.since, revision + 1
            try:
                told = self.machine.events(watch.key, since)
            except EtcdError as error:
                self.unwatch(watch)
                watch.hear(error)
                continue
            for event in told:
                if watch.below or event.key == watch.key:
                    watch.hear(event)

    # Passing on

    def _forward(self, request: Request | Question, done: Done) -> None:
        """Pass a request on to the leader, if one is known."""
        leader = self.raft.leader
        if not leader or leader == self.name:
            done(Refused("no leader", certain=True))
            return
        self._count += 1
        self._forwarded[self._count] = self.raft.current_term, done
        message = Forward(self._count, self._life, self.name, request)
        self.peers.send(self.name, leader, message)

    def receive(self, message: Mail) -> None:
        """From another member: what it passes on, what came of it, or Raft's."""
        match message:
            case Forward():
                self._on_forward(message)
            case Answered():
                _, done = self._forwarded.pop(message.number, (0, None))
                if done is not None and message.life == self._life:
                    self._answered.append((message.index, message.result, done))
                    self._answer()
            case _:
                super().receive(message)

    def _on_forward(self, asked: Forward) -> None:
        def done(result: Outcome) -> None:
            answer = Answered(asked.number, asked.life, result, self.applied)
            self.peers.send(self.name, asked.member, answer)

        if not self.leads:
            done(Refused("not leader", certain=True))
        elif isinstance(asked.request, Get | Range):
            self.read(asked.request, done)
        else:
            self.propose(asked.request, done)

    # Answering

    def told_result(self, term: int, result: Outcome) -> None:
        """An entry has been applied: who waits for it hears what came of it."""
        expected, done = self._waiting.pop(self.applied)
        if expected != term:
            why = "another leader's command took its place"
            result = Refused(why, certain=True)
        done(result)

    def _apply(self) -> None:
        before = self.applied
        super()._apply()
        if self._watches and self.applied > before:
            self._tell_watches()
        self._answer()

    def _answer(self) -> None:
        """Answer those who need wait no longer, and those who would wait in vain."""
        if self._reads:
            self._answer_reads()
        if self._answered:
            answered, self._answered = self._answered, []
            for index, result, done in answered:
                if index <= self.applied:
                    done(result)
                else:
                    self._answered.append((index, result, done))
        if self._waiting and not self.leads:
            waiting, self._waiting = self._waiting, {}
            for _, done in waiting.values():
                done(Refused("leader changed", certain=False))
        if self._forwarded:
            term = self.raft.current_term
            for number, (asked_in, done) in list(self._forwarded.items()):
                if asked_in != term:
                    del self._forwarded[number]
                    done(Refused("leader changed", certain=False))

    def _answer_reads(self) -> None:
        reads, self._reads = self._reads, []
        confirmed = self.raft.confirmed_round()
        for round, index, question, done in reads:
            if not self.leads:
                done(Refused("leader changed", certain=True))
            elif round <= confirmed and index <= self.applied:
                done(self.machine.read(question))
            else:
                self._reads.append((round, index, question, done))
        if self._reads and self._reads[0][0] > self.raft.round:
            self.raft.heartbeat_timeout()  # the next round, for those who came during this one
            self._after()
