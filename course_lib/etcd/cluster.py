"""A cluster of members, and what an operator or fate does to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from course_lib.engine import Simulation
from course_lib.etcd.disk import Disk
from course_lib.etcd.member import ELECTION, Member, Refused, StateMachine
from course_lib.etcd.messages import Configuration
from course_lib.etcd.mvcc import EtcdError, Store
from course_lib.etcd.peers import Peers

# etcd's limit for a request: five seconds, and two election time-outs (`Config.ReqTimeout`).
REQUEST_TIMEOUT = 5.0 + 2 * ELECTION
TIMED_OUT = "etcdserver: request timed out"
READY = 0.9  # of the leader's log, that a learner must have to be promoted (`readyPercent`)


class EtcdCluster:
    """Members by name, over one network.

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
        machine: Callable[[], StateMachine] = Store,
        member: type[Member] = Member,
    ) -> None:
        self.sim = sim
        names = [f"etcd-{n + 1}" for n in range(members)] if isinstance(members, int) else members
        self.peers = Peers(sim)
        self._make = lambda name, known: member(sim, name, self.peers, Disk(known), machine)
        configuration = Configuration(tuple(names))
        self.members = {name: self._make(name, configuration) for name in names}

    @property
    def leader(self) -> Member | None:
        """The leader of the latest term, if one thinks that it leads."""
        leaders = [member for member in self.members.values() if member.leads]
        return max(leaders, key=lambda member: member.raft.current_term, default=None)

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
        self.members[name] = self._make(name, Configuration(()))
        self._reconfigure(lambda c: Configuration(c.voters, (*c.learners, name)))

    def promote(self, name: str) -> None:
        """Give a learner a vote, once it has (nearly) all of the leader's log."""
        leader = self.elect()
        self.sim.run_until(lambda: self._caught_up(name), timeout=60)
        assert leader is not None
        self._reconfigure(
            lambda c: Configuration((*c.voters, name), tuple(n for n in c.learners if n != name))
        )

    def remove(self, name: str) -> None:
        """A member goes, for good."""
        self._reconfigure(
            lambda c: Configuration(
                tuple(n for n in c.voters if n != name),
                tuple(n for n in c.learners if n != name),
            )
        )
        member = self.members.pop(name)
        if member.up:
            member.crash()

    def _caught_up(self, name: str) -> bool:
        leader = self.leader
        return leader is not None and (
            leader.raft.match_index.get(name, 0) >= READY * leader.raft.log.last_index
        )

    def _reconfigure(self, change: Callable[[Configuration], Configuration]) -> None:
        """Ask whoever leads, again and again, until the new configuration is committed."""
        while True:
            leader = self.elect()
            wanted = change(leader.raft.configuration)
            answers: list[Any] = []
            leader.propose(wanted, answers.append)
            self.sim.run_until(lambda: bool(answers), timeout=60)  # noqa: B023
            if not isinstance(answers[0], Refused):
                return
            self.sim.run(self.members[leader.name].heartbeat)
            if self.leader and self.leader.raft.configuration == wanted:
                return

    def request(self, member: Member, command: Any) -> Any:
        """A client's request: what came of it, or the error when nobody can tell in time."""
        answers: list[Any] = []
        member.propose(command, answers.append)
        limit = self.sim.now + REQUEST_TIMEOUT
        self.sim.at(limit, lambda: None)
        self.sim.run_until(lambda: bool(answers) or self.sim.now >= limit, REQUEST_TIMEOUT + 1)
        if answers and not isinstance(answers[0], Refused):
            return answers[0]
        return EtcdError(TIMED_OUT)

    def call(self, ask: Callable[[Any, Callable[[Any], None]], None], what: Any) -> Any:
        """Ask a member for something and let time pass until it answers."""
        answers: list[Any] = []
        ask(what, answers.append)
        self.sim.run_until(lambda: bool(answers), timeout=3600)
        if isinstance(answers[0], Exception):
            raise answers[0]
        return answers[0]
