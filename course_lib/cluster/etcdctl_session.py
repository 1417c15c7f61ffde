"""What all `etcdctl` commands need: endpoints, and a member that answers.

Source: `etcdctl/ctlv3/command` (`global.go`, `ep_command.go`).
"""

from __future__ import annotations

from collections.abc import Callable

from course_lib.cluster.etcdctl_flags import CommandLine
from course_lib.cluster.kubeadm import KubeadmControlPlane
from course_lib.etcd import Configuration, EtcdError, Refused
from course_lib.etcd.member import Member
from course_lib.etcd.replica import Done
from course_lib.etcd.requests import TIMED_OUT, Command, EtcdResponse, Outcome, Question
from course_lib.objects.manifests import Document

PATIENCE = 5.0  # s, as etcdctl's --command-timeout
DEADLINE = "context deadline exceeded"


class Session:
    """The way of one command to etcd, by the endpoints that its command line names."""

    def __init__(self, plane: KubeadmControlPlane, asked: CommandLine) -> None:
        self.plane, self.etcd = plane, plane.etcd
        self.endpoints = self._named(asked)

    def _named(self, asked: CommandLine) -> list[str]:
        """The members that `--endpoints` or `--cluster` mean, by name."""
        configured = self.configuration().everybody
        written = asked.text("endpoints")
        if asked.on("cluster") or not written:
            return [name for name in configured if name in self.etcd.members]
        names = [part.split("//")[-1].partition(":")[0] for part in written.split(",")]
        local = configured[:1]
        return [
            n for name in names for n in (local if name in ("127.0.0.1", "localhost") else [name])
        ]

    def header(self, member: Member, revision: int = 0) -> Document:
        """The header of a response."""
        return {
            "cluster_id": self.etcd.cluster_id,
            "member_id": self.etcd.peers.member_id(member.name),
            "revision": revision or member.machine.revision,
            "raft_term": member.raft.current_term,
        }

    def propose(self, command: Command) -> EtcdResponse:
        """Have etcd do a command; raises `EtcdError`."""
        return self._ask(lambda member, done: member.propose(command, done))

    def read(self, question: Question) -> EtcdResponse:
        """Ask etcd; raises `EtcdError`."""
        return self._ask(lambda member, done: member.read(question, done))

    def _ask(self, ask: Callable[[Member, Done], None]) -> EtcdResponse:
        answers: list[Outcome] = []
        ask(self.answering(), answers.append)
        self.etcd.wait(answers, PATIENCE)
        if not answers or isinstance(answers[0], Refused):
            raise EtcdError(TIMED_OUT)
        if isinstance(answers[0], EtcdError):
            raise answers[0]
        assert answers[0] is not None
        return answers[0]

    def answering(self) -> Member:
        """The first endpoint that answers and knows a leader; raises `EtcdError`."""
        for name in self.endpoints:
            member = self.member(name)
            if member is not None and (member.raft.leader or len(self.etcd.members) == 1):
                return member
        raise EtcdError(DEADLINE)

    def member(self, name: str) -> Member | None:
        """The member of an endpoint, if it runs."""
        member = self.etcd.members.get(name)
        return member if member is not None and member.up else None

    def configuration(self) -> Configuration:
        """Voters and learners, as the member with the longest log knows them."""
        known = max(self.etcd.members.values(), key=lambda member: member.raft.log.last_index)
        return known.raft.configuration

    def need_quorum(self) -> None:
        """Raise `EtcdError` where there is no quorum."""
        if not self.etcd.has_quorum():
            raise EtcdError(TIMED_OUT)
