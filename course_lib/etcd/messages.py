"""What members of a Raft cluster keep and say: entries, configurations, messages.

Source: D. Ongaro and J. Ousterhout, "In Search of an Understandable Consensus Algorithm (Extended
Version)", figure 2; D. Ongaro, "Consensus: Bridging Theory and Practice", chapters 3, 4 and 9.6.
"""

from __future__ import annotations

import msgspec

from course_lib.etcd.requests import Command, Outcome, Question


class Configuration(msgspec.Struct, frozen=True):
    """Who belongs to the cluster: voters, and learners, which get the log and have no vote."""

    voters: tuple[str, ...]
    learners: tuple[str, ...] = ()

    @property
    def everybody(self) -> tuple[str, ...]:
        """Voters and learners."""
        return (*self.voters, *self.learners)

    @property
    def quorum(self) -> int:
        """How many voters make a majority.

        >>> [Configuration(tuple("abcde"[:n])).quorum for n in (1, 2, 3, 4, 5)]
        [1, 2, 2, 3, 3]
        """
        return len(self.voters) // 2 + 1


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One place in the log: the term in which a leader put it there, and the command.

    No command at all is a new leader's first entry, by which it commits what others left behind.
    """

    term: int
    command: object = None  # what it means, the state machine knows


class Snapshot(msgspec.Struct, frozen=True):
    """The state machine after an entry, in place of all the log up to it."""

    index: int
    term: int
    configuration: Configuration
    state: object


class RequestVote(msgspec.Struct, frozen=True):
    """A candidate asks for a vote; `pre` only asks whether it would be given (9.6).

    With `transfer` it stands because the leader asked it to (3.10).
    """

    term: int
    candidate: str
    last_index: int
    last_term: int
    pre: bool = False
    transfer: bool = False


class TimeoutNow(msgspec.Struct, frozen=True):
    """A leader asks the member that is to lead after it to stand at once (3.10)."""

    term: int


class Vote(msgspec.Struct, frozen=True):
    """The answer to `RequestVote`."""

    term: int
    voter: str
    granted: bool
    pre: bool = False


class AppendEntries(msgspec.Struct, frozen=True):
    """A leader's entries, or, with none, its heartbeat; `round` counts them for reads."""

    term: int
    leader: str
    previous_index: int
    previous_term: int
    entries: tuple[Entry, ...]
    commit: int
    round: int = 0


class Appended(msgspec.Struct, frozen=True):
    """The answer: up to where the logs agree, or where the leader should try next."""

    term: int
    follower: str
    success: bool
    index: int  # of the last entry known to agree; without success, where to try next
    round: int = 0
    refused: int = 0  # without success: the previous index of the message that did not fit


class InstallSnapshot(msgspec.Struct, frozen=True):
    """A leader's snapshot, for a follower that is further behind than its log reaches."""

    term: int
    leader: str
    snapshot: Snapshot
    round: int = 0


class Forward(msgspec.Struct, frozen=True):
    """A client's request, passed on to the leader (not Raft's; etcd's MsgProp and MsgReadIndex)."""

    number: int
    life: int  # of the member that passes it on: a later one knows nothing of it
    member: str
    request: Command | Configuration | Question


class Answered(msgspec.Struct, frozen=True):
    """The outcome of a `Forward`, and the index that the member must have applied before."""

    number: int
    life: int
    result: Outcome
    index: int


Message = RequestVote | Vote | AppendEntries | Appended | InstallSnapshot | TimeoutNow
Mail = Message | Forward | Answered  # all that travels between members
