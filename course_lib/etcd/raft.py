"""Raft, one member of it: the rules of the paper's figure 2, and where they stand.

`Raft` is a state machine without clock, network and disk: it is given messages and time-outs
and leaves what is to be sent in `outbox`. Who owns it sees to it that what changed in its
persistent state (`current_term`, `voted_for`, `log`) is on disk before an answer leaves.

The life of a member: follower; when it hears of no leader, pre-candidate, which asks whether an
election would succeed; candidate, which asks for votes in a new term; leader, until it hears of
a higher term, or has not heard from a quorum for an election time-out.

Source: see `messages`; additions of etcd's raft: pre-vote and check-quorum.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from course_lib.etcd.log import RaftLog
from course_lib.etcd.messages import (
    Appended,
    AppendEntries,
    Configuration,
    Entry,
    InstallSnapshot,
    Message,
    RequestVote,
    TimeoutNow,
    Vote,
)

MOST_ENTRIES = 10_000  # in one message


class RaftRole(Enum):
    """What a member is now."""

    FOLLOWER = "follower"
    PRE_CANDIDATE = "pre-candidate"
    CANDIDATE = "candidate"
    LEADER = "leader"


class Raft:
    """One member's part of the algorithm."""

    def __init__(self, name: str, configuration: Configuration) -> None:
        self.name = name
        # Persistent state on all servers.
        self.current_term = 0
        self.voted_for = ""
        self.log = RaftLog(configuration)
        # Volatile state on all servers.
        self.commit_index = 0
        self.role = RaftRole.FOLLOWER
        self.leader = ""  # of this term, as far as is known
        self.hears_leader = False  # since the last election time-out
        # Volatile state on leaders.
        self.next_index: dict[str, int] = {}
        self.match_index: dict[str, int] = {}
        # And what is not in the figure.
        self.configuration = configuration
        self.outbox: list[tuple[str, Message]] = []
        self.votes: set[str] = set()
        self.heard_from: set[str] = set()  # by a leader, since its last check of the quorum
        self.round = 0  # of heartbeats
        self.confirmed: dict[str, int] = {}  # the latest round that each member has answered

    # Time-outs

    def election_timeout(self) -> None:
        """Followers: if election timeout elapses without a leader: convert to candidate.

        A leader that has not heard from a quorum steps down instead.
        """
        if self.role is RaftRole.LEADER:
            if len(self.heard_from & set(self.configuration.voters)) < self.configuration.quorum:
                self._follow(self.current_term, "")
            self.heard_from = {self.name}
            return
        heard, self.hears_leader = self.hears_leader, False
        if not heard and self.name in self.configuration.voters:
            self._campaign(pre=True)

    def heartbeat_timeout(self) -> None:
        """Leaders: send heartbeats during idle periods to prevent election timeouts."""
        if self.role is RaftRole.LEADER:
            self.round += 1
            self.confirmed[self.name] = self.round
            for other in self._others():
                self._send_entries(other)

    def transfer(self, target: str) -> None:
        """Leaders: ask a member that has the whole log to stand for election at once (3.10)."""
        if self.role is RaftRole.LEADER and self.match_index[target] == self.log.last_index:
            self.outbox.append((target, TimeoutNow(self.current_term)))

    def _campaign(self, pre: bool, transfer: bool = False) -> None:
        """On conversion to candidate: increment term, vote for self, ask all for their votes.

        A pre-candidate asks for the next term, and changes nothing yet. With `transfer` the leader
        has asked for it, and those who hear from that leader vote all the same.
        """
        self.leader = ""
        self.votes = set()
        if pre:
            self.role, term = RaftRole.PRE_CANDIDATE, self.current_term + 1
        else:
            self.role = RaftRole.CANDIDATE
            self.current_term += 1
            self.voted_for, term = self.name, self.current_term
        last = self.log.last_index, self.log.last_term
        request = RequestVote(term, self.name, *last, pre, transfer)
        for other in self.configuration.voters:
            if other != self.name:
                self.outbox.append((other, request))
        self._count(Vote(term, self.name, True, pre))

    # Messages

    def receive(self, message: Message) -> None:
        """All servers: a higher term in a message converts to follower; a lower one is refused."""
        pre = isinstance(message, RequestVote | Vote) and message.pre
        if message.term > self.current_term and not pre:
            stands_unasked = isinstance(message, RequestVote) and not message.transfer
            if stands_unasked and self._leader_is_near():
                return  # somebody who was cut off must not unseat a leader that works (4.2.3)
            self._follow(message.term, "")
        match message:
            case RequestVote():
                self._on_request_vote(message)
            case Vote():
                self._count(message)
            case AppendEntries():
                self._on_append_entries(message)
            case Appended():
                self._on_appended(message)
            case InstallSnapshot():
                self._on_install_snapshot(message)
            case TimeoutNow(term=self.current_term) if self.name in self.configuration.voters:
                self._campaign(pre=False, transfer=True)

    def _on_request_vote(self, asked: RequestVote) -> None:
        """Grant, if the term is not old, no other has this vote, and the log is up to date.

        Up to date (5.4.1): its last entry has a later term, or the same and the log is no shorter.
        """
        mine = self.log.last_term, self.log.last_index
        up_to_date = (asked.last_term, asked.last_index) >= mine
        if asked.pre:
            granted = asked.term > self.current_term and up_to_date and not self._leader_is_near()
            answer = Vote(asked.term if granted else self.current_term, self.name, granted, True)
        else:
            free = self.voted_for in ("", asked.candidate)
            granted = asked.term == self.current_term and free and up_to_date
            if granted:
                self.voted_for, self.hears_leader = asked.candidate, True
            answer = Vote(self.current_term, self.name, granted)
        self.outbox.append((asked.candidate, answer))

    def _leader_is_near(self) -> bool:
        return self.role is RaftRole.LEADER or (self.leader != "" and self.hears_leader)

    def _count(self, vote: Vote) -> None:
        """If votes are received from a majority: become leader (or a candidate, if only asked)."""
        if vote.pre and not vote.granted and vote.term > self.current_term:
            self._follow(vote.term, "")
        wanted = RaftRole.PRE_CANDIDATE if vote.pre else RaftRole.CANDIDATE
        term = self.current_term + 1 if vote.pre else self.current_term
        if self.role is not wanted or vote.term != term or not vote.granted:
            return
        self.votes.add(vote.voter)
        if len(self.votes & set(self.configuration.voters)) >= self.configuration.quorum:
            if vote.pre:
                self._campaign(pre=False)
            else:
                self._lead()

    def _lead(self) -> None:
        """Upon election: nextIndex is behind the last entry, matchIndex 0; announce oneself.

        The first entry of a leader's own term commits what is before it (5.4.2).
        """
        self.role, self.leader = RaftRole.LEADER, self.name
        self.next_index = dict.fromkeys(self.configuration.everybody, self.log.last_index + 1)
        self.match_index = dict.fromkeys(self.configuration.everybody, 0)
        self.heard_from, self.confirmed = {self.name}, {}
        self.append([None])
        self.heartbeat_timeout()

    def _follow(self, term: int, leader: str) -> None:
        """Become a follower, in a new term with a new vote."""
        if term > self.current_term:
            self.current_term, self.voted_for = term, ""
        self.role, self.leader = RaftRole.FOLLOWER, leader

    # The log

    def append(self, commands: Sequence[object]) -> int:
        """Leaders: append commands to the local log; returns the index of the last one."""
        self.log.append([Entry(self.current_term, command) for command in commands])
        for command in commands:
            if isinstance(command, Configuration):
                self._adopt(command)
        return self.log.last_index

    def may_reconfigure(self) -> bool:
        """One change of members at a time, and none before this leader has committed an entry.

        Else two majorities could decide without each other (thesis, 4.1, and its correction of
        2015).
        """
        pending = self.log.after(self.commit_index)
        changing = any(isinstance(entry.command, Configuration) for entry in pending)
        return self.role is RaftRole.LEADER and self.committed_in_term() and not changing

    def _adopt(self, configuration: Configuration) -> None:
        """A server uses the latest configuration in its log, committed or not (thesis, 4.1).

        A leader forgets how far a removed member has come: one that joins later under the same
        name has an empty log (etcd's raft, `confchange.go`).
        """
        self.configuration = configuration
        stay = (*configuration.everybody, self.name)
        for gone in [name for name in self.match_index if name not in stay]:
            del self.match_index[gone], self.next_index[gone]
            self.confirmed.pop(gone, None)
        for other in configuration.everybody:
            if other not in self.match_index:
                self.next_index[other], self.match_index[other] = self.log.last_index, 0
                self.heard_from.add(other)  # it has had no time to speak yet

    def replicate(self) -> None:
        """Leaders: if last log index >= nextIndex for a follower: send it the entries."""
        for other in self._others():
            if self.log.last_index >= self.next_index[other]:
                self._send_entries(other)

    def _send_entries(self, other: str) -> None:
        previous = self.next_index[other] - 1
        term = self.log.term(previous)
        now, me, round = self.current_term, self.name, self.round
        if term is None:
            self.outbox.append((other, InstallSnapshot(now, me, self.log.snapshot, round)))
            return
        entries = self.log.after(previous, MOST_ENTRIES)
        sent = AppendEntries(now, me, previous, term, entries, self.commit_index, round)
        self.outbox.append((other, sent))
        self.next_index[other] += len(entries)  # hopes that they arrive; a refusal sets it back

    def _on_append_entries(self, sent: AppendEntries) -> None:
        """Refuse an old term, or a log that does not agree; else take the new entries.

        An existing entry that conflicts with a new one is deleted, with all that follow it.
        """
        if sent.term < self.current_term:
            following = self.log.last_index + 1
            self._answer(sent.leader, False, following, sent.round, sent.previous_index)
            return
        self._follow(sent.term, sent.leader)
        self.hears_leader = True
        if sent.previous_index < self.log.snapshot.index:
            self._answer(sent.leader, True, self.commit_index, sent.round)
            return
        if self.log.term(sent.previous_index) != sent.previous_term:
            doubted = self._first_to_doubt(sent)
            self._answer(sent.leader, False, doubted, sent.round, sent.previous_index)
            return
        for place, entry in enumerate(sent.entries):
            index = sent.previous_index + 1 + place
            if self.log.term(index) != entry.term:
                new = sent.entries[place:]
                cut = index <= self.log.last_index
                if cut:
                    self.log.cut(index - 1)
                self.log.append(new)
                if cut or any(isinstance(e.command, Configuration) for e in new):
                    self.configuration = self.log.configuration()
                break
        agreed = sent.previous_index + len(sent.entries)
        self.commit_index = max(self.commit_index, min(sent.commit, agreed))
        self._answer(sent.leader, True, agreed, sent.round)

    def _first_to_doubt(self, sent: AppendEntries) -> int:
        """Where the leader should try next: the first entry of the term that conflicts (5.3)."""
        index = min(sent.previous_index, self.log.last_index + 1)
        term = self.log.term(index)
        while index > self.commit_index + 1 and self.log.term(index - 1) == term:
            index -= 1
        return index

    def _answer(self, leader: str, success: bool, index: int, round: int, refused: int = 0) -> None:
        answer = Appended(self.current_term, self.name, success, index, round, refused)
        self.outbox.append((leader, answer))

    def _on_appended(self, answer: Appended) -> None:
        """If successful: update nextIndex and matchIndex; if not: go back, and try again.

        A refusal of what the follower has acknowledged before is stale, and changes nothing
        (etcd's raft, `Progress.MaybeDecrTo`).
        """
        if self.role is not RaftRole.LEADER or answer.term < self.current_term:
            return
        other = answer.follower
        self.heard_from.add(other)
        if other not in self.match_index:
            return  # it was removed
        if answer.success:
            self.confirmed[other] = max(self.confirmed.get(other, 0), answer.round)
            self.match_index[other] = max(self.match_index[other], answer.index)
            self.next_index[other] = max(self.next_index[other], answer.index + 1)
            self.advance_commit()
        elif answer.refused > self.match_index[other]:
            following = min(answer.index, self.log.last_index + 1)
            self.next_index[other] = max(self.match_index[other] + 1, following)
            self._send_entries(other)

    def stored(self, index: int) -> None:
        """A leader's own entries, up to this one, are on its disk: they count as replicated."""
        if self.role is RaftRole.LEADER:
            self.match_index[self.name] = max(self.match_index.get(self.name, 0), index)
            self.advance_commit()

    def advance_commit(self) -> None:
        """If a majority has an entry of the current term, it is committed, with all before it."""
        voters = self.configuration.voters
        matches = sorted((self.match_index.get(v, 0) for v in voters), reverse=True)
        index = matches[self.configuration.quorum - 1] if matches else 0
        if index > self.commit_index and self.log.term(index) == self.current_term:
            self.commit_index = index
            if index == self.log.last_index:  # nothing is on its way that would carry the news
                for other in self._others():
                    self._send_entries(other)
            if self.name not in self.configuration.everybody:
                self._follow(self.current_term, "")  # it has removed itself (4.2.2)

    def _on_install_snapshot(self, sent: InstallSnapshot) -> None:
        """Take the leader's snapshot in place of one's own log."""
        if sent.term < self.current_term:
            return
        self._follow(sent.term, sent.leader)
        self.hears_leader = True
        if sent.snapshot.index > self.commit_index:
            self.log.compact(sent.snapshot)
            self.commit_index = sent.snapshot.index
            self.configuration = self.log.configuration()
        self._answer(sent.leader, True, self.commit_index, sent.round)

    # Reading

    def committed_in_term(self) -> bool:
        """Whether this leader has committed an entry of its own term, and so knows what is."""
        return self.log.term(self.commit_index) == self.current_term

    def confirmed_round(self) -> int:
        """The latest round of heartbeats that a quorum has answered: until then it was leader."""
        voters = self.configuration.voters
        rounds = sorted((self.confirmed.get(v, 0) for v in voters), reverse=True)
        return rounds[self.configuration.quorum - 1] if rounds else 0

    def _others(self) -> list[str]:
        return [other for other in self.configuration.everybody if other != self.name]
